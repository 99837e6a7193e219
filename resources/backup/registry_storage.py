"""The model registry's database: versions of models, who serves, and why.

The models themselves are files that never change, as the tables' data are: neither is copied.
"""

from pathlib import Path

from sqlalchemy.engine import URL, make_url

from resources.addresses import without_password
from resources.backup.databases import Owner, keep_postgresql, keep_sqlite, put_back_sqlite
from resources.backup.manifest import DatabaseBackup
from resources.backup.store import BackupStore


def back_up_registry(mlflow_uri: str, store: BackupStore, backup: str) -> DatabaseBackup:
    """Keep the registry's database in a backup that is being made.

    Args:
        mlflow_uri: a database, or a tracking server's address.

    Raises:
        BackupError: PostgreSQL's tool is there and fails.
    """
    if mlflow_uri.startswith(("http://", "https://")):
        place = without_password(mlflow_uri)
        note = f"the tracking server at {place} keeps it: back it up with its own tools"
        return DatabaseBackup(kind="other", archive=None, files=(), note=note)
    url = make_url(mlflow_uri)
    if url.get_backend_name() == "postgresql":
        return keep_postgresql(_owner(""), url, store, backup)
    file = _file(url)
    if file is None:
        note = f"{url.get_backend_name()} is not known here: back it up with its own tools"
        return DatabaseBackup(kind="other", archive=None, files=(), note=note)
    return keep_sqlite(_owner(file.name), file.parent, store, backup)


def put_back_registry(mlflow_uri: str, store: BackupStore, backup: str, of: DatabaseBackup) -> str:
    """Put the registry's SQLite file back where there is none; says what was, or is to be, done."""
    if of.archive is None or of.kind != "sqlite":
        return of.note
    is_server = mlflow_uri.startswith(("http://", "https://"))
    file = None if is_server else _file(make_url(mlflow_uri))
    if file is None or [file.name] != [kept.name for kept in of.files]:
        return f"{of.note}; SPORTS_MLFLOW_URI names another place: left alone"
    return put_back_sqlite(_owner(file.name), file.parent, store, backup, of)


def _file(url: URL) -> Path | None:
    """The file of a SQLite database."""
    is_file = url.get_backend_name() == "sqlite" and url.database
    return Path(str(url.database)).absolute() if is_file else None


def _owner(file: str) -> Owner:
    return Owner("registry", "the model registry", "Dagster", file)
