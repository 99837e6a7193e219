select
    session_id,
    stream_id,
    -- Who knows best what a session is: the match feed, then the events, then what somebody wore.
    case kind when 'tracking' then 1 when 'events' then 2 when 'wearable' then 3 else 4 end
        as authority,
    drop_id,
    revision,
    edge_session_id,
    filter_settings,
    source,
    source_session_id,
    kind,
    device_id,
    sport,
    name,
    site,
    started_at_utc,
    ended_at_utc,
    field_length_m,
    field_width_m,
    origin_latitude_deg,
    origin_longitude_deg,
    home_team_name,
    away_team_name,
    home_score,
    away_score
from {{ source('raw', 'sessions') }}
