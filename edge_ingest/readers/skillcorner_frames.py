"""SkillCorner's JSON to columns: the part that must be fast.

Nothing but what orjson gives is built per row: a match holds half a million of them. Three flavours
are read: version 2 with `time`, version 2 with `timestamp`, and version 3 (JSON lines, with
`player_data` and `ball_data`).
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from edge_ingest.errors import SourceError

_NO_OBJECT = -1
_BALL_OF_V3 = -2  # version 3 gives the ball no id


@dataclass(frozen=True)
class Columns:
    """Tracking as columns; frames without data, and outside of play, are left out.

    Attributes:
        frame_id, period_id, match_time_s: one value a frame; time as on the match clock, s.
        frame_index: one value a row, which frame it belongs to; the rest below alike.
        x_m, y_m, z_m: in the source's axes, m; NaN where none stands.
        object_id: SkillCorner's trackable object (version 2) or player (version 3).
        track_id: the track, where there is no object.
        group_name: its side, where there is no object; else None.
        is_ball, is_estimated: the ball; extrapolated rather than detected.
        is_player_id: object_id holds player ids, not trackable objects.
    """

    frame_id: NDArray[np.int64]
    period_id: NDArray[np.int64]
    match_time_s: NDArray[np.float64]
    frame_index: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    z_m: NDArray[np.float64]
    object_id: NDArray[np.int64]
    track_id: NDArray[np.int64]
    group_name: NDArray[np.object_]
    is_ball: NDArray[np.bool_]
    is_estimated: NDArray[np.bool_]
    is_player_id: bool


def read_columns(path: Path, ball_id: int | None) -> Columns:
    """Parse a tracking file.

    Args:
        ball_id: trackable object of the ball, which version 2 lists among the players.

    Raises:
        SourceError: not JSON, not SkillCorner's, or without a single frame of play.
    """
    payload = path.read_bytes()
    # The parser's objects live together and die together: the collector would only walk them.
    with _collector_paused():
        frames = _parse(payload, path)
        first = frames[0] if frames else {}
        if not isinstance(first, dict) or not {"frame", "period"} <= first.keys():
            raise SourceError(f"{path} holds no frames of SkillCorner: give its structured data")
        rows_of = "player_data" if "player_data" in first else "data"
        try:
            frames = [f for f in frames if f["period"] is not None and f[rows_of]]
            if not frames:
                raise SourceError(
                    f"{path} holds no frame of play with data: give the whole match", rule="empty"
                )
            return _columns(frames, rows_of, ball_id)
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(
                f"{path} has a frame that does not read as SkillCorner's: {type(error).__name__}; "
                "export it again, or report the format"
            ) from error


def _parse(payload: bytes, path: Path) -> list[Any]:
    try:
        if payload[:1] == b"[":
            return list(orjson.loads(payload))
        return [orjson.loads(line) for line in payload.splitlines() if line.strip()]
    except orjson.JSONDecodeError as error:
        raise SourceError(
            f"{path} is no JSON from start to end ({error}): the download may have broken off; "
            "fetch it again"
        ) from error


def _columns(frames: list[dict[str, Any]], rows_of: str, ball_id: int | None) -> Columns:
    is_v3 = rows_of == "player_data"
    rows = [row for frame in frames for row in frame[rows_of]]
    frame_index = np.repeat(np.arange(len(frames)), [len(frame[rows_of]) for frame in frames])
    if is_v3:
        balls = [frame["ball_data"] for frame in frames]
        frame_index = np.concatenate([frame_index, np.arange(len(frames))])
        objects = _integers([row["player_id"] for row in rows] + [_BALL_OF_V3] * len(balls))
        rows = rows + balls
        is_ball = objects == _BALL_OF_V3
        is_estimated = np.array([row.get("is_detected") is False for row in rows])
        tracks, groups = np.full(len(rows), _NO_OBJECT), np.full(len(rows), None)
    else:
        objects = _integers([row.get("trackable_object") for row in rows])
        tracks = _integers([row.get("track_id") for row in rows])
        groups = np.full(len(rows), None)
        for index in np.flatnonzero(objects == _NO_OBJECT):
            groups[index] = rows[index].get("group_name")
        is_ball = (objects == ball_id) | (groups == "balls")
        is_estimated = np.zeros(len(rows), bool)
    clock = "time" if "time" in frames[0] else "timestamp"
    return Columns(
        frame_id=_integers([frame["frame"] for frame in frames]),
        period_id=_integers([frame["period"] for frame in frames]),
        match_time_s=np.array([_seconds(frame[clock]) for frame in frames]),
        frame_index=frame_index,
        x_m=np.array([row["x"] for row in rows], np.float64),
        y_m=np.array([row["y"] for row in rows], np.float64),
        z_m=np.array([row.get("z") for row in rows], np.float64),
        object_id=objects,
        track_id=tracks,
        group_name=groups,
        is_ball=is_ball,
        is_estimated=is_estimated,
        is_player_id=is_v3,
    )


def _integers(values: Sequence[int | None]) -> NDArray[np.int64]:
    try:
        return np.array(values, np.int64)
    except TypeError:  # None among them: rare enough to look at each only then
        return np.array([_NO_OBJECT if value is None else value for value in values], np.int64)


def _seconds(clock: str) -> float:
    """`M:SS.s` or `H:MM:SS.s` as seconds."""
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total


@contextmanager
def _collector_paused() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
