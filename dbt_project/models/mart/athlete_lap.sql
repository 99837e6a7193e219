-- One row a lap, of any sport: a watch's lap button, a circuit. What a sample says belongs to the lap
-- in which it was taken; a lap of which nobody knows the length has a row only where it has an end.
with

ended as (
    select
        event.session_id,
        event.stream_id,
        athlete_stream.athlete_id,
        event.source_event_id,
        event.source_event_type,
        event.captured_at_utc as ended_at_utc,
        event.duration_s
    from {{ ref('stg_raw__events') }} as event
    inner join {{ ref('int_athlete_stream') }} as athlete_stream
        on event.session_id = athlete_stream.session_id
        and event.stream_id = athlete_stream.stream_id
        and event.source_athlete_id = athlete_stream.source_athlete_id
    where event.event_type = 'lap'
),

-- Two watches on one athlete press one lap twice: believe the one that has most laps.
chosen_stream as (
    select session_id, athlete_id, stream_id
    from ended
    group by session_id, athlete_id, stream_id
    qualify row_number() over (
        partition by session_id, athlete_id order by count(*) desc, stream_id
    ) = 1
),

lap as (
    select
        ended.session_id,
        ended.athlete_id,
        ended.source_event_id,
        ended.source_event_type,
        ended.ended_at_utc,
        -- The source's own number where it has one: a lap that nobody timed leaves a hole.
        coalesce(
            try_cast(regexp_extract(ended.source_event_type, '^lap (\d+)', 1) as integer),
            cast(row_number() over lap_order as integer)
        ) as lap_number,
        -- A source that does not time its laps: from the end of the one before, or the start.
        coalesce(
            ended.duration_s,
            date_diff(
                'microsecond',
                coalesce(lag(ended.ended_at_utc) over lap_order, session.started_at_utc),
                ended.ended_at_utc
            ) / 1e6
        ) as duration_s
    from ended
    semi join chosen_stream using (session_id, athlete_id, stream_id)
    inner join {{ ref('session') }} as session on ended.session_id = session.session_id
    window lap_order as (
        partition by ended.session_id, ended.athlete_id
        order by ended.ended_at_utc, ended.source_event_id
    )
),

timed as (
    select
        *,
        ended_at_utc - to_microseconds(cast(round(duration_s * 1e6) as bigint)) as started_at_utc
    from lap
    where duration_s > 0
),

moved as (
    select
        timed.session_id,
        timed.athlete_id,
        timed.source_event_id,
        {{ exact_sum('track.dt_s') }} as tracked_s,
        {{ exact_sum('track.speed_mps * track.dt_s') }} as distance_m
    from timed
    inner join {{ ref('athlete_session') }} as athlete_session
        using (session_id, athlete_id)
    inner join {{ ref('int_athlete_track') }} as track
        on timed.session_id = track.session_id
        and timed.athlete_id = track.athlete_id
        and athlete_session.position_stream_id = track.stream_id
        and track.captured_at_utc > timed.started_at_utc
        and track.captured_at_utc <= timed.ended_at_utc
    where track.speed_mps is not null
    group by timed.session_id, timed.athlete_id, timed.source_event_id
),

felt as (
    select
        timed.session_id,
        timed.athlete_id,
        timed.source_event_id,
        {%- for channel in ('heart_rate', 'power') %}
        {{ exact_sum("case when signal.channel = '" ~ channel ~ "' then signal.value * signal.stands_for_s end") }}
            / nullif({{ exact_sum("case when signal.channel = '" ~ channel ~ "' then signal.stands_for_s end") }}, 0)
            as mean_{{ channel }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from timed
    inner join {{ ref('int_athlete_signal') }} as signal
        on timed.session_id = signal.session_id
        and timed.athlete_id = signal.athlete_id
        and signal.captured_at_utc > timed.started_at_utc
        and signal.captured_at_utc <= timed.ended_at_utc
    group by timed.session_id, timed.athlete_id, timed.source_event_id
),

-- The device's own speed: a car measures it at its wheels, better than from places.
sped as (
    select
        timed.session_id,
        timed.athlete_id,
        timed.source_event_id,
        max(signal.value) as top_speed_mps
    from timed
    inner join {{ ref('int_athlete_stream') }} as athlete_stream
        using (session_id, athlete_id)
    inner join {{ ref('stg_raw__signals') }} as signal
        on timed.session_id = signal.session_id
        and athlete_stream.stream_id = signal.stream_id
        and athlete_stream.source_athlete_id = signal.source_athlete_id
        and signal.channel = 'speed'
        and signal.is_usable
        and signal.captured_at_utc > timed.started_at_utc
        and signal.captured_at_utc <= timed.ended_at_utc
    group by timed.session_id, timed.athlete_id, timed.source_event_id
)

select
    timed.session_id,
    timed.athlete_id,
    timed.source_event_id,
    timed.lap_number,
    timed.started_at_utc,
    timed.ended_at_utc,
    timed.duration_s,
    moved.tracked_s,
    moved.distance_m,
    sped.top_speed_mps,
    felt.mean_heart_rate as mean_heart_rate_bpm,
    felt.mean_power as mean_power_w,
    timed.source_event_type as description
from timed
left join moved using (session_id, athlete_id, source_event_id)
left join felt using (session_id, athlete_id, source_event_id)
left join sped using (session_id, athlete_id, source_event_id)
