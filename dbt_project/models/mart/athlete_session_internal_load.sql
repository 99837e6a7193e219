with

signal as (
    select * from {{ ref('int_athlete_signal') }}
),

{%- set order = "is_matched desc, source, source_athlete_id" %}

heart as (
    select
        session_id,
        athlete_id,
        -- What the club entered goes before what a device was set to.
        first(max_heart_rate_bpm order by max_heart_rate_source, source, source_athlete_id)
            filter (where max_heart_rate_bpm is not null) as max_heart_rate_bpm,
        first(max_heart_rate_source order by max_heart_rate_source, source, source_athlete_id)
            filter (where max_heart_rate_bpm is not null) as max_heart_rate_source,
        {{ first_told('resting_heart_rate_bpm', order) }} as resting_heart_rate_bpm,
        {{ first_told('sex', order) }} as sex
    from {{ ref('athlete') }}
    group by session_id, athlete_id
),

beat as (
    select
        signal.session_id,
        signal.stream_id,
        signal.athlete_id,
        signal.value as heart_rate_bpm,
        signal.stands_for_s,
        coalesce(
            heart.max_heart_rate_bpm,
            max(signal.value) over (partition by signal.session_id, signal.athlete_id)
        ) as max_heart_rate_bpm,
        coalesce(heart.max_heart_rate_source, 'observed') as max_heart_rate_source,
        heart.resting_heart_rate_bpm,
        heart.sex
    from signal
    inner join heart
        on signal.session_id = heart.session_id
        and signal.athlete_id = heart.athlete_id
    where signal.channel = 'heart_rate'
),

weighed as (
    select
        *,
        {{ heart_rate_zone('heart_rate_bpm', 'max_heart_rate_bpm') }} as zone,
        {{ banister_weight(
            'heart_rate_bpm', 'resting_heart_rate_bpm', 'max_heart_rate_bpm', 'sex'
        ) }} as banister_weight
    from beat
),

heart_load as (
    select
        session_id,
        athlete_id,
        {{ exact_sum('stands_for_s') }} as heart_rate_s,
        {{ exact_sum('heart_rate_bpm * stands_for_s') }}
            / nullif({{ exact_sum('stands_for_s') }}, 0) as mean_heart_rate_bpm,
        max(heart_rate_bpm) as peak_heart_rate_bpm,
        {%- for zone in range(1, 6) %}
        {{ exact_sum('case when zone = ' ~ zone ~ ' then stands_for_s else 0 end') }}
            as heart_rate_zone_{{ zone }}_s,
        {%- endfor %}
        {{ exact_sum('zone * stands_for_s / 60') }} as edwards_trimp_au,
        {{ exact_sum('banister_weight * stands_for_s / 60') }} as banister_trimp_au,
        max(max_heart_rate_bpm) as max_heart_rate_reference_bpm,
        max(max_heart_rate_source) as max_heart_rate_source,
        any_value(stream_id) as stream_id
    from weighed
    group by session_id, athlete_id
),

power as (
    select
        session_id,
        stream_id,
        athlete_id,
        value as power_w,
        stands_for_s,
        captured_at_utc,
        cast(floor(epoch_us(captured_at_utc) / 1e6) as bigint) as second
    from signal
    where channel = 'power'
),

power_load as (
    select
        session_id,
        athlete_id,
        {{ exact_sum('stands_for_s') }} as power_s,
        {{ exact_sum('power_w * stands_for_s') }} as work_j,
        max(power_w) as peak_power_w,
        any_value(stream_id) as stream_id
    from power
    group by session_id, athlete_id
),

-- Normalised power (Coggan): mean of each second, a value held until the next for as long as a
-- sample may stand for; a longer gap breaks the rolling mean. Zeros are coasting, and count.
second as (
    select
        session_id,
        athlete_id,
        second,
        {{ exact_mean('power_w') }} as power_w,
        lead(second) over (partition by session_id, athlete_id order by second) as next_second
    from power
    group by session_id, athlete_id, second
),

filled as (
    select
        session_id,
        athlete_id,
        power_w,
        unnest(range(
            second, least(coalesce(next_second, second + 1), second + {{ var('sample_reach_s') }})
        )) as second
    from second
),

stretch as (
    select
        *,
        second - row_number() over (partition by session_id, athlete_id order by second)
            as stretch_id
    from filled
),

rolling as (
    select
        session_id,
        athlete_id,
        -- Whole milliwatts: a moving sum of floats would depend on how threads cut the rows.
        sum(cast(round(power_w * 1e3) as bigint)) over window_of_30 / 1e3
            / {{ var('power_window_s') }} as power_w,
        count(*) over window_of_30 as seconds
    from stretch
    window window_of_30 as (
        partition by session_id, athlete_id, stretch_id
        order by second
        rows {{ var('power_window_s') - 1 }} preceding
    )
),

normalized as (
    select
        session_id,
        athlete_id,
        pow({{ exact_mean('pow(power_w, 4)', steps='1e3') }}, 0.25) as normalized_power_w
    from rolling
    where seconds = {{ var('power_window_s') }}
    group by session_id, athlete_id
)

select
    session_id,
    athlete_id,
    heart_load.heart_rate_s,
    heart_load.mean_heart_rate_bpm,
    heart_load.peak_heart_rate_bpm,
    {%- for zone in range(1, 6) %}
    heart_load.heart_rate_zone_{{ zone }}_s,
    {%- endfor %}
    heart_load.edwards_trimp_au,
    heart_load.banister_trimp_au,
    heart_load.max_heart_rate_reference_bpm,
    heart_load.max_heart_rate_source,
    power_load.power_s,
    power_load.work_j / nullif(power_load.power_s, 0) as mean_power_w,
    power_load.peak_power_w,
    normalized.normalized_power_w,
    power_load.work_j / 1000 as work_kj,
    heart_load.stream_id as heart_rate_stream_id,
    power_load.stream_id as power_stream_id
from heart_load
full outer join power_load using (session_id, athlete_id)
left join normalized using (session_id, athlete_id)
