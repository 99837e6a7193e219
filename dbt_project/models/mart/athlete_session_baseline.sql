-- Own history, point in time: only sessions that started before this one, within the window. A later
-- correction of an earlier session does not revise this row.
with

session as (
    select session_id, sport, local_day, started_at_utc from {{ history('core', 'session') }}
),

{%- set metrics = {
    'athlete_session_external_load': [
        'total_distance_m', 'distance_per_min_m', 'high_speed_distance_m', 'sprint_distance_m',
        'high_speed_distance_per_min_m', 'high_speed_effort_count', 'sprint_effort_count',
        'acceleration_count', 'deceleration_count', 'top_speed_mps',
        'mean_metabolic_power_w_per_kg',
    ],
    'athlete_session_internal_load': [
        'mean_heart_rate_bpm', 'edwards_trimp_au', 'banister_trimp_au', 'mean_power_w',
        'normalized_power_w', 'work_kj',
    ],
} %}

load as (
    {%- for name, columns in metrics.items() %}
    select session_id, athlete_id, metric, observed
    from (
        unpivot (
            select
                session_id,
                athlete_id,
                {%- for column in columns %}
                {%- if 'trimp' in column %}
                -- A load reckoned from the session's own peak compares with no other session.
                case when max_heart_rate_source <> 'observed' then {{ column }} end as {{ column }}
                {%- else %}
                cast({{ column }} as double) as {{ column }}
                {%- endif %}
                {{- ',' if not loop.last }}
                {%- endfor %}
            from {{ history('mart', name) }}
        )
        on {{ columns | join(', ') }}
        into name metric value observed
    )
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

measured as (
    select load.*, session.sport, session.local_day, session.started_at_utc
    from load
    inner join session using (session_id)
),

this_run as (
    select * from measured
    semi join {{ ref('session') }} using (session_id)
),

compared as (
    select
        this_run.session_id,
        this_run.athlete_id,
        this_run.metric,
        this_run.observed,
        earlier.observed as earlier_value
    from this_run
    inner join measured as earlier
        on this_run.athlete_id = earlier.athlete_id
        and this_run.metric = earlier.metric
        and this_run.sport = earlier.sport
        and this_run.started_at_utc > earlier.started_at_utc
        and this_run.local_day - {{ var('baseline_window_d') }} <= earlier.local_day
),

averaged as (
    -- In order of value, so that floating-point sums do not hang on the order of rows.
    select
        session_id,
        athlete_id,
        metric,
        observed,
        count(*) as earlier_session_count,
        avg(earlier_value order by earlier_value) as earlier_mean,
        stddev_samp(earlier_value order by earlier_value) as earlier_sd
    from compared
    group by session_id, athlete_id, metric, observed
)

select
    session_id,
    athlete_id,
    metric,
    observed,
    earlier_session_count,
    earlier_mean,
    earlier_sd,
    100 * (observed - earlier_mean) / nullif(earlier_mean, 0) as difference_percent,
    cast({{ var('baseline_window_d') }} as bigint) as window_d
from averaged
