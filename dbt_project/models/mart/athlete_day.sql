-- All sessions of all athletes on the local days of this run's sessions, whoever published them.
with

session as (
    select session_id, local_day
    from {{ history('core', 'session') }}
    semi join {{ days_of_this_run() }} using (local_day)
),

external as (
    select
        session_id, athlete_id, tracked_s, total_distance_m, high_speed_distance_m,
        sprint_distance_m, sprint_effort_count
    from {{ history('mart', 'athlete_session_external_load') }}
),

internal as (
    select session_id, athlete_id, edwards_trimp_au, work_kj
    from {{ history('mart', 'athlete_session_internal_load') }}
),

took_part as (
    select session_id, athlete_id from {{ history('core', 'athlete_session') }}
)

select
    took_part.athlete_id,
    session.local_day,
    count(*) as session_count,
    coalesce({{ exact_sum('external.tracked_s') }}, 0) as tracked_s,
    {{ exact_sum('external.total_distance_m') }} as total_distance_m,
    {{ exact_sum('external.high_speed_distance_m') }} as high_speed_distance_m,
    {{ exact_sum('external.sprint_distance_m') }} as sprint_distance_m,
    cast(sum(external.sprint_effort_count) as bigint) as sprint_effort_count,
    {{ exact_sum('internal.edwards_trimp_au') }} as edwards_trimp_au,
    {{ exact_sum('internal.work_kj') }} as work_kj
from took_part
inner join session using (session_id)
left join external using (session_id, athlete_id)
left join internal using (session_id, athlete_id)
group by took_part.athlete_id, session.local_day
