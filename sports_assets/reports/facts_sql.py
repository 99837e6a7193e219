"""The statements that put a session's facts together from more than one table."""

from typing import Final

from resources.quality import NOT_SHOWN

ATHLETES: Final = """
    select
        athlete_id,
        any_value(display_name) as display_name,
        any_value(team_side) as team_side,
        any_value(team_name) as team_name,
        any_value(shirt_number) as shirt_number
    from core.athlete_session
    where session_id = $session
    group by athlete_id
"""

#: In both periods as if the home side attacked towards +x: even periods are turned by half a turn.
MEAN_PLACES: Final = f"""
    with turned as (
        select
            one.athlete_id,
            one.team_side,
            one.shirt_number,
            k.x_m,
            k.y_m,
            case when k.period_id % 2 = 0 then -1 else 1 end as turn
        from tracking.kinematics as k
        join core.session_source as stream using (session_id, stream_id)
        join core.athlete as known using (session_id, source, source_athlete_id)
        join core.athlete_session as one using (session_id, athlete_id)
        where k.session_id = $session
            and one.position_stream_id = k.stream_id
            and one.team_side is not null
            and k.segment_id is not null  -- seen, and trusted
            and k.quality & {int(NOT_SHOWN)} = 0
    )
    select
        athlete_id,
        any_value(team_side) as team_side,
        any_value(shirt_number) as shirt_number,
        avg(x_m * turn) as x_m,
        avg(y_m * turn) as y_m,
        count(*) as sample_count
    from turned
    group by athlete_id
    order by sample_count desc, athlete_id
"""  # noqa: S608 - our own number

#: Two vendors describe one match: believe the one that saw more.
_PLAY: Final = """
    with play as (
        select * from raw.events
        where session_id = $session and team_side is not null
            and stream_id = (
                select stream_id from raw.events
                where session_id = $session and team_side is not null
                group by stream_id
                order by count(*) desc, stream_id
                limit 1
            )
    )
"""

#: Shots, and completed passes from outside the box into it (16.5 m deep, 40.32 m wide).
EVENT_MARKS: Final = f"""{_PLAY},
    turning as (
        select
            *,
            case when period_id % 2 = 0 then -1 else 1 end as turn,
            case team_side when 'home' then 1 else -1 end as ahead
        from play
        where x_m is not null
    ),
    turned as (
        select
            * exclude (x_m, y_m, end_x_m, end_y_m),
            x_m * turn as x_m,
            y_m * turn as y_m,
            end_x_m * turn as end_x_m,
            end_y_m * turn as end_y_m
        from turning
    )
    select event_type, team_side, outcome, x_m, y_m, end_x_m, end_y_m
    from turned
    where event_type = 'shot'
        or (
            event_type = 'pass'
            and outcome = 'success'
            and end_x_m * ahead >= $box_from_m and abs(end_y_m) <= 20.16
            and not (x_m * ahead >= $box_from_m and abs(y_m) <= 20.16)
        )
    order by event_type, period_id, period_time_s, source_event_id
"""  # noqa: S608 - both parts are our own

WINDOWS_OF_PASSES: Final = f"""{_PLAY}
    select
        team_side,
        period_id,
        cast(floor(greatest(period_time_s, 0) / 300) * 300 as double) as window_start_s,
        cast(300 as double) as window_s,
        count(*) filter (event_type = 'pass' and outcome = 'success') as completed_pass_count,
        count(*) filter (event_type = 'pass') as pass_count,
        count(*) filter (event_type = 'shot' and outcome = 'goal') as goal_count
    from play
    where period_id is not null
    group by team_side, period_id, window_start_s
    having count(*) filter (event_type in ('pass', 'shot')) > 0
    order by period_id, window_start_s, team_side
"""  # noqa: S608 - both parts are our own

#: Time of play: the breaks between periods are no part of it. Null in a sport without periods.
PLAYED: Final = """
    with told as (
        select period_id, period_time_s from tracking.kinematics where session_id = $session
        union all
        select period_id, period_time_s from raw.events where session_id = $session
    ),
    period as (
        select max(period_time_s) as length_s from told where period_id is not null
        group by period_id
    )
    select sum(length_s) as played_s from period
"""

#: Bit 2 is UNIDENTIFIED; 24 is IMPLAUSIBLE_SPEED or IMPLAUSIBLE_ACCELERATION.
QUALITY: Final = """
    with positions as (
        select x_m, quality from raw.positions
        where session_id = $session and object_kind = 'athlete'
    ),
    moves as (
        select speed_mps, quality from tracking.kinematics
        where session_id = $session and object_kind = 'athlete' and x_m is not null
    ),
    signals as (select value from raw.signals where session_id = $session),
    events as (select x_m from raw.events where session_id = $session)
    select
        (select nullif(count(*), 0) from positions) as position_count,
        (select count(*) from positions where x_m is null) as unseen_position_count,
        (select count(*) from positions where quality & 2 > 0) as unidentified_position_count,
        (select count(*) from moves where speed_mps is null) as speedless_position_count,
        (select count(*) from moves where quality & 24 > 0) as implausible_position_count,
        (select nullif(count(*), 0) from signals) as signal_count,
        (select count(*) from signals where value is null) as missing_signal_count,
        (select nullif(count(*), 0) from events) as event_count,
        (select count(*) from events where x_m is null) as placeless_event_count
"""

#: Of each side the formation of most windows; of two as frequent the surer one.
FORMATIONS: Final = """
    with counted as (
        select
            team_side,
            formation,
            count(*) as windows,
            sum(confidence) as confidence,
            sum(count(*)) over (partition by team_side) as told
        from vision.formation
        where session_id = $session and phase = 'all' and formation is not null
        group by team_side, formation
    )
    select team_side, formation, windows, cast(told as bigint) as told
    from counted
    qualify row_number() over (
        partition by team_side order by windows desc, confidence desc, formation
    ) = 1
    order by team_side desc
"""
