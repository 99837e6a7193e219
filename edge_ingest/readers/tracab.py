"""TRACAB optical tracking: the reader. Frames as `dat` or JSON, metadata in any of three shapes.

Conventions. The vendor's axes are ours, in centimetres. The whole match is turned by half a turn
where the home side attacks towards −x in period 1: as the metadata say (on which side the home
goalkeeper begins), or else by the vote of all frames. Frames outside of the periods are left out,
and so are targets that are nobody: unassigned tracks and places that are not in use.

Ids. Targets bear a side and a shirt number; the squad lists tell the player. Without a squad list
an id is `<side>_<shirt>`, as kloppy's.

Clock. Frames are counted from an origin that the format does not tell; the kick-off is written
without a zone. It is taken for UTC, so instants may be off by a zone's hours; intervals are exact.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import (
    RUN_OFF_M,
    Rows,
    TrackedObject,
    after,
    athletes,
    moment,
    must_be_turned,
    positions,
    refuse_clock_backwards,
    refuse_unsound,
)
from edge_ingest.readers.tracab_frames import AWAY, HOME, OFFICIAL, Frames, read_frames
from edge_ingest.readers.tracab_metadata import Metadata, read_metadata
from edge_ingest.recording import Recording, SessionFacts, Told

VERSION = "1"

#: A kick-off without its zone may be off by as much as a zone lies from UTC, s.
ZONE_UNCERTAINTY_S = 14 * 3600.0
UNCERTAINTY_S = 1.0

_SIDES = {HOME: "home", AWAY: "away"}
_SHIRTS = 1 << 16


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read a match: `match` (metadata) and `tracking` (frames)."""
    path = parts["tracking"]
    match = read_metadata(parts["match"])
    start = told.started_at_utc or match.kick_off
    if start is None:
        raise SourceError(
            f"{parts['match']} does not say when it was played: give the start (started_at_utc)",
            rule="incomplete",
        )
    frames = read_frames(path)
    refuse_clock_backwards(frames.frame_id, path)
    period = _periods(frames.frame_id, match)
    objects, object_index = _objects(frames, match, parts["match"])
    rows, doubled = _rows(
        frames, match, start=start, period=period, objects=objects, object_index=object_index
    )
    refuse_unsound(rows, objects, path)
    is_turned = (
        must_be_turned(rows, objects, path)
        if match.home_is_left is None
        else not match.home_is_left
    )
    table, counts = positions(rows, objects, match.field_m, is_turned=is_turned)
    return Recording(
        source="tracab",
        device_id=slugify(told.device_id or "") or "tracab",
        kind="tracking",
        reader="tracab",
        reader_version=VERSION,
        session=SessionFacts(
            sport="football",
            started_at_utc=start,
            ended_at_utc=moment(rows.captured.max()),
            source_session_id=match.match_id,
            name=" – ".join(match.team_names[side] for side in ("home", "away")),
            site=told.site,
            sampling_rate_hz=match.frame_rate_hz,
            field_length_m=match.field_m[0],
            field_width_m=match.field_m[1],
            home_team_name=match.team_names["home"],
            away_team_name=match.team_names["away"],
        ),
        clock=Clock(source="operator", uncertainty_s=UNCERTAINTY_S)
        if told.started_at_utc
        else Clock(source="scheduled_start", uncertainty_s=ZONE_UNCERTAINTY_S),
        tables={
            "positions": table,
            "athletes": athletes("tracab", [*match.players, *_unlisted(objects, match)]),
        },
        filter_settings={"run_off_m": RUN_OFF_M, "is_turned": is_turned},
        rows_by_rule={
            **counts,
            "nobody": frames.nobody,
            "duplicate_official": doubled,
            "outside_of_play": int((period == 0).sum()),
        },
    )


def _periods(frame_id: NDArray[np.int64], match: Metadata) -> NDArray[np.int32]:
    """Period of each frame; 0 for a frame between periods."""
    period = np.zeros(frame_id.size, np.int32)
    for number, (first, last) in match.periods.items():
        period[(frame_id >= first) & (frame_id <= last)] = number
    return period


def _objects(
    frames: Frames, match: Metadata, path: Path
) -> tuple[list[TrackedObject], NDArray[np.int64]]:
    """Who is tracked, and which of them each target is; the ball is the first."""
    players: dict[tuple[str, int], list[str]] = {}
    for player in match.players:
        key = (player["team_side"], player["shirt_number"])
        players.setdefault(key, []).append(player["source_athlete_id"])
    if frames.shirt.size and not 0 <= frames.shirt.min() <= frames.shirt.max() < _SHIRTS:
        raise SourceError("a target bears a shirt number that is none: export the match again")
    both, index = np.unique(
        frames.team.astype(np.int64) * _SHIRTS + frames.shirt, return_inverse=True
    )
    objects = [TrackedObject("ball")]
    for team, shirt in (divmod(value, _SHIRTS) for value in both.tolist()):
        if team == OFFICIAL:
            objects.append(TrackedObject("official", f"official_{shirt}"))
            continue
        side = _SIDES[team]
        ids = players.get((side, shirt), [f"{side}_{shirt}"])
        if len(ids) > 1:
            raise SourceError(
                f"{path} gives shirt {shirt} of the {side} side to {len(ids)} players: correct the "
                "squad list",
                rule="duplicate_athlete",
            )
        is_listed = (side, shirt) in players
        objects.append(TrackedObject("athlete", ids[0], side, is_listed or not match.players))
    return objects, index + 1


def _unlisted(objects: list[TrackedObject], match: Metadata) -> list[dict[str, Any]]:
    """Those who play without standing in a squad list."""
    listed = {player["source_athlete_id"] for player in match.players}
    return [
        {
            "source_athlete_id": one.source_id,
            "team_side": one.side,
            "team_name": match.team_names[one.side],
            "shirt_number": int(one.source_id.rpartition("_")[2]),
            "is_identified": one.is_identified,
        }
        for one in objects
        if one.source_id and one.side and one.source_id not in listed
    ]


def _rows(
    frames: Frames,
    match: Metadata,
    *,
    start: datetime,
    period: NDArray[np.int32],
    objects: list[TrackedObject],
    object_index: NDArray[np.int64],
) -> tuple[Rows, int]:
    """Ball and targets of frames of play, in metres; of an official seen twice, the first."""
    official = np.array([one.kind == "official" for one in objects])[object_index]
    key = frames.frame_index * len(objects) + object_index
    _, first = np.unique(key, return_index=True)
    again = np.ones(key.size, bool)
    again[first] = False
    keep = (period[frames.frame_index] > 0) & ~(official & again)
    ball = np.flatnonzero(period > 0)
    index = np.concatenate([ball, frames.frame_index[keep]])
    nowhere = np.full(int(keep.sum()), np.nan)
    frame_id = frames.frame_id[index]
    began = np.zeros(max(match.periods) + 1, np.int64)
    for number, (first_frame, _) in match.periods.items():
        began[number] = first_frame
    kick_off = match.periods[min(match.periods)][0]
    rows = Rows(
        period_id=period[index],
        frame_id=frame_id,
        captured=after(start, (frame_id - kick_off) / match.frame_rate_hz),
        period_time_s=(frame_id - began[period[index]]) / match.frame_rate_hz,
        object_index=np.concatenate([np.zeros(ball.size, np.int64), object_index[keep]]),
        x_m=np.concatenate([frames.ball_cm[ball, 0], frames.x_cm[keep]]) / 100,
        y_m=np.concatenate([frames.ball_cm[ball, 1], frames.y_cm[keep]]) / 100,
        z_m=np.concatenate([frames.ball_cm[ball, 2] / 100, nowhere]),
    )
    return rows, int((official & again).sum())
