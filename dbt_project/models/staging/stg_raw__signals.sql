select
    session_id,
    stream_id,
    source_athlete_id,
    channel,
    sample_index,
    captured_at_utc,
    value,
    quality,
    value is not null and not {{ has_quality(['out_of_range', 'frozen', 'artefact']) }} as is_usable
from {{ source('raw', 'signals') }}
