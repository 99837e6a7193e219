"""Iceberg is the record; DuckDB is only the engine.

Writing replaces whole sessions, or a slice of days, and nothing else. Reading plans the data files
that hold the sessions asked for and hands their paths to DuckDB: nothing is copied through Python.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import duckdb
import pyarrow as pa

from edge_ingest.contract import TableContract


@dataclass(frozen=True)
class CommitContext:
    """Why a commit happens; written into the snapshot's properties."""

    run_id: str
    code_version: str
    drop_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slice:
    """Rows of one or several sources over a range of days, both ends included."""

    day_column: str
    first_day: date
    last_day: date
    equals: Mapping[str, str]


@dataclass(frozen=True)
class Commit:
    """What a write left behind.

    Attributes:
        snapshot_id: the table's snapshot that holds these rows.
        rows, bytes: what was handed over, and the size of the files it became.
        content_hash: hash of the rows handed over, whatever their order.
        is_new: false when the table held exactly these rows already and no snapshot was made.
    """

    key: str
    snapshot_id: int
    rows: int
    bytes: int
    content_hash: str
    seconds: float
    is_new: bool = True


@dataclass(frozen=True)
class Snapshot:
    """A state that a table once had, as its metadata tells of it.

    Attributes:
        operation: Iceberg's: append, overwrite, replace (the same rows in other files), delete.
        properties: what its writer said of it: `touchline.run-id`, `touchline.code-version`, ….
    """

    snapshot_id: int
    committed_at_utc: datetime
    operation: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Basis:
    """The state of a table that rows were made from.

    Attributes:
        snapshot_id: as `Lakehouse.view` gave it; None for a table that was never committed.
    """

    snapshot_id: int | None


def together(commits: Sequence[Commit]) -> Commit:
    """Several commits of one table as one: the last snapshot, and everything that was written."""
    if len(commits) == 1:
        return commits[0]
    content = "".join(commit.content_hash for commit in commits)
    return replace(
        commits[-1],
        rows=sum(commit.rows for commit in commits),
        bytes=sum(commit.bytes for commit in commits),
        seconds=sum(commit.seconds for commit in commits),
        content_hash=hashlib.sha256(content.encode()).hexdigest()[:32],
        is_new=any(commit.is_new for commit in commits),
    )


class Lakehouse(Protocol):
    """The record. Every table is described by a `TableContract`; keys are `layer/name`."""

    def ensure_table(self, contract: TableContract) -> None:
        """Create the table, empty, with our settings, if it is not there; add new columns if it is.

        Raises:
            TableEvolutionError: a column changed to a type that committed rows cannot be read as.
        """
        ...

    def connect(self, threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """Open an in-memory engine that reads this lakehouse: UTC, offline, with its keys."""
        ...

    def configure(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make an engine that somebody else opened (dbt) read this lakehouse."""
        ...

    def replace_sessions(
        self,
        contract: TableContract,
        rows: pa.Table,
        session_ids: Sequence[str],
        context: CommitContext,
        based_on: Basis | None = None,
    ) -> Commit:
        """Put `rows` in place of every row of `session_ids`, in one commit.

        Appends when none of the sessions is there, overwrites otherwise, and retries from a fresh
        read a bounded number of times. Rows that are committed already make no snapshot; no rows
        for sessions that are not there make one only in a table that was never committed, so that
        "nothing to say" can be told from "never ran".

        Args:
            based_on: what `rows` were made from, where they build on what the table held: nothing
                is written once another commit has changed one of the sessions since. None where
                they do not, so that the last writer wins.

        Raises:
            ForeignRowsError: a row belongs to a session that is not being replaced.
            ContractError: rows do not fit the contract.
            CommitConflictError: other writers kept winning, or rows are no longer `based_on` what
                is there: at once, as another attempt with the same rows would not help.
            CatalogueUnavailableError: the catalogue does not answer. Safe to run again.
            CatalogueRefusedError: the catalogue answers that nothing can be written, and why.
        """
        ...

    def replace_slice(
        self, contract: TableContract, rows: pa.Table, replaced: Slice, context: CommitContext
    ) -> Commit:
        """Put `rows` in place of every row of the slice, in one commit; raises as above."""
        ...

    def view(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: TableContract,
        name: str,
        session_ids: Sequence[str] | None = None,
        snapshot_id: int | None = None,
    ) -> int | None:
        """Create the DuckDB view `name` over committed rows, of these sessions or of all.

        The view stands on the data files of one snapshot: later commits do not change it. A table
        never committed gives a view of no rows with the contract's columns.

        Args:
            name: `name` or `schema.name`; the schema must exist.
            snapshot_id: read as of this snapshot; None for the current one.

        Returns:
            The snapshot that was read, None where there is none.

        Raises:
            UnreadableTableError: the snapshot is gone, or the table holds delete files.
        """
        ...

    def history(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: TableContract,
        name: str,
        excluding: Sequence[str],
        snapshot_id: int | None = None,
    ) -> int | None:
        """Create the view `name` over every committed session but those; returns as `view`."""
        ...

    def snapshot_id(self, key: str) -> int | None:
        """The current snapshot, None where the table was never committed."""
        ...

    def has_changed(self, key: str, since: int | None) -> bool:
        """Whether any commit changed rows since a snapshot; files put together change none.

        Also true where that cannot be told any more, as the snapshot was expired.
        """
        ...

    def changed_sessions(
        self, key: str, session_ids: Sequence[str], since: int | None
    ) -> tuple[str, ...]:
        """Which of these sessions any commit changed since a snapshot; files put together change
        none.

        All of them where that cannot be told any more, as the snapshot was expired. One look at
        the catalogue where the table is as it was.
        """
        ...

    def snapshots(self, key: str, session_id: str | None = None) -> tuple[Snapshot, ...]:
        """Snapshots that are not expired, oldest first; none of a table never committed.

        Args:
            session_id: only those that changed rows of this session.
        """
        ...

    def committed_sessions(self, contract: TableContract) -> tuple[str, ...]:
        """Sessions that have rows in the table, in order; from metadata alone."""
        ...

    def rows_by_session(
        self, contract: TableContract, session_ids: Sequence[str]
    ) -> Mapping[str, int]:
        """How many rows each of these sessions has in the table, those that have any; from metadata
        alone."""
        ...

    def content_hash(
        self, contract: TableContract, session_ids: Sequence[str] | None = None
    ) -> str:
        """Hash of the committed rows, whatever their order, files or snapshot."""
        ...
