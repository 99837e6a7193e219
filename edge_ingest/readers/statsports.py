"""STATSports raw exports, one or several athletes a file: the reader.

Headings differ between versions of the software; `ALIASES` lists what is understood. Times are the
local clock's, as a date with a time, or as a time of day: then the file's name begins with the day.
Speed is in km/h unless its heading says m/s. No real export was at hand: the layout is the one that
data sets recorded with these vests describe (SoccerMon: Midoglu et al. 2023).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.errors import SourceError
from edge_ingest.manifest import Clock
from edge_ingest.pitch_corners import read_pitch
from edge_ingest.readers.gnss_csv import (
    CsvColumns,
    clock_times,
    day_of,
    day_of_name,
    read_columns,
    require,
)
from edge_ingest.readers.gnss_vest import vest_recording
from edge_ingest.readers.local_time import to_utc
from edge_ingest.readers.track_points import TrackPoints
from edge_ingest.recording import Recording, Told

VERSION = "1"

RESOLUTION_S = 0.1
_KMH = 3.6

#: Headings that are understood, without case, blanks, punctuation and brackets.
ALIASES: dict[str, tuple[str, ...]] = {
    "athlete": ("playerid", "athleteid"),
    "name": ("playerdisplayname", "playername", "player", "athlete", "name"),
    "time": ("time", "timestamp", "datetime"),
    "latitude": ("lat", "latitude"),
    "longitude": ("lon", "long", "lng", "longitude"),
    "speed": ("speed", "speedkmh", "speedms", "velocity"),
    "heart_rate": ("heartrate", "hr", "heartratebpm"),
    "hdop": ("hdop",),
    "satellites": ("noofsatellites", "numsatellites", "satellites", "sats"),
}

#: One id at one instant in two places, in more than this share of its samples, is two athletes.
_SHARED = 0.05
#: Two samples of one instant this far apart are not one athlete's, degrees (about a metre).
_APART_DEG = 1e-5


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read one file: `positions`, on the `pitch` if that is given."""
    path = parts["positions"]
    pitch = read_pitch(parts["pitch"]) if "pitch" in parts else None
    found = read_columns(path, ALIASES)
    require(found, ("time", "latitude", "longitude"), "STATSports")
    ids, names = _athletes(found, told)
    codes = ids.dictionary_encode()
    index = np.asarray(codes.indices)
    written, is_utc = clock_times(found, "time", day_of_name(path) or day_of(told.started_at_utc))
    if told.started_at_utc is not None:
        start = np.datetime64(told.started_at_utc.replace(tzinfo=None), "us")
        shift = start - written.min()
        written = written + shift
        clock = Clock(source="operator", uncertainty_s=60.0,
                      offset_s=float(shift / np.timedelta64(1, "s")))  # fmt: skip
    else:
        offset_s = 0.0
        if not is_utc:
            written, offset_s = to_utc(written, told.clock_timezone, path, index)
        clock = Clock(source="gnss", uncertainty_s=RESOLUTION_S, offset_s=offset_s)
    numbers = {
        name: found.numbers(name)
        for name in ("latitude", "longitude", "speed", "heart_rate", "hdop", "satellites")
        if name in found.columns
    }
    if "speed" in numbers and not _is_metres_per_second(found.headings["speed"]):
        numbers["speed"] = numbers["speed"] / _KMH
    athletes = {}
    for number, athlete in enumerate(codes.dictionary.to_pylist()):
        rows = np.flatnonzero(index == number)
        points = TrackPoints(
            written[rows],
            {name: values[rows] for name, values in numbers.items() if name not in _PLACE},
            numbers["latitude"][rows],
            numbers["longitude"][rows],
        )
        _refuse_two_in_one(points, path)
        athletes[athlete] = (names.get(athlete), points)
    return vest_recording(("statsports", VERSION), athletes, found, told, pitch=pitch, clock=clock)


_PLACE = ("latitude", "longitude")


def _athletes(found: CsvColumns, told: Told) -> tuple[pa.Array, dict[str, str | None]]:
    """The id of each row, and the name of each id.

    Raises:
        SourceError: a row has no id, one id has two names, or one athlete was told for several.
    """
    ids = found.columns.get("athlete")
    names = found.columns.get("name")
    if ids is None:
        ids = names
    if ids is None:
        athlete = told.athlete_id or found.path.stem
        return pa.array([athlete] * found.rows, pa.string()), {athlete: None}
    if ids.null_count:
        raise SourceError(
            f"{found.path}: {ids.null_count} rows name no player: export it again with the column "
            f"{found.headings['athlete' if 'athlete' in found.columns else 'name']!r} filled"
        )
    ids = ids.combine_chunks()
    known: dict[str, str | None] = dict.fromkeys(pc.unique(ids).to_pylist())
    if names is not None and "athlete" in found.columns:
        pairs = pa.table({"id": ids, "name": names}).group_by(["id", "name"]).aggregate([])
        for athlete, name in zip(pairs["id"].to_pylist(), pairs["name"].to_pylist(), strict=True):
            if name is not None and known[athlete] not in {None, name}:
                raise SourceError(
                    f"{found.path}: two players bear one id: give each their own in the vendor's "
                    "software, and export it again",
                    rule="duplicate_athlete",
                )
            known[athlete] = name or known[athlete]
    if told.athlete_id is not None:
        if len(known) > 1:
            raise SourceError(
                f"{found.path} holds {len(known)} players, and one was told (athlete_id): leave "
                "that out, or export one player",
                rule="duplicate_athlete",
            )
        name = next(iter(known.values()))
        return pa.array([told.athlete_id] * found.rows, pa.string()), {told.athlete_id: name}
    return ids, known


def _refuse_two_in_one(points: TrackPoints, path: Path) -> None:
    """Two players of one name stand in one file as one who is in two places at a time."""
    latitude, longitude = points.latitude_deg, points.longitude_deg
    if latitude is None or longitude is None:
        return
    order = np.argsort(points.instants, kind="stable")
    same = np.diff(points.instants[order]) == np.timedelta64(0)
    apart = np.hypot(np.diff(latitude[order]), np.diff(longitude[order])) > _APART_DEG
    twice = int((same & apart).sum())
    if twice > _SHARED * len(points):
        raise SourceError(
            f"{path}: one player stands in two places at {twice} instants: two players bear one "
            "name; give each an id of their own, and export it again",
            rule="duplicate_athlete",
        )


def _is_metres_per_second(heading: str) -> bool:
    plain = heading.lower().replace(" ", "")
    return any(unit in plain for unit in ("m/s", "ms-1", "m.s", "speedms")) and "km" not in plain
