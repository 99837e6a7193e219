-- Own history, point in time: only sessions that started before this one, within the window. A later
-- correction of an earlier session does not revise this row.
with

session as (
    select session_id, sport, local_day, started_at_utc from {{ history('core', 'session') }}
),

{%- set metrics = {
    'athlete_session_external_load': [
        'total_distance_m', 'distance_per_min_m', 'high_speed_distance_m', 'sprint_distance_m',
        'high_speed_effort_count', 'sprint_effort_count', 'acceleration_count',
        'deceleration_count', 'top_speed_mps', 'mean_metabolic_power_w_per_kg',
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
                cast({{ column }} as double) as {{ column }}{{ ',' if not loop.last }}
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
    select
        session_id,
        athlete_id,
        metric,
        observed,
        count(*) as earlier_session_count,
        {{ exact_mean('earlier_value') }} as earlier_mean
    from compared
    group by session_id, athlete_id, metric, observed
),

spread as (
    select
        averaged.session_id,
        averaged.athlete_id,
        averaged.metric,
        sqrt(
            {{ exact_sum('pow(compared.earlier_value - averaged.earlier_mean, 2)') }}
            / nullif(count(*) - 1, 0)
        ) as earlier_sd
    from averaged
    inner join compared using (session_id, athlete_id, metric)
    group by averaged.session_id, averaged.athlete_id, averaged.metric
)

select
    averaged.session_id,
    averaged.athlete_id,
    averaged.metric,
    averaged.observed,
    averaged.earlier_session_count,
    averaged.earlier_mean,
    spread.earlier_sd,
    100 * (averaged.observed - averaged.earlier_mean) / nullif(averaged.earlier_mean, 0)
        as difference_percent,
    cast({{ var('baseline_window_d') }} as bigint) as window_d
from averaged
inner join spread using (session_id, athlete_id, metric)
