{%- set told = [
    'display_name', 'team_side', 'team_name', 'shirt_number', 'role',
    'max_heart_rate_bpm', 'resting_heart_rate_bpm',
] -%}
with

-- Two streams of one source (tracking and events of one vendor) name the same athlete.
listed as (
    select
        session_id,
        source,
        source_athlete_id,
        {%- for column in told %}
        {{ first_told(column, 'stream_id') }} as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_raw__athletes') }}
    where is_identified
    group by session_id, source, source_athlete_id
),

crosswalk as (
    select * from {{ ref('stg_identity__athletes') }}
)

select
    listed.session_id,
    listed.source,
    listed.source_athlete_id,
    coalesce(crosswalk.athlete_id, listed.source || ':' || listed.source_athlete_id) as athlete_id,
    coalesce(crosswalk.display_name, listed.display_name) as display_name,
    listed.team_side,
    listed.team_name,
    listed.shirt_number,
    listed.role,
    coalesce(crosswalk.max_heart_rate_bpm, listed.max_heart_rate_bpm) as max_heart_rate_bpm,
    case
        when crosswalk.max_heart_rate_bpm is not null then 'crosswalk'
        when listed.max_heart_rate_bpm is not null then 'device'
    end as max_heart_rate_source,
    coalesce(crosswalk.resting_heart_rate_bpm, listed.resting_heart_rate_bpm)
        as resting_heart_rate_bpm,
    crosswalk.sex,
    crosswalk.birth_date,
    crosswalk.athlete_id is not null as is_matched,
    case when crosswalk.athlete_id is not null then 'crosswalk' else 'minted' end as matched_by
from listed
left join crosswalk
    on listed.source = crosswalk.source
    and listed.source_athlete_id = crosswalk.source_athlete_id
