"""Taking the metadata of every table, while writers are at work.

Each table is taken as of one metadata file: that, the manifest lists and the manifests that it
names never change, so the set is consistent whatever is committed meanwhile. Data files never
change either and are not copied.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from resources.backup.archive import packed
from resources.backup.manifest import TableBackup
from resources.backup.store import BackupStore
from resources.errors import BackupError
from resources.faults import FaultKind, fault_of
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.kept_files import KeptFiles, hold_all, live_files

_AT_ONCE = 8
_ATTEMPTS = 5


def back_up_tables(catalog: TableCatalog, store: BackupStore, backup: str) -> list[TableBackup]:
    """Keep every table of the catalogue in a backup that is being made, in the keys' order.

    Raises:
        BackupError: a table cannot be read, so that the backup would not be whole.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        taken = pool.map(partial(_back_up, catalog, store, backup), catalog.keys())
        return list(_present(taken))


def _back_up(
    catalog: TableCatalog, store: BackupStore, backup: str, key: str
) -> TableBackup | None:
    unreadable: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            table = catalog.find(key)
            if table is None:
                return None  # dropped since the keys were read
            held = KeptFiles({}, table.io)
            metadata = hold_all(held, table.metadata_location)
        except Exception as error:
            if fault_of(error).kind is not FaultKind.CODE:
                raise
            # Cut short by a power cut; or so many commits since that the file is gone: look again.
            unreadable = error
            continue
        data = live_files(held, metadata.current_snapshot())
        payload, files = packed(held.held)
        return TableBackup(
            key=key,
            metadata_location=table.metadata_location,
            snapshot_id=metadata.current_snapshot_id,
            data_files=len(data),
            data_bytes=sum(file.file_size_in_bytes for file in data),
            archive=store.put(backup, f"{key.replace('/', '.')}.zip", payload),
            files=files,
        )
    told = next(iter(str(unreadable).splitlines()), "")
    raise BackupError(
        f"{key} cannot be read, and so not be backed up: {told}. Restore this table from an "
        f"older backup: `restore --only {key} --over`"
    ) from unreadable


def _present(taken: Iterator[TableBackup | None]) -> Iterator[TableBackup]:
    return (table for table in taken if table is not None)
