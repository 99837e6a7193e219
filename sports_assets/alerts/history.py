"""Loads of past sessions, as the marts have them, and how the athletes are called."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.norms import METRICS, Thresholds
from resources.lakehouse import Lakehouse
from sports_assets.alerts.norms import LOADS

_HEART = "heart_rate_zone_5_s"
_EXTERNAL = [metric for metric in METRICS if metric != _HEART]
_SETTINGS = ("high_speed_threshold_mps", "sprint_threshold_mps", "effort_dwell_s",
             "top_speed_dwell_s")  # fmt: skip
#: What is read, and the name of its view.
TABLES = {
    "core/session": "session",
    "core/athlete": "athlete",
    "mart/athlete_session_external_load": "external_load",
    "mart/athlete_session_internal_load": "internal_load",
}

# A zone's distance under another threshold is another quantity: only sessions reckoned as the
# newest of the sport count. A zone of a maximum that was only seen is no zone, as in the baseline.
_LOADS = f"""
with newest as (
    select session.sport, {", ".join(_SETTINGS)}
    from external_load inner join session using (session_id)
    qualify row_number() over (
        partition by session.sport order by session.started_at_utc desc, session_id
    ) = 1
),
outer_load as (
    select athlete_id, session_id, metric, value, tracked_s as measured_s
    from (
        select athlete_id, session_id, tracked_s,
            {", ".join(f"cast({metric} as double) as {metric}" for metric in _EXTERNAL)}
        from external_load
        inner join session using (session_id)
        semi join newest
            on session.sport = newest.sport
            {" ".join(f"and external_load.{s} is not distinct from newest.{s}" for s in _SETTINGS)}
    ) unpivot (value for metric in ({", ".join(_EXTERNAL)}))
),
inner_load as (
    select athlete_id, session_id, '{_HEART}' as metric, {_HEART} as value,
        heart_rate_s as measured_s
    from internal_load
    where max_heart_rate_source <> 'observed'
)
select athlete_id, sport, metric, value, local_day, started_at_utc, measured_s
from (from outer_load union all by name from inner_load)
inner join session using (session_id)
"""  # noqa: S608 - names of our own

_THRESHOLDS = f"""
select session.sport, {", ".join(_SETTINGS)},
    metabolic_energy_kj_per_kg is not null as is_on_foot
from external_load inner join session using (session_id)
qualify row_number() over (
    partition by session.sport
    order by session.started_at_utc desc, session_id, is_on_foot desc, athlete_id
) = 1
"""  # noqa: S608

_NAMES = """
select source, source_athlete_id,
    arg_max(athlete_id, session.started_at_utc) as athlete_id,
    arg_max(display_name, session.started_at_utc) as display_name,
    arg_max(max_heart_rate_bpm, session.started_at_utc) as max_heart_rate_bpm
from athlete inner join session using (session_id)
group by source, source_athlete_id
order by source, source_athlete_id
"""


def read_history(
    lakehouse: Lakehouse, contracts: dict[str, TableContract], window_d: int
) -> tuple[pa.Table, dict[str, Thresholds], list[dict[str, Any]], dict[str, int]]:
    """What norms are made of, from the sessions within the window before the newest one.

    Args:
        contracts: of the tables in `TABLES`, by key.

    Returns:
        Loads (`norms.LOADS`), thresholds of each sport's newest session, names of every source's
        athletes as the newest session has them, and the snapshot at which each table was read.
    """
    known = lakehouse.committed_sessions(contracts["core/session"])
    days = {session: date.fromisoformat(session[:10]) for session in known}
    first = max(days.values(), default=date.min + timedelta(window_d)) - timedelta(window_d)
    sessions = [session for session, day in days.items() if day > first]
    snapshots: dict[str, int] = {}
    with lakehouse.connect() as connection:
        for key, name in TABLES.items():
            read = lakehouse.view(connection, contracts[key], name, sessions)
            if read is not None:
                snapshots[key] = read
        loads = connection.sql(_LOADS).to_arrow_table().cast(LOADS)
        thresholds = {
            row["sport"]: Thresholds(**{name: row[name] for name in (*_SETTINGS, "is_on_foot")})
            for row in connection.sql(_THRESHOLDS).to_arrow_table().to_pylist()
        }
        names = connection.sql(_NAMES).to_arrow_table().to_pylist()
    return loads, thresholds, names, snapshots
