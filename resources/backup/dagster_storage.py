"""Dagster's own storage: runs, their events, and where sensors have got to."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL, make_url

from resources.backup.databases import Owner, keep_postgresql, keep_sqlite, put_back_sqlite
from resources.backup.manifest import DatabaseBackup
from resources.backup.store import BackupStore

_OWNER: Final = Owner("dagster", "Dagster's storage", "Dagster", "**/*.db")


def back_up_dagster(home: Path | None, store: BackupStore, backup: str) -> DatabaseBackup:
    """Keep Dagster's storage in a backup that is being made.

    Args:
        home: DAGSTER_HOME; None where it is not set.

    Raises:
        BackupError: PostgreSQL's tool is there and fails.
    """
    if home is None or not home.is_dir():
        note = "DAGSTER_HOME is not set: Dagster keeps nothing" if home is None else f"no {home}"
        return DatabaseBackup(kind="none", archive=None, files=(), note=note)
    storage = _storage(home)
    if isinstance(storage, Path):
        return keep_sqlite(_OWNER, storage, store, backup)
    if isinstance(storage, URL):
        return keep_postgresql(_OWNER, storage, store, backup)
    note = f"{storage} is not known here: back it up with its own tools"
    return DatabaseBackup(kind="other", archive=None, files=(), note=note)


def put_back_dagster(home: Path | None, store: BackupStore, backup: str, of: DatabaseBackup) -> str:
    """Put Dagster's SQLite files back where there are none; says what was done, or is to be done.

    What is there and differs is left alone, all of it: Dagster may be at work on it.
    """
    if of.archive is None or of.kind != "sqlite":
        return of.note
    storage = _storage(home) if home is not None else None
    if not isinstance(storage, Path):
        return f"{of.note}; this DAGSTER_HOME keeps nothing in SQLite: left alone"
    return put_back_sqlite(_OWNER, storage, store, backup, of)


def _storage(home: Path) -> Path | URL | str:
    """Where the instance keeps things: a folder of SQLite files, a PostgreSQL, or another kind."""
    from dagster._core.instance.ref import InstanceRef

    told = InstanceRef.from_dir(str(home)).storage_data
    if told is None:
        return "what dagster.yaml names"
    config = _resolved(told.config_dict)
    if told.class_name == "DagsterSqliteStorage":
        return Path(str(config["base_dir"]))
    if told.class_name == "DagsterPostgresStorage":
        from dagster_postgres.utils import pg_url_from_config

        return make_url(pg_url_from_config(config))
    return told.class_name


def _resolved(config: Any) -> Any:  # noqa: ANN401 - YAML
    """`{env: NAME}` as the environment has it."""
    if not isinstance(config, Mapping):
        return config
    if set(config) == {"env"}:
        return os.environ.get(str(config["env"]), "")
    return {name: _resolved(value) for name, value in config.items()}
