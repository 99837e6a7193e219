with

track as (
    select
        track.*,
        threshold.high_speed_threshold_mps,
        threshold.sprint_threshold_mps,
        threshold.is_on_foot,
        track.speed_mps * track.dt_s as distance_m
    from {{ ref('int_athlete_track') }} as track
    inner join {{ ref('athlete_session') }} as athlete_session
        on track.session_id = athlete_session.session_id
        and track.athlete_id = athlete_session.athlete_id
        and track.stream_id = athlete_session.position_stream_id
    inner join {{ ref('session') }} as session on track.session_id = session.session_id
    inner join {{ ref('sport_threshold') }} as threshold on session.sport = threshold.sport
),

sample as (
    select * from track where speed_mps is not null
),

powered as (
    select
        *,
        case when is_on_foot then {{ metabolic_power('speed_mps', 'acceleration_mps2') }} end
            as metabolic_power_w_per_kg
    from sample
),

timed as (
    select
        session_id,
        athlete_id,
        source_athlete_id,
        period_id,
        segment_id,
        speed_mps,
        -- Whole steps, as in `exact_sum`: the edge of a window must not hang on rounding.
        cast(sum(cast(round(dt_s * 1e9) as bigint)) over (
            partition by session_id, athlete_id, source_athlete_id, period_id, segment_id
            order by frame_id
            rows unbounded preceding
        ) as bigint) as seen_ns
    from track
),

-- A single fast sample is noise: top speed is what was held for the dwell, within one segment and
-- without a refused sample. The slack lets a rate of odd milliseconds fill its dwell.
{%- set held_ns = ((var('top_speed_dwell_s') - var('dwell_slack_s')) * 1e9) | round | int %}
held as (
    select
        session_id,
        athlete_id,
        min(speed_mps) over held_window as held_speed_mps,
        seen_ns >= {{ held_ns }} and count(*) over held_window = count(speed_mps) over held_window
            as is_held
    from timed
    window held_window as (
        partition by session_id, athlete_id, source_athlete_id, period_id, segment_id
        order by seen_ns
        range between {{ held_ns }} preceding and current row
    )
),

topped as (
    select
        session_id,
        athlete_id,
        max(held_speed_mps) filter (where is_held) as top_speed_mps
    from held
    group by session_id, athlete_id
),

moved as (
    select
        session_id,
        athlete_id,
        {{ exact_sum('dt_s') }} as tracked_s,
        {{ exact_sum('distance_m') }} as total_distance_m,
        -- Null, not zero, in a sport without such a zone.
        {{ exact_sum(beyond('high_speed_threshold_mps')) }} as high_speed_distance_m,
        {{ exact_sum(beyond('sprint_threshold_mps')) }} as sprint_distance_m,
        {{ exact_sum('metabolic_power_w_per_kg * dt_s') }} as metabolic_energy_j_per_kg,
        {{ exact_sum('case when metabolic_power_w_per_kg is not null then dt_s end') }}
            as metabolic_s,
        string_agg(distinct speed_filter, '; ' order by speed_filter) as speed_filter
    from powered
    group by session_id, athlete_id
),

effort as (
    select
        session_id,
        athlete_id,
        count(*) filter (where kind = 'high_speed') as high_speed_effort_count,
        count(*) filter (where kind = 'sprint') as sprint_effort_count,
        count(*) filter (where kind = 'acceleration') as acceleration_count,
        count(*) filter (where kind = 'deceleration') as deceleration_count
    from {{ ref('int_speed_effort') }}
    group by session_id, athlete_id
)

select
    moved.session_id,
    moved.athlete_id,
    moved.tracked_s,
    moved.total_distance_m,
    moved.total_distance_m / (moved.tracked_s / 60) as distance_per_min_m,
    moved.high_speed_distance_m,
    moved.high_speed_distance_m / (moved.tracked_s / 60) as high_speed_distance_per_min_m,
    {{ counted('high_speed_effort_count', 'high_speed_threshold_mps') }},
    moved.sprint_distance_m,
    {{ counted('sprint_effort_count', 'sprint_threshold_mps') }},
    {{ counted('acceleration_count', 'acceleration_threshold_mps2') }},
    {{ counted('deceleration_count', 'acceleration_threshold_mps2') }},
    topped.top_speed_mps,
    moved.metabolic_energy_j_per_kg / nullif(moved.metabolic_s, 0)
        as mean_metabolic_power_w_per_kg,
    moved.metabolic_energy_j_per_kg / 1000 as metabolic_energy_kj_per_kg,
    threshold.high_speed_threshold_mps,
    threshold.sprint_threshold_mps,
    threshold.effort_dwell_s,
    threshold.acceleration_threshold_mps2,
    threshold.acceleration_dwell_s,
    cast({{ var('top_speed_dwell_s') }} as double) as top_speed_dwell_s,
    moved.speed_filter
from moved
inner join topped
    on moved.session_id = topped.session_id
    and moved.athlete_id = topped.athlete_id
inner join {{ ref('session') }} as session on moved.session_id = session.session_id
inner join {{ ref('sport_threshold') }} as threshold on session.sport = threshold.sport
left join effort
    on moved.session_id = effort.session_id
    and moved.athlete_id = effort.athlete_id
where moved.tracked_s > 0
