-- How good each stream is, by rule, and what becomes of what a rule flags. Shares of samples, flagged
-- or not: one sample may break several rules. Speeds are judged on smoothed places, as load is.
{%- set rules = quality_bits().keys() | list %}
with

sample as (
    select
        session_id,
        stream_id,
        'places' as told_of,
        object_kind as quantity,
        x_m is null or y_m is null as is_missing,
        quality
    from {{ ref('stg_tracking__kinematics') }}
    union all
    select session_id, stream_id, 'signals', channel, value is null, quality
    from {{ ref('stg_raw__signals') }}
    union all
    select session_id, stream_id, 'events', 'event', x_m is null, quality
    from {{ ref('stg_raw__events') }}
),

counted as (
    select
        session_id,
        stream_id,
        told_of,
        quantity,
        count(*) as sample_count,
        count(*) filter (where is_missing) as missing
        {%- for rule in rules %},
        count(*) filter (where {{ has_quality([rule]) }}) as {{ rule }}
        {%- endfor %}
    from sample
    group by session_id, stream_id, told_of, quantity
),

by_rule as (
    unpivot counted on missing, {{ rules | join(', ') }} into name rule value flagged_count
)

select
    session_id,
    stream_id,
    quantity,
    rule,
    sample_count,
    flagged_count,
    flagged_count / sample_count as flagged_share,
    case
        when rule = 'missing' then if(told_of = 'events', 'not_shown', 'left_out')
        when
            told_of = 'places'
            and rule in (
                'poor_fix', 'frozen', 'identity_swap', 'implausible_speed',
                'implausible_acceleration', 'out_of_range'
            )
            then 'left_out'
        when told_of = 'places' and rule in ('out_of_field', 'idle') then 'not_shown'
        when told_of = 'places' and rule = 'unidentified' then 'shape_only'
        when told_of = 'signals' and rule in ('out_of_range', 'frozen', 'artefact') then 'left_out'
        else 'informative'
    end as effect
from by_rule
-- How many samples there are is told in any case.
where flagged_count > 0 or rule = 'missing'
