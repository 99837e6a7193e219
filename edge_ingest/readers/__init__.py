"""The sources that we read, one module each. Listing them imports none of them.

A reader is a module with `VERSION` and `read`; its line in `register.py` says what it needs.
`docs/add-a-source.md` shows how to add one.
"""

import importlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Protocol, cast

from edge_ingest.errors import EdgeError, SourceError
from edge_ingest.inputs import check_file
from edge_ingest.readers.bounds import refuse_impossible
from edge_ingest.readers.register import READERS, Source
from edge_ingest.recording import DayRecords, Recording, Told

__all__ = ["READERS", "Reader", "Source", "accepts", "load_reader", "read_recording", "read_source"]


class Reader(Protocol):
    """What a reader module offers."""

    #: Raised whenever the same file would give other rows.
    VERSION: str

    def read(self, parts: Mapping[str, Path], told: Told) -> "Recording | DayRecords":
        """Turn a vendor's files into rows in our units and axes.

        Args:
            parts: the files, by the names that the source lists; each of them is there.
            told: what the operator said; only fields that the source accepts are set.

        Raises:
            SourceError: the files cannot be read, or lack something only the operator can tell.
        """
        ...


_ALWAYS_ACCEPTED = ("site", "device_id")


def accepts(source: str, name: str) -> bool:
    """Whether the reader of a source heeds a field of `Told`."""
    return name in (*_ALWAYS_ACCEPTED, *READERS[source].accepts)


def load_reader(source: Source) -> Reader:
    """Import the reader of one line of the register."""
    module, _, name = source.module.partition(":")
    found = importlib.import_module(module)
    return cast("Reader", getattr(found, name) if name else found)


def read_recording(source: str, parts: Mapping[str, Path], told: Told | None = None) -> Recording:
    """Read one recording of a session by the reader of that name.

    Raises:
        SourceError: as `read_source`, or the source is about days.
    """
    found = read_source(source, parts, told)
    if not isinstance(found, Recording):
        raise SourceError(f"{source} is about days, not about a session: use read_source")
    return found


def read_source(
    source: str, parts: Mapping[str, Path], told: Told | None = None
) -> Recording | DayRecords:
    """Read whatever a source holds, by the reader of that name.

    Raises:
        NothingRecordedError: the file is sound and holds nothing to pack.
        SourceError: no such source, a part is missing or unknown, the operator told something
            that this reader would ignore, or the reader refuses the files.
    """
    told = told or Told()
    if source not in READERS:
        raise SourceError(
            f"no reader is called {source!r}: use one of {', '.join(READERS)}",
            rule="unknown_format",
        )
    entry = READERS[source]
    listed = ", ".join(f"{name}=<{what}>" for name, what in entry.parts.items())
    if unknown := sorted(set(parts) - set(entry.parts)):
        raise SourceError(f"{source} has no part {', '.join(unknown)}: give {listed}")
    needed = [name for name in entry.parts if name not in entry.optional]
    if missing := [name for name in needed if name not in parts]:
        raise SourceError(
            f"{source} needs the part {', '.join(missing)}: give {listed}", rule="incomplete"
        )
    for name, path in parts.items():
        if name not in entry.many or path.is_symlink() or not path.is_dir():
            check_file(path, entry.largest)
    for one in fields(told):
        is_told = getattr(told, one.name) is not None
        if is_told and not accepts(source, one.name):
            raise SourceError(f"{source} has no use for {one.name}: leave it out")
    reader = load_reader(entry)
    try:
        found = reader.read(parts, told)
    except EdgeError:
        raise
    except (
        ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
    ) as error:  # fmt: skip
        # A vendor's file may be wrong in more ways than any reader looks for. The error's own
        # words may quote an athlete's values; they stay in the chain.
        given = " ".join(f"{name}={path}" for name, path in parts.items())
        raise SourceError(
            f"{given} does not read as {source} ({type(error).__name__}): "
            "export it again, or report the format"
        ) from error
    if isinstance(found, Recording):
        refuse_impossible(found)
    return found
