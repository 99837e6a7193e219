-- Samples of athletes whom we know, in every stream that saw them.
select
    track.session_id,
    track.stream_id,
    athlete_stream.athlete_id,
    track.source_athlete_id,
    track.period_id,
    track.segment_id,
    track.frame_id,
    track.captured_at_utc,
    track.dt_s,
    track.speed_mps,
    track.acceleration_mps2,
    track.speed_filter
from {{ ref('stg_tracking__kinematics') }} as track
inner join {{ ref('int_athlete_stream') }} as athlete_stream
    on track.session_id = athlete_stream.session_id
    and track.stream_id = athlete_stream.stream_id
    and track.source_athlete_id = athlete_stream.source_athlete_id
where track.object_kind = 'athlete' and track.is_seen
