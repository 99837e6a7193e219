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
    quality,
    -- Where it is seen and the place is trusted; a refused speed may still stand in a segment.
    segment_id is not null as is_seen,
    -- Where the place also says how a team stood: no leap, on the field, while play went on.
    segment_id is not null and not {{ has_quality(['implausible_speed', 'out_of_field', 'idle']) }}
        as is_shown
from {{ source('tracking', 'kinematics') }}
