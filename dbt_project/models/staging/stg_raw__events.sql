select
    session_id,
    stream_id,
    source_event_id,
    source_event_type,
    captured_at_utc,
    period_id,
    period_time_s,
    event_type,
    outcome,
    source_athlete_id,
    team_side,
    x_m,
    duration_s,
    quality
from {{ source('raw', 'events') }}
