"""Opening MLflow: quietly, quickly, and with a database that is whole from the first moment.

Its import takes seconds, so it happens inside of functions; what it reads from the environment is
said before.
"""

import fcntl
import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from edge_ingest.durable import sync_folder
from resources.addresses import without_password
from resources.model_registry import RegistryUnavailableError

_SQLITE = "sqlite:///"
#: A server that does not take a connection within this is taken for gone, s.
_PATIENCE_S = 5.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}

#: MLflow's own settings; what the environment says of them stands.
_QUIET: dict[str, str] = {
    # Nothing is told to its makers, and no pages are fetched.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    # Its defaults hold a run up for four minutes when the server is gone.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    # A connection kept open would go on reading a file that was put elsewhere.
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
}


def mlflow_client(uri: str, s3: Mapping[str, str]) -> Any:  # noqa: ANN401 - untyped library
    """A client of a tracking server, or of the database itself; a SQLite file is made if need be.

    Args:
        uri: `sqlite:///…`, `postgresql+psycopg2://…`, `http://…`, `https://…`.
        s3: options of the object store, as in `Settings.s3`.

    Raises:
        RegistryUnavailableError: it is not there, or is none.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if endpoint := s3.get("endpoint"):
        os.environ.setdefault("MLFLOW_S3_ENDPOINT_URL", endpoint)
    if region := s3.get("region"):
        # boto3, which MLflow asks, does not read AWS_REGION.
        os.environ.setdefault("AWS_DEFAULT_REGION", region)
    if uri.startswith(_SQLITE):
        _ready(_sqlite_file(uri))
    else:
        _listens(uri)
    with answering(uri):
        from mlflow.tracking import MlflowClient

        return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def answering(uri: str) -> Iterator[None]:
    """Whatever goes wrong between us and the registry is `RegistryUnavailableError`.

    What MLflow says of a wrong request is no such thing, and stays as it is.
    """
    try:
        yield
    except Exception as error:
        if _is_answer(error):
            raise
        place = without_password(uri)
        if "out-of-date database schema" in str(error):
            raise RegistryUnavailableError(
                f"the model registry at {place} was made by another version of MLflow: back it up, "
                f"then run `mlflow db upgrade {place}`"
            ) from error
        raise RegistryUnavailableError(
            f"the model registry at {place} does not answer as it should ({type(error).__name__})"
        ) from error


def is_missing(error: BaseException) -> bool:
    """Whether MLflow says that a thing is not there."""
    return getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST"


def is_taken(error: BaseException) -> bool:
    """Whether MLflow says that a name is taken."""
    return getattr(error, "error_code", "") == "RESOURCE_ALREADY_EXISTS"


def _is_answer(error: Exception) -> bool:
    """Whether an error is the registry's answer, or none of its business."""
    told = {"RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "INVALID_PARAMETER_VALUE"}
    return getattr(error, "error_code", "") in told or not _is_foreign(error)


def _is_foreign(error: Exception) -> bool:
    packages = {"mlflow", "sqlalchemy", "sqlite3", "requests", "urllib3", "botocore", "boto3"}
    return any(kind.__module__.partition(".")[0] in packages for kind in type(error).__mro__)


def _sqlite_file(uri: str) -> Path:
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])


def _ready(file: Path) -> None:
    """Make the database if it is not there, and see that it is one.

    MLflow makes its tables in dozens of steps, and a process that dies between them would leave a
    file that no later one can use. So they are made beside, and put into place when they are whole;
    of several processes one makes them.
    """
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with _alone(file.with_name(f".{file.name}.lock")):
                if not file.exists():
                    _make(file)
        except OSError as error:
            raise RegistryUnavailableError(
                f"the model registry {file} cannot be made ({type(error).__name__}): is its folder "
                "there, and is there room?"
            ) from error
    try:
        # MLflow would try for a minute and a half.
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise RegistryUnavailableError(
            f"the model registry {file} cannot be read: {error}. Put the file back from a backup"
        ) from error


def _make(file: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    unfinished = file.with_name(f".{file.name}.making")
    for left in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
        left.unlink(missing_ok=True)  # of a process that died
    with answering(f"{_SQLITE}{unfinished}"):
        artifacts = (file.parent / "artifacts").absolute().as_uri()
        store: Any = SqlAlchemyStore(  # type: ignore[no-untyped-call]
            f"{_SQLITE}{unfinished}", artifacts
        )
    store.engine.dispose()
    with unfinished.open("rb") as handle:
        os.fsync(handle.fileno())
    unfinished.rename(file)
    sync_folder(file.parent)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait for one's turn; the system gives it back when a process dies."""
    with lock.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _listens(uri: str) -> None:
    """See that a server takes connections at all, before MLflow tries for minutes."""
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    if not parts.hostname or port is None:
        return  # a place that only MLflow knows how to reach
    try:
        socket.create_connection((unquote(parts.hostname), port), _PATIENCE_S).close()
    except OSError as error:
        raise RegistryUnavailableError(
            f"the model registry at {without_password(uri)} takes no connection "
            f"({type(error).__name__}): is it running?"
        ) from error
