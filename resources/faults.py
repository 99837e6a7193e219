"""What kind of fault an error is: whether it passes by itself, and which runbook page says more.

One table for everybody who must decide: an asset whether to try again, the sensor of failed runs
what to write down, a person where to read on. Each kind has a page `docs/runbooks/<kind>.md`.
"""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from edge_ingest.errors import (
    ContractError,
    DropError,
    EdgeError,
    KeyFileError,
    NoSpaceError,
    SourceError,
)
from edge_ingest.errors import SettingsError as NodeSettingsError
from resources import fault_signs
from resources.addresses import without_passwords
from resources.errors import (
    CatalogueRefusedError,
    CatalogueUnavailableError,
    CommitConflictError,
    FailedBuildError,
    ForeignRowsError,
    ImmutableReportError,
    NotCommittedError,
    ResourceError,
    SettingsError,
    TableEvolutionError,
    TooLargeError,
)
from resources.model_registry import ModelDamagedError, RegistryUnavailableError


class FaultKind(StrEnum):
    """Kinds of faults, each with its runbook page."""

    COMMIT_CONFLICT = "commit-conflict"
    CATALOGUE_UNAVAILABLE = "catalogue-unavailable"
    OBJECT_STORE_UNAVAILABLE = "object-store-unavailable"
    MODEL_REGISTRY_UNAVAILABLE = "model-registry-unavailable"
    CREDENTIALS_REFUSED = "credentials-refused"
    DISK_FULL = "disk-full"
    PROCESS_DIED = "process-died"
    BAD_DROP = "bad-drop"
    FAILED_TEST = "failed-test"
    NOT_COMMITTED = "not-committed"
    SETTINGS = "settings"
    CODE = "code"


#: These pass by themselves: trying again is safe, and likely to help.
TRANSIENT = frozenset(
    {
        FaultKind.COMMIT_CONFLICT,
        FaultKind.CATALOGUE_UNAVAILABLE,
        FaultKind.OBJECT_STORE_UNAVAILABLE,
        FaultKind.MODEL_REGISTRY_UNAVAILABLE,
        FaultKind.PROCESS_DIED,
    }
)


@dataclass(frozen=True)
class Fault:
    """What an error is.

    Attributes:
        kind: see `FaultKind`.
        reason: one line, without an athlete's values and without secrets.
    """

    kind: FaultKind
    reason: str

    @property
    def is_transient(self) -> bool:
        """Whether trying again is likely to help."""
        return self.kind in TRANSIENT

    @property
    def runbook(self) -> str:
        """The page that says what to do."""
        return f"docs/runbooks/{self.kind.value}.md"


#: What is wrong with a session itself: others of its run go on. Anything else (the catalogue is
#: gone) is no session's fault.
OF_A_SESSION = (EdgeError, ForeignRowsError, ImmutableReportError, NotCommittedError)

#: Our own errors: their message is the reason. The first that fits; others are a fault of code.
_OWN: tuple[tuple[type[Exception], FaultKind], ...] = (
    (CommitConflictError, FaultKind.COMMIT_CONFLICT),
    (CatalogueUnavailableError, FaultKind.CATALOGUE_UNAVAILABLE),
    (RegistryUnavailableError, FaultKind.MODEL_REGISTRY_UNAVAILABLE),
    (ModelDamagedError, FaultKind.MODEL_REGISTRY_UNAVAILABLE),
    (FailedBuildError, FaultKind.FAILED_TEST),
    (NotCommittedError, FaultKind.NOT_COMMITTED),
    (SettingsError, FaultKind.SETTINGS),
    (NodeSettingsError, FaultKind.SETTINGS),
    (KeyFileError, FaultKind.SETTINGS),
    (NoSpaceError, FaultKind.DISK_FULL),
    (DropError, FaultKind.BAD_DROP),
    (SourceError, FaultKind.BAD_DROP),
    (ContractError, FaultKind.BAD_DROP),
    (TooLargeError, FaultKind.BAD_DROP),
    (TableEvolutionError, FaultKind.CODE),
)

#: Errors of libraries, by package and class, so that none of them need be imported to ask.
_LIBRARIES: tuple[tuple[str, str, FaultKind], ...] = (
    ("pyiceberg", "CommitFailedException|ValidationException", FaultKind.COMMIT_CONFLICT),
    (
        "pyiceberg",
        "UnauthorizedError|ForbiddenError|AuthorizationExpiredError|OAuthError",
        FaultKind.CREDENTIALS_REFUSED,
    ),
    (
        "pyiceberg",
        "CommitStateUnknownException|ServiceUnavailableError|ServerError|TooManyRequestsError",
        FaultKind.CATALOGUE_UNAVAILABLE,
    ),
    ("requests", "ConnectionError|Timeout|ChunkedEncodingError", FaultKind.CATALOGUE_UNAVAILABLE),
    ("sqlalchemy", "OperationalError|InterfaceError|TimeoutError", FaultKind.CATALOGUE_UNAVAILABLE),
    (
        "botocore",
        "NoCredentialsError|PartialCredentialsError|CredentialRetrievalError|TokenRetrievalError",
        FaultKind.CREDENTIALS_REFUSED,
    ),
    ("botocore", "ConnectionError|HTTPClientError", FaultKind.OBJECT_STORE_UNAVAILABLE),
    ("dagster", "ChildProcessCrashException|DagsterPipesExecutionError", FaultKind.PROCESS_DIED),
)

_SAID: tuple[tuple[FaultKind, re.Pattern[str]], ...] = (
    (FaultKind.DISK_FULL, fault_signs.FULL),
    (FaultKind.CREDENTIALS_REFUSED, fault_signs.REFUSED),
    (FaultKind.SETTINGS, fault_signs.MISPLACED),
    (FaultKind.OBJECT_STORE_UNAVAILABLE, fault_signs.UNAVAILABLE),
)

_SENTENCES: dict[FaultKind, str] = {
    FaultKind.COMMIT_CONFLICT: "other writers kept winning",
    FaultKind.CATALOGUE_UNAVAILABLE: "the catalogue does not answer",
    FaultKind.OBJECT_STORE_UNAVAILABLE: "the object store does not answer as it should",
    FaultKind.MODEL_REGISTRY_UNAVAILABLE: "the model registry does not answer",
    FaultKind.CREDENTIALS_REFUSED: "the credentials were refused, or have expired",
    FaultKind.DISK_FULL: "the disk is full",
    FaultKind.PROCESS_DIED: "a process died",
    FaultKind.SETTINGS: "a place that the settings name is not there, or may not be written",
    FaultKind.CODE: "unexpected",
}

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EROFS}
_REPOSITORY = Path(__file__).resolve().parents[1]


def fault_of(error: BaseException) -> Fault:
    """What kind of fault an error is, by the first of its chain of causes that we know.

    An error that nobody foresaw is a fault of code. Where one of ours is among its causes, that one
    says why and what to do. Else the reason names its class and the place where it was raised, and
    not its message, which may hold anything.
    """
    for link in _chain(error):
        if (found := _known(link)) is not None:
            return found
    for link in _chain(error):
        if isinstance(link, (ResourceError, EdgeError)):
            return Fault(FaultKind.CODE, _first_line(link))
    return Fault(FaultKind.CODE, f"{type(error).__name__}{_raised_at(error)}")


def sign_in(text: str) -> str | None:
    """The part of a message that tells of a fault outside of our code; None where none does.

    It is safe to show, as the message around it may not be.
    """
    said = _said(text)
    return None if said is None else said[1]


def _known(error: BaseException) -> Fault | None:
    looks = (_ours, _on_disk, _from_aws, _from_engine, _from_library, _from_files)
    return next((found for look in looks if (found := look(error)) is not None), None)


def _ours(error: BaseException) -> Fault | None:
    for own, kind in _OWN:
        if isinstance(error, own):
            # dbt's account of a table that was not built is all text.
            said = _said(str(error)) if kind is FaultKind.FAILED_TEST else None
            return Fault(said[0] if said else kind, _first_line(error))
    if isinstance(error, CatalogueRefusedError):
        return Fault(_refused_for(error), _first_line(error))
    if isinstance(error, (ResourceError, EdgeError)) and error.__cause__ is None:
        return Fault(FaultKind.CODE, _first_line(error))
    return None


def _refused_for(error: CatalogueRefusedError) -> FaultKind:
    """Why a catalogue lets us do nothing: by its cause; what nobody knows is put right by hand."""
    cause = error.__cause__
    kind = FaultKind.CODE if cause is None else fault_of(cause).kind
    return FaultKind.SETTINGS if kind is FaultKind.CODE else kind


def _on_disk(error: BaseException) -> Fault | None:
    is_full = isinstance(error, OSError) and error.errno in _FULL
    return _fault(FaultKind.DISK_FULL, error) if is_full else None


def _from_aws(error: BaseException) -> Fault | None:
    """What AWS, or a store that speaks like it, answered."""
    if not _is_of(error, "botocore", "ClientError"):
        return None
    response = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "InvalidObjectState":  # 403, and a matter of where the object is kept
        return None
    said = _said(code) or _said(f"HTTP {status}")
    if said is None:
        return None
    kind, operation = said[0], str(getattr(error, "operation_name", "a request"))
    if kind is FaultKind.OBJECT_STORE_UNAVAILABLE and re.search("Table|Database", operation):
        kind = FaultKind.CATALOGUE_UNAVAILABLE  # Glue
    return _fault(kind, error, f"{code or status} to {operation}")


def _from_engine(error: BaseException) -> Fault | None:
    """What DuckDB or SQLite says, or a database below SQLAlchemy, which quotes parameters."""
    is_catalogue = _is_of(error, "sqlalchemy", "DBAPIError")
    is_sqlite = _is_of(error, "sqlite3", "Error")  # Dagster's own storage, read for a backup
    if not is_catalogue and not is_sqlite and not _is_of(error, "_duckdb", "Error"):
        return None
    said = _said(str(getattr(error, "orig", error)))
    if said is not None:
        kind = said[0]
        if is_catalogue and kind is FaultKind.OBJECT_STORE_UNAVAILABLE:
            kind = FaultKind.CATALOGUE_UNAVAILABLE
        return _fault(kind, error, said[1])
    if is_sqlite and "database is locked" in str(error):
        return _fault(FaultKind.COMMIT_CONFLICT, error, "database is locked")
    if getattr(error, "connection_invalidated", False):
        return _fault(FaultKind.CATALOGUE_UNAVAILABLE, error)
    return None


def _from_library(error: BaseException) -> Fault | None:
    for package, names, kind in _LIBRARIES:
        if _is_of(error, package, names):
            return _fault(kind, error)
    return None


def _from_files(error: BaseException) -> Fault | None:
    """What Arrow says of an object store, and a folder that may not be written."""
    if not isinstance(error, OSError):
        return None
    if (said := _said(str(error))) is not None:
        return _fault(said[0], error, said[1])
    return _fault(FaultKind.SETTINGS, error) if error.errno in _FORBIDDEN else None


def _said(text: str) -> tuple[FaultKind, str] | None:
    for kind, pattern in _SAID:
        if found := pattern.search(text):
            return kind, found[0]
    return None


def _fault(kind: FaultKind, error: BaseException, sign: str = "") -> Fault:
    shown = f"{type(error).__name__}: {sign}" if sign else type(error).__name__
    return Fault(kind, f"{_SENTENCES[kind]} ({shown})")


def _is_of(error: BaseException, package: str, names: str) -> bool:
    """Whether an error is one of these classes of a package, or of a class below them."""
    return any(
        kind.__module__.partition(".")[0] == package and re.fullmatch(names, kind.__name__)
        for kind in type(error).__mro__
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return without_passwords(lines[0])


def _raised_at(error: BaseException) -> str:
    """The last line of ours that an error came through."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(_REPOSITORY) and "site-packages" not in file.parts:
            place = f" at {file.relative_to(_REPOSITORY)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
