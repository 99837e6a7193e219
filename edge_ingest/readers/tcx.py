"""TCX activities (Training Center Database, version 2): the reader.

A lap ends where the next one starts, and the last one with its last point: what a file calls a
lap's time leaves out pauses. Speed and power come from Garmin's ActivityExtension. Cadence is what
the file writes: revolutions on a bike, strides of one leg on foot. A file of courses or workouts is
a plan, and no recording.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.inputs import iterate_xml
from edge_ingest.readers.track_points import Moment
from edge_ingest.readers.track_xml import Texts, Track, recording, utc_instant
from edge_ingest.recording import Recording, Told

VERSION = "1"

#: Elements of a point by local name, and the column that they fill; units are those of the channel.
_ELEMENTS = {
    "Time": "time", "LatitudeDegrees": "latitude", "LongitudeDegrees": "longitude",
    "AltitudeMeters": "altitude", "DistanceMeters": "distance", "HeartRateBpm": "heart_rate",
    "Value": "heart_rate", "Cadence": "cadence", "RunCadence": "cadence", "Speed": "speed",
    "Watts": "power", "Temperature": "temperature",
}  # fmt: skip
_PLANS = ("Courses", "Workouts")


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one activity: `activity`."""
    path = parts["activity"]
    texts = Texts(_ELEMENTS)
    sports, session_id = [], None
    creator: tuple[str, str | None] = ("", None)
    laps: list[tuple[str, str]] = []  # start, and what ended it
    plan = None
    wanted = tuple(f"{{*}}{name}" for name in ("Trackpoint", "Lap", "Id", "Creator", *_PLANS))
    for element in iterate_xml(path, wanted):
        word = element.tag.rpartition("}")[2]
        if word == "Trackpoint":
            _add_point(element, texts)
        elif word == "Lap":
            if start := element.get("StartTime"):
                laps.append((start, _child(element, "TriggerMethod") or ""))
        elif word == "Id":
            parent = element.getparent()
            if parent is not None and parent.get("Sport"):
                sports.append(parent.get("Sport"))
                session_id = session_id or element.text
        elif word == "Creator":
            creator = _child(element, "Name") or "", _child(element, "UnitId")
        else:
            plan = word
    if not sports and plan:
        raise NothingRecordedError(
            f"{path} is no activity but holds {plan.lower()}: a plan, nothing to pack here"
        )
    points = texts.columns()
    if not len(points["time"]):
        raise SourceError(f"{path} holds no point: nothing was recorded", rule="empty")
    number = creator[1] if creator[1] and creator[1].strip("0") else None
    track = Track(
        source="tcx", version=VERSION, points=points, sport_words=sports,
        creator=creator[0] or "tcx", device_number=number, session_id=session_id,
        moments=_ends(laps, points["time"], path),
    )  # fmt: skip
    return recording(track, path, told)


def _add_point(element: Any, texts: Texts) -> None:  # noqa: ANN401 - lxml has no types
    row, slots = texts.row(), texts.slots
    for child in element.iterdescendants():
        slot = slots[child.tag]
        # An empty parent (<HeartRateBpm>) must not hide what its child says.
        if slot is not None and (text := child.text) and not text.isspace():
            row[slot] = text
    texts.add(row)


def _ends(laps: list[tuple[str, str]], times: pa.ChunkedArray, path: Path) -> list[Moment]:
    """One event a lap, when it ends."""
    told = times.drop_null()
    if not len(told):
        return []
    starts = [utc_instant(start, path) for start, _ in laps]
    ends = [*starts[1:], utc_instant(told[-1].as_py(), path)]
    return [
        Moment(f"lap-{index}", "lap", f"lap {trigger.strip().lower()}".strip(), end,
               (end - start).total_seconds() if end > start else None)
        for index, (start, end, (_, trigger)) in enumerate(zip(starts, ends, laps, strict=False))
    ]  # fmt: skip


def _child(element: Any, name: str) -> str | None:  # noqa: ANN401 - lxml has no types
    found = element.find(f"{{*}}{name}")
    return None if found is None else found.text
