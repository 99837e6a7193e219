{%- set counts = {
    'pass_count': "event_type = 'pass'",
    'completed_pass_count': "event_type = 'pass' and outcome = 'success'",
    'shot_count': "event_type = 'shot'",
    'shot_on_target_count': "event_type = 'shot' and outcome in ('goal', 'saved')",
    'goal_count': "event_type = 'shot' and outcome = 'goal'",
    'duel_count': "event_type = 'duel'",
    'won_duel_count': "event_type = 'duel' and outcome = 'won'",
    'recovery_count': "event_type = 'recovery'",
    'interception_count': "event_type = 'interception'",
    'foul_count': "event_type = 'foul'",
} -%}
with

-- Laps and timers of a watch are events too, but nobody's play.
play as (
    select event.session_id, event.stream_id, athlete_stream.athlete_id, event.event_type, event.outcome
    from {{ ref('stg_raw__events') }} as event
    inner join {{ ref('int_athlete_stream') }} as athlete_stream
        on event.session_id = athlete_stream.session_id
        and event.stream_id = athlete_stream.stream_id
        and event.source_athlete_id = athlete_stream.source_athlete_id
    where athlete_stream.kind = 'events'
),

-- Two vendors describe one match: believe the one that saw more.
chosen_stream as (
    select session_id, stream_id
    from play
    group by session_id, stream_id
    qualify row_number() over (partition by session_id order by count(*) desc, stream_id) = 1
)

select
    session_id,
    athlete_id,
    {%- for name, condition in counts.items() %}
    count(*) filter (where {{ condition }}) as {{ name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from play
semi join chosen_stream using (session_id, stream_id)
group by session_id, athlete_id
