"""Files from outside: what is refused before a reader sees it, and XML without its dangers.

A reader opens files through here, or through a library that reads no more than it is given.
"""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from edge_ingest.errors import SourceError

if TYPE_CHECKING:
    from lxml import etree

#: No recording but a video is larger, B: the largest known, 25 Hz optical tracking of a match as
#: XML, has half a gigabyte.
LARGEST_RECORDING = 2 * 1024**3
#: A file that describes a match (squads, field, periods) is read whole, and is never larger, B.
LARGEST_DESCRIPTION = 32 * 1024**2

#: A match of a camera of the highest quality has 200 GB; it is never read into memory, B.
LARGEST_VIDEO = 1024**4

#: How a file of each container of video begins: its suffix, FFmpeg's name, the pattern (latin-1).
VIDEO_CONTAINERS: tuple[tuple[str, str, str], ...] = (
    ("mov", "mov", r"^.{4}(ftypqt  |moov|mdat|wide|free|skip|pnot)"),
    ("mp4", "mov", r"^.{4}ftyp"),
    ("mkv", "matroska", r"^\x1aE\xdf\xa3"),
    ("ts", "mpegts", r"^(.{4})?G.{187}(.{4})?G"),
    ("avi", "avi", r"^RIFF.{4}AVI "),
)
#: One pattern for all of them.
VIDEO_HEAD = "(?s)" + "|".join(f"(?:{pattern})" for _, _, pattern in VIDEO_CONTAINERS)


#: How much of an XML file is looked at in one go, B.
_HEAD = 1 << 16
#: Elements of an XML file that are cut out in one go, empty by then.
_CUT_EVERY = 64


def check_file(path: Path, largest: int = LARGEST_RECORDING) -> None:
    """Refuse what cannot be a recording, by looking at the folder entry alone.

    Raises:
        SourceError: it is not there, a link, no plain file, empty, or too large.
    """
    try:
        found = path.lstat()
    except OSError as error:
        raise SourceError(f"there is no file {path}: check the path", rule="incomplete") from error
    if stat.S_ISLNK(found.st_mode):
        raise SourceError(f"{path} is a link: put the file itself there", rule="symlink")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"{path} is no file: give the recording itself", rule="unknown_format")
    if found.st_size == 0:
        raise SourceError(f"{path} is empty: export it again", rule="empty")
    if found.st_size > largest:
        raise SourceError(
            f"{path} has {found.st_size / 1e9:.1f} GB, and a recording has {largest / 1e9:.1f} GB "
            "at most: split it, or check what it is",
            rule="too_large",
        )


def iterate_xml(path: Path, tag: str | tuple[str, ...]) -> Iterator[Any]:
    """Elements of an XML file by (local) tag, one at a time, each forgotten after its turn.

    No entity is expanded, nothing is fetched, and a document type is refused: no recording needs
    one, and an XML bomb does. Nesting and text are limited by libxml2's own bounds.

    Args:
        tag: with `{*}` in front where the format has namespaces, such as `{*}Trackpoint`.

    Raises:
        SourceError: it is no XML, breaks off, or declares a document type.
    """
    from lxml import etree

    refuse_document_type(path)
    with path.open("rb") as handle:
        context = etree.iterparse(
            handle, events=("end",), tag=tag, load_dtd=False, no_network=True,
            resolve_entities=False, huge_tree=False, remove_comments=True,
        )  # fmt: skip
        try:
            for number, (_, element) in enumerate(context):
                yield element
                element.clear()
                # What is left of one is small: to cut each out by itself takes as long as reading.
                if number % _CUT_EVERY == 0:
                    _cut_out_before(element)
        except etree.XMLSyntaxError as error:
            raise SourceError(
                f"{path} is no sound XML ({fault_of(error)}): export it again", rule="malformed"
            ) from error


def _cut_out_before(element: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Cut out the last of its kind before it, and whatever stands before that.

    Nothing where there is none: the name of a point stands behind its time, which is yet to be read
    with the point.
    """
    if (last := next(element.itersiblings(element.tag, preceding=True), None)) is not None:
        parent = element.getparent()
        del parent[: parent.index(last) + 1]


def parse_xml(path: Path, largest: int = LARGEST_DESCRIPTION) -> "etree._Element":
    """Root element of a small XML file, read whole, with the guards of `iterate_xml`.

    Raises:
        SourceError: it is too large, no XML, breaks off, or declares a document type.
    """
    from lxml import etree

    check_file(path, largest)
    refuse_document_type(path)
    try:
        return etree.fromstring(path.read_bytes(), safe_xml_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(f"{path} is no sound XML ({fault_of(error)}): export it again") from error


def fault_of(error: Exception) -> str:
    """Where a parser stopped. Its own words quote the file, and so perhaps an athlete's values."""
    line, column = getattr(error, "position", (None, None))
    return f"line {line}, column {column}" if line else type(error).__name__


def safe_xml_parser() -> "etree.XMLParser":
    """An lxml parser that expands no entity, loads no DTD, fetches nothing, and stays small."""
    from lxml import etree

    return etree.XMLParser(
        load_dtd=False, no_network=True, resolve_entities=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def refuse_document_type(path: Path) -> None:
    """Refuse an XML file that declares a document type or an entity, before it is parsed.

    Raises:
        SourceError: it does.
    """
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
        words = [word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY")
                 for code in ("ascii", "utf-16-le", "utf-16-be")]  # fmt: skip
        handle.seek(0)
        if any(word in head for word in words) or _has_document_type(handle):
            raise SourceError(
                f"{path} declares a document type, which no recording needs: export it again from "
                "the vendor's own software",
                rule="entities",
            )


def _has_document_type(handle: BinaryIO) -> bool:
    """Whether one stands before the first element, however long the comments before it are."""
    from xml.parsers import expat

    seen: list[bool] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: seen.append(True)
    parser.StartElementHandler = lambda *_: seen.append(False)
    try:
        while not seen and (block := handle.read(_HEAD)):
            parser.Parse(block)
    except (expat.ExpatError, ValueError, LookupError):
        pass  # the reader's own parser says what is wrong
    return bool(seen) and seen[0]
