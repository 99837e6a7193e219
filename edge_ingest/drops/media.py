"""Files of a drop that are no tables: measured, put beside the Parquet files, and checked.

A video may be larger than the memory, and than what a club wants to have twice on one disk: it is
read in pieces, and linked rather than copied where both places are on one disk.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from edge_ingest.checksum import sha256_of
from edge_ingest.errors import DropError
from edge_ingest.manifest import MediaFile

#: Read at a time, B.
_PIECE = 1 << 20

#: Gives size (B) and sha256 of a file of a drop by its name; raises OSError where it cannot.
Measure = Callable[[str], tuple[int, str]]


def known_sha256(path: Path) -> str:
    """As `sha256_of`, but read once a process while size and time of change stay the same."""
    found = path.stat()
    return _known(path.resolve(), found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=256)
def _known(path: Path, _inode: int, _size: int, _changed_ns: int) -> str:
    return sha256_of(path)


def measured(path: Path) -> tuple[int, str]:
    """Size, B, and sha256 of a file as it stands on the disk now."""
    digest = sha256_of(path)
    return path.stat().st_size, digest


def describe(media: Mapping[str, Path], footage: pa.Table | None) -> tuple[MediaFile, ...]:
    """What a manifest says of media, in the order of their names.

    Args:
        media: the files by their name in the drop.
        footage: the rows that tell of them, by `uri` and `sha256`.

    Raises:
        DropError: a name that a drop cannot carry, a file that no row tells of, or a row that
            tells of another file than the one that is there.
    """
    found = []
    for name in sorted(media):
        path = media[name]
        try:
            found.append(MediaFile(path=name, bytes=path.stat().st_size, sha256=known_sha256(path)))
        except ValidationError as error:
            raise DropError(
                f"{path} cannot go into a drop as {name!r}: {error.errors()[0]['msg']}", rule="path"
            ) from error
    rows = footage.select(["uri", "sha256"]).to_pylist() if footage is not None else []
    told = {(row["uri"], row["sha256"]) for row in rows}
    if wrong := sorted({name for name, _ in told ^ {(one.path, one.sha256) for one in found}}):
        raise DropError(
            f"{', '.join(wrong)}: what was read is not what is there now: wait until it is "
            "written, and pack it again",
            rule="checksum",
        )
    return tuple(found)


def place(source: Path, target: Path, media: MediaFile) -> None:
    """Put a file into a drop, durably: linked, or copied where that cannot be.

    A linked file is one file under two names: whoever changes the original in place changes the
    drop, which `verify` and the sender find by its checksum. Removing the original does no harm.

    Raises:
        DropError: it changed since it was described.
    """
    try:
        target.hardlink_to(source)
    except OSError:  # another disk, or one without links
        digest = _copied(source, target)
    else:
        with target.open("rb") as handle:
            os.fsync(handle.fileno())
        digest = known_sha256(source)
    if digest != media.sha256 or target.stat().st_size != media.bytes:
        target.unlink()
        raise DropError(
            f"{source} is not what was measured before, and changed since: wait until it is "
            "written, and pack it again",
            rule="checksum",
        )


def is_whole(folder: Path, media: tuple[MediaFile, ...]) -> bool:
    """Whether every one of them stands in the folder as it was packed."""
    try:
        return all(measured(folder / one.path) == (one.bytes, one.sha256) for one in media)
    except FileNotFoundError:
        return False


def _copied(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(_PIECE):
            digest.update(piece)
            writing.write(piece)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()
