"""GPX tracks (versions 1.0 and 1.1): the reader.

All tracks and segments of a file are one session; a gap between them stays a gap. Heart rate,
cadence and temperature come from Garmin's TrackPointExtension (versions 1 and 2, whatever prefix a
file gives it) and from the same words elsewhere in a point's extensions; power from Strava's,
Garmin's and Cluetrust's. A track without times is a planned route, and no recording.
"""

from collections.abc import Mapping
from pathlib import Path

from edge_ingest.errors import SourceError
from edge_ingest.inputs import iterate_xml
from edge_ingest.readers.track_xml import Texts, Track, recording
from edge_ingest.recording import Recording, Told

VERSION = "1"

#: Elements of a point by local name, and the column that they fill; units are those of the channel.
_ELEMENTS = {
    "time": "time", "ele": "altitude", "hr": "heart_rate", "heartrate": "heart_rate",
    "cad": "cadence", "cadence": "cadence", "atemp": "temperature", "temp": "temperature",
    "power": "power", "PowerInWatts": "power", "watts": "power", "speed": "speed",
    "distance": "distance", "hdop": "hdop", "sat": "satellites",
}  # fmt: skip


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one activity: `activity`."""
    path = parts["activity"]
    texts = Texts(_ELEMENTS, "latitude", "longitude")
    sports: list[str] = []
    names: list[str] = []
    creator = ""
    seen = False
    for element in iterate_xml(path, ("{*}trkpt", "{*}name", "{*}type")):
        if not seen:
            root = element.getroottree().getroot()
            if not root.tag.endswith("gpx"):
                raise SourceError(f"{path} is no GPX but <{root.tag}>: check which file it is")
            creator, seen = root.get("creator") or "", True
        tag = element.tag
        if not tag.endswith("trkpt"):
            parent = element.getparent()
            if parent is not None and parent.tag.endswith("trk") and element.text:
                (sports if tag.endswith("type") else names).append(element.text.strip())
            continue
        row, slots = texts.row(), texts.slots
        row[:2] = element.get("lat"), element.get("lon")
        for child in element.iterdescendants():
            slot = slots[child.tag]
            if slot is not None:
                row[slot] = child.text
        texts.add(row)
    points = texts.columns()
    if not seen or not len(points["time"]):
        raise SourceError(f"{path} holds no track: nothing was recorded", rule="empty")
    track = Track(
        source="gpx", version=VERSION, points=points, sport_words=sports, creator=creator or "gpx",
        name=next(iter(names), None), session_id=points["time"][0].as_py(),
    )  # fmt: skip
    return recording(track, path, told)
