with

minted as (
    select
        session_id,
        source,
        source_athlete_id,
        display_name,
        'not_in_crosswalk' as reason
    from {{ ref('athlete') }}
    where not is_matched
),

listed as (
    select session_id, stream_id, source, source_athlete_id, display_name, is_identified
    from {{ ref('stg_raw__athletes') }}
),

-- A track that the source could not name is nobody's load; somebody may name it later. An id that
-- one stream names and another does not is known.
nameless as (
    select
        session_id,
        source,
        source_athlete_id,
        {{ first_told('display_name', 'stream_id') }} as display_name,
        'unidentified_track' as reason
    from listed
    group by session_id, source, source_athlete_id
    having not bool_or(is_identified)
),

seen as (
    select session_id, stream_id, source_athlete_id from {{ ref('stg_tracking__kinematics') }}
    where object_kind = 'athlete'
    union
    select session_id, stream_id, source_athlete_id from {{ ref('stg_raw__signals') }}
    union
    select session_id, stream_id, source_athlete_id from {{ ref('stg_raw__events') }}
),

-- Samples of somebody whom the source's own list of athletes leaves out.
unlisted as (
    select distinct
        seen.session_id,
        session_source.source,
        seen.source_athlete_id,
        cast(null as varchar) as display_name,
        'not_listed_by_source' as reason
    from seen
    inner join {{ ref('session_source') }} as session_source
        on seen.session_id = session_source.session_id
        and seen.stream_id = session_source.stream_id
    anti join listed
        on seen.session_id = listed.session_id
        and session_source.source = listed.source
        and seen.source_athlete_id = listed.source_athlete_id
    where seen.source_athlete_id is not null
)

select * from minted
union all by name
select * from nameless
union all by name
select * from unlisted
