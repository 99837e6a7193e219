"""Files from outside: what is refused before a reader sees it, and XML without its dangers.

A reader opens files through here, or through a library that reads no more than it is given.
"""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge_ingest.errors import SourceError

#: No recording but a video is larger, B: the largest known, 25 Hz optical tracking of a match as
#: XML, has half a gigabyte.
LARGEST_RECORDING = 2 * 1024**3


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
            for _, element in context:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise SourceError(
                f"{path} is no sound XML ({error}): export it again", rule="malformed"
            ) from error


def refuse_document_type(path: Path) -> None:
    """Refuse an XML file that declares a document type or an entity, before it is parsed.

    Raises:
        SourceError: it does.
    """
    with path.open("rb") as handle:
        head = handle.read(1 << 16)
    for word in ("<!DOCTYPE", "<!ENTITY"):
        if any(word.encode(code) in head for code in ("ascii", "utf-16-le", "utf-16-be")):
            raise SourceError(
                f"{path} declares a document type, which no recording needs: export it again from "
                "the vendor's own software",
                rule="entities",
            )
