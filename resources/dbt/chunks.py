"""Which sessions of a run are built together: in order of time, by rows, never all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from edge_ingest.records import SESSIONS
from resources.contracts import ALL
from resources.dbt.graph import DbtGraph
from resources.dbt.relations import local_day
from resources.lakehouse import Lakehouse

_READ_BY_SESSION = {one.key: one for one in ALL if one.replaced_by == "session"}


@dataclass(frozen=True)
class ChunkLimits:
    """How much one dbt invocation may hold.

    Attributes:
        rows: of the sources that it reads, all sessions together; a session that has more by itself
            is built alone. A match of 22 players at 10 Hz has about a million.
        sessions: starting dbt costs seconds, and one more small session hardly anything; beyond a
            few dozen there is nothing left to save, and a test that fails holds up fewer.
    """

    rows: int = 1_000_000
    sessions: int = 40


@dataclass(frozen=True)
class SessionSize:
    """A session, how many rows will be read of it, and when it started (UTC)."""

    session_id: str
    rows: int
    started_at_utc: datetime


def plan_chunks(sizes: Sequence[SessionSize], limits: ChunkLimits) -> list[tuple[str, ...]]:
    """Sessions in order of time, in chunks within the limits.

    A later chunk is built after the earlier ones are published: what came before a session, within
    the run or not, is there when it is built.
    """
    chunks: list[list[str]] = []
    rows = 0
    for size in sorted(sizes, key=_order):
        is_full = bool(chunks) and len(chunks[-1]) >= limits.sessions
        if not chunks or is_full or rows + size.rows > limits.rows:
            chunks.append([])
            rows = 0
        chunks[-1].append(size.session_id)
        rows += size.rows
    return [tuple(chunk) for chunk in chunks]


def measure_sessions(
    lakehouse: Lakehouse, graph: DbtGraph, session_ids: Sequence[str], keys: Sequence[str]
) -> list[SessionSize]:
    """How much there is to read of each session for these tables; rows are counted by metadata.

    A session of which nothing is committed counts as starting with its day.
    """
    read = [_READ_BY_SESSION[key] for key in graph.sources_of(keys) if key in _READ_BY_SESSION]
    counts = [lakehouse.rows_by_session(contract, session_ids) for contract in read]
    with lakehouse.connect() as connection:
        lakehouse.view(connection, SESSIONS, "sessions", session_ids)
        started = dict(
            connection.sql(
                "select session_id, min(started_at_utc) from sessions group by session_id"
            ).fetchall()
        )
    return [
        SessionSize(
            session_id,
            sum(count.get(session_id, 0) for count in counts),
            started.get(session_id) or _begin_of_day(session_id),
        )
        for session_id in sorted(set(session_ids))
    ]


def _order(size: SessionSize) -> tuple[datetime, str]:
    return size.started_at_utc, size.session_id


def _begin_of_day(session_id: str) -> datetime:
    return datetime.combine(local_day(session_id), datetime.min.time(), UTC)
