select
    session_id,
    stream_id,
    period_id,
    frame_id,
    captured_at_utc,
    period_time_s,
    object_kind,
    source_athlete_id,
    team_side,
    x_m,
    y_m,
    segment_id,
    dt_s,
    speed_mps,
    acceleration_mps2,
    speed_filter,
    x_m is not null and y_m is not null as is_seen
from {{ source('tracking', 'kinematics') }}
