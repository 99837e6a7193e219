select
    session_id,
    stream_id,
    source,
    source_athlete_id,
    display_name,
    team_side,
    team_name,
    shirt_number,
    role,
    is_identified,
    max_heart_rate_bpm,
    resting_heart_rate_bpm
from {{ source('raw', 'athletes') }}
