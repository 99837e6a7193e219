"""Sportec's positional XML to columns: the part that must be fast.

A match is half a gigabyte of `<Frame …/>` lines in some fifty `<FrameSet>`s. The lines are lifted
out of the file block by block and read as a table with the quotation mark for a separator; what is
left, the skeleton of FrameSets, goes through an XML parser, which finds a file that breaks off. Any
line out of the ordinary (another order of attributes, entities, comments) sends the whole file the
slow way, element by element: the same columns, a tenth of the speed.
"""

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from edge_ingest.errors import SourceError
from edge_ingest.inputs import fault_of, iterate_xml, refuse_document_type, safe_xml_parser

_BLOCK = 1 << 23
_LARGEST_SKELETON = 1 << 22
_MARK = re.compile(rb"<FrameSet\b[^>]*>|</FrameSet\s*>")
_ATTRIBUTE = re.compile(rb'\s([A-Za-z]+)="')
_INSTANT = pa.timestamp("us", tz="UTC")
_WANTED = {"N": pa.int64(), "T": _INSTANT, "X": pa.float64(), "Y": pa.float64(), "Z": pa.float64()}


class _UnusualError(Exception):
    """Not laid out as this vendor does: read it as XML, element by element."""


@dataclass(frozen=True)
class FrameSet:
    """What one FrameSet holds: its attributes, and a value a frame.

    Attributes:
        captured: UTC, microseconds.
        x_m, y_m, z_m: NaN where the attribute is absent or no number.
    """

    attributes: Mapping[str, str]
    frame_id: NDArray[np.int64]
    captured: NDArray[np.datetime64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    z_m: NDArray[np.float64]


def read_frame_sets(path: Path) -> list[FrameSet]:
    """Parse a positional file, of any size in bounded memory beyond the columns themselves.

    Raises:
        SourceError: no sound XML, a document type, or a frame without number or instant.
    """
    refuse_document_type(path)
    try:
        return _lifted(path)
    except _UnusualError:
        return list(_by_element(path))


def _lifted(path: Path) -> list[FrameSet]:
    from lxml import etree

    skeleton = bytearray()
    columns: list[list[pa.Table]] = []
    is_inside = False
    for text in _blocks(path):
        at = 0
        for mark in _MARK.finditer(text):
            opens = not mark.group().startswith(b"</")
            if opens == is_inside:
                raise _UnusualError
            if is_inside:
                columns[-1] += _columns(text[at : mark.start()])
            else:
                columns.append([])
                skeleton += text[at : mark.start()]
            is_inside = opens and not mark.group().endswith(b"/>")
            skeleton += mark.group()
            at = mark.end()
        if is_inside:
            columns[-1] += _columns(text[at:])
        else:
            skeleton += text[at:]
        if len(skeleton) > _LARGEST_SKELETON:
            raise _UnusualError
    try:
        root = etree.fromstring(bytes(skeleton), safe_xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(
            f"{path} is no sound XML ({fault_of(error)}): the download may have broken "
            "off; fetch it again"
        ) from error
    sets = list(root.iter("FrameSet"))
    if len(sets) != len(columns):
        raise _UnusualError  # some stand in a comment
    return [_frame_set(dict(one.attrib), found) for one, found in zip(sets, columns, strict=True)]


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks that end before a tag begins."""
    rest = b""
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            rest += block
            cut = rest.rfind(b"<")
            if cut > 0:
                yield rest[:cut]
                rest = rest[cut:]
            if len(rest) > 2 * _BLOCK:
                raise _UnusualError
    yield rest


def _columns(text: bytes) -> list[pa.Table]:
    """Frames as a table of N, T, X, Y, Z; nothing where only white space stands."""
    text = text.strip()
    if not text:
        return []
    if not text.startswith(b"<Frame ") or not text.endswith(b"/>"):
        raise _UnusualError
    if b"\n" not in text:
        text = text.replace(b"/><Frame ", b"/>\n<Frame ")
    names = [name.decode() for name in _ATTRIBUTE.findall(text[: text.index(b"/>")])]
    if len(set(names)) < len(names) or not {"N", "T"} <= set(names):
        raise _UnusualError
    # Split at quotation marks, a line is: name, value, name, value, …, the end of the tag.
    headings = [part for name in names for part in (f"before {name}", name)] + ["end"]
    wanted = [name for name in _WANTED if name in names]
    expected = {f"before {name}": f"{name}=" for name in wanted} | {"end": "/>"}
    if names[0] in wanted:
        expected[f"before {names[0]}"] = f"<Frame {names[0]}="
    kinds = {name: _WANTED[name] for name in wanted}
    kinds |= dict.fromkeys(expected, pa.dictionary(pa.int32(), pa.string()))
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            csv.ReadOptions(column_names=headings, block_size=_BLOCK),
            csv.ParseOptions(delimiter='"', quote_char=False, escape_char=False),
            csv.ConvertOptions(
                column_types=kinds, include_columns=[*wanted, *expected], null_values=["", "NaN"],
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        raise _UnusualError from None
    for name, word in expected.items():
        if {seen.strip() for one in table[name].chunks for seen in one.dictionary.tolist()} != {
            word
        }:
            raise _UnusualError
    if table["N"].null_count or table["T"].null_count:
        raise _UnusualError
    return [table.select(wanted)]


def _frame_set(attributes: dict[str, str], found: list[pa.Table]) -> FrameSet:
    def joined(name: str) -> NDArray[Any]:
        parts = [
            table[name].to_numpy()
            if name in table.column_names
            else np.full(table.num_rows, np.nan)
            for table in found
        ]
        kind = np.int64 if name == "N" else "datetime64[us]" if name == "T" else np.float64
        return np.concatenate(parts).astype(kind, copy=False) if parts else np.empty(0, kind)

    return FrameSet(attributes, *(joined(name) for name in _WANTED))


def _by_element(path: Path) -> Iterator[FrameSet]:
    frames, instants, places = array("q"), array("q"), array("d")
    for element in iterate_xml(path, ("{*}Frame", "{*}FrameSet")):
        if element.tag.endswith("Frame"):
            try:
                frames.append(int(element.get("N")))
                when = np.datetime64(_utc(element.get("T")), "us")
            except (TypeError, ValueError, OverflowError):
                raise SourceError(
                    f"{path} has a frame without number (N) or instant with its zone (T): export "
                    "it again"
                ) from None
            instants.append(int(when.astype(np.int64)))
            places.extend(_number(element.get(name)) for name in "XYZ")
        else:
            yield FrameSet(
                dict(element.attrib),
                np.array(frames, np.int64),
                np.array(instants, np.int64).astype("datetime64[us]"),
                *np.array(places, np.float64).reshape(-1, 3).T.copy(),
            )
            frames, instants, places = array("q"), array("q"), array("d")


def _utc(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("no zone")
    return (when - (when.utcoffset() or when.resolution * 0)).replace(tzinfo=None)


def _number(text: str | None) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan
