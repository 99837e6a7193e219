"""Which kind of fault an error is, and that its reason gives nothing away."""

import errno
import sqlite3
from pathlib import Path

import botocore.exceptions
import duckdb
import psycopg2
import pyiceberg.exceptions
import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError

from edge_ingest.errors import ContractError, EdgeError, IncompleteDropError, NothingRecordedError
from resources import errors
from resources.dbt.publishing import _without_trace
from resources.faults import TRANSIENT, Fault, FaultKind, fault_of


def answered(status: int, code: str, operation: str = "PutObject") -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


def from_database(said: str) -> sa.exc.DBAPIError:
    original = psycopg2.OperationalError(said)
    return sa.exc.OperationalError("update tables set x = 'Kim Doe'", {}, original)


#: As Arrow, DuckDB, boto3 and PostgreSQL were seen to say it; the texts are theirs.
SEEN = [
    (errors.CommitConflictError("raw/x: 12 attempts"), FaultKind.COMMIT_CONFLICT),
    (errors.CatalogueUnavailableError("gone"), FaultKind.CATALOGUE_UNAVAILABLE),
    (errors.NotCommittedError("core/session"), FaultKind.NOT_COMMITTED),
    (errors.SettingsError("SPORTS_ENV"), FaultKind.SETTINGS),
    (errors.FailedBuildError("1 tables were not published"), FaultKind.FAILED_TEST),
    (
        errors.FailedBuildError("core/session: Runtime Error: HTTP Error: HTTP 503"),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (errors.ForeignRowsError("rows of others"), FaultKind.CODE),
    (IncompleteDropError("a file is on its way"), FaultKind.BAD_DROP),
    (NothingRecordedError("empty"), FaultKind.BAD_DROP),
    (ContractError("no column"), FaultKind.BAD_DROP),
    (from_database("server closed the connection"), FaultKind.CATALOGUE_UNAVAILABLE),
    (from_database("Connection refused"), FaultKind.CATALOGUE_UNAVAILABLE),
    (from_database("could not extend file: No space left on device"), FaultKind.DISK_FULL),
    (from_database('password authentication failed for "x"'), FaultKind.CREDENTIALS_REFUSED),
    (from_database('FATAL:  database "club" does not exist'), FaultKind.SETTINGS),
    (sqlite3.OperationalError("database is locked"), FaultKind.COMMIT_CONFLICT),
    (sqlite3.OperationalError("database or disk is full"), FaultKind.DISK_FULL),
    (pyiceberg.exceptions.CommitStateUnknownException(), FaultKind.CATALOGUE_UNAVAILABLE),
    (pyiceberg.exceptions.ServiceUnavailableError(), FaultKind.CATALOGUE_UNAVAILABLE),
    (pyiceberg.exceptions.AuthorizationExpiredError(), FaultKind.CREDENTIALS_REFUSED),
    (pyiceberg.exceptions.CommitFailedException(), FaultKind.COMMIT_CONFLICT),
    (answered(503, "SlowDown"), FaultKind.OBJECT_STORE_UNAVAILABLE),
    (answered(500, "InternalError"), FaultKind.OBJECT_STORE_UNAVAILABLE),
    (answered(502, ""), FaultKind.OBJECT_STORE_UNAVAILABLE),
    (answered(500, "InternalServiceException", "UpdateTable"), FaultKind.CATALOGUE_UNAVAILABLE),
    (answered(400, "ExpiredToken"), FaultKind.CREDENTIALS_REFUSED),
    (answered(403, "403", "HeadObject"), FaultKind.CREDENTIALS_REFUSED),
    (answered(404, "NoSuchBucket"), FaultKind.SETTINGS),
    (answered(403, "InvalidObjectState", "GetObject"), FaultKind.CODE),
    (answered(404, "NoSuchKey"), FaultKind.CODE),
    (botocore.exceptions.NoCredentialsError(), FaultKind.CREDENTIALS_REFUSED),
    (
        botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (
        OSError(
            "When initiating multiple part upload for key 'k' in bucket 'b': AWS Error SLOW_DOWN "
            "during CreateMultipartUpload operation: Please slow down"
        ),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (
        OSError(
            "When getting information for key 'k' in bucket 'b': AWS Error UNKNOWN (HTTP status "
            "500) during HeadObject operation: No response body."
        ),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (
        OSError("AWS Error NETWORK_CONNECTION during HeadObject operation: curlCode: 7"),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (OSError("AWS Error ACCESS_DENIED during HeadObject"), FaultKind.CREDENTIALS_REFUSED),
    (
        OSError("AWS Error UNKNOWN (HTTP status 400) during HeadObject operation: No response"),
        FaultKind.CREDENTIALS_REFUSED,
    ),
    (
        duckdb.IOException("IO Error: Could not connect to server error for HTTP HEAD to 'x'"),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (
        duckdb.HTTPException("HTTP Error: Request returned HTTP 503 for HTTP HEAD to 'x'"),
        FaultKind.OBJECT_STORE_UNAVAILABLE,
    ),
    (duckdb.HTTPException("(HTTP 403 Forbidden)\n\nExpiredToken"), FaultKind.CREDENTIALS_REFUSED),
    (duckdb.ConversionException("Could not convert string 'Kim Doe' to INT32"), FaultKind.CODE),
    (OSError(errno.ENOSPC, "No space left on device", "/somewhere"), FaultKind.DISK_FULL),
    (duckdb.IOException("IO Error: Could not write file: No space left"), FaultKind.CODE),
    (OSError("Error writing bytes to file. Detail: No space left on device"), FaultKind.DISK_FULL),
    (PermissionError(errno.EACCES, "Permission denied", "/somewhere"), FaultKind.SETTINGS),
    (KeyError("Kim Doe"), FaultKind.CODE),
]


@pytest.mark.parametrize(("error", "kind"), SEEN, ids=lambda value: str(value)[:40])
def test_each_error_is_of_its_kind_and_its_reason_is_one_line(
    error: Exception, kind: FaultKind
) -> None:
    fault = fault_of(error)
    assert fault.kind is kind, fault
    assert fault.is_transient == (kind in TRANSIENT)
    assert fault.reason
    assert "\n" not in fault.reason
    assert "Kim Doe" not in fault.reason


def test_the_cause_of_an_error_that_says_nothing_decides() -> None:
    try:
        try:
            raise answered(503, "SlowDown")
        except ClientError as error:
            raise RuntimeError("a step failed for Kim Doe") from error
    except RuntimeError as wrapped:
        fault = fault_of(wrapped)
    assert fault.kind is FaultKind.OBJECT_STORE_UNAVAILABLE
    assert fault.reason == (
        "the object store does not answer as it should (ClientError: SlowDown to PutObject)"
    )


def test_an_error_of_ours_decides_over_what_led_to_it() -> None:
    error = errors.CommitConflictError("raw/athletes: 12 attempts were overtaken")
    error.__cause__ = from_database("database is locked")
    assert fault_of(error).kind is FaultKind.COMMIT_CONFLICT
    assert fault_of(error).reason == "raw/athletes: 12 attempts were overtaken"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (errors.BackupError("drops/7 is not there: make a new backup"), FileNotFoundError("x")),
        (EdgeError("its clock cannot be read: set it"), ValueError("Kim Doe")),
        (errors.TableEvolutionError("raw/x.n: a new name"), from_database("database is locked")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_of_ours_with_a_cause_that_nobody_knows_says_what_to_do(
    error: Exception, cause: Exception
) -> None:
    error.__cause__ = cause
    outer = RuntimeError("a step failed for Kim Doe")
    outer.__cause__ = error
    for one in (error, outer):
        assert fault_of(one) == Fault(FaultKind.CODE, str(error))


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (sa.exc.ProgrammingError("select 1", {}, Exception("Kim Doe")), FaultKind.SETTINGS),
        (from_database('password authentication failed for "x"'), FaultKind.CREDENTIALS_REFUSED),
        (from_database("No space left on device"), FaultKind.DISK_FULL),
        (None, FaultKind.SETTINGS),
    ],
)
def test_a_catalogue_that_refuses_is_a_matter_of_its_cause_and_keeps_its_remedy(
    cause: Exception | None, kind: FaultKind
) -> None:
    error = errors.CatalogueRefusedError("it cannot be used; check SPORTS_CATALOG_URI")
    error.__cause__ = cause
    assert fault_of(error) == Fault(kind, "it cannot be used; check SPORTS_CATALOG_URI")


def test_a_password_in_an_address_is_left_out() -> None:
    error = errors.CatalogueUnavailableError("postgresql+psycopg2://club:hush@db/x does not answer")
    assert fault_of(error).reason == "postgresql+psycopg2://club@db/x does not answer"


def test_an_error_of_nobody_names_the_line_of_ours_that_it_came_through() -> None:
    try:
        errors.ResourceError.missing  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError as error:
        reason = fault_of(error).reason
    assert reason.startswith(f"AttributeError at {Path('tests/resources/test_faults.py')}:")


def test_real_errors_of_engine_and_database(tmp_path: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as engine:
        connection.execute("select cast('Kim Doe' as integer)")
    assert fault_of(engine.value).reason.startswith("ConversionException at tests/resources/")
    sqlite = sa.create_engine(f"sqlite:///{tmp_path}/no/such/folder/catalog.db")
    with pytest.raises(sa.exc.OperationalError) as missing:
        sqlite.connect()
    assert fault_of(missing.value).kind is FaultKind.CATALOGUE_UNAVAILABLE


def test_what_dbt_says_keeps_an_outer_cause_and_no_values() -> None:
    said = (
        "Runtime Error in model session (models/core/session.sql)\n  HTTP Error: Request returned "
        "HTTP 503 for HTTP HEAD to 'http://store/Kim Doe.parquet'"
    )
    shortened = _without_trace(said)
    assert (
        shortened
        == "Runtime Error in model session (models/core/session.sql): HTTP Error: HTTP 503"
    )
    fault = fault_of(errors.FailedBuildError(f"1 tables were not published. x: {shortened}"))
    assert fault.kind is FaultKind.OBJECT_STORE_UNAVAILABLE
