"""Restoring tables from a backup: what is checked first, and what is then put in place."""

import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot, ancestors_of
from pyiceberg.table.update import (
    RemoveSnapshotsUpdate,
    SetSnapshotRefUpdate,
    update_table_metadata,
)

from resources.backup.archive import unpacked
from resources.backup.manifest import TableBackup
from resources.backup.store import BackupStore
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.kept_files import UNREADABLE, KeptFiles, live_files, read_metadata
from resources.upkeep import RESTORED_MS

_AT_ONCE = 16
_NAMED = 3


@dataclass(frozen=True)
class Checked:
    """A table of a backup, looked at before anything is changed.

    Attributes:
        metadata_location: what the catalogue is to point at.
        metadata: of the backup.
        snapshot: the one to be restored; None for a table never committed.
        not_whole: snapshots after it that lack data files, and are left out.
        faults: data files of the current snapshot that are missing, or not of their size.
    """

    table: TableBackup
    metadata_location: str
    metadata: TableMetadata
    snapshot: Snapshot | None
    not_whole: tuple[int, ...]
    faults: tuple[str, ...]

    @property
    def is_restorable(self) -> bool:
        """Whether there is a snapshot with all of its data files, or a table without any."""
        return not self.faults or self.snapshot is not None

    @property
    def told(self) -> str:
        """The faults in a line."""
        return f"{self.table.key}: {named(self.faults)}"


def check_table(
    catalog: TableCatalog, store: BackupStore, backup: str, table: TableBackup
) -> Checked:
    """Look whether a table can be restored; nothing is changed.

    Raises:
        BackupError: the backup itself is damaged.
    """
    held = KeptFiles(_metadata_files(store, backup, table))
    metadata = read_metadata(held, table.metadata_location)
    disk = catalog.files(metadata.location)
    checked: dict[str, str | None] = {}
    current = metadata.current_snapshot()
    faults = _faults(disk, live_files(held, current), checked)
    not_whole: list[int] = []
    found = None
    for snapshot in ancestors_of(current, metadata):
        if not _faults(disk, live_files(held, snapshot), checked):
            found = snapshot
            break
        not_whole.append(snapshot.snapshot_id)
    location = table.metadata_location
    if not_whole and found is not None:
        location = _location_without(table.metadata_location, found)
    return Checked(table, location, metadata, found, tuple(not_whole), faults)


def put_back(catalog: TableCatalog, store: BackupStore, backup: str, checked: Checked) -> None:
    """Write the metadata files that are missing or changed; no reader sees them yet."""
    files = _metadata_files(store, backup, checked.table)
    disk = catalog.files(checked.metadata.location)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(partial(_write, disk), files, files.values()))
    if checked.not_whole and checked.snapshot is not None:
        metadata = _without(checked.metadata, checked.not_whole, checked.snapshot)
        output = disk.new_output(checked.metadata_location)
        ToOutputFile.table_metadata(metadata, output, overwrite=True)


def losses(catalog: TableCatalog, checked: Checked) -> str | None:
    """What the catalogue has of this table and the backup has not, in words; None for nothing."""
    key = checked.table.key
    try:
        there = catalog.find(key)
    except UNREADABLE as error:
        why = next(iter(str(error).splitlines()), "")
        return f"{key}: cannot be read as it is ({why}), so what it has since cannot be named"
    if there is None:
        return None
    known = {snapshot.snapshot_id for snapshot in checked.metadata.snapshots}
    later = [one for one in there.metadata.snapshots if one.snapshot_id not in known]
    if not later:
        return None
    last = datetime.fromtimestamp(max(one.timestamp_ms for one in later) / 1000, UTC)
    count = f"{len(later)} snapshot{'s' if len(later) > 1 else ''}"
    return f"{key}: {count} that the backup has not, the last of {last:%Y-%m-%d %H:%M:%S} UTC"


def is_in_place(catalog: TableCatalog, checked: Checked) -> bool:
    """Whether the table reads as the backup says already.

    It may be newer in what is no row: upkeep took older snapshots out, or a column was added.
    """
    try:
        there = catalog.find(checked.table.key)
    except UNREADABLE:
        return False
    wanted = None if checked.snapshot is None else checked.snapshot.snapshot_id
    return there is not None and there.metadata.current_snapshot_id == wanted


def mark_restored(catalog: TableCatalog, checked: Checked) -> None:
    """Write into the table that it was restored now: upkeep leaves what came after for a while."""
    table = catalog.find(checked.table.key)
    if table is not None:
        with table.transaction() as transaction:
            transaction.set_properties({RESTORED_MS: str(time.time_ns() // 1_000_000)})


def named(things: Sequence[str]) -> str:
    """The first few of many, and how many more."""
    more = f" and {len(things) - _NAMED} more" if len(things) > _NAMED else ""
    return ", ".join(things[:_NAMED]) + more


def _metadata_files(store: BackupStore, backup: str, table: TableBackup) -> dict[str, bytes]:
    payload = store.get(backup, table.archive)
    return unpacked(payload, table.files, f"{table.archive.name} of backup {backup}")


def _faults(
    disk: FileIO, data: Iterable[DataFile], checked: dict[str, str | None]
) -> tuple[str, ...]:
    """What is wrong with these files on disk; each is looked at once."""
    files = list(data)
    new = [file for file in files if file.file_path not in checked]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(partial(_fault, disk), new)
        checked.update(zip((file.file_path for file in new), found, strict=True))
    return tuple(sorted(fault for file in files if (fault := checked[file.file_path])))


def _fault(disk: FileIO, file: DataFile) -> str | None:
    try:
        size = len(disk.new_input(file.file_path))
    except FileNotFoundError:
        return f"{file.file_path} is missing"
    expected = file.file_size_in_bytes
    return None if size == expected else f"{file.file_path} has {size} bytes instead of {expected}"


def _write(disk: FileIO, location: str, payload: bytes) -> None:
    try:
        with disk.new_input(location).open() as stream:
            if stream.read() == payload:
                return
    except FileNotFoundError:
        pass
    with disk.new_output(location).create(overwrite=True) as output:
        output.write(payload)


def _without(metadata: TableMetadata, gone: Sequence[int], snapshot: Snapshot) -> TableMetadata:
    """The table's metadata as of an earlier snapshot, without those after it."""
    return update_table_metadata(
        metadata,
        (
            SetSnapshotRefUpdate.model_validate(
                {
                    "ref-name": MAIN_BRANCH,
                    "type": SnapshotRefType.BRANCH,
                    "snapshot-id": snapshot.snapshot_id,
                }
            ),
            RemoveSnapshotsUpdate.model_validate({"snapshot-ids": list(gone)}),
        ),
    )


def _location_without(metadata_location: str, snapshot: Snapshot) -> str:
    """Where that goes: one name for one outcome, so that a second attempt finds the first one's."""
    folder, _, name = metadata_location.rpartition("/")
    version, _, _ = name.partition("-")
    number = int(version) + 1 if version.isdecimal() else 0
    of = uuid.uuid5(uuid.NAMESPACE_URL, f"{metadata_location}#{snapshot.snapshot_id}")
    return f"{folder}/{number:05d}-{of}.metadata.json"
