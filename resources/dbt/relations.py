"""The relations that dbt finds in its in-memory database: views over committed rows, planned.

- `raw.*`, `tracking.*`: sources, rows of this run's sessions;
- `core.*`, `mart.*`: what `ref()` of a model that is not built compiles to, the same sessions;
- `history.<layer>__<name>`: every committed session but these;
- `identity.athletes`, `run.day`: small tables that the caller hands over.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.identity import ATHLETES_SCHEMA
from resources.contracts import ALL
from resources.lakehouse import Lakehouse

_CROSSWALK = "identity/athletes"
_SCHEMAS = ("raw", "tracking", "identity", "core", "mart", "history", "run")
_IN_CODE: Mapping[str, TableContract] = {contract.key: contract for contract in ALL}


def local_day(session_id: str) -> date:
    """The club's local day of a session: its id begins with it."""
    return date.fromisoformat(session_id[:10])


@dataclass
class Relations:
    """What to lay out for one invocation.

    Attributes:
        session_ids: sessions of this run.
        contracts: of every table that dbt makes, by key.
        sources, committed, history: keys of the tables to make views of. Tables of days have no
            sessions: they are read whole, and have no history beside themselves.
        crosswalk: rows of `edge_ingest.identity.ATHLETES_SCHEMA`.
        earlier_sessions: committed sessions that history may be made of; None for all.
        snapshots: snapshot at which each table is read, by key; filled while laying out. Two views
            of one table stand on the same snapshot.
    """

    session_ids: Sequence[str]
    contracts: Mapping[str, TableContract]
    sources: Collection[str]
    committed: Collection[str]
    history: Collection[str]
    crosswalk: pa.Table | None = None
    earlier_sessions: Sequence[str] | None = None
    snapshots: dict[str, int] = field(default_factory=dict)

    def lay_out(self, connection: duckdb.DuckDBPyConnection, lakehouse: Lakehouse) -> None:
        """Create schemas, views and small tables in an empty database."""
        lakehouse.configure(connection)
        for schema in _SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        self._create_days(connection)
        self._create_crosswalk(connection)
        for key, contract in sorted(self._views.items()):
            relation = f"{contract.layer}.{contract.name}"
            pinned = self._pinned(key, lakehouse)
            sessions = self.session_ids if contract.replaced_by == "session" else None
            lakehouse.view(connection, contract, relation, sessions, pinned)
        for key in sorted(self.history):
            self._create_history(connection, lakehouse, self.contracts[key])

    @property
    def of_sessions(self) -> frozenset[str]:
        """Keys of the tables of which rows of this run's sessions are read, and no others."""
        views = self._views.items()
        return frozenset(key for key, contract in views if contract.replaced_by == "session")

    @property
    def _views(self) -> dict[str, TableContract]:
        views = {key: _IN_CODE[key] for key in self.sources if key != _CROSSWALK}
        return views | {key: self.contracts[key] for key in self.committed}

    def _pinned(self, key: str, lakehouse: Lakehouse) -> int | None:
        if key not in self.snapshots and (current := lakehouse.snapshot_id(key)) is not None:
            self.snapshots[key] = current
        return self.snapshots.get(key)

    def _create_history(
        self,
        connection: duckdb.DuckDBPyConnection,
        lakehouse: Lakehouse,
        contract: TableContract,
    ) -> None:
        relation = f"history.{contract.layer}__{contract.name}"
        pinned = self._pinned(contract.key, lakehouse)
        if self.earlier_sessions is None:
            lakehouse.history(connection, contract, relation, self.session_ids, pinned)
            return
        beside = sorted(set(self.earlier_sessions) - set(self.session_ids))
        lakehouse.view(connection, contract, relation, beside, pinned)

    def _create_days(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("create table run.day (local_day date)")
        for day in sorted(set(map(local_day, self.session_ids))):
            connection.execute("insert into run.day values (?)", [day])

    def _create_crosswalk(self, connection: duckdb.DuckDBPyConnection) -> None:
        # A registered table is seen by its own cursor only; dbt opens others.
        crosswalk = ATHLETES_SCHEMA.empty_table() if self.crosswalk is None else self.crosswalk
        connection.register("given_crosswalk", crosswalk.cast(ATHLETES_SCHEMA))
        connection.execute("create table identity.athletes as select * from given_crosswalk")
        connection.unregister("given_crosswalk")
