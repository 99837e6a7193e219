"""The engine: DuckDB in memory, in UTC, offline, able to read the object store."""

from collections.abc import Iterable, Mapping
from importlib.resources import files

import duckdb

from resources.object_store import duckdb_secret

_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def connect(
    s3: Mapping[str, str] | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory engine.

    Args:
        s3: options of the object store to read from; None for local folders only.
        threads: how many threads a query may use; None for all cores.
    """
    settings = _OFFLINE | ({"threads": threads} if threads else {})
    connection = duckdb.connect(":memory:", config=settings)
    configure(connection, s3)
    return connection


def configure(connection: duckdb.DuckDBPyConnection, s3: Mapping[str, str] | None = None) -> None:
    """Make a connection that somebody else opened read as `connect` would."""
    connection.execute("set global TimeZone = 'UTC'")
    if s3 is None:
        return
    connection.execute(f"load {literal(_httpfs())}")
    parameters = ", ".join(
        f"{name} {literal(value) if isinstance(value, str) else str(value).lower()}"
        for name, value in duckdb_secret(s3).items()
    )
    connection.execute(f"create or replace secret touchline ({parameters})")


def quote(identifier: str) -> str:
    """An identifier as SQL; `schema.name` quotes both parts."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in identifier.split("."))


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Texts as a comma-separated list of SQL literals."""
    return ", ".join(literal(text) for text in texts)


def _httpfs() -> str:
    """Path of the httpfs extension that came as a wheel: nothing is downloaded."""
    folder = files("duckdb_extension_httpfs") / "extensions" / f"v{duckdb.__version__}"
    return str(folder / "httpfs.duckdb_extension")
