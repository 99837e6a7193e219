"""Reads the course of an endurance session: route, speed, heart rate, power, height over time."""

import math
from typing import Any, Final

import duckdb

from edge_ingest.records import Quality
from resources.quality import NO_VALUE
from sports_assets.reports.facts import SessionHeader
from sports_assets.reports.facts_course import Trace

#: Bins that a trace has at most: more than a page can show, few enough to draw in an instant.
MOST_BINS: Final = 1200

_ATHLETE: Final = f"""
    with seen as (
        select known.athlete_id, count(*) as samples
        from tracking.kinematics as k
        join core.session_source as stream using (session_id, stream_id)
        join core.athlete as known using (session_id, source, source_athlete_id)
        where k.session_id = $session and k.segment_id is not null  -- seen, and trusted
        group by 1
        union all
        select known.athlete_id, count(*)
        from raw.signals as s
        join core.session_source as stream using (session_id, stream_id)
        join core.athlete as known using (session_id, source, source_athlete_id)
        where s.session_id = $session
            and s.value is not null
            and s.quality & {int(NO_VALUE)} = 0
        group by 1
    )
    select athlete_id from seen group by 1 order by sum(samples) desc, athlete_id limit 1
"""  # noqa: S608 - our own number
_MOVES: Final = f"""
    select
        floor((epoch_us(k.captured_at_utc) - $start_us) / 1e6 / $bin_s)::bigint as bin,
        avg(k.x_m) as x_m,
        avg(k.y_m) as y_m,
        avg(k.speed_mps) as speed_mps
    from tracking.kinematics as k
    join core.session_source as stream using (session_id, stream_id)
    join core.athlete as known using (session_id, source, source_athlete_id)
    join core.athlete_session as one using (session_id, athlete_id)
    where k.session_id = $session
        and one.athlete_id = $athlete
        and one.position_stream_id = k.stream_id
        -- An untrusted place has no segment; one faster than can be makes the way leap.
        and k.segment_id is not null
        and k.quality & {int(Quality.IMPLAUSIBLE_SPEED)} = 0
    group by bin
"""  # noqa: S608 - our own number
_SIGNALS: Final = f"""
    select
        floor((epoch_us(s.captured_at_utc) - $start_us) / 1e6 / $bin_s)::bigint as bin,
        avg(s.value) filter (s.channel = 'heart_rate') as heart_rate_bpm,
        avg(s.value) filter (s.channel = 'power') as power_w,
        avg(s.value) filter (s.channel = 'altitude') as altitude_m,
        avg(s.value) filter (s.channel = 'speed') as device_speed_mps
    from raw.signals as s
    join core.session_source as stream using (session_id, stream_id)
    join core.athlete as known using (session_id, source, source_athlete_id)
    where s.session_id = $session
        and known.athlete_id = $athlete
        and s.channel in ('heart_rate', 'power', 'altitude', 'speed')
        and s.value is not null
        and s.quality & {int(NO_VALUE)} = 0
    group by bin
"""  # noqa: S608 - our own number


def load_trace(connection: duckdb.DuckDBPyConnection, header: SessionHeader) -> Trace | None:
    """Bin the samples of the athlete who has most; None where nobody has any.

    A bin of a speed that positions do not give falls back on the device's own.
    """
    found = connection.execute(_ATHLETE, {"session": header.session_id}).fetchone()
    if found is None:
        return None
    length_s = header.duration_s or 0.0
    bin_s = max(1.0, math.ceil(length_s / MOST_BINS))
    parameters = {
        "session": header.session_id,
        "athlete": found[0],
        "start_us": int(header.started_at_utc.timestamp()) * 1_000_000,
        "bin_s": bin_s,
    }
    bins: dict[int, dict[str, Any]] = {}
    for sql in (_MOVES, _SIGNALS):
        for row in connection.execute(sql, parameters).to_arrow_table().to_pylist():
            bins.setdefault(row["bin"], {}).update(row)
    if not bins:
        return None
    # Every bin between the first and the last, so that a pause is a hole in the lines.
    order = range(min(bins), min(max(bins), min(bins) + 2 * MOST_BINS) + 1)

    def course(*names: str) -> tuple[float | None, ...]:
        rows = (bins.get(number, {}) for number in order)
        return tuple(
            next((row[name] for name in names if row.get(name) is not None), None) for row in rows
        )

    return Trace(
        athlete_id=found[0],
        bin_s=bin_s,
        t_s=tuple((number + 0.5) * bin_s for number in order),
        x_m=course("x_m"),
        y_m=course("y_m"),
        speed_mps=course("speed_mps", "device_speed_mps"),
        heart_rate_bpm=course("heart_rate_bpm"),
        power_w=course("power_w"),
        altitude_m=course("altitude_m"),
    )
