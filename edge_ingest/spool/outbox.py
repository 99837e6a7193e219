"""The outbox: drops in the layout of a landing zone, and what is known of their delivery.

`<outbox>/<stream_id>/r0001/` holds a drop as `drop.pack` wrote it. Once the landing zone has
confirmed it, `sent.json` stands beside the manifest, the other files are removed, and the two small
ones move to `<outbox>/.sent/<stream_id>/r0001/`: so that later packing goes on counting revisions
and knows the same content again (`drops/history.py`), and what waits is found without reading all
that was ever sent. While it is there the landing zone is asked whether it was refused; after some
days it moves to `.settled/`, which nobody goes through. A drop that was damaged here before it
arrived bears `refused.json`, and stays where it is until a later revision has arrived in its stead.
The folders are the whole state: a process that is killed leaves nothing else behind.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge_ingest.checksum import sha256_of
from edge_ingest.drops import history
from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.history import SENT, SETTLED
from edge_ingest.durable import replace_durably, sync_folder
from edge_ingest.errors import DropError
from edge_ingest.manifest import (
    MANIFEST_NAME,
    REFUSAL_NAME,
    SENT_NAME,
    DropFile,
    Kind,
    Manifest,
    MediaFile,
)
from edge_ingest.spool.landing import Parcel

#: What goes first: what a person is waiting for, then what is small, then what is large.
PRIORITY: dict[Kind, int] = {
    "acknowledgement": 0,
    "approval": 0,
    "quarantine": 0,
    "wearable": 1,
    "wellness": 2,
    "injuries": 2,
    "fixtures": 2,
    "events": 3,
    "tracking": 4,
    "footage": 5,
}
_STAYS = {MANIFEST_NAME, SENT_NAME, REFUSAL_NAME}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class OutboxDrop:
    """A drop in the outbox."""

    folder: Path
    manifest: Manifest

    @property
    def place(self) -> str:
        """`<stream_id>/r0001`, as in the landing zone."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """Order of sending: by priority, then by age."""
        return PRIORITY[self.manifest.kind], self.manifest.packed_at_utc, self.place

    @property
    def bytes(self) -> int:
        """Size of its files without the manifest, B."""
        return sum(parcel.bytes for parcel in self.parcels())

    def parcels(self) -> list[Parcel]:
        """Its files but for the manifest."""
        files: list[DropFile | MediaFile] = [*self.manifest.files, *self.manifest.media]
        return [
            Parcel(self.folder / file.path, f"{self.place}/{file.path}", file.bytes, file.sha256)
            for file in files
        ]

    def manifest_parcel(self) -> Parcel:
        """The manifest, which goes last."""
        path = self.folder / MANIFEST_NAME
        name = f"{self.place}/{MANIFEST_NAME}"
        return Parcel(path, name, path.stat().st_size, sha256_of(path))


@dataclass(frozen=True)
class Sent:
    """A drop that the landing zone has confirmed.

    Attributes:
        landing: which one.
        is_refused: the lakehouse would not load it, as far as this node has heard.
    """

    folder: Path
    drop_id: str
    landing: str
    confirmed_at_utc: datetime
    is_refused: bool

    @property
    def place(self) -> str:
        """`<stream_id>/r0001`, as in the landing zone."""
        return f"{self.folder.parent.name}/{self.folder.name}"


@dataclass(frozen=True)
class SetAside:
    """A drop that somebody refused, and that no later revision stands for yet.

    Attributes:
        is_sent: the lakehouse refused it; else it was damaged here, and never arrived.
    """

    folder: Path
    is_sent: bool

    @property
    def place(self) -> str:
        """`<stream_id>/r0001`, as in the landing zone."""
        return f"{self.folder.parent.name}/{self.folder.name}"


@dataclass
class Outbox:
    """The drops of a node.

    Attributes:
        unreadable: places whose manifest cannot be read, and why; found by `waiting`.
    """

    root: Path
    unreadable: dict[str, str] = field(default_factory=dict)
    _known: dict[str, tuple[tuple[int, int], Manifest]] = field(default_factory=dict)

    def waiting(self) -> list[OutboxDrop]:
        """Drops that are not confirmed yet, the most urgent first."""
        found = []
        known: dict[str, tuple[tuple[int, int], Manifest]] = {}
        self.unreadable.clear()
        for folder in _revisions(self.root):
            if (folder / SENT_NAME).exists() or (folder / REFUSAL_NAME).exists():
                continue
            place = f"{folder.parent.name}/{folder.name}"
            try:
                # Another drop may stand there since: its manifest is another file.
                stamp = _stamp(folder / MANIFEST_NAME)
                before = self._known.get(place)
                manifest = before[1] if before and before[0] == stamp else read_manifest(folder)
            except (DropError, FileNotFoundError) as error:
                if folder.exists():  # else it was sent this moment
                    self.unreadable[place] = str(error)
                continue
            known[place] = stamp, manifest
            found.append(OutboxDrop(folder, manifest))
        self._known = known
        return sorted(found, key=lambda drop: drop.rank)

    def sent(self) -> list[Sent]:
        """Drops that were confirmed of late and may still be refused, the latest last.

        The latest of all is always among them.
        """
        found = []
        for folder in _revisions(self.root / SENT):
            with suppress(OSError, ValueError, KeyError, TypeError):  # what nobody can read is left
                told = json.loads((folder / SENT_NAME).read_bytes())
                at = datetime.fromisoformat(told["confirmed_at_utc"])
                is_refused = (folder / REFUSAL_NAME).exists()
                found.append(Sent(folder, told["drop_id"], told["landing"], at, is_refused))
        return sorted(found, key=lambda sent: (sent.confirmed_at_utc, sent.place))

    def refused(self) -> list[SetAside]:
        """Drops that were refused, there or here, and that no later revision stands for."""
        found = [
            SetAside(folder, is_sent)
            for home, is_sent in ((self.root, False), (self.root / SENT, True))
            for folder in _revisions(home)
            if (folder / REFUSAL_NAME).exists()
        ]
        return [one for one in found if not self._is_superseded(one.folder)]

    def is_confirmed(self, place: str) -> bool:
        """Whether a drop, or a later revision that replaces it, has arrived and was not refused."""
        stream, _, name = place.partition("/")
        taken = history.revisions(self.root, stream)
        return any(
            history.is_sent(folder) and not history.is_refused(folder)
            for number, folder in taken.items()
            if number >= _number(name)
        )

    def confirm(self, drop: OutboxDrop, landing: str, now: datetime) -> None:
        """Note that the landing zone has the drop, remove its files, and put the notes away.

        A full disk must not keep a node from making room: then the largest file, which the landing
        zone has, goes before the note. (Killed in between, the drop is asked for again there.)
        """
        told = {
            "drop_id": drop.manifest.drop_id,
            "landing": landing,
            "confirmed_at_utc": now.isoformat(),
        }
        payload = (json.dumps(told, indent=2, sort_keys=True) + "\n").encode()
        try:
            replace_durably(drop.folder / SENT_NAME, payload)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            largest = max(drop.parcels(), key=lambda parcel: parcel.bytes)
            largest.path.unlink(missing_ok=True)
            replace_durably(drop.folder / SENT_NAME, payload)
        self._put_away(drop.folder)
        with suppress(OSError):  # `sweep` does it
            for folder in _revision_folders(drop.folder.parent):
                self._remove_if_replaced(folder)

    def sweep(self) -> bool:
        """Finish putting away drops that are confirmed, and what is damaged and was replaced.

        Returns:
            Whether all of them could be.
        """
        is_done = True
        for folder in _revisions(self.root):
            try:
                if (folder / SENT_NAME).exists():
                    self._put_away(folder)
                else:
                    self._remove_if_replaced(folder)
            except OSError:
                is_done = False
        return is_done

    def refuse(self, sent: Sent, refusal: bytes) -> None:
        """Note what the lakehouse said of a drop: the recording is then packed anew when asked."""
        replace_durably(sent.folder / REFUSAL_NAME, refusal)

    def forgive(self, sent: Sent) -> None:
        """Forget a refusal that holds no more, since the drop came again."""
        (sent.folder / REFUSAL_NAME).unlink(missing_ok=True)
        sync_folder(sent.folder)

    def set_aside(self, drop: OutboxDrop, rule: str, reason: str, now: datetime) -> None:
        """Note that a drop will never arrive, since it is damaged here: it is sent no more."""
        told = {"rule": rule, "reason": reason, "refused_at_utc": now.isoformat()}
        payload = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        with suppress(FileNotFoundError):  # all of it is gone
            replace_durably(drop.folder / REFUSAL_NAME, payload.encode())

    def settle(self, sent: Sent) -> None:
        """Put a drop to those that nobody asks for any more, in place of the stream's older ones.

        One that is refused stays, until a later revision stands for it.
        """
        if sent.is_refused and not self._is_superseded(sent.folder):
            return
        stream = self.root / SETTLED / sent.folder.parent.name
        _move(sent.folder, stream)
        for folder in sorted(_revision_folders(stream), key=lambda one: _number(one.name))[:-1]:
            shutil.rmtree(folder, ignore_errors=True)

    def _is_superseded(self, folder: Path) -> bool:
        taken = history.revisions(self.root, folder.parent.name)
        return max(taken, default=0) > _number(folder.name)

    def _remove_if_replaced(self, folder: Path) -> None:
        """Remove a drop that was damaged here, once a later revision of it has arrived."""
        place = f"{folder.parent.name}/{folder.name}"
        if not (folder / REFUSAL_NAME).exists() or not self.is_confirmed(place):
            return
        _empty(folder)  # the note goes last: without it the drop would wait to be sent
        (folder / MANIFEST_NAME).unlink(missing_ok=True)
        shutil.rmtree(folder)
        with suppress(OSError):  # a packer may have put the next revision there
            folder.parent.rmdir()

    def _put_away(self, folder: Path) -> None:
        _empty(folder)
        _move(folder, self.root / SENT / folder.parent.name)


def _stamp(path: Path) -> tuple[int, int]:
    """Tells a file from another of its name; the same for each that is not there."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns
    return 0, 0


def _revisions(home: Path) -> Iterator[Path]:
    """The folder of every revision in a home of streams."""
    for stream in _folders(home):
        yield from _revision_folders(stream)


def _revision_folders(stream: Path) -> Iterator[Path]:
    for folder in _folders(stream):
        if folder.name[0] == "r" and folder.name[1:].isdigit():
            yield folder


def _number(name: str) -> int:
    return int(name[1:])


def _folders(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(Path(one.path) for one in entries if one.is_dir() and one.name[0] != ".")
    return []


def _move(folder: Path, stream: Path) -> None:
    """Move a revision into another home of its stream, in place of one that may stand there."""
    if not stream.is_dir():
        stream.mkdir(parents=True, exist_ok=True)
        sync_folder(stream.parent)
    target = stream / folder.name
    if target.exists():  # a disk that was restored: what was confirmed last counts
        shutil.rmtree(target)
    folder.rename(target)
    sync_folder(stream)
    with suppress(OSError):  # a packer may have put the next revision there
        folder.parent.rmdir()


def _empty(folder: Path) -> None:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name not in _STAYS]
    for name in names:
        (folder / name).unlink(missing_ok=True)
