"""Where a session's data came from, and how good it is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceStream:
    """A row of core/session_source."""

    stream_id: str
    source: str
    device_id: str | None
    kind: str
    drop_id: str
    revision: int
    filter_settings_id: str = ""
    filter_settings: str = "{}"


@dataclass(frozen=True)
class Quality:
    """How good the data is. Counts of rows; None where the session has no such data."""

    position_count: int | None = None
    unseen_position_count: int | None = None
    speedless_position_count: int | None = None
    implausible_position_count: int | None = None
    unidentified_position_count: int | None = None
    signal_count: int | None = None
    missing_signal_count: int | None = None
    event_count: int | None = None
    placeless_event_count: int | None = None


@dataclass(frozen=True)
class FlaggedShare:
    """A row of mart/stream_quality: how many samples of a quantity a rule flagged."""

    stream_id: str
    quantity: str
    rule: str
    sample_count: int
    flagged_count: int
    flagged_share: float
    effect: str
