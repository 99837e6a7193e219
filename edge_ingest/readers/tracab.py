"""TRACAB optical tracking: the reader. Frames as `dat` or JSON, metadata in any of three shapes.

Conventions. The vendor's axes are ours, in centimetres. The whole match is turned by half a turn
where the home side attacks towards −x in period 1: as the metadata say (on which side the home
goalkeeper begins), or else by the vote of all frames. Frames outside of the periods are left out,
and so are targets that are nobody: unassigned tracks and places that are not in use.

Ids. Targets bear a side and a shirt number; the squad lists tell the player. Without a squad list
an id is `<side>_<shirt>`, as kloppy's.

Clock. The kick-off is written without a zone. Told that (`clock_timezone`) it is good to a second
where frames are counted from local midnight, as in every real file at hand: then it is measured.
Else it is good to minutes, as any schedule. Without its zone it is taken for UTC, and instants may
be off by a zone's hours. Intervals are exact.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import (
    Rows,
    TrackedObject,
    after,
    athletes,
    moment,
    refuse_clock_backwards,
)
from edge_ingest.readers.local_time import to_utc
from edge_ingest.readers.tracab_frames import AWAY, HOME, OFFICIAL, Frames, read_frames
from edge_ingest.readers.tracab_metadata import Metadata, read_metadata
from edge_ingest.readers.tracking_recording import MatchFacts, tracking_recording
from edge_ingest.recording import Recording, Told

VERSION = "1"

#: A kick-off without its zone may be off by as much as a zone lies from UTC, s.
ZONE_UNCERTAINTY_S = 14 * 3600.0
#: Kick-off is rarely further than this from its schedule, s.
SCHEDULE_UNCERTAINTY_S = 300.0
UNCERTAINTY_S = 1.0

_SIDES = {HOME: "home", AWAY: "away"}
_SHIRTS = 1 << 16


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read a match: `match` (metadata) and `tracking` (frames)."""
    path = parts["tracking"]
    match = read_metadata(parts["match"])
    start, clock = _start(match, told, parts["match"])
    frames = read_frames(path)
    refuse_clock_backwards(frames.frame_id, path)
    period = _periods(frames.frame_id, match)
    objects, object_index = _objects(frames, match, parts)
    rows, doubled = _rows(
        frames, match, start=start, period=period, objects=objects, object_index=object_index
    )
    facts = MatchFacts(
        started_at_utc=start,
        clock=clock,
        field_m=match.field_m,
        frame_rate_hz=match.frame_rate_hz,
        team_names=match.team_names,
        squads=athletes("tracab", [*match.players, *_unlisted(objects, match)]),
        home_is_left=match.home_is_left,
        source_session_id=match.match_id,
    )
    counts = {
        "nobody": frames.nobody,
        "duplicate_official": doubled,
        "outside_of_play": int((period == 0).sum()),
    }
    return tracking_recording(
        ("tracab", VERSION), facts, objects, rows, told=told, path=path, counts=counts
    )


def _start(match: Metadata, told: Told, path: Path) -> tuple[datetime, Clock]:
    """Kick-off, and what it rests on."""
    if told.started_at_utc is not None:
        return told.started_at_utc, Clock(source="operator", uncertainty_s=UNCERTAINTY_S)
    written = match.kick_off
    if written is None:
        raise SourceError(
            f"{path} does not say when it was played: give the start (started_at_utc)",
            rule="incomplete",
        )
    clock = (
        Clock(source="device", uncertainty_s=UNCERTAINTY_S)
        if _counts_from_midnight(match, written)
        else Clock(source="scheduled_start", uncertainty_s=SCHEDULE_UNCERTAINTY_S)
    )
    if written.tzinfo is not None:
        return written.astimezone(UTC), clock
    if told.clock_timezone is None:
        unknown = Clock(source="scheduled_start", uncertainty_s=ZONE_UNCERTAINTY_S)
        return written.replace(tzinfo=UTC), unknown
    (start,), offset_s = to_utc(np.array([written], "datetime64[us]"), told.clock_timezone, path)
    return moment(start), clock.model_copy(update={"offset_s": offset_s})


def _counts_from_midnight(match: Metadata, written: datetime) -> bool:
    """Whether frames are counted from local midnight: then kick-off is measured, not scheduled."""
    midnight = written.replace(hour=0, minute=0, second=0, microsecond=0)
    first, _ = match.periods[min(match.periods)]
    counted_s = first / match.frame_rate_hz
    written_s = (written - midnight).total_seconds()
    # A day without a time of day, and frames counted from nought, would look alike.
    return written_s > 0 and abs(counted_s - written_s) <= UNCERTAINTY_S


def _periods(frame_id: NDArray[np.int64], match: Metadata) -> NDArray[np.int32]:
    """Period of each frame; 0 for a frame between periods."""
    period = np.zeros(frame_id.size, np.int32)
    for number, (first, last) in match.periods.items():
        period[(frame_id >= first) & (frame_id <= last)] = number
    return period


def _objects(
    frames: Frames, match: Metadata, parts: Mapping[str, Path]
) -> tuple[list[TrackedObject], NDArray[np.int64]]:
    """Who is tracked, and which of them each target is; the ball is the first."""
    players: dict[tuple[str, int], list[str]] = {}
    for player in match.players:
        key = (player["team_side"], player["shirt_number"])
        players.setdefault(key, []).append(player["source_athlete_id"])
    if frames.shirt.size and not 0 <= frames.shirt.min() <= frames.shirt.max() < _SHIRTS:
        raise SourceError(
            f"{parts['tracking']}: a target bears a shirt number that is none: export it again"
        )
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
                f"{parts['match']} gives shirt {shirt} of the {side} side to {len(ids)} players: "
                "correct the squad list",
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
