"""What a write may replace: whole sessions, or a slice of days. Any other row is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import BooleanExpression

from edge_ingest.contract import TableContract
from resources.duckdb_engine import literal, literals, quote
from resources.errors import ForeignRowsError, ResourceError
from resources.iceberg.filters import of_sessions, of_slice
from resources.iceberg.tables import SESSION_COLUMN, is_partitioned_by_session
from resources.lakehouse import Slice

_NAMED = 5
_NAMED_IN_SNAPSHOT = 20


@dataclass(frozen=True)
class Replacement:
    """Rows that a write puts others in place of.

    Attributes:
        touched: the rows as an Iceberg filter: plans their files, and finds writers in conflict.
        where: the same rows as a DuckDB condition.
        has_own_files: their files hold no other rows, so nothing needs to be written again.
        properties: how the snapshot names them.
    """

    touched: BooleanExpression
    where: str
    has_own_files: bool
    properties: Mapping[str, str] = field(default_factory=dict)


def replace_sessions(
    contract: TableContract, rows: pa.Table, session_ids: Sequence[str]
) -> Replacement:
    """Rows of whole sessions.

    Raises:
        ForeignRowsError: names the sessions that rows are of and that are not being replaced.
        ResourceError: no session is named, or the table is replaced by slice.
    """
    if not is_partitioned_by_session(contract):
        raise ResourceError(f"{contract.key} is replaced by slice: use replace_slice")
    sessions = sorted(set(session_ids))
    if not sessions:
        raise ResourceError(
            f"{contract.key}: no session is named to be replaced; name the sessions of this run"
        )
    found = set(pc.unique(rows.column(SESSION_COLUMN)).to_pylist())
    if foreign := sorted(str(session) for session in found - set(sessions)):
        raise ForeignRowsError(
            f"{contract.key}: rows of {_some(foreign)} in a write that replaces {_some(sessions)}: "
            "filter them out, or replace those sessions too"
        )
    return Replacement(
        of_sessions(sessions),
        f"{SESSION_COLUMN} in ({literals(sessions)})",
        has_own_files=True,
        properties={
            "touchline.sessions": ",".join(sessions[:_NAMED_IN_SNAPSHOT]),
            "touchline.session-count": str(len(sessions)),
        },
    )


def replace_slice(contract: TableContract, rows: pa.Table, part: Slice) -> Replacement:
    """Rows of a range of days, of the sources that the slice names.

    Raises:
        ForeignRowsError: names the days or the column at fault.
        ResourceError: the table is replaced by session, or has not the columns of the slice.
    """
    if is_partitioned_by_session(contract):
        raise ResourceError(f"{contract.key} is replaced by session: use replace_sessions")
    if unknown := {part.day_column, *part.equals} - set(rows.column_names):
        raise ResourceError(f"{contract.key} has no column {_some(sorted(unknown))} to slice by")
    _check_days(contract, rows.column(part.day_column), part)
    for column, value in part.equals.items():
        if others := set(pc.unique(rows.column(column)).to_pylist()) - {value}:
            raise ForeignRowsError(
                f"{contract.key}: rows of {len(others)} other {column} in a write that replaces "
                f"{column} = {value!r}: replace each {column} by itself"
            )
    where = " and ".join(
        [
            f"{quote(part.day_column)} between date '{part.first_day}' and date '{part.last_day}'",
            *(f"{quote(name)} = {literal(value)}" for name, value in sorted(part.equals.items())),
        ]
    )
    return Replacement(
        of_slice(part), where, has_own_files=False, properties={"touchline.slice": where}
    )


def _check_days(contract: TableContract, days: pa.ChunkedArray, part: Slice) -> None:
    if not len(days):
        return
    earliest, latest = pc.min(days).as_py(), pc.max(days).as_py()
    if days.null_count or earliest < part.first_day or latest > part.last_day:
        raise ForeignRowsError(
            f"{contract.key}: rows of {earliest} to {latest}, {days.null_count} without a day, in "
            f"a write that replaces {part.first_day} to {part.last_day}: widen the slice, or "
            "filter them out"
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
