"""Originals at the edge: kept for some days after they were packed, then let go.

`<kept>/<day>/<name>-<key>/` holds the files of one recording and `.kept.json`, which says what
became of it. The key comes from names, sizes and times of the files, so that taking the same files
again, after a crash, finds them there.
"""

import errno
import filecmp
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from edge_ingest.durable import sync_folder, write_durably
from edge_ingest.identity import slugify

#: Hidden, since no file that is taken in is: none can bear this name.
RECEIPT_NAME = ".kept.json"
_UNFINISHED = ".taking-"
#: What a file system answers that cannot link, or not across to another one.
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES}


@dataclass(frozen=True)
class Receipt:
    """What became of a recording.

    Attributes:
        place: of its drop, `<stream_id>/r0001`; None where it was skipped.
        reason: why it was skipped.
        came_from: where its files stood, absolute paths, in the order in which they leave.
    """

    outcome: Literal["packed", "skipped"]
    source: str
    kept_at_utc: datetime
    place: str | None = None
    reason: str | None = None
    came_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptRecording:
    """The originals of one recording."""

    folder: Path
    receipt: Receipt
    bytes: int


def keep(
    files: Sequence[Path], receipt: Receipt, kept: Path, name: str, shared: Sequence[Path] = ()
) -> Path:
    """Move the files of a recording to those that are kept; all of them, or none.

    They stand in the new place before the first of them leaves the old one. Whatever moment the
    node is killed at, the same call ends it.

    Args:
        files: the last ones leave last: put the sidecar there.
        name: what to call it.
        shared: kept with them, and left where they are: others need them, too.

    Returns:
        Where they are now.

    Raises:
        OSError: there is no room, or a file cannot be moved.
    """
    receipt = replace(receipt, came_from=tuple(str(file.absolute()) for file in files))
    stem = f"{slugify(name) or 'recording'}-{_key(files)}"
    number = 1
    while True:
        label = stem if number == 1 else f"{stem}-{number}"
        standing = next(iter(sorted(kept.glob(f"*/{label}"))), None)
        if standing is None:
            folder = _take([*files, *shared], receipt, kept, label)
            break
        if all(_is_same(file, standing / file.name) for file in files):
            folder = standing
            break
        number += 1
    for file in files:
        file.unlink(missing_ok=True)
    sync_folder(files[0].parent)
    return folder


def finish(kept: Path) -> None:
    """Take up what a killed process left half done; for the start of a node.

    What it had half taken is removed, since the originals are still where they were; what it had
    taken and not yet removed there is removed.
    """
    for unfinished in kept.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    for one in recordings(kept):
        for file in map(Path, one.receipt.came_from):
            if _is_same(file, one.folder / file.name):
                file.unlink()


def recordings(kept: Path) -> list[KeptRecording]:
    """Everything that is kept, the oldest first; what nobody can read is left alone."""
    found = []
    for path in kept.glob(f"*/*/{RECEIPT_NAME}"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(path.read_bytes())
            told["kept_at_utc"] = datetime.fromisoformat(told["kept_at_utc"])
            told["came_from"] = tuple(told["came_from"])
            size = sum(file.stat().st_size for file in path.parent.iterdir())
            found.append(KeptRecording(path.parent, Receipt(**told), size))
    return sorted(found, key=lambda one: (one.receipt.kept_at_utc, one.folder))


def release(
    kept: Path,
    is_confirmed: Callable[[str], bool],
    now: datetime,
    keep_for: timedelta,
    needed_bytes: int = 0,
) -> list[KeptRecording]:
    """Remove originals that were kept long enough; where room is needed, younger ones too.

    Only what the landing zone has confirmed, and what was skipped, is ever removed.

    Args:
        is_confirmed: whether the drop in a place has arrived for good.
        needed_bytes: make so much room, the oldest first, whatever their age.

    Returns:
        What was removed.
    """
    gone = []
    room = 0
    for one in recordings(kept):
        place = one.receipt.place
        if place is not None and not is_confirmed(place):
            continue
        is_old = now - one.receipt.kept_at_utc >= keep_for
        if not is_old and room >= needed_bytes:
            continue
        # The receipt goes last: what is half removed is found again.
        for file in one.folder.iterdir():
            if file.name != RECEIPT_NAME:
                file.unlink(missing_ok=True)
        (one.folder / RECEIPT_NAME).unlink(missing_ok=True)
        for folder in (one.folder, one.folder.parent):
            with suppress(OSError):
                folder.rmdir()
        room += one.bytes
        gone.append(one)
    return gone


def _take(files: Sequence[Path], receipt: Receipt, kept: Path, label: str) -> Path:
    day = kept / receipt.kept_at_utc.date().isoformat()
    day.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=kept))
    try:
        unfinished.chmod(0o755)
        for file in files:
            _link_or_copy(file, unfinished / file.name)
        told = asdict(receipt) | {"kept_at_utc": receipt.kept_at_utc.isoformat()}
        payload = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        write_durably(unfinished / RECEIPT_NAME, payload.encode())
        sync_folder(unfinished)
        unfinished.rename(day / label)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync_folder(day)
    sync_folder(kept)
    return day / label


def _link_or_copy(file: Path, target: Path) -> None:
    """A second name for the file, on the same disk; else a copy that is on the disk for certain."""
    try:
        target.hardlink_to(file)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copy2(file, target, follow_symlinks=False)
        with target.open("rb") as handle:
            os.fsync(handle.fileno())


def _key(files: Sequence[Path]) -> str:
    lines = []
    for file in sorted(files):
        with suppress(FileNotFoundError):
            told = file.stat()
            lines.append(f"{file.name} {told.st_size} {told.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _is_same(file: Path, other: Path) -> bool:
    try:
        return file.samefile(other) or filecmp.cmp(file, other, shallow=False)
    except FileNotFoundError:
        return False
