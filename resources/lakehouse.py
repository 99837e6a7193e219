"""Iceberg is the record; DuckDB is only the engine.

Writing replaces whole sessions, or a slice of days, and nothing else. Reading plans the data files
that hold the sessions asked for and hands their paths to DuckDB: nothing is copied through Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    """What a write left behind. `content_hash` does not depend on the order of rows."""

    key: str
    snapshot_id: int
    rows: int
    bytes: int
    content_hash: str
    seconds: float


class Lakehouse(Protocol):
    """The record. Every table is described by a `TableContract`; keys are `layer/name`."""

    def ensure_table(self, contract: TableContract) -> None:
        """Create the table, empty, with our settings, if it is not there."""
        ...

    def replace_sessions(
        self,
        contract: TableContract,
        rows: pa.Table,
        session_ids: Sequence[str],
        context: CommitContext,
    ) -> Commit:
        """Put `rows` in place of every row of `session_ids`, in one commit.

        Appends when none of the sessions is there, overwrites otherwise, and retries from a fresh
        read a bounded number of times.

        Raises:
            ForeignRowsError: a row belongs to a session that is not being replaced.
            ContractError: rows do not fit the contract.
            CommitConflictError: other writers kept winning.
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
    ) -> int | None:
        """Create the DuckDB view `name` over committed rows, of these sessions or of all.

        A table never committed gives a view of no rows with the contract's columns.

        Returns:
            The snapshot that was read, None where there is none.
        """
        ...

    def history(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: TableContract,
        name: str,
        excluding: Sequence[str],
    ) -> int | None:
        """Create the view `name` over every committed session but those; returns as `view`."""
        ...

    def snapshot_id(self, key: str) -> int | None:
        """The current snapshot, None where the table was never committed."""
        ...

    def content_hash(self, contract: TableContract, session_ids: Sequence[str] | None = None) -> str:
        """Hash of the committed rows, whatever their order, files or snapshot."""
        ...
