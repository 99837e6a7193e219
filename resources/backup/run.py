"""Making a backup, and restoring one: the steps, in their order."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from resources.backup.dagster_storage import back_up_dagster, put_back_dagster
from resources.backup.manifest import BackupManifest, TableBackup
from resources.backup.place import BackupPlace
from resources.backup.policy import name_of, superfluous
from resources.backup.registry_storage import back_up_registry, put_back_registry
from resources.errors import BackupError
from resources.iceberg.backup import back_up_tables
from resources.iceberg.restore import (
    Checked,
    check_table,
    is_in_place,
    losses,
    mark_restored,
    named,
    put_back,
)
from resources.provenance import code_version

_AT_ONCE = 8


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        tables: those that now are as the backup has them.
        unchanged: keys of those that were so already.
        left_out: keys of those without one whole snapshot: they are not in the catalogue.
        not_in_backup: keys of tables that the backup does not know: they stay as they are.
        dagster, registry: what was done about Dagster's storage and the model registry, or is to be
            done.
    """

    manifest: BackupManifest
    tables: tuple[Checked, ...]
    unchanged: tuple[str, ...]
    left_out: tuple[str, ...]
    not_in_backup: tuple[str, ...]
    dagster: str
    registry: str


def back_up(place: BackupPlace, now: datetime) -> BackupManifest:
    """Make a backup named for this instant, then remove those that policy no longer keeps.

    Writers go on. The manifest comes last; a process that dies before leaves no backup.

    Raises:
        BackupError: a table cannot be read, or a PostgreSQL beside them cannot be dumped.
    """
    started = time.perf_counter()
    name, store = name_of(now), place.store
    tables = back_up_tables(place.catalog, store, name)
    # After the tables: what a run has committed is then among the runs, and not the reverse. Asked
    # again for a drop that is in already, the lakehouse finds the same rows.
    dagster = back_up_dagster(place.dagster_home, store, name)
    registry = back_up_registry(place.mlflow_uri, store, name)
    removes = superfluous({*store.whole(), name}, set(store.unfinished()) - {name}, now)
    manifest = BackupManifest(
        name=name,
        begun_at_utc=now.astimezone(UTC).isoformat(),
        seconds=round(time.perf_counter() - started, 3),
        code_version=code_version(),
        warehouse_uri=place.warehouse_uri,
        namespaces=tuple(place.catalog.namespaces()),
        tables=tuple(tables),
        dagster=dagster,
        removes=removes,
        registry=registry,
    )
    store.finish(manifest)
    for old in removes:
        store.remove(old)
    return manifest


def check(
    place: BackupPlace, backup: str, only: Sequence[str] = ()
) -> tuple[BackupManifest, tuple[Checked, ...]]:
    """Look whether a backup can be restored here, down to each data file; changes nothing.

    Args:
        only: keys of the tables in question; none means all.

    Raises:
        BackupError: it is damaged, of another warehouse, or lacks one of `only`.
    """
    manifest = place.store.manifest(backup)
    if manifest.warehouse_uri != place.warehouse_uri:
        raise BackupError(
            f"backup {backup} is of the warehouse at {manifest.warehouse_uri}, and "
            f"SPORTS_WAREHOUSE_URI is {place.warehouse_uri}: Iceberg's metadata names files by "
            "their whole place, so tables can only be restored where they were"
        )
    if unknown := set(only) - {table.key for table in manifest.tables}:
        raise BackupError(f"backup {backup} has no table {named(sorted(unknown))}")
    tables = [table for table in manifest.tables if not only or table.key in only]

    def look(table: TableBackup) -> Checked:
        return check_table(place.catalog, place.store, backup, table)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return manifest, tuple(pool.map(look, tables))


def restore(
    place: BackupPlace,
    backup: str,
    *,
    only: Sequence[str] = (),
    is_partial: bool = False,
    is_over: bool = False,
) -> Restored:
    """Bring tables back as a backup has them. Nothing else may write meanwhile.

    The steps, in an order that matters. A process that dies on the way is run again.

    1. Verify: each byte of the backup, and that each data file which its tables need is there.
    2. Put metadata files back where they are missing. They never change, so they harm no table as
       it is; and without them what would be lost cannot be told.
    3. Register: point the catalogue at them, unless that would lose what was committed since.
    4. Replay erasures. A restored table has rows again that were erased after the backup. Once
       erasures are recorded, every one since `manifest.begun_at` is carried out again here, before
       anybody reads; nothing is erased from a lakehouse today, so there is nothing to do.
    5. Serve: only what comes after this function has returned, such as Dagster and the pages.

    Args:
        only: keys of the tables to restore; none means all, and Dagster's storage and the
            model registry with them.
        is_partial: restore what is whole: of a table that lacks data files the last snapshot that
            lacks none.
        is_over: also where the catalogue has what the backup has not; that is lost.

    Raises:
        BackupError: the backup is damaged, data files are missing, or something would be lost.
    """
    catalog, store = place.catalog, place.store
    manifest, checked = check(place, backup, only)
    faulty = [table for table in checked if table.faults]
    if faulty and not is_partial:
        raise BackupError(
            f"backup {backup} cannot be restored whole. "
            + "; ".join(table.told for table in faulty)
            + ". Restore a younger backup, bring the files back (a bucket with versions has them), "
            "or restore the last whole snapshots with --partial"
        )
    whole = [table for table in checked if table.is_restorable]
    for table in whole:
        put_back(catalog, store, backup, table)
    lost = [loss for table in whole if (loss := losses(catalog, table))]
    if lost and not is_over:
        raise BackupError(
            f"restoring backup {backup} would lose what was committed since. " + "; ".join(lost)
            + ". No table was changed: name tables with --only, or lose that with --over, after a "
            "`backup` of how things are"
        )  # fmt: skip
    for namespace in () if only else manifest.namespaces:
        catalog.make_namespace(namespace)
    unchanged = {table.table.key for table in whole if is_in_place(catalog, table)}
    for table in whole:
        if table.table.key not in unchanged:
            catalog.point(table.table.key, table.metadata_location)
        # Also where one that died before had come so far.
        mark_restored(catalog, table)
    # Step 4, the erasures since the backup, belongs here: the tables are whole, nobody reads yet.
    dagster = registry = "left alone, with --only"
    if not only:
        dagster = put_back_dagster(place.dagster_home, store, backup, manifest.dagster)
        registry = put_back_registry(place.mlflow_uri, store, backup, manifest.registry)
    return Restored(
        manifest,
        tuple(whole),
        tuple(sorted(unchanged)),
        tuple(table.table.key for table in checked if not table.is_restorable),
        () if only else tuple(sorted(set(catalog.keys()) - {t.key for t in manifest.tables})),
        dagster,
        registry,
    )
