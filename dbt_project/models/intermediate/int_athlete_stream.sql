-- Which of our athletes a stream's own id stands for.
select
    session_source.session_id,
    session_source.stream_id,
    session_source.kind,
    athlete.source_athlete_id,
    athlete.athlete_id
from {{ ref('session_source') }} as session_source
inner join {{ ref('athlete') }} as athlete
    on session_source.session_id = athlete.session_id
    and session_source.source = athlete.source
