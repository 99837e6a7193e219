with

-- One stream each: two trackers on one athlete must not count twice.
tracked as (
    select
        session_id,
        athlete_id,
        stream_id,
        {{ exact_sum('case when speed_mps is not null then dt_s end') }} as tracked_s
    from {{ ref('int_athlete_track') }}
    group by session_id, athlete_id, stream_id
    having tracked_s > 0
    qualify row_number() over (
        partition by session_id, athlete_id order by tracked_s desc, stream_id
    ) = 1
),

heard as (
    select distinct session_id, stream_id, source_athlete_id from {{ ref('stg_raw__signals') }}
    where is_usable
    union
    select distinct session_id, stream_id, source_athlete_id from {{ ref('stg_raw__events') }}
    where source_athlete_id is not null
),

-- Who took part: somebody with a position, a signal or an event. A name on a team sheet is not.
took_part as (
    select session_id, athlete_id from tracked
    union
    select heard.session_id, athlete_stream.athlete_id
    from heard
    inner join {{ ref('int_athlete_stream') }} as athlete_stream
        using (session_id, stream_id, source_athlete_id)
),

{%- set order = 'is_matched desc, source, source_athlete_id' %}

described as (
    select
        session_id,
        athlete_id,
        {{ first_told('display_name', order) }} as display_name,
        {{ first_told('team_side', order) }} as team_side,
        {{ first_told('team_name', order) }} as team_name,
        {{ first_told('shirt_number', order) }} as shirt_number
    from {{ ref('athlete') }}
    group by session_id, athlete_id
)

select
    took_part.session_id,
    took_part.athlete_id,
    described.display_name,
    described.team_side,
    described.team_name,
    described.shirt_number,
    session.local_day,
    session.started_at_utc,
    tracked.stream_id as position_stream_id,
    coalesce(tracked.tracked_s, 0) as tracked_s
from took_part
inner join described using (session_id, athlete_id)
inner join {{ ref('session') }} as session using (session_id)
left join tracked using (session_id, athlete_id)
