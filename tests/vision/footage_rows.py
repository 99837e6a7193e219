"""Rows of footage and of what was seen in it, for tests of clips and training sets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from edge_ingest.checksum import sha256_of
from edge_ingest.records import EVENTS, FOOTAGE
from edge_ingest.video import probe
from resources.vision_contracts import VISION_POSITIONS

BEGIN = datetime(2026, 5, 2, 13, 30, tzinfo=UTC)
SESSION = "2026-05-02_football_home-away"


def footage_row(
    path: Path, camera: str = "main", began: datetime = BEGIN, session: str = SESSION, uri: str = ""
) -> dict:
    """The row of a video of this machine."""
    facts = probe(path)
    return {
        "session_id": session, "stream_id": f"{session}.{camera}.footage", "drop_id": "drop",
        "revision": 1, "uri": uri or str(path), "sha256": sha256_of(path),
        "bytes": path.stat().st_size, "codec": facts.codec,
        "frame_rate_hz": float(facts.frame_rate), "is_variable_rate": facts.is_variable_rate,
        "frame_count": facts.frame_count, "duration_s": facts.duration_s,
        "width_px": facts.width_px, "height_px": facts.height_px,
        "rotation_deg": facts.rotation_deg, "camera": camera, "started_at_utc": began,
        "source_start_s": 0.0, "clock_source": "operator", "clock_uncertainty_s": 1.0,
        "calibration": None,
    }  # fmt: skip


def footage(*rows: dict) -> pa.Table:
    """Rows of `raw/footage`."""
    return FOOTAGE.conform(pa.Table.from_pylist(list(rows), FOOTAGE.schema))


def seen(
    of: dict,
    frame_id: int,
    rate: float,
    box: tuple[float, float, float, float] | None,
    *,
    track: int = 1,
    athlete: str | None = "ada",
    kind: str = "athlete",
    is_interpolated: bool = False,
) -> dict:
    """A row of `vision/positions` about a frame of footage."""
    sides = box or (None,) * 4
    is_athlete = kind == "athlete"
    return {
        "session_id": of["session_id"], "footage_sha256": of["sha256"], "frame_id": frame_id,
        "captured_at_utc": of["started_at_utc"] + timedelta(seconds=frame_id / rate),
        "track_id": track, "object_kind": kind, "athlete_id": athlete if is_athlete else None,
        "team_side": "home" if is_athlete else None, "role": "outfield" if is_athlete else None,
        "x_m": None, "y_m": None, "position_sd_m": None,
        "left_px": sides[0], "top_px": sides[1], "right_px": sides[2], "bottom_px": sides[3],
        "is_interpolated": is_interpolated, "missing_reason": None if box else "not_seen",
        "confidence": 0.0 if is_interpolated or not box else 0.9,
    }  # fmt: skip


def positions(*rows: dict) -> pa.Table:
    """Rows of `vision/positions`."""
    return VISION_POSITIONS.conform(pa.Table.from_pylist(list(rows), VISION_POSITIONS.schema))


def event(name: str, at_s: float, kind: str = "shot", athlete: str | None = "7") -> dict:
    """A row of `raw/events`."""
    row = dict.fromkeys(column.name for column in EVENTS.columns)
    return row | {
        "session_id": SESSION, "stream_id": f"{SESSION}.feed.events", "source_event_id": name,
        "period_id": 1, "captured_at_utc": BEGIN + timedelta(seconds=at_s), "period_time_s": at_s,
        "event_type": kind, "source_event_type": kind, "source_athlete_id": athlete, "quality": 0,
    }  # fmt: skip


def events(*rows: dict) -> pa.Table:
    """Rows of `raw/events`."""
    return EVENTS.conform(pa.Table.from_pylist(list(rows), EVENTS.schema))
