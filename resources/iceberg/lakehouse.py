"""The record in Iceberg, by pyiceberg: see `resources.lakehouse` for what each method promises."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import (
    CommitStateUnknownException,
    ServerError,
    ServiceUnavailableError,
)
from pyiceberg.expressions import BooleanExpression
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from sqlalchemy.exc import InterfaceError, OperationalError

from edge_ingest.contract import TableContract
from resources.duckdb_engine import configure, connect, literals, quote
from resources.errors import (
    CatalogueRefusedError,
    CatalogueUnavailableError,
    CommitConflictError,
)
from resources.faults import FaultKind, fault_of
from resources.iceberg.catalog import TableCatalog, back_off
from resources.iceberg.content_hash import relation_hash, table_hash
from resources.iceberg.filters import EVERYTHING, of_other_sessions, of_sessions
from resources.iceberg.reading import plan_files, select
from resources.iceberg.replacement import Replacement, replace_sessions, replace_slice
from resources.iceberg.snapshots import changed_session, changed_since, snapshots_of
from resources.iceberg.tables import (
    SESSION_COLUMN,
    is_partitioned_by_session,
    with_all_columns,
)
from resources.iceberg.upkeep import IcebergUpkeep
from resources.iceberg.writing import LOST_RACE, commit_files, snapshot_properties, written_files
from resources.lakehouse import Basis, Commit, CommitContext, Slice, Snapshot
from resources.object_store import is_s3
from resources.upkeep import COMPACTION, OPERATION, POLICY, UpkeepPolicy

T = TypeVar("T")

#: A catalogue that was busy or gone, or whose answer got lost: our commit may have landed, so that
#: the next attempt, from a fresh read, finds its rows there already.
_UNANSWERED = (
    OperationalError,
    InterfaceError,
    CommitStateUnknownException,
    ServerError,
    ServiceUnavailableError,
)
_ATTEMPTS = 12


class IcebergLakehouse:
    """`Lakehouse` over any catalogue that pyiceberg opens by URL.

    Args:
        catalog_uri: `sqlite:///…`, `postgresql+psycopg2://…`, `https://…` (REST) or `glue://`.
        warehouse_uri: absolute folder or `s3://bucket/prefix`.
        s3: options of the object store, as in `Settings.s3`.
    """

    def __init__(
        self, catalog_uri: str, warehouse_uri: str, s3: Mapping[str, str] | None = None
    ) -> None:
        self._tables = TableCatalog(catalog_uri, warehouse_uri, s3 or {})
        self._warehouse_uri = warehouse_uri
        self._s3 = s3 or {}
        self._engine_s3 = (s3 or {}) if is_s3(warehouse_uri) else None

    def __enter__(self) -> Self:
        """Connections are opened on first use."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the catalogue's connections."""
        self.close()

    def close(self) -> None:
        """Give back the catalogue's connections; the next use opens them again."""
        self._tables.close()

    def connect(self, threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """See `Lakehouse.connect`."""
        return connect(self._engine_s3, threads)

    def configure(self, connection: duckdb.DuckDBPyConnection) -> None:
        """See `Lakehouse.configure`."""
        configure(connection, self._engine_s3)

    def ensure_table(self, contract: TableContract) -> None:
        """See `Lakehouse.ensure_table`."""
        self._attempt(contract, lambda _table: None)

    def replace_sessions(
        self,
        contract: TableContract,
        rows: pa.Table,
        session_ids: Sequence[str],
        context: CommitContext,
        based_on: Basis | None = None,
    ) -> Commit:
        """See `Lakehouse.replace_sessions`."""
        started = time.perf_counter()
        conformed = contract.conform(rows)
        replaced = replace_sessions(contract, conformed, session_ids)

        def check(table: Table) -> None:
            if based_on is None:
                return
            if changed := changed_since(table, based_on.snapshot_id, session_ids):
                raise CommitConflictError(
                    f"{contract.key}: {', '.join(changed)} changed since the rows were read that "
                    "this write builds on: read them again, and make the rows anew"
                )

        return self._replace(contract, conformed, replaced, context, started, check=check)

    def replace_slice(
        self, contract: TableContract, rows: pa.Table, replaced: Slice, context: CommitContext
    ) -> Commit:
        """See `Lakehouse.replace_slice`."""
        started = time.perf_counter()
        conformed = contract.conform(rows)
        part = replace_slice(contract, conformed, replaced)
        return self._replace(contract, conformed, part, context, started)

    def view(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: TableContract,
        name: str,
        session_ids: Sequence[str] | None = None,
        snapshot_id: int | None = None,
    ) -> int | None:
        """See `Lakehouse.view`."""
        if session_ids is None:
            return self._view(connection, contract, name, (EVERYTHING, "true"), snapshot_id)
        sessions = sorted(set(session_ids))
        where = f"{SESSION_COLUMN} in ({literals(sessions)})" if sessions else "false"
        return self._view(connection, contract, name, (of_sessions(sessions), where), snapshot_id)

    def history(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: TableContract,
        name: str,
        excluding: Sequence[str],
        snapshot_id: int | None = None,
    ) -> int | None:
        """See `Lakehouse.history`."""
        sessions = sorted(set(excluding))
        if not sessions:
            return self.view(connection, contract, name, snapshot_id=snapshot_id)
        others = (of_other_sessions(sessions), f"{SESSION_COLUMN} not in ({literals(sessions)})")
        return self._view(connection, contract, name, others, snapshot_id)

    def snapshot_id(self, key: str) -> int | None:
        """See `Lakehouse.snapshot_id`."""
        table = self._tables.find(key)
        return None if table is None else _current(table)

    def has_changed(self, key: str, since: int | None) -> bool:
        """See `Lakehouse.has_changed`."""
        table = self._tables.find(key)
        current = None if table is None else table.current_snapshot()
        while table is not None and current is not None and current.snapshot_id != since:
            if current.summary is None or current.summary[OPERATION] != COMPACTION:
                return True
            before = current.parent_snapshot_id
            current = None if before is None else table.snapshot_by_id(before)
        return (None if current is None else current.snapshot_id) != since

    def upkeep(self, policy: UpkeepPolicy = POLICY) -> IcebergUpkeep:
        """What keeps the tables of this lakehouse small; see `resources.iceberg.upkeep`."""
        return IcebergUpkeep(self._tables, self._warehouse_uri, self._s3, policy)

    def changed_sessions(
        self, key: str, session_ids: Sequence[str], since: int | None
    ) -> tuple[str, ...]:
        """See `Lakehouse.changed_sessions`."""
        table = self._tables.find(key)
        if table is None:
            return () if since is None else tuple(session_ids)
        return changed_since(table, since, session_ids)

    def snapshots(self, key: str, session_id: str | None = None) -> tuple[Snapshot, ...]:
        """See `Lakehouse.snapshots`."""
        table = self._tables.find(key)
        if table is None:
            return ()
        found = snapshots_of(table)
        if session_id is None:
            return found
        return tuple(one for one in found if changed_session(table, one, session_id))

    def committed_sessions(self, contract: TableContract) -> tuple[str, ...]:
        """See `Lakehouse.committed_sessions`."""
        table = self._tables.find(contract.key)
        if table is None or not is_partitioned_by_session(contract):
            return ()
        return tuple(sorted({str(file.partition[0]) for file in plan_files(table, EVERYTHING)}))

    def rows_by_session(
        self, contract: TableContract, session_ids: Sequence[str]
    ) -> Mapping[str, int]:
        """See `Lakehouse.rows_by_session`."""
        table = self._tables.find(contract.key)
        if table is None or not session_ids:
            return {}
        rows: Counter[str] = Counter()
        for file in plan_files(table, of_sessions(sorted(set(session_ids)))):
            rows[str(file.partition[0])] += file.record_count
        return rows

    def content_hash(
        self, contract: TableContract, session_ids: Sequence[str] | None = None
    ) -> str:
        """See `Lakehouse.content_hash`."""
        with self.connect() as connection:
            self.view(connection, contract, "committed", session_ids)
            return relation_hash(connection, "committed", contract)

    def _replace(
        self,
        contract: TableContract,
        rows: pa.Table,
        replaced: Replacement,
        context: CommitContext,
        started: float,
        *,
        check: Callable[[Table], None] = lambda _table: None,
    ) -> Commit:
        content = table_hash(contract, rows)
        properties = snapshot_properties(context, content) | dict(replaced.properties)

        def outcome(snapshot_id: int, size: int, is_new: bool) -> Commit:
            took = time.perf_counter() - started
            return Commit(contract.key, snapshot_id, rows.num_rows, size, content, took, is_new)

        def replace(table: Table) -> Commit:
            files = plan_files(table, replaced.touched)
            current = _current(table)
            # Row counts stand in the manifests: rows are read and hashed only where they agree.
            counts_agree = not replaced.has_own_files or rows.num_rows == sum(
                file.record_count for file in files
            )
            if current is not None and counts_agree:
                inside = select(contract, table.schema(), files, replaced.where)
                if self._is_there(contract, inside, content, replaced):
                    return outcome(current, 0, is_new=False)
            check(table)  # only now: a commit of ours whose answer got lost is no other writer
            written = rows
            if files and not replaced.has_own_files:
                neighbours = self._neighbours(table, contract, files, replaced.where)
                written = pa.concat_tables([neighbours, rows], promote_options="default")
            with written_files(table, _in_order(contract, written)) as added:
                snapshot_id = commit_files(table, added, files, replaced.touched, properties)
            return outcome(snapshot_id, sum(file.file_size_in_bytes for file in added), is_new=True)

        return self._attempt(contract, replace)

    def _is_there(
        self, contract: TableContract, sql: str, content: str, replaced: Replacement
    ) -> bool:
        """Whether these rows have this hash. Files that are lost or damaged do not have it: they
        hold nothing but what is replaced, so to write it again is to mend them.
        """
        with self.connect() as connection:
            try:
                connection.execute(f"create view read as {sql}")
                return relation_hash(connection, "read", contract) == content
            except duckdb.Error as error:
                if replaced.has_own_files and fault_of(error).kind is FaultKind.CODE:
                    return False
                raise

    def _neighbours(
        self, table: Table, contract: TableContract, files: Sequence[DataFile], where: str
    ) -> pa.Table:
        """Rows that share a file with the replaced ones, with every column that they have."""
        whole = with_all_columns(table, contract)
        outside = select(whole, table.schema(), files, f"({where}) is not true")
        with self.connect() as connection:
            return whole.conform(connection.execute(outside).to_arrow_table())

    def _attempt(self, contract: TableContract, act: Callable[[Table], T]) -> T:
        """Act on a fresh read of the table, again after every lost race, a bounded number of times.

        Raises:
            CommitConflictError: other writers kept winning.
            CatalogueUnavailableError: the catalogue did not answer in the last of the attempts.
            CatalogueRefusedError: it answered that nothing can be written, and why.
        """
        failed: Exception | None = None
        for number in range(1, _ATTEMPTS + 1):
            try:
                return act(self._tables.ensure(contract))
            except LOST_RACE as error:
                failed = error
            except _UNANSWERED as error:
                failed = error
                if not (fault := fault_of(error)).is_transient:
                    raise CatalogueRefusedError(
                        f"{contract.key}: the catalogue refused the commit: {fault.reason}"
                    ) from error
            back_off(number, longest_s=2.0)
        if isinstance(failed, _UNANSWERED):
            raise CatalogueUnavailableError(
                f"{contract.key}: the catalogue did not answer, {_ATTEMPTS} times; see that it is "
                "running and can be reached, then run it again"
            ) from failed
        raise CommitConflictError(
            f"{contract.key}: {_ATTEMPTS} attempts to commit were overtaken by other writers; run "
            "it again, and see that one lane writes a session at a time"
        ) from failed

    def _view(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: TableContract,
        name: str,
        rows: tuple[BooleanExpression, str],
        snapshot_id: int | None,
    ) -> int | None:
        table = self._tables.find(contract.key)
        row_filter, where = rows
        read, sql = None, select(contract, None, [])
        if table is not None:
            read = _current(table) if snapshot_id is None else snapshot_id
            files = plan_files(table, row_filter, read)
            sql = select(contract, table.schema(), files, where)
        connection.execute(f"create or replace view {quote(name)} as {sql}")
        return read


def _in_order(contract: TableContract, rows: pa.Table) -> pa.Table:
    if not contract.sort_by or not rows.num_rows:
        return rows
    return rows.sort_by([(name, "ascending") for name in contract.sort_by])


def _current(table: Table) -> int | None:
    snapshot = table.current_snapshot()
    return None if snapshot is None else snapshot.snapshot_id
