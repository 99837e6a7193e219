select
    source,
    source_athlete_id,
    athlete_id,
    display_name,
    max_heart_rate_bpm,
    resting_heart_rate_bpm,
    sex,
    birth_date
from {{ source('identity', 'athletes') }}
