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
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from edge_ingest.durable import replace_durably, sync_folder
from edge_ingest.identity import slugify
from edge_ingest.intake.inbox import Stamp, stamp
from edge_ingest.scratch import scratch_folder, sweep

#: Hidden, since no file that is taken in is: none can bear this name.
RECEIPT_NAME = ".kept.json"
#: What a file system answers that cannot link, or not across to another one.
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES}


@dataclass(frozen=True)
class Original:
    """One file of a recording.

    Attributes:
        name: what it is called where it is kept.
        came_from: where it stood, an absolute path.
        stamp: of the file that stood there; another that is put there since has another one.
    """

    name: str
    came_from: str
    stamp: Stamp


@dataclass(frozen=True)
class Receipt:
    """What became of a recording.

    Attributes:
        place: of its drop, `<stream_id>/r0001`; None where it was skipped.
        reason: why it was skipped.
        files: those that leave, in that order.
        is_moved: whether they left the places where they stood; what stands there since then was
            put there by a person.
    """

    outcome: Literal["packed", "skipped"]
    source: str
    kept_at_utc: datetime
    place: str | None = None
    reason: str | None = None
    files: tuple[Original, ...] = ()
    is_moved: bool = False

    def to_json(self) -> str:
        """The receipt as it stands on disk."""
        told = asdict(self) | {"kept_at_utc": self.kept_at_utc.isoformat()}
        return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


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
        OSError: there is no room, or a file cannot be moved; EBUSY: another was put in its place
            meanwhile, which is left there.
    """
    names = _names([*files, *shared])
    stem = f"{slugify(name) or 'recording'}-{_key(files)}"
    before = {file: stamp(file).content for file in files}
    number = 1
    while True:
        label = stem if number == 1 else f"{stem}-{number}"
        folder = next(iter(sorted(kept.glob(f"[!.]*/{label}"))), None)
        if folder is None:
            target = kept / receipt.kept_at_utc.date().isoformat() / label
            with scratch_folder(kept) as unfinished:
                for file in (*files, *shared):
                    _link_or_copy(file, unfinished / names[file])
                receipt = _of(receipt, files, names)  # after the links, which change the stamps
                _refuse_changed(before)
                _write(receipt, unfinished)
                _publish(unfinished, target)
            folder = target
            break
        if all(_is_same(file, folder / names[file]) for file in files):
            # It was put back, and came to something else this time; or a killed process took it.
            receipt = _of(receipt, files, names)
            _refuse_changed(before)
            _write(receipt, folder)
            break
        number += 1
    _refuse_changed(before)
    _let_go(files)
    _write(replace(receipt, is_moved=True), folder)
    return folder


def finish(kept: Path, now: datetime) -> None:
    """Take up what a killed process left half done; for the start of a node.

    What it had half taken is removed, since the originals are still where they were; what it had
    taken and not yet removed there is removed. A file that is not the very one that was taken is
    left alone: somebody put it there, perhaps to have it packed again.
    """
    sweep(kept, now)
    for one in recordings(kept):
        if one.receipt.is_moved:
            continue
        left = [
            Path(original.came_from)
            for original in one.receipt.files
            if _is_the_one(original, one.folder)
        ]
        with suppress(OSError):  # a share that is away, or that nobody may write: the next time
            _let_go(left)
            _write(replace(one.receipt, is_moved=True), one.folder)


def recordings(kept: Path) -> list[KeptRecording]:
    """Everything that is kept, the oldest first; what nobody can read is left alone."""
    found = []
    for path in kept.glob(f"[!.]*/*/{RECEIPT_NAME}"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            told = json.loads(path.read_bytes())
            if told.pop("came_from", None) is not None:  # of an earlier version: all of it has left
                told |= {"files": (), "is_moved": True}
            told["kept_at_utc"] = datetime.fromisoformat(told["kept_at_utc"])
            told["files"] = tuple(
                Original(**one | {"stamp": Stamp(**one["stamp"])}) for one in told["files"]
            )
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


def _of(receipt: Receipt, files: Sequence[Path], names: dict[Path, str]) -> Receipt:
    originals = tuple(Original(names[file], str(file.absolute()), stamp(file)) for file in files)
    return replace(receipt, files=originals, is_moved=False)


def _refuse_changed(before: dict[Path, tuple[int, int, int]]) -> None:
    """Large files are copied for minutes, in which somebody may export them anew."""
    for file, content in before.items():
        if stamp(file).content != content:
            raise OSError(errno.EBUSY, "it changed while it was put away", str(file))


def _publish(unfinished: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    sync_folder(unfinished)
    unfinished.rename(target)
    sync_folder(target.parent)
    sync_folder(target.parent.parent)


def _write(receipt: Receipt, folder: Path) -> None:
    replace_durably(folder / RECEIPT_NAME, receipt.to_json().encode())


def _let_go(files: Iterable[Path]) -> None:
    """Remove files whose like is kept, in their order."""
    parents = dict.fromkeys(file.parent for file in files)
    for file in files:
        file.unlink(missing_ok=True)
    for parent in parents:
        with suppress(FileNotFoundError):
            sync_folder(parent)


def _names(files: Sequence[Path]) -> dict[Path, str]:
    """A name for each file where all of them are kept: its own, unless that is taken."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for file in files:
        name, number = file.name, 1
        while name in taken:
            number += 1
            name = f"{number}-{file.name}"
        names[file] = name
        taken.add(name)
    return names


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


def _is_the_one(original: Original, folder: Path) -> bool:
    """Whether the very file that was taken still stands where it stood: by its identity, and whole.

    A file that was linked is the one that is kept. One that was copied is known by its stamp.
    """
    file, taken = Path(original.came_from), folder / original.name
    try:
        is_kept = os.path.samestat(file.lstat(), taken.lstat())
        return is_kept or (stamp(file) == original.stamp and _is_same(file, taken))
    except OSError:
        return False
