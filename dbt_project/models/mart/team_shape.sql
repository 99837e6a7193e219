with

-- A goalkeeper in view would stretch the block by half a field.
keeper as (
    select session_id, stream_id, source_athlete_id
    from {{ ref('stg_raw__athletes') }}
    where lower(role) in ('goalkeeper', 'gk')
),

-- Unidentified tracks count: the team has a shape whoever they are.
placed as (
    select
        track.session_id,
        track.stream_id,
        track.team_side,
        track.period_id,
        track.frame_id,
        track.period_time_s,
        track.x_m,
        track.y_m,
        threshold.shape_min_athletes
    from {{ ref('stg_tracking__kinematics') }} as track
    inner join {{ ref('session') }} as session on track.session_id = session.session_id
    inner join {{ ref('sport_threshold') }} as threshold on session.sport = threshold.sport
    anti join keeper
        on track.session_id = keeper.session_id
        and track.stream_id = keeper.stream_id
        and track.source_athlete_id = keeper.source_athlete_id
    where
        track.object_kind = 'athlete'
        and track.is_shown
        and track.team_side is not null
        and track.period_id is not null
        and track.period_time_s >= 0
        and threshold.shape_min_athletes is not null
),

-- One camera system a session, the one that saw most.
chosen_stream as (
    select session_id, stream_id
    from placed
    group by session_id, stream_id
    qualify row_number() over (partition by session_id order by count(*) desc, stream_id) = 1
),

frame as (
    select
        session_id,
        any_value(stream_id) as stream_id,
        team_side,
        period_id,
        floor(min(period_time_s) / {{ var('shape_window_s') }}) * {{ var('shape_window_s') }}
            as window_start_s,
        count(*) as athletes,
        max(y_m) - min(y_m) as width_m,
        max(x_m) - min(x_m) as length_m,
        {{ exact_mean('x_m') }} as centroid_x_m,
        {{ exact_mean('y_m') }} as centroid_y_m
    from placed
    semi join chosen_stream using (session_id, stream_id)
    group by session_id, team_side, period_id, frame_id
    having count(*) >= min(shape_min_athletes)
)

select
    session_id,
    team_side,
    period_id,
    window_start_s,
    cast({{ var('shape_window_s') }} as double) as window_s,
    {{ exact_mean('width_m') }} as width_m,
    {{ exact_mean('length_m') }} as length_m,
    {{ exact_mean('centroid_x_m') }} as centroid_x_m,
    {{ exact_mean('centroid_y_m') }} as centroid_y_m,
    {{ exact_mean('athletes') }} as mean_tracked_athletes,
    count(*) as frame_count,
    any_value(stream_id) as stream_id
from frame
group by session_id, team_side, period_id, window_start_s
