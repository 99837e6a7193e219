"""Sending drops that exist once more, into the same landing zone or another.

For rehearsing a match day, and for filling a lakehouse anew from what the edge has kept.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.drop import PackedDrop, is_sound
from edge_ingest.drops.media import place as place_media
from edge_ingest.durable import publish, write_durably
from edge_ingest.errors import DropError
from edge_ingest.manifest import MANIFEST_NAME, Manifest, MediaFile
from edge_ingest.scratch import scratch_folder

_IDENTITY = "identity"
_UNFINISHED = ".sending-"


def find_drops(folder: Path) -> list[PackedDrop]:
    """Every finished drop in a drop's folder, a stream's or a landing zone, by start of session.

    Raises:
        DropError: there is none, or a manifest cannot be read.
    """
    depths = (MANIFEST_NAME, f"r*/{MANIFEST_NAME}", f"*/r*/{MANIFEST_NAME}")
    # Temporary folders of packers begin with a dot.
    found = [
        PackedDrop(path.parent, read_manifest(path), is_new=False)
        for depth in depths
        for path in folder.glob(depth)
        if not {path.parent.name[0], path.parents[1].name[:1]} & {"."}
    ]
    if not found:
        raise DropError(f"{folder} holds no drop: give a landing zone, a stream or a drop's folder")
    return sorted(found, key=lambda drop: (_start(drop.manifest), *_place(drop.manifest)))


def replay(
    drops: Sequence[PackedDrop], into: Path, speed: float | None, sleep: Callable[[float], None]
) -> Iterator[PackedDrop]:
    """Copy drops into a landing zone one after the other, each whole or not at all.

    Args:
        drops: in the order in which to send them.
        speed: how many times faster than life: between drops it waits the time between their
            starts divided by this. None: without waiting.
        sleep: waits so many seconds.

    Yields:
        Each drop in its new place; `is_new` is false where it stood there already, sound. Over one
        that is damaged or was refused it is sent again, which submits it anew.

    Raises:
        DropError: another drop stands in its place, or its files are not there.
    """
    previous: Manifest | None = None
    for drop in drops:
        if speed and previous and (pause := _start(drop.manifest) - _start(previous)):
            sleep(pause.total_seconds() / speed)
        previous = drop.manifest
        yield _send(drop, into)


def copy_identity(landing: Path, into: Path) -> bool:
    """Give a new landing zone the calendar and crosswalk of the old one, unless it has its own."""
    source, target = landing / _IDENTITY, into / _IDENTITY
    if not source.is_dir() or target.exists():
        return False
    shutil.copytree(source, target)
    return True


def _send(drop: PackedDrop, into: Path) -> PackedDrop:
    target = into / drop.manifest.stream_id / f"r{drop.manifest.revision:04d}"
    if (target / MANIFEST_NAME).is_file():
        return _send_over(drop, target)
    with scratch_folder(into) as unfinished:
        for name, write in _files(drop):
            write(unfinished / name)
        target.parent.mkdir(parents=True, exist_ok=True)
        is_new = publish(unfinished, target)
    return PackedDrop(target, drop.manifest, is_new=True) if is_new else _send_over(drop, target)


def _send_over(drop: PackedDrop, target: Path) -> PackedDrop:
    """Send a drop to where it stands already: again, file by file, if that one is not sound."""
    there = PackedDrop(target, read_manifest(target), is_new=False)
    if there.manifest.drop_id != drop.manifest.drop_id:
        raise DropError(
            f"{target} holds another drop than {drop.folder}: send it into an empty landing zone"
        )
    if is_sound(there):
        return there
    for name, write in _files(drop):
        unfinished = target / f"{_UNFINISHED}{name}"
        unfinished.unlink(missing_ok=True)
        write(unfinished)
        unfinished.replace(target / name)
    return PackedDrop(target, drop.manifest, is_new=True)


def _files(drop: PackedDrop) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Names of a drop's files, and what writes each to a place; the manifest last."""
    for file in drop.manifest.media:
        source = _there(drop, file.path)
        yield file.path, partial(_place_media, source, file)
    for table in drop.manifest.files:
        payload = _there(drop, table.path).read_bytes()
        if hashlib.sha256(payload).hexdigest() != table.sha256:
            raise DropError(
                f"{drop.folder / table.path} is not what was packed: verify it and pack it again",
                rule="checksum",
            )
        yield table.path, partial(write_durably, payload=payload)
    yield MANIFEST_NAME, partial(write_durably, payload=_there(drop, MANIFEST_NAME).read_bytes())


def _there(drop: PackedDrop, name: str) -> Path:
    if not (path := drop.folder / name).is_file():
        raise DropError(f"{drop.folder} lacks {name}: verify it and pack it again")
    return path


def _place_media(source: Path, file: MediaFile, target: Path) -> None:
    place_media(source, target, file)


def _start(manifest: Manifest) -> datetime:
    return manifest.session.started_at_utc if manifest.session else manifest.packed_at_utc


def _place(manifest: Manifest) -> tuple[str, int]:
    return manifest.stream_id, manifest.revision
