"""Hawk-Eye optical tracking: the reader. One minute, or all minutes of a match.

The vendor writes two files a minute, `….samples.ball` and `….samples.centroids`. A part is a file,
or the folder of all of them; each minute is forgotten before the next one is read.

Conventions. Metres from the centre, y to the left of +x: the vendor's axes are ours, and the whole
match is turned by half a turn where the home side attacks towards −x in period 1 (vote of all
frames). The source numbers no frames: they are counted in the order of their instants. (kloppy 3.19
numbers them by the match's minute, so that added time of the first half and the first minutes of
the second overwrite each other, and takes the rate from the ball's first samples.)

Clock. Each minute bears the instant at which it began, set by the tracking system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.inputs import LARGEST_DESCRIPTION, check_file, parse_xml
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import Rows, TrackedObject, athletes, instant
from edge_ingest.readers.hawkeye_minutes import Minute, read_minute
from edge_ingest.readers.register import READERS
from edge_ingest.readers.tracking_recording import MatchFacts, tracking_recording
from edge_ingest.recording import Recording, Told

VERSION = "2"

UNCERTAINTY_S = 1.0
#: Assumed where no match data tell the field, m.
FIELD_M = (105.0, 68.0)

_ENDINGS = {"ball": ".samples.ball", "tracking": ".samples.centroids"}
#: A match with extra time and penalties has some 160 minutes.
_MOST_MINUTES = 300
_LARGEST_SHIRT = 999


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read `ball` and `tracking`, each a file or a folder, with `match` where it is given."""
    path = parts["tracking"]
    match_id, field_m = _described(parts["match"]) if "match" in parts else (None, None)
    minutes = [read_minute(*both) for both in _files(parts)]
    minutes.sort(key=lambda minute: (minute.period, minute.number))
    first = minutes[0]
    _refuse_others(minutes, path)
    numbers: dict[TrackedObject, int] = {}
    rows = _joined(minutes, numbers)
    start, clock = min(first.starts.values()), Clock(source="device", uncertainty_s=UNCERTAINTY_S)
    if told.started_at_utc is not None:
        shift = instant(told.started_at_utc) - instant(start)
        rows = replace(rows, captured=rows.captured + shift)
        start, clock = told.started_at_utc, Clock(source="operator", uncertainty_s=UNCERTAINTY_S)
    match = MatchFacts(
        started_at_utc=start.astimezone(UTC),
        clock=clock,
        field_m=field_m or FIELD_M,
        frame_rate_hz=_rate_hz(first),
        team_names={side: first.teams.get(side, ("", side))[1] for side in ("home", "away")},
        squads=_squads(minutes, list(numbers)),
        source_session_id=match_id or first.match_id,
    )
    settings = {} if field_m else {"assumed_field": f"{FIELD_M[0]:g}x{FIELD_M[1]:g} m"}
    return tracking_recording(
        ("hawkeye", VERSION), match, list(numbers), rows, told=told, path=path,
        settings=settings, counts={"nobody": sum(minute.nobody for minute in minutes)},
    )  # fmt: skip


def _files(parts: Mapping[str, Path]) -> list[tuple[Path, Path]]:
    """Both files of each minute.

    Raises:
        SourceError: a minute lacks one of them, or a folder holds none.
    """
    if all(parts[part].is_file() for part in _ENDINGS):
        return [(parts["ball"], parts["tracking"])]
    found = {part: _of_a_folder(parts[part], ending) for part, ending in _ENDINGS.items()}
    if alone := sorted(set(found["ball"]) ^ set(found["tracking"])):
        here = next(part for part in _ENDINGS if alone[0] in found[part])
        other = next(ending for part, ending in _ENDINGS.items() if part != here)
        raise SourceError(
            f"{found[here][alone[0]]} has no {alone[0]}{other} beside it ({len(alone)} such "
            "files): put both files of each minute there, or take the one away",
            rule="incomplete",
        )
    return [(found["ball"][name], found["tracking"][name]) for name in sorted(found["ball"])]


def _of_a_folder(path: Path, ending: str) -> dict[str, Path]:
    """Files of one kind, by their names without the ending."""
    there = [path] if path.is_file() else path.iterdir()
    found = {one.name.removesuffix(ending): one for one in there if one.name.endswith(ending)}
    if not 0 < len(found) <= _MOST_MINUTES:
        raise SourceError(
            f"{path} holds {len(found)} files that end in {ending}, and a match has a minute in "
            f"each (1 to {_MOST_MINUTES}): give the folder of one match",
            rule="too_large" if found else "incomplete",
        )
    for one in found.values():
        check_file(one, READERS["hawkeye"].largest)
    return found


def _described(path: Path) -> tuple[str | None, tuple[float, float] | None]:
    """The match's id and its field, m, by match data in XML or JSON; None where they lack it."""
    check_file(path, LARGEST_DESCRIPTION)
    with path.open("rb") as handle:
        is_xml = handle.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    try:
        if is_xml:
            root = parse_xml(path)
            told: tuple[Any, ...] = (
                root.findtext("id"),
                root.findtext("stadium/pitch/length"),
                root.findtext("stadium/pitch/width"),
            )
        else:
            match = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
            stadium = match.get("Stadium") or {}
            told = (match.get("MatchId"), stadium.get("PitchLength"), stadium.get("PitchWidth"))
        match_id, length, width = told
        field_m = (float(length), float(width)) if length and width else None
        return str(match_id) if match_id else None, field_m
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(
            f"{path} is no match data of Hawk-Eye ({type(error).__name__}): export it again, or "
            "leave it out"
        ) from error


def _refuse_others(minutes: Sequence[Minute], path: Path) -> None:
    """Minutes of two matches, or one minute twice, are no match."""
    first = minutes[0]
    others = sum((one.match_id, one.teams) != (first.match_id, first.teams) for one in minutes)
    if others:
        raise SourceError(
            f"{path} holds {others} minutes of another match than the first: give each match a "
            "folder of its own"
        )
    for one, following in pairwise(minutes):
        if (one.period, one.number) == (following.period, following.number):
            raise SourceError(
                f"{path} holds minute {one.number} of period {one.period} twice: leave the files "
                "of one of them out"
            )
        seen = one.captured.size and following.captured.size
        if seen and following.captured[0] <= one.captured[-1]:
            raise SourceError(
                f"{path}: minute {following.number} of period {following.period} begins before "
                f"minute {one.number} of period {one.period} ends: export both again",
                rule="clock_backwards",
            )


def _joined(minutes: Sequence[Minute], numbers: dict[TrackedObject, int]) -> Rows:
    """Rows of all minutes; `numbers` gets each object and its place in the list of all."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("period", "frame", "captured", "time", "object", "places")
    }
    counted = 0
    for one in minutes:
        place = np.array([numbers.setdefault(o, len(numbers)) for o in one.objects], np.int16)
        columns["period"].append(np.full(one.frame.size, one.period, np.int8))
        columns["frame"].append(one.frame + np.int32(counted))
        columns["captured"].append(one.captured[one.frame])
        columns["time"].append(one.period_time_s[one.frame])
        columns["object"].append(place[one.object_index])
        columns["places"].append(one.places)
        counted += one.captured.size
    places: NDArray[np.float64] = np.concatenate(columns["places"])
    return Rows(
        period_id=np.concatenate(columns["period"]),
        frame_id=np.concatenate(columns["frame"]),
        captured=np.concatenate(columns["captured"]),
        period_time_s=np.concatenate(columns["time"]),
        object_index=np.concatenate(columns["object"]),
        x_m=places[:, 0],
        y_m=places[:, 1],
        z_m=places[:, 2],
    )


def _rate_hz(minute: Minute) -> float:
    """Nominal rate of the frames, Hz."""
    steps = np.diff(minute.captured).astype(np.int64)
    return float(np.rint(1e6 / np.median(steps))) if steps.size else 50.0


def _squads(minutes: Sequence[Minute], objects: Sequence[TrackedObject]) -> pa.Table:
    """Squads of all minutes: a list may grow as the match goes on."""
    names = {side: name for side, (_, name) in minutes[0].teams.items()}
    listed: dict[str, dict[str, Any]] = {}
    for minute in minutes:
        for known_as, player in minute.players.items():
            side, shirt = minute.sides[known_as], str(player.get("jerseyNumber"))
            is_shirt = shirt.isdecimal() and int(shirt) <= _LARGEST_SHIRT
            listed.setdefault(
                known_as,
                {
                    "source_athlete_id": known_as,
                    "team_side": side,
                    "team_name": names.get(side or ""),
                    "shirt_number": int(shirt) if is_shirt else None,
                    "role": player["role"]["name"],
                },
            )
    unknown = [
        {
            "source_athlete_id": one.source_id,
            "team_side": one.side,
            "team_name": names.get(one.side or ""),
            "is_identified": False,
        }
        for one in objects
        if one.kind == "athlete" and not one.is_identified
    ]
    return athletes("hawkeye", [*listed.values(), *unknown])
