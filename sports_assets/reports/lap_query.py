"""Reads the two best laps of a session on a circuit, sample by sample."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import duckdb

from resources.quality import NO_PLACE, NO_VALUE, NOT_SHOWN
from sports_assets.reports.facts_course import Lap, LapTrace
from sports_assets.reports.laps import quick

#: Two laps are enough to see where the time was made.
COMPARED: Final = 2
#: A sample stands for the time to the next one, but for no longer, s.
_REACH_S: Final = 5.0

#: Places and signals of one stream share their index.
_SAMPLES: Final = f"""
    select
        epoch_us(s.captured_at_utc) / 1e6 as t_s,
        s.value as speed_mps,
        p.x_m,
        p.y_m
    from raw.signals as s
    join core.session_source as stream using (session_id, stream_id)
    join core.athlete as known using (session_id, source, source_athlete_id)
    left join raw.positions as p
        on p.session_id = s.session_id
        and p.stream_id = s.stream_id
        and p.source_athlete_id = s.source_athlete_id
        and p.frame_id = s.sample_index
        and p.quality & {int(NO_PLACE | NOT_SHOWN)} = 0
    where s.session_id = $session
        and known.athlete_id = $athlete
        and s.channel = 'speed'
        and s.value is not null
        and s.quality & {int(NO_VALUE)} = 0
        and s.captured_at_utc > $started and s.captured_at_utc <= $ended
    order by s.captured_at_utc, s.sample_index
"""  # noqa: S608 - our own numbers


def load_lap_traces(
    connection: duckdb.DuckDBPyConnection, session_id: str, laps: Sequence[Lap]
) -> tuple[LapTrace, ...]:
    """Traces of the best laps of the athlete who has the best of all; none without telemetry."""
    timed = sorted(quick(laps), key=lambda lap: (lap.duration_s, lap.athlete_id, lap.lap_number))
    mine = [lap for lap in timed if lap.athlete_id == timed[0].athlete_id]
    traces: list[LapTrace] = []
    for lap in mine:
        if len(traces) < COMPARED and (trace := _trace(connection, session_id, lap)):
            traces.append(trace)
    return tuple(traces)


def _trace(connection: duckdb.DuckDBPyConnection, session_id: str, lap: Lap) -> LapTrace | None:
    rows = connection.execute(
        _SAMPLES,
        {
            "session": session_id,
            "athlete": lap.athlete_id,
            "started": lap.started_at_utc,
            "ended": lap.ended_at_utc,
        },
    ).fetchall()
    if not rows:
        return None
    begin = lap.started_at_utc.timestamp()
    before = [begin, *(row[0] for row in rows[:-1])]
    steps = [
        min(row[0] - since, _REACH_S) * row[1] for row, since in zip(rows, before, strict=True)
    ]
    return LapTrace(
        lap.athlete_id,
        lap.lap_number,
        lap.duration_s,
        distance_m=tuple(accumulate(steps)),
        speed_mps=tuple(row[1] for row in rows),
        x_m=tuple(row[2] for row in rows),
        y_m=tuple(row[3] for row in rows),
    )
