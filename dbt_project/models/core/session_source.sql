select
    session_id,
    stream_id,
    source,
    source_session_id,
    edge_session_id,
    device_id,
    kind,
    drop_id,
    revision,
    filter_settings,
    left(sha256(filter_settings), 12) as filter_settings_id
from {{ ref('stg_raw__sessions') }}
