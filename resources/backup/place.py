"""What a backup is made of and where it goes, by the settings."""

import os
from dataclasses import dataclass
from pathlib import Path

from resources.backup.store import BackupStore, backup_store
from resources.environment import Settings
from resources.iceberg.catalog import TableCatalog


@dataclass(frozen=True)
class BackupPlace:
    """An installation, as backups see it.

    Attributes:
        dagster_home: DAGSTER_HOME; None where it is not set.
    """

    catalog: TableCatalog
    store: BackupStore
    dagster_home: Path | None


def backup_place(settings: Settings) -> BackupPlace:
    """The catalogue, the store of backups and Dagster's home of an environment."""
    home = os.environ.get("DAGSTER_HOME")
    return BackupPlace(
        TableCatalog(settings.catalog_uri, settings.warehouse_uri, settings.s3),
        backup_store(settings.backup_uri, settings.s3),
        Path(home).expanduser().resolve() if home else None,
    )
