select
    session_id,
    stream_id,
    source_event_id,
    period_id,
    period_time_s,
    event_type,
    outcome,
    source_athlete_id,
    team_side
from {{ source('raw', 'events') }}
