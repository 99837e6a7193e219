with

stream as (
    select * from {{ ref('stg_raw__sessions') }}
),

{%- set told = [
    'name', 'site', 'home_team_name', 'away_team_name', 'home_score', 'away_score',
    'field_length_m', 'field_width_m', 'origin_latitude_deg', 'origin_longitude_deg',
] %}

described as (
    select
        session_id,
        {{ first_told('sport', 'authority, stream_id') }} as sport,
        {%- for column in told %}
        {{ first_told(column, 'authority, stream_id') }} as {{ column }},
        {%- endfor %}
        min(started_at_utc) as started_at_utc,
        max(ended_at_utc) as ended_at_utc,
        count(*) as stream_count
    from stream
    group by session_id
),

with_positions as (
    select distinct session_id from {{ ref('stg_tracking__kinematics') }}
    where is_seen and object_kind = 'athlete'
),

with_signals as (
    select distinct session_id from {{ ref('stg_raw__signals') }} where is_usable
),

with_events as (
    select distinct session_id from {{ ref('stg_raw__events') }}
)

select
    session_id,
    sport,
    name,
    {{ local_day() }} as local_day,
    started_at_utc,
    ended_at_utc,
    date_diff('microsecond', started_at_utc, ended_at_utc) / 1e6 as duration_s,
    site,
    home_team_name,
    away_team_name,
    home_score,
    away_score,
    field_length_m,
    field_width_m,
    origin_latitude_deg,
    origin_longitude_deg,
    stream_count,
    session_id in (select session_id from with_positions) as has_positions,
    session_id in (select session_id from with_signals) as has_signals,
    session_id in (select session_id from with_events) as has_events
from described
