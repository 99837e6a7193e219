-- Heart rate and power of athletes, from one stream each: the one that says most. Two straps on
-- one chest must not count twice.
with

sample as (
    select
        signal.session_id,
        signal.stream_id,
        athlete_stream.athlete_id,
        signal.channel,
        signal.sample_index,
        signal.captured_at_utc,
        signal.value,
        date_diff(
            'microsecond',
            signal.captured_at_utc,
            lead(signal.captured_at_utc) over (
                partition by
                    signal.session_id,
                    signal.stream_id,
                    athlete_stream.athlete_id,
                    signal.channel
                order by signal.captured_at_utc, signal.sample_index
            )
        ) / 1e6 as until_next_s
    from {{ ref('stg_raw__signals') }} as signal
    inner join {{ ref('int_athlete_stream') }} as athlete_stream
        on signal.session_id = athlete_stream.session_id
        and signal.stream_id = athlete_stream.stream_id
        and signal.source_athlete_id = athlete_stream.source_athlete_id
    where signal.channel in ('heart_rate', 'power') and signal.is_usable
),

timed as (
    select
        *,
        -- The last sample has no next one and stands for nothing. (`least` passes over nulls.)
        case
            when until_next_s is null then 0
            else least(until_next_s, {{ var('sample_reach_s') }})
        end as stands_for_s
    from sample
),

chosen_stream as (
    select session_id, athlete_id, channel, stream_id
    from timed
    group by session_id, athlete_id, channel, stream_id
    qualify row_number() over (
        partition by session_id, athlete_id, channel
        order by {{ exact_sum('stands_for_s') }} desc, count(*) desc, stream_id
    ) = 1
)

select
    session_id,
    stream_id,
    athlete_id,
    channel,
    sample_index,
    captured_at_utc,
    value,
    stands_for_s
from timed
semi join chosen_stream using (session_id, athlete_id, channel, stream_id)
