"""A video as a row of `raw/footage`: what a file of a drop shows, and when it began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from edge_ingest.manifest import Clock
from edge_ingest.records import FOOTAGE
from edge_ingest.video import VideoFacts


@dataclass(frozen=True)
class FootageObject:
    """One video file that goes with a drop.

    Attributes:
        name: its name in the drop.
        started_at_utc: instant of its first frame.
        source_start_s: where that frame stands in the camera's own recording, s.
    """

    name: str
    sha256: str
    bytes: int
    facts: VideoFacts
    started_at_utc: datetime
    source_start_s: float = 0.0


def footage_table(
    objects: Sequence[FootageObject], camera: str, clock: Clock, calibration: str | None = None
) -> pa.Table:
    """Rows of `raw/footage`, one an object; `uri` is the bare name until the drop has landed.

    Args:
        calibration: as `camera.Calibration.to_json` writes it, where somebody told it.
    """
    told = {} if calibration is None else {"calibration": calibration}
    rows = [
        {
            "uri": one.name,
            "sha256": one.sha256,
            "bytes": one.bytes,
            "codec": one.facts.codec,
            "frame_rate_hz": float(one.facts.frame_rate),
            "is_variable_rate": one.facts.is_variable_rate,
            "frame_count": one.facts.frame_count,
            "duration_s": one.facts.duration_s,
            "width_px": one.facts.width_px,
            "height_px": one.facts.height_px,
            "rotation_deg": one.facts.rotation_deg,
            "camera": camera,
            "started_at_utc": one.started_at_utc,
            "source_start_s": one.source_start_s,
            "clock_source": clock.source,
            "clock_uncertainty_s": clock.uncertainty_s,
            **told,
        }
        for one in objects
    ]
    schema = FOOTAGE.schema
    names = rows[0] if rows else {}
    return pa.Table.from_pylist(rows, pa.schema([schema.field(name) for name in names]))
