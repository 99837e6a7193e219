"""Metrica Sports tracking as CSV, a file for each side: the reader.

Conventions. Places are shares of the field from its top left corner, y downwards, as the vendor's
description of its sample data says; ours grows to the left of +x, so it is mirrored. (kloppy 3.19
mirrors the file's y and still calls it downwards, so its metres are mirrored.) The format names no
size: 105 × 68 m is assumed and said in the settings. The whole match is turned by half a turn where
the home side attacks towards −x in period 1 (vote of all frames).
A player before his first and after his last place is not on the field: no row; a gap between is a
row that says "not seen". Ids are `<side>_<shirt>`, as kloppy's.

Clock. The files know neither day nor kick-off: the start must be told. Time runs on from period to
period without the pause, which is added: so long as the Laws allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from edge_ingest.errors import SourceError
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import (
    INTERVALS_S,
    Rows,
    TrackedObject,
    after,
    athletes,
    refuse_clock_backwards,
)
from edge_ingest.readers.tracking_recording import MatchFacts, tracking_recording
from edge_ingest.recording import Recording, Told

VERSION = "1"

FRAME_RATE_HZ = 25
FIELD_M = (105.0, 68.0)
#: Length of half-time is assumed, s.
UNCERTAINTY_S = 300.0
#: A pause longer than this between periods is in the file's own time already, s.
_SHORTEST_PAUSE_S = 60.0

_HEADING_LINES = 3
_LARGEST_HEADING = 1 << 16
_BEFORE_PLAYERS = 3
_BALL_COLUMNS = 2


@dataclass(frozen=True)
class _Side:
    """One file: a value a frame, and a pair of columns (x, y) a player, NaN where there is none."""

    path: Path
    team: str
    shirts: list[int]
    period_id: NDArray[np.int64]
    frame_id: NDArray[np.int64]
    time_s: NDArray[np.float64]
    players: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
    ball: tuple[NDArray[np.float64], NDArray[np.float64]]


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read a match: `home` and `away`."""
    start = told.started_at_utc
    if start is None:
        raise SourceError(
            f"{parts['home']} does not say when it was played: give the start (started_at_utc)",
            rule="incomplete",
        )
    sides = {name: _read_side(parts[name]) for name in ("home", "away")}
    home, away = sides["home"], sides["away"]
    path = parts["home"]
    _refuse_two_matches(home, away, parts["away"])
    squads = athletes(
        "metrica",
        [
            {
                "source_athlete_id": f"{name}_{shirt}",
                "team_side": name,
                "team_name": side.team,
                "shirt_number": shirt,
            }
            for name, side in sides.items()
            for shirt in side.shirts
        ],
    )
    refuse_clock_backwards(home.frame_id, path)
    objects, rows = _rows(sides, start)
    match = MatchFacts(
        started_at_utc=start,
        clock=Clock(source="operator", uncertainty_s=UNCERTAINTY_S),
        field_m=FIELD_M,
        frame_rate_hz=FRAME_RATE_HZ,
        team_names={name: side.team for name, side in sides.items()},
        squads=squads,
    )
    assumed = {"assumed_field": f"{FIELD_M[0]:g}x{FIELD_M[1]:g} m"}
    return tracking_recording(
        ("metrica", VERSION), match, objects, rows, told=told, path=path, settings=assumed
    )


def _read_side(path: Path) -> _Side:
    with path.open("rb") as handle:
        heading = [handle.readline(_LARGEST_HEADING) for _ in range(_HEADING_LINES)]
    teams, shirts, names = (line.decode("utf-8-sig").strip().split(",") for line in heading)
    count = len(names)
    if names[0] != "Period" or names[-_BALL_COLUMNS] != "Ball" or count % 2 == 0:
        raise SourceError(
            f"{path} does not begin as Metrica's tracking does: give the CSV of a side"
        )
    labels = [f"c{index}" for index in range(count)]
    kinds = dict.fromkeys(labels, pa.float64()) | {"c0": pa.int64(), "c1": pa.int64()}
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(column_names=labels, skip_rows=_HEADING_LINES),
            csv.ParseOptions(quote_char=False, escape_char=False),
            csv.ConvertOptions(column_types=kinds, null_values=["NaN", "nan", ""]),
        )
    except pa.ArrowInvalid:
        # Arrow's own words quote the line, which holds an athlete's values.
        raise SourceError(
            f"{path} has a line that is not {count} numbers: the download may have broken off; "
            "fetch it again"
        ) from None
    if any(table[name].null_count for name in labels[:_BEFORE_PLAYERS]):
        raise SourceError(f"{path} has a line without period, frame or time: export it again")
    columns = [table[name].to_numpy() for name in labels]
    pairs = [(columns[index], columns[index + 1]) for index in range(_BEFORE_PLAYERS, count, 2)]
    return _Side(
        path=path,
        team=teams[_BEFORE_PLAYERS] if len(teams) > _BEFORE_PLAYERS else path.stem,
        shirts=[int(shirts[index]) for index in range(_BEFORE_PLAYERS, count - _BALL_COLUMNS, 2)],
        period_id=columns[0],
        frame_id=columns[1],
        time_s=columns[2],
        players=pairs[:-1],
        ball=pairs[-1],
    )


def _refuse_two_matches(home: _Side, away: _Side, path: Path) -> None:
    def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")

    if not (
        same(home.frame_id, away.frame_id)
        and same(home.period_id, away.period_id)
        and same(home.ball[0], away.ball[0])
        and same(home.ball[1], away.ball[1])
    ):
        raise SourceError(
            f"{path} has other frames or another ball than the home side's file: give both files "
            "of one match"
        )


def _rows(sides: Mapping[str, _Side], start: datetime) -> tuple[list[TrackedObject], Rows]:
    home = sides["home"]
    objects = [TrackedObject("ball")]
    tracks = [home.ball]
    for name, side in sides.items():
        objects += [TrackedObject("athlete", f"{name}_{shirt}", name) for shirt in side.shirts]
        tracks += side.players
    frames = []
    for one, (x, y) in zip(objects, tracks, strict=True):
        seen = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
        whole = np.arange(x.size)
        frames.append(
            whole if one.kind == "ball" else whole[seen[0] : seen[-1] + 1] if seen.size else seen
        )
    index = np.concatenate(frames)
    since_kick_off, since_period = _times(home)
    return objects, Rows(
        period_id=home.period_id[index],
        frame_id=home.frame_id[index],
        captured=after(start, since_kick_off)[index],
        period_time_s=since_period[index],
        object_index=np.repeat(np.arange(len(objects)), [found.size for found in frames]),
        x_m=np.concatenate(
            [(x[at] - 0.5) * FIELD_M[0] for (x, _), at in zip(tracks, frames, strict=True)]
        ),
        y_m=np.concatenate(
            [(0.5 - y[at]) * FIELD_M[1] for (_, y), at in zip(tracks, frames, strict=True)]
        ),
        z_m=np.full(index.size, np.nan),
    )


def _times(side: _Side) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each frame: time since kick-off with the pauses, and since its period began, s."""
    if not side.frame_id.size:
        return np.empty(0), np.empty(0)
    firsts = np.flatnonzero(np.diff(side.period_id, prepend=side.period_id[0] - 1))
    numbers = side.period_id[firsts].tolist()
    if numbers != sorted(set(numbers)) or not set(numbers) <= set(INTERVALS_S):
        raise SourceError(
            f"{side.path}: the periods of a match are 1 to 5, one after the other: export both "
            "sides again",
            rule="clock_backwards",
        )
    began = side.frame_id[firsts]
    pauses = np.zeros(firsts.size)
    for place, number in enumerate(numbers[1:], 1):
        gap_s = (began[place] - side.frame_id[firsts[place] - 1]) / FRAME_RATE_HZ
        pauses[place] = INTERVALS_S[number] if gap_s < _SHORTEST_PAUSE_S else 0
    period = np.cumsum(np.isin(np.arange(side.frame_id.size), firsts)) - 1
    since_first = (side.frame_id - side.frame_id[0]) / FRAME_RATE_HZ
    return (
        since_first + np.cumsum(pauses)[period],
        (side.frame_id - began[period]) / FRAME_RATE_HZ,
    )
