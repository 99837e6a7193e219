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
        mlflow_uri: of the model registry.
    """

    catalog: TableCatalog
    warehouse_uri: str
    store: BackupStore
    dagster_home: Path | None
    mlflow_uri: str


def backup_place(settings: Settings) -> BackupPlace:
    """An environment's catalogue, store of backups, Dagster home and model registry."""
    home = os.environ.get("DAGSTER_HOME")
    return BackupPlace(
        TableCatalog(settings.catalog_uri, settings.warehouse_uri, settings.s3),
        settings.warehouse_uri,
        backup_store(settings.backup_uri, settings.s3),
        Path(home).expanduser().resolve() if home else None,
        settings.mlflow_uri,
    )
