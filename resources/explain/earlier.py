"""The earlier sessions that a baseline was held against, read again at the page's snapshots."""

from collections.abc import Mapping

from edge_ingest.contract import TableContract
from resources.duckdb_engine import quote
from resources.errors import UnreadableTableError
from resources.explain.findings import EarlierSession, History, Row
from resources.explain.raw_rows import is_internal
from resources.lakehouse import Lakehouse
from resources.provenance import ProvenanceRef

_EXTERNAL = "mart/athlete_session_external_load"
_INTERNAL = "mart/athlete_session_internal_load"
_SESSION = "core/session"


def earlier_sessions(
    lakehouse: Lakehouse,
    contracts: Mapping[str, TableContract],
    provenance: ProvenanceRef,
    session: Row,
    baseline: Row,
) -> History:
    """Earlier sessions of the athlete and sport, within the window, that have the metric.

    Args:
        session: the row of core/session of the page.
        baseline: the row of mart/athlete_session_baseline.
    """
    metric = str(baseline["metric"])
    table = _INTERNAL if is_internal(metric) else _EXTERNAL
    known = set(provenance.snapshots)
    is_as_of_then = {table, _SESSION} <= known
    with lakehouse.connect() as connection:
        for key, name in ((table, "load"), (_SESSION, "session")):
            told = provenance.snapshots.get(key)
            mine = [session["session_id"]]
            try:
                lakehouse.history(connection, contracts[key], name, mine, told)
            except UnreadableTableError:
                is_as_of_then = False
                lakehouse.history(connection, contracts[key], name, mine)
        # A load reckoned from the session's own peak compares with no other session.
        usable = "max_heart_rate_source <> 'observed'" if "trimp" in metric else "true"
        rows = connection.execute(
            f"select session_id, local_day, cast({quote(metric)} as double) "  # noqa: S608
            "from load join session using (session_id) "
            f"where athlete_id = $athlete and {quote(metric)} is not null and {usable} "
            "and sport = $sport and started_at_utc < $started "
            "and local_day >= $day - cast($window as integer) order by started_at_utc",
            {
                "athlete": baseline["athlete_id"],
                "sport": session["sport"],
                "started": session["started_at_utc"],
                "day": session["local_day"],
                "window": baseline["window_d"],
            },
        ).fetchall()
    found = tuple(EarlierSession(*row) for row in rows)
    return History(
        metric, table, provenance.snapshots.get(table), is_as_of_then, found,
        agrees=len(found) == baseline["earlier_session_count"],
    )  # fmt: skip
