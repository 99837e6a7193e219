"""The outbox: drops in the layout of a landing zone, and what is known of their delivery.

`<outbox>/<stream_id>/r0001/` holds a drop as `drop.pack` wrote it. Once the landing zone has
confirmed it, `sent.json` stands beside the manifest and the other files are removed: the two small
files stay, so that later packing goes on counting revisions and knows the same content again.
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

from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.drop import UNFINISHED
from edge_ingest.durable import sync_folder, write_durably
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
from edge_ingest.spool.landing import Parcel, sha256_of

#: What goes first: what a person is waiting for, then what is small, then what is large.
PRIORITY: dict[Kind, int] = {
    "acknowledgement": 0,
    "approval": 0,
    "quarantine": 0,
    "wearable": 1,
    "wellness": 2,
    "injuries": 2,
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


@dataclass
class Outbox:
    """The drops of a node.

    Attributes:
        damaged: places whose manifest cannot be read, and why; found by `waiting`.
    """

    root: Path
    damaged: dict[str, str] = field(default_factory=dict)
    _known: dict[str, tuple[tuple[int, int], Manifest]] = field(default_factory=dict)

    def waiting(self) -> list[OutboxDrop]:
        """Drops that are not confirmed yet, the most urgent first."""
        found = []
        known: dict[str, tuple[tuple[int, int], Manifest]] = {}
        self.damaged.clear()
        for folder in self.folders():
            if (folder / SENT_NAME).exists():
                continue
            place = f"{folder.parent.name}/{folder.name}"
            try:
                # Another drop may stand there since: its manifest is another file.
                stamp = _stamp(folder / MANIFEST_NAME)
                before = self._known.get(place)
                manifest = before[1] if before and before[0] == stamp else read_manifest(folder)
            except DropError as error:
                self.damaged[place] = str(error)
                continue
            known[place] = stamp, manifest
            found.append(OutboxDrop(folder, manifest))
        self._known = known
        return sorted(found, key=lambda drop: drop.rank)

    def sent(self) -> list[Sent]:
        """Drops that were confirmed, the latest last."""
        found = []
        for folder in self.folders():
            try:
                told = json.loads((folder / SENT_NAME).read_bytes())
            except FileNotFoundError:
                continue
            found.append(
                Sent(
                    folder,
                    told["drop_id"],
                    told["landing"],
                    datetime.fromisoformat(told["confirmed_at_utc"]),
                    is_refused=(folder / REFUSAL_NAME).exists(),
                )
            )
        return sorted(found, key=lambda sent: (sent.confirmed_at_utc, sent.place))

    def is_confirmed(self, place: str) -> bool:
        """Whether a drop has arrived, and was not refused afterwards."""
        folder = self.root / place
        return (folder / SENT_NAME).exists() and not (folder / REFUSAL_NAME).exists()

    def confirm(self, drop: OutboxDrop, landing: str, now: datetime) -> None:
        """Note that the landing zone has the drop, and remove its files.

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
            _replace(drop.folder / SENT_NAME, payload)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            largest = max(drop.parcels(), key=lambda parcel: parcel.bytes)
            largest.path.unlink(missing_ok=True)
            _replace(drop.folder / SENT_NAME, payload)
        _empty(drop.folder)

    def sweep(self) -> None:
        """Finish removing the files of drops that are confirmed."""
        for folder in self.folders():
            if (folder / SENT_NAME).exists():
                _empty(folder)

    def refuse(self, place: str, refusal: bytes) -> None:
        """Note what the lakehouse said of a drop: the recording is then packed anew when asked."""
        _replace(self.root / place / REFUSAL_NAME, refusal)

    def folders(self) -> Iterator[Path]:
        """The folder of every revision, sent or not."""
        for stream in _folders(self.root):
            for folder in _folders(stream):
                if folder.name[0] == "r" and folder.name[1:].isdigit():
                    yield folder


def sweep_unfinished(root: Path) -> None:
    """Remove drops that a packer had not finished; only while nobody packs into this outbox."""
    for unfinished in root.glob(f"*/{UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _stamp(path: Path) -> tuple[int, int]:
    """Tells a file from another of its name; the same for each that is not there."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns
    return 0, 0


def _folders(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(Path(one.path) for one in entries if one.is_dir() and one.name[0] != ".")
    return []


def _empty(folder: Path) -> None:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name not in _STAYS]
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _replace(path: Path, payload: bytes) -> None:
    """Write a file as a whole, durably."""
    unfinished = path.with_name(f".{path.name}")
    try:
        write_durably(unfinished, payload)
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
