"""Hawk-Eye's files to columns, a minute at a time: samples of the ball, and centroids of people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.readers.football_tracking import TrackedObject, instant

#: Which of the vendor's ids are used: the first that the squads bear.
ID_KINDS = ("fifaId", "uefaId", "heId")
_PLAYERS = ("Outfielder", "Goalkeeper")
#: Match minute at which each period begins.
_FIRST_MINUTES = {1: 1, 2: 46, 3: 91, 4: 106, 5: 121}
_SHORTEST_MINUTE_S, _LONGEST_MINUTE_S = 0.0, 61.0

_Places = NDArray[np.float64]


@dataclass(frozen=True)
class Minute:
    """One minute of play.

    Attributes:
        number: on the match clock, from 1; 46 is played twice where the first half has added time.
        starts: when each period began, as this file has it.
        teams: id and name by side.
        players: as the vendor lists them, by id; `sides` tells whose they are.
        objects: who is there; the ball is the first.
        captured, period_time_s: a value a frame: instant in UTC; since the period began, s.
        frame, object_index, places: a value a row: which frame; which object; x, y and z from the
            centre, m, NaN where the ball was not seen.
        nobody: rows left out, of people who neither play nor referee.
    """

    period: int
    number: int
    starts: Mapping[int, datetime]
    match_id: str
    teams: Mapping[str, tuple[str, str]]
    players: Mapping[str, Mapping[str, Any]]
    sides: Mapping[str, str | None]
    objects: Sequence[TrackedObject]
    captured: NDArray[np.datetime64]
    period_time_s: NDArray[np.float64]
    frame: NDArray[np.int32]
    object_index: NDArray[np.int16]
    places: _Places
    nobody: int


def read_minute(ball_path: Path, people_path: Path) -> Minute:
    """Parse both files of a minute.

    Raises:
        SourceError: one is no JSON, or they are not of one minute.
    """
    ball, people = _json(ball_path), _json(people_path)
    period, number = (ball["sequences"][name] for name in ("segment", "match-minute"))
    if ball["sequences"] != people["sequences"] or period not in _FIRST_MINUTES:
        raise SourceError(
            f"{ball_path} and {people_path} are not of one minute of play: give both files of each"
        )
    listed = people["details"]["players"]
    kind = next((one for one in ID_KINDS if listed and listed[0]["id"].get(one)), ID_KINDS[-1])
    teams = {
        "home" if team["home"] else "away": (_id(team["id"], kind), str(team["name"]))
        for team in ball["details"]["teams"]
    }
    side_of = {team: side for side, (team, _) in teams.items()}
    players = {_id(player["id"], kind): player for player in listed}
    sides = {name: side_of.get(_id(one["teamId"], kind)) for name, one in players.items()}
    objects, index, owner = _people(people["samples"]["people"], sides, kind)
    samples = ball["samples"]["ball"]
    ball_s = np.array([one["time"] for one in samples], np.float64)
    people_s = np.array([s["time"] for one in people["samples"]["people"] for s in one["centroid"]],
                        np.float64)  # fmt: skip
    _refuse_other_times(np.concatenate([ball_s, people_s]), people_path)
    times, frame = np.unique(np.concatenate([people_s, ball_s]), return_inverse=True)
    flat = [s["pos"][:2] for one in people["samples"]["people"] for s in one["centroid"]]
    places = np.full((times.size + people_s.size, 3), np.nan)
    places[frame[people_s.size :]] = np.array(
        [one["pos"][:3] for one in samples], np.float64
    ).reshape(-1, 3)
    places[times.size :, :2] = np.array(flat, np.float64).reshape(-1, 2)
    somebody = np.concatenate([np.full(times.size, True), index[owner] > 0])
    start = _instant(people["time"]["startUTC"])
    return Minute(
        period=period,
        number=number,
        starts={
            one["segment"]: _instant(one["startTimeUTC"])
            for one in ball["segments"]
            if one["segment"] in _FIRST_MINUTES
        },
        match_id=_id(ball["details"]["match"]["id"], kind),
        teams=teams,
        players=players,
        sides=sides,
        objects=objects,
        captured=instant(start) + np.rint(1e6 * times).astype("timedelta64[us]"),
        period_time_s=times + 60.0 * (number - _FIRST_MINUTES[period]),
        frame=np.concatenate([np.arange(times.size), frame[: people_s.size]])[somebody].astype(
            np.int32
        ),
        object_index=np.concatenate([np.zeros(times.size, np.int16), index[owner]])[somebody],
        places=places[somebody],
        nobody=int((~somebody).sum()),
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f"{path} is no JSON from start to end (line {error.lineno}): the download may have "
            "broken off; fetch it again"
        ) from error
    if not isinstance(found, dict):
        raise SourceError(f"{path} holds no samples of Hawk-Eye: give the vendor's file")
    return found


def _id(ids: Mapping[str, Any], kind: str) -> str:
    return str(ids.get(kind) or ids[ID_KINDS[-1]])


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _people(
    samples: Sequence[Mapping[str, Any]], sides: Mapping[str, str | None], kind: str
) -> tuple[list[TrackedObject], NDArray[np.int16], NDArray[np.int64]]:
    """Who is there, the place in that list of each entry (0: nobody), and the entry of each row."""
    objects = [TrackedObject("ball")]
    numbers: dict[tuple[str, str], int] = {}
    index = np.zeros(len(samples), np.int16)
    for place, one in enumerate(samples):
        role, ids = one["role"]["name"], one.get("personId")
        name = _id(ids, kind) if ids else f"track_{one['trackId']}"
        number = numbers.get((role, name))
        if number is None:
            if role in _PLAYERS:
                found = TrackedObject("athlete", name, sides.get(name), name in sides)
            elif "Referee" in role:
                found = TrackedObject("official", name, None, ids is not None)
            else:
                continue
            # Who changes places with the goalkeeper is one athlete in two roles.
            if found not in objects:
                objects.append(found)
            number = numbers[role, name] = objects.index(found)
        index[place] = number
    return objects, index, np.repeat(np.arange(len(samples)), [len(o["centroid"]) for o in samples])


def _refuse_other_times(times: NDArray[np.float64], path: Path) -> None:
    if not ((times >= _SHORTEST_MINUTE_S) & (times < _LONGEST_MINUTE_S)).all():
        raise SourceError(
            f"{path} has samples outside of its minute: the file is damaged; fetch it again",
            rule="absurd_values",
        )
