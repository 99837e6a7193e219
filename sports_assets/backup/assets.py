"""The nightly backup, and whether it could be restored."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from resources.backup.place import BackupPlace
from resources.backup.policy import KEPT_DAYS, RESTORABLE
from resources.backup.run import back_up, check
from resources.dagster_resources import BackupResource, LakehouseResource, ModelsResource
from resources.iceberg.restore import Checked
from sports_assets.assets import guarded
from sports_assets.keys import BACKUP_KEY, owners, tags

_CAN_BE_RESTORED = "can_be_restored"


@dg.asset(
    key=BACKUP_KEY,
    check_specs=[
        dg.AssetCheckSpec(
            _CAN_BE_RESTORED,
            asset=BACKUP_KEY,
            description="Each byte of it is as it was written, and each data file is there.",
        )
    ],
    group_name="ops",
    owners=owners("ops"),
    tags=tags("ops", personal="health"),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "What makes the tables readable: where the catalogue points, every table's metadata, and "
        "Dagster's own storage. Data files are named and not copied. The newest of each of "
        f"{KEPT_DAYS} days is kept; one younger than {RESTORABLE.days} days can be restored: "
        "docs/backup.md."
    ),
)
@guarded
def ops_backup(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    backups: BackupResource,
    models: ModelsResource,
) -> dg.MaterializeResult:
    """Back up, then look whether it could be restored."""
    home = Path(context.instance.root_directory) if context.instance.is_persistent else None
    with closing(lakehouse.open_catalog()) as catalog, backups.open() as store:
        place = BackupPlace(catalog, lakehouse.warehouse_uri, store, home, models.registry_uri())
        made = back_up(place, datetime.now(UTC))
        _, checked = check(place, made.name)
    return dg.MaterializeResult(
        asset_key=BACKUP_KEY,
        check_results=[_check(checked)],
        metadata={
            "backup": made.name,
            "where": backups.backup_uri,
            "tables": len(made.tables),
            "metadata_files": made.files,
            "data_files_named": sum(table.data_files for table in made.tables),
            "size_bytes": made.size_bytes,
            "seconds": made.seconds,
            "dagster_storage": made.dagster.note,
            "model_registry": made.registry.note,
            "removed": ", ".join(made.removes) or "none",
        },
    )


def _check(checked: Sequence[Checked]) -> dg.AssetCheckResult:
    faulty = [table for table in checked if table.faults]
    return dg.AssetCheckResult(
        check_name=_CAN_BE_RESTORED,
        passed=not faulty,
        severity=dg.AssetCheckSeverity.ERROR,
        description=(
            "; ".join(table.told for table in faulty)
            or f"{len(checked)} tables with every data file"
        ),
        metadata={"tables": len(checked), "tables_at_fault": len(faulty), "threshold": 0},
    )


def nightly_backup(club_timezone: str) -> dg.ScheduleDefinition:
    """Every night at half past three, the club's time: an hour before upkeep."""
    return dg.ScheduleDefinition(
        name="nightly_backup",
        target=dg.AssetSelection.assets(BACKUP_KEY),
        cron_schedule="30 3 * * *",
        execution_timezone=club_timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Backs up catalogue and metadata: docs/backup.md says how to restore them.",
    )
