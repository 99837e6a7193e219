select
    session_id,
    stream_id,
    source,
    source_session_id,
    edge_session_id,
    device_id,
    kind,
    drop_id,
    revision
from {{ ref('stg_raw__sessions') }}
