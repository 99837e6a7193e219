"""Tell which source a file is of, and which part, by how it begins."""

import re
from pathlib import Path

from edge_ingest.readers import READERS

HEAD_BYTES = 4096


def recognise(path: Path) -> tuple[str, str] | None:
    """Source and part of a file, by the `head` of each line of the register.

    None where no line fits, and where several do: a guess would send a file to the wrong reader.
    Any bytes may come in.
    """
    found = possible(path)
    return found[0] if len(found) == 1 else None


def possible(path: Path) -> list[tuple[str, str]]:
    """Every source and part that a file may be; links are not followed."""
    if path.is_symlink():
        return []
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES).decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")
    return [
        (source, part)
        for source, entry in READERS.items()
        for part, pattern in entry.head.items()
        if re.search(pattern, head)
    ]


def serves(path: Path) -> list[tuple[str, str]]:
    """As `possible`, with the sources that share such a file with the one that knows it."""
    known = possible(path)
    return known + [
        (source, part)
        for source, entry in READERS.items()
        for part, owner in entry.shares.items()
        if (owner, part) in known
    ]
