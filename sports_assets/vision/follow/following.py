"""Detections of a session, over all its cameras, to tracks of people: the whole step.

Calibrated cameras look at one field and are followed as one, in metres; a camera that is not
calibrated is followed by itself, in a guessed plane, and its tracks have no places. Footage of one
camera in successive stretches is one row of looks, so that tracks go on across a cut.

`track_id` counts people from 1 in the order in which they are first seen; 0 is the ball's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

import numpy as np
import pyarrow as pa

from edge_ingest.records import INSTANT
from resources.vision_contracts import VISION_POSITIONS, VISION_TRACK
from sports_assets.vision.follow.cameras import at_edge, merged
from sports_assets.vision.follow.clocks import camera_shifts
from sports_assets.vision.follow.colours import Palette
from sports_assets.vision.follow.exchange import exchanged
from sports_assets.vision.follow.identity import Linked, link
from sports_assets.vision.follow.joining import join
from sports_assets.vision.follow.paths import Track, position_rows
from sports_assets.vision.follow.plane import GuessedPlane
from sports_assets.vision.follow.roles import Person, people
from sports_assets.vision.follow.sightings import (
    CameraView,
    Flags,
    Sightings,
    Whole,
    read_sightings,
)
from sports_assets.vision.follow.swaps import cut_swaps
from sports_assets.vision.follow.tracking import followed_enough, tracklets

#: The ball's number among tracks.
BALL_TRACK_ID = 0
#: Rounds of cutting at swaps and joining: colours are known better after the first.
_ROUNDS = 2


@dataclass(frozen=True)
class Followed:
    """What became of people.

    Attributes:
        tracks: contract vision/track.
        positions: contract vision/positions.
        camera_shift_s: what was added to the instants of a camera to follow people across cameras,
            by its name; rows keep the instants that the footage tells.
        tracking_shift_s: what was added to all of them to fit tracking data; None: not linked.
        is_turned: whether the footage's field is turned by half a turn beside tracking data's.
    """

    tracks: pa.Table
    positions: pa.Table
    camera_shift_s: dict[str, float] = dataclass_field(default_factory=dict)
    tracking_shift_s: float | None = None
    is_turned: bool = False


def follow(
    session_id: str,
    detections: pa.Table,
    cameras: Sequence[CameraView],
    tracking: pa.Table | None = None,
) -> Followed:
    """Follow all people of a session.

    Args:
        detections: contract vision/detection, of all footage of the session.
        cameras: every video object that was looked at.
        tracking: positions of the session's athletes from another source, with athlete_id,
            team_side, captured_at_utc, x_m, y_m; None where there are none.
    """
    views = [one for one in cameras if one.times_us.size]
    views.sort(key=lambda one: (one.camera, int(one.times_us[0]), one.footage_sha256))
    if not views:
        return Followed(VISION_TRACK.empty(), VISION_POSITIONS.empty())
    origin_us = min(int(one.times_us[0]) for one in views)
    done: list[Followed] = []
    for group in _groups(views):
        first_id = BALL_TRACK_ID + 1 + sum(one.tracks.num_rows for one in done)
        done.append(_follow_group(session_id, detections, group, origin_us, first_id, tracking))
    order = [(name, "ascending") for name in VISION_POSITIONS.sort_by]
    return replace(
        done[0],
        tracks=pa.concat_tables([one.tracks for one in done]),
        positions=pa.concat_tables([one.positions for one in done]).sort_by(order),
    )


def _groups(views: Sequence[CameraView]) -> list[list[CameraView]]:
    """Views that are followed together: all calibrated ones, and each other camera's."""
    on_field = [one for one in views if one.is_calibrated]
    rest = [one for one in views if not one.is_calibrated]
    names = sorted({one.camera for one in rest})
    groups = [on_field, *([one for one in rest if one.camera == name] for name in names)]
    return [group for group in groups if group]


def _follow_group(  # noqa: PLR0917 - one call
    session_id: str, detections: pa.Table, views: Sequence[CameraView], origin_us: int,
    first_id: int, tracking: pa.Table | None,
) -> Followed:  # fmt: skip
    field = views[0].field
    seen = _placed(read_sightings(detections, views, origin_us), detections, views)
    shifts: dict[str, float] = {}
    if field is not None and len({view.camera for view in views}) > 1:
        shifts = camera_shifts(seen, _tracklets_by_camera(seen, views), views)
        if shifts:
            views = [shifted(view, shifts.get(view.camera, 0.0)) for view in views]
            seen = _placed(read_sightings(detections, views, origin_us), detections, views)
    whole, owner = merged(seen, views) if field is not None else (seen, np.arange(len(seen)))
    label = _tracks(whole, at_edge(whole, views))
    linked = None
    if tracking is not None and field is not None:
        uncertain = [view.clock_uncertainty_s for view in views]
        reach = None if None in uncertain else max(one for one in uncertain if one is not None)
        linked = link(whole, label, tracking, origin_us, reach)
        label = linked.label
    kinds = people(whole, label, int(label.max(initial=-1)) + 1, field)
    if linked is not None:
        kinds = _named(kinds, linked)
    own = label[owner]
    tracks = []
    for number, kind in enumerate(kinds):
        mine = np.flatnonzero(own == number)
        mine = mine[np.argsort(seen.t_s[mine], kind="stable")]
        found = linked.links.get(number) if linked else None
        tracks.append(
            Track(
                first_id + number,
                mine,
                kind,
                *((found.athlete_id, found.distance_m) if found else ()),
            )
        )
    positions = position_rows(session_id, seen, tracks, views, origin_us)
    return Followed(
        _track_table(session_id, seen, tracks, _told_us(seen, views, shifts, origin_us)),
        _told_instants(positions, views, shifts),
        shifts,
        linked.shift_s if linked and linked.links else None,
        bool(linked and linked.is_turned),
    )


def _named(kinds: Sequence[Person], linked: Linked) -> list[Person]:
    """Sides as tracking data has them; those that it does not name follow those it does."""
    agree = [
        kinds[number].team_side == one.team_side
        for number, one in linked.links.items()
        if kinds[number].team_side and one.team_side
    ]
    is_other_way = sum(agree) * 2 < len(agree)
    other = {"home": "away", "away": "home"}
    out = []
    for number, kind in enumerate(kinds):
        told = linked.links.get(number)
        side = other[kind.team_side] if kind.team_side and is_other_way else kind.team_side
        if told is None:
            out.append(replace(kind, team_side=side))
        elif kind.object_kind == "athlete":
            out.append(replace(kind, team_side=told.team_side or side))
        else:
            out.append(Person("athlete", told.team_side, None, kind.team_confidence))
    return out


def shifted(view: CameraView, shift_s: float) -> CameraView:
    """The same looks, so much later."""
    return replace(view, times_us=view.times_us + round(shift_s * 1e6))


def _told_us(
    seen: Sightings, views: Sequence[CameraView], shifts: dict[str, float], origin_us: int
) -> Whole:
    """Instants of sightings as the footage itself tells them, microseconds since 1970."""
    shift_us = np.array([round(shifts.get(view.camera, 0.0) * 1e6) for view in views], np.int64)
    return origin_us + np.rint(seen.t_s * 1e6).astype(np.int64) - shift_us[seen.view]


def _told_instants(
    positions: pa.Table, views: Sequence[CameraView], shifts: dict[str, float]
) -> pa.Table:
    """Rows with the instants that the footage itself tells."""
    if not shifts:
        return positions
    back = {view.footage_sha256: round(shifts.get(view.camera, 0.0) * 1e6) for view in views}
    off = np.array([back[one] for one in positions["footage_sha256"].to_pylist()], np.int64)
    when = positions["captured_at_utc"].cast(pa.int64()).to_numpy() - off
    at = positions.column_names.index("captured_at_utc")
    field = positions.schema.field(at)
    return positions.set_column(at, field, pa.array(when).cast(INSTANT))


def _tracklets_by_camera(seen: Sightings, views: Sequence[CameraView]) -> Whole:
    """Tracklets, one camera after the other, before their clocks are known to agree."""
    names = [view.camera for view in views]
    label = np.full(len(seen), -1, np.int64)
    for name in sorted(set(names)):
        mine = np.flatnonzero(np.array([one == name for one in names])[seen.view])
        own = tracklets(seen.only(mine))
        label[mine] = np.where(own >= 0, own + label.max(initial=-1) + 1, -1)
    return label


def _tracks(seen: Sightings, edge: Flags) -> Whole:
    """Track of each sighting, from 0; −1 of those who were seen too little."""
    label = tracklets(seen, Palette.of(seen, tracklets(seen)))
    for _ in range(_ROUNDS):
        palette = Palette.of(seen, label)
        label = join(seen, cut_swaps(seen, label, palette), palette, edge)
        label = exchanged(seen, label, palette)
    return followed_enough(seen, label)


def _placed(seen: Sightings, detections: pa.Table, views: Sequence[CameraView]) -> Sightings:
    """Places of all sightings: as told in metres, or in a guessed plane; others are left out."""
    if views[0].is_calibrated:
        return seen.only(np.isfinite(seen.place_m).all(axis=1) & np.isfinite(seen.sd_m))
    plane = GuessedPlane.of(seen.boxes_px, views[0].width_px, views[0].height_px)
    pixels = np.column_stack(
        [
            detections[name].to_numpy().astype(np.float64)[seen.row]
            for name in ("ground_x_px", "ground_y_px")
        ]
    )
    sd_m = plane.sd_m(pixels)
    cov_m = np.eye(2) * (sd_m**2)[:, None, None]
    return replace(seen, place_m=plane.place_m(pixels), sd_m=sd_m, cov_m=cov_m)


def _track_table(
    session_id: str, seen: Sightings, tracks: Sequence[Track], told_us: Whole
) -> pa.Table:
    """Contract vision/track; `told_us`: instant of each sighting as its footage tells it."""
    rows = []
    for one in tracks:
        t_s, tick = seen.t_s[one.mine], np.unique(seen.tick[one.mine])
        gaps = np.diff(t_s)
        rows.append(
            {
                "session_id": session_id,
                "track_id": one.track_id,
                "object_kind": one.person.object_kind,
                "team_side": one.person.team_side,
                "role": one.person.role,
                "team_confidence": one.person.team_confidence,
                "athlete_id": one.athlete_id,
                "link_distance_m": one.link_distance_m,
                "first_seen_at_utc": int(told_us[one.mine].min()),
                "last_seen_at_utc": int(told_us[one.mine].max()),
                "seen": int(one.mine.size),
                "missed": int(tick[-1] - tick[0] + 1 - tick.size),
                "longest_gap_s": float(gaps.max()) if gaps.size else 0.0,
            }
        )
    table = {
        field.name: pa.array([row[field.name] for row in rows], pa.int64()).cast(INSTANT)
        if field.type == INSTANT
        else pa.array([row[field.name] for row in rows], field.type)
        for field in VISION_TRACK.schema
    }
    return VISION_TRACK.conform(pa.table(table))
