"""Catapult GNSS exports, one file an athlete: the reader.

Times are spreadsheet days or ISO times of the device's local clock, so the clock's zone must be
told, or the instant of the first sample. The athlete is the file's name without its ending, or as
told. With the `pitch` part places are metres on the pitch (`edge_ingest/pitch_corners.py`), else
east and north of the first fix.

What real exports hold is kept: stamps on a grid of 0.1 s of which every eighth or so is missing,
gaps, and places that stand still for some samples because they are told to a decimetre.
"""

from collections.abc import Mapping
from pathlib import Path

from edge_ingest.manifest import Clock
from edge_ingest.pitch_corners import read_pitch
from edge_ingest.readers.gnss_csv import (
    clock_times,
    day_of,
    day_of_name,
    read_columns,
    require,
)
from edge_ingest.readers.gnss_vest import vest_recording
from edge_ingest.readers.local_time import to_utc
from edge_ingest.readers.track_points import TrackPoints, moved_to
from edge_ingest.recording import Recording, Told

VERSION = "1"

#: Stamps are told to a tenth of a second, s.
RESOLUTION_S = 0.1

#: Headings of exports of positions and of OpenField's sensor export, whose unit of velocity is the
#: account's and not named: that column is left out.
ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("timestamp", "time"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "long"),
    "heart_rate": ("heartrate",),
    "hdop": ("hdop",),
    "satellites": ("sats", "numsats", "satellites"),
}


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one athlete: `positions`, on the `pitch` if that is given."""
    path = parts["positions"]
    pitch = read_pitch(parts["pitch"]) if "pitch" in parts else None
    found = read_columns(path, ALIASES)
    require(found, ("time", "latitude", "longitude"), "Catapult")
    written, is_utc = clock_times(found, "time", day_of_name(path) or day_of(told.started_at_utc))
    offset_s = 0.0
    if not is_utc and told.started_at_utc is None:
        written, offset_s = to_utc(written, told.clock_timezone, path)
    channels = {
        name: found.numbers(name)
        for name in ("heart_rate", "hdop", "satellites")
        if name in found.columns
    }
    unmoved = TrackPoints(written, channels, found.numbers("latitude"), found.numbers("longitude"))
    points, shift_s = moved_to(unmoved, told.started_at_utc)
    if told.started_at_utc:
        clock = Clock(source="operator", uncertainty_s=60.0, offset_s=shift_s)
    else:
        clock = Clock(source="gnss", uncertainty_s=RESOLUTION_S, offset_s=offset_s)
    athlete = told.athlete_id or path.stem
    return vest_recording(
        ("catapult", VERSION), {athlete: (None, points)}, found, told, pitch=pitch, clock=clock
    )
