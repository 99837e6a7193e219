-- One row an effort: an unbroken run of samples beyond a threshold, at least as long as its dwell.
-- A gap, a new segment or a sample without a speed ends it. Thirty samples at 30 Hz are a second,
-- though their clock in whole microseconds says 0.99999 s: hence the slack.
with

sample as (
    select
        track.*,
        threshold.effort_dwell_s,
        threshold.acceleration_dwell_s,
        coalesce(track.speed_mps >= threshold.high_speed_threshold_mps, false) as is_high_speed,
        coalesce(track.speed_mps >= threshold.sprint_threshold_mps, false) as is_sprint,
        coalesce(track.acceleration_mps2 >= threshold.acceleration_threshold_mps2, false)
            as is_acceleration,
        coalesce(track.acceleration_mps2 <= -threshold.acceleration_threshold_mps2, false)
            as is_deceleration
    from {{ ref('int_athlete_track') }} as track
    inner join {{ ref('athlete_session') }} as athlete_session
        on track.session_id = athlete_session.session_id
        and track.athlete_id = athlete_session.athlete_id
        and track.stream_id = athlete_session.position_stream_id
    inner join {{ ref('session') }} as session on track.session_id = session.session_id
    inner join {{ ref('sport_threshold') }} as threshold on session.sport = threshold.sport
),

{% set kinds = {
    'high_speed': 'effort_dwell_s',
    'sprint': 'effort_dwell_s',
    'acceleration': 'acceleration_dwell_s',
    'deceleration': 'acceleration_dwell_s',
} -%}

-- Samples beyond a threshold, between the same two that are not, share a run.
numbered as materialized (
    select
        *,
        {%- for kind in kinds %}
        count(*) filter (where not is_{{ kind }}) over sample_order as {{ kind }}_run
        {{- ',' if not loop.last }}
        {%- endfor %}
    from sample
    window sample_order as (
        partition by session_id, athlete_id, source_athlete_id, period_id, segment_id
        order by frame_id
        rows unbounded preceding
    )
)

{% for kind, dwell in kinds.items() %}
select
    session_id,
    athlete_id,
    '{{ kind }}' as kind,
    {{ exact_sum('dt_s') }} as duration_s
from numbered
where is_{{ kind }}
group by
    session_id, athlete_id, source_athlete_id, period_id, segment_id, {{ kind }}_run, {{ dwell }}
having {{ exact_sum('dt_s') }} >= {{ dwell }} - {{ var('dwell_slack_s') }}
{{- '\n\nunion all\n' if not loop.last }}
{% endfor %}
