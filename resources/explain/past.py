"""A session's tables as they stood when its page was written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from edge_ingest.contract import TableContract
from resources.duckdb_engine import literal, quote
from resources.errors import UnknownNumberError
from resources.explain.basis import Rows
from resources.explain.findings import Row, TableState
from resources.lakehouse import Lakehouse

_ATHLETE_SESSION = "core/athlete_session"
_ATHLETE = "core/athlete"
_SESSION_SOURCE = "core/session_source"
#: Tables of samples: their rows are counted, and few of them looked at.
SAMPLES = ("raw/positions", "raw/signals", "raw/events", "tracking/kinematics")
_LOOKED_AT = 3


class Past:
    """Reads committed rows of one session as of an instant; `with` closes the engine.

    Args:
        contracts: of every table, by key.
        at: when the page was written.
    """

    def __init__(
        self,
        lakehouse: Lakehouse,
        contracts: Mapping[str, TableContract],
        session_id: str,
        at: datetime,
    ) -> None:
        self._lakehouse = lakehouse
        self._contracts = contracts
        self._session_id = session_id
        self._at = at
        self._connection: duckdb.DuckDBPyConnection = lakehouse.connect()
        self._states: dict[str, TableState] = {}
        self._found: dict[Rows, tuple[int, tuple[Row, ...]]] = {}

    def close(self) -> None:
        """Give back the engine."""
        self._connection.close()

    def contract(self, key: str) -> TableContract:
        """A table's contract.

        Raises:
            UnknownNumberError: there is no such table.
        """
        if key not in self._contracts:
            raise UnknownNumberError(
                f"there is no table {key}: the page was made by another version, or changed by hand"
            )
        return self._contracts[key]

    def state(self, key: str) -> TableState:
        """How a table stood; its rows can then be asked for by `_view`."""
        if key not in self._states:
            self._states[key] = self._look(self.contract(key))
        return self._states[key]

    def rows(self, asked: Rows) -> tuple[int, tuple[Row, ...]]:
        """How many rows are meant, and those rows: of tables of samples the first few.

        Raises:
            UnknownNumberError: the table has not the columns.
        """
        if asked not in self._found:
            contract = self.contract(asked.table)
            names = {column.name for column in contract.columns}
            if unknown := [name for name in asked.columns if name not in names]:
                raise UnknownNumberError(
                    f"{asked.table} has no column {', '.join(unknown)}: the page was made by "
                    "another version, or changed by hand"
                )
            where = self._where(contract, asked.conditions)
            self._found[asked] = self._select(contract, where)
        return self._found[asked]

    def count(self, key: str, where: str) -> int:
        """How many rows of a table fulfil an SQL condition."""
        self.state(key)
        found = self._connection.execute(
            f"select count(*) from {_view(key)} where {where}"  # noqa: S608 - built by us
        ).fetchone()
        return int(found[0]) if found else 0

    def all_rows(self, key: str) -> Sequence[Row]:
        """Every row of a table without samples."""
        return self.rows(Rows(key, ()))[1]

    def _select(self, contract: TableContract, where: str) -> tuple[int, tuple[Row, ...]]:
        self.state(contract.key)
        order = ", ".join(map(quote, contract.sort_by or contract.primary_key))
        limit = f" limit {_LOOKED_AT}" if contract.key in SAMPLES else ""
        found = self._connection.execute(
            f"select * from {_view(contract.key)} where {where} order by {order}{limit}"  # noqa: S608
        ).to_arrow_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return (self.count(contract.key, where) if limit else len(rows)), tuple(rows)

    def _where(self, contract: TableContract, conditions: Mapping[str, str]) -> str:
        names = {column.name for column in contract.columns}
        parts = ["true"]
        for column, value in conditions.items():
            if column in names:
                parts.append(f"cast({quote(column)} as varchar) = {literal(value)}")
            elif column == "athlete_id" and "source_athlete_id" in names:
                parts.append(self._of_athlete(value))
            elif column == "team_side" and "athlete_id" in names:
                self.state(_ATHLETE_SESSION)
                parts.append(
                    f"athlete_id in (select athlete_id from {_view(_ATHLETE_SESSION)} "  # noqa: S608
                    f"where team_side = {literal(value)})"
                )
            else:
                raise UnknownNumberError(
                    f"{contract.key} has no column {column}: the page was made by another version, "
                    "or changed by hand"
                )
        return " and ".join(parts)

    def _of_athlete(self, athlete_id: str) -> str:
        self.state(_ATHLETE)
        self.state(_SESSION_SOURCE)
        return (
            "(stream_id, source_athlete_id) in ("  # noqa: S608 - our own names
            f"select stream_id, source_athlete_id from {_view(_SESSION_SOURCE)} "
            f"join {_view(_ATHLETE)} using (session_id, source) "
            f"where athlete_id = {literal(athlete_id)})"
        )

    def _look(self, contract: TableContract) -> TableState:
        """Make the table or view, at the newest snapshot that the page can have seen."""
        key = contract.key
        then = [one for one in self._lakehouse.snapshots(key) if one.committed_at_utc <= self._at]
        changes = self._lakehouse.snapshots(key, self._session_id)
        before = [one for one in changes if one.committed_at_utc <= self._at]
        after = [one for one in changes if one.committed_at_utc > self._at]
        name = _name(key)
        read_at = self._lakehouse.view(
            self._connection, contract, name if key in SAMPLES else f"{name}__files",
            [self._session_id], then[-1].snapshot_id if then else None,
        )  # fmt: skip
        if key not in SAMPLES:  # small, and asked for again and again
            self._connection.execute(
                f"create table {quote(name)} as select * from {quote(f'{name}__files')}"  # noqa: S608
            )
        return TableState(
            key=key,
            grain=contract.grain,
            read_at=read_at,
            written_by=before[-1] if before else None,
            is_as_of_then=bool(then),
            changed_since=after[0] if after else None,
        )


def _name(key: str) -> str:
    return key.replace("/", "__")


def _view(key: str) -> str:
    return quote(_name(key))
