"""Rows of vision/positions: what each camera saw of each track, look by look, with its gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from edge_ingest.records import INSTANT
from resources.vision_contracts import VISION_POSITIONS
from sports_assets.vision.detect.person_sizes import PERSON_HEIGHT_M
from sports_assets.vision.follow.boxes import steadied
from sports_assets.vision.follow.roles import Person
from sports_assets.vision.follow.sightings import CameraView, Floats, Sightings, Whole
from sports_assets.vision.follow.smoothing import smoothed

#: A gap of at most this length is filled in between two looks that saw him: within it nobody gets
#: so far that a straight way between both ends would mislead, s.
FILLED_S = 2.0


@dataclass(frozen=True)
class Track:
    """One followed person.

    Attributes:
        track_id: within the session.
        mine: his sightings, in order of time, as places in `Sightings`.
        person: kind, side, role.
        athlete_id, link_distance_m: from tracking data, where linked.
    """

    track_id: int
    mine: Whole
    person: Person
    athlete_id: str | None = None
    link_distance_m: float | None = None


@dataclass(frozen=True)
class _Looks:
    """All looks of one camera, over all its footage, in order of time."""

    t_s: Floats
    view: Whole
    look: Whole

    @classmethod
    def of(cls, views: Sequence[CameraView], numbers: Sequence[int], origin_us: int) -> "_Looks":
        t_s = np.concatenate([(views[one].times_us - origin_us) / 1e6 for one in numbers])
        view = np.concatenate([np.full(views[one].times_us.size, one) for one in numbers])
        look = np.concatenate([np.arange(views[one].times_us.size) for one in numbers])
        order = np.lexsort([view, t_s])
        return cls(t_s[order], view[order].astype(np.int64), look[order].astype(np.int64))


def position_rows(
    session_id: str, seen: Sightings, tracks: Sequence[Track], views: Sequence[CameraView],
    origin_us: int,
) -> pa.Table:  # fmt: skip
    """Contract vision/positions of some tracks, sorted as it says.

    A place is that of the track, smoothed over all cameras' sightings; a box is the camera's own,
    steadied over time.
    Looks in gaps of at most `FILLED_S` are filled in; longer gaps get rows without place and box
    (`not_seen`) in the camera that saw him last, where no other camera sees him meanwhile.

    Args:
        seen: sightings of calibrated views (metres), or of one that is not (then no places).
        views: those that `seen` counts.
    """
    names = sorted({view.camera for view in views})
    cameras = [
        _Looks.of(views, [n for n, view in enumerate(views) if view.camera == name], origin_us)
        for name in names
    ]
    camera_of_view = np.array([names.index(view.camera) for view in views], np.int64)
    parts: list[dict[str, np.ndarray]] = []
    for number, track in enumerate(tracks):
        parts += [
            {**part, "track": np.full(part["look"].size, number)}
            for part in _of_track(seen, track.mine, cameras, camera_of_view, views)
        ]
    if not parts:
        return VISION_POSITIONS.empty()
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _table(session_id, columns, tracks, views)


def _of_track(
    seen: Sightings, mine: Whole, cameras: Sequence[_Looks], camera_of_view: Whole,
    views: Sequence[CameraView],
) -> list[dict[str, np.ndarray]]:  # fmt: skip
    t_s = seen.t_s[mine]
    view, look, when = [seen.view[mine]], [seen.look[mine]], [t_s]
    boxes, confidence = [seen.boxes_px[mine]], [seen.confidence[mine]]
    kind = [np.zeros(mine.size, np.int64)]
    camera = camera_of_view[seen.view[mine]]
    for number in np.unique(camera):
        looks, here = cameras[number], mine[camera == number]
        at = _positions(looks, seen, here)
        low, high = at[:-1], at[1:]
        short = (looks.t_s[high] - looks.t_s[low] <= FILLED_S + 1e-6) & (high - low > 1)
        inside = _between(low[short], high[short])
        if inside.size:
            view.append(looks.view[inside])
            look.append(looks.look[inside])
            when.append(looks.t_s[inside])
            known = looks.t_s[at]
            boxes.append(
                np.column_stack(
                    [
                        np.interp(looks.t_s[inside], known, seen.boxes_px[here, side])
                        for side in range(4)
                    ]
                )
            )
            confidence.append(np.zeros(inside.size))
            kind.append(np.ones(inside.size, np.int64))
    for one in np.flatnonzero(np.diff(t_s) > FILLED_S + 1e-6):
        looks = cameras[camera[one]]
        low, high = np.searchsorted(looks.t_s, [t_s[one] + 1e-6, t_s[one + 1] - 1e-6])
        inside = np.arange(low, high)
        view.append(looks.view[inside])
        look.append(looks.look[inside])
        when.append(looks.t_s[inside])
        boxes.append(np.full((inside.size, 4), np.nan))
        confidence.append(np.zeros(inside.size))
        kind.append(np.full(inside.size, 2))
    kinds, times = np.concatenate(kind), np.concatenate(when)
    place, sd = np.full((times.size, 2), np.nan), np.full(times.size, np.nan)
    there = kinds < _MISSING
    place[there], sd[there] = smoothed(t_s, seen.place_m[mine], seen.sd_m[mine], times[there])
    part = {
        "view": np.concatenate(view), "look": np.concatenate(look), "kind": kinds,
        "boxes": np.concatenate(boxes), "confidence": np.concatenate(confidence),
        "place": place, "sd": sd,
    }  # fmt: skip
    for number in np.unique(camera):
        here = np.flatnonzero(there & (camera_of_view[part["view"]] == number))
        _steady(part, here[np.argsort(times[here], kind="stable")], times, views)
    return [part]


def _steady(
    part: dict[str, np.ndarray], here: Whole, times: Floats, views: Sequence[CameraView]
) -> None:
    """Steady the boxes of one camera's rows, in order of time, where it is calibrated."""
    feet, rise = np.full(here.size, np.nan), np.full(here.size, np.nan)
    for number in np.unique(part["view"][here]):
        mine, model = part["view"][here] == number, views[number].model
        if model is not None:
            place = part["place"][here[mine]]
            feet[mine] = model.project(place)[:, 1]
            rise[mine] = model.upright_px(place, PERSON_HEIGHT_M)
    known = np.isfinite(feet) & (np.nan_to_num(rise) > 1)
    here = here[known]
    part["boxes"][here] = steadied(
        part["boxes"][here], times[here], feet[known], rise[known], part["kind"][here] != _FILLED
    )


#: Kinds of rows while they are made: seen, filled in, missing.
_FILLED, _MISSING = 1, 2


def _positions(looks: _Looks, seen: Sightings, here: Whole) -> Whole:
    """Where sightings stand among all looks of their camera."""
    width = int(looks.look.max()) + 1
    key = looks.view * width + looks.look
    order = np.argsort(key)
    found = np.searchsorted(key[order], seen.view[here] * width + seen.look[here])
    return np.asarray(order[found], np.int64)


def _between(low: Whole, high: Whole) -> Whole:
    """All whole numbers strictly between pairs."""
    return np.concatenate(
        [np.arange(a + 1, b) for a, b in zip(low, high, strict=True)] or [np.empty(0, np.int64)]
    ).astype(np.int64)


def _table(
    session_id: str,
    columns: dict[str, np.ndarray],
    tracks: Sequence[Track],
    views: Sequence[CameraView],
) -> pa.Table:
    names = sorted(view.footage_sha256 for view in views)
    rank = np.array([names.index(view.footage_sha256) for view in views])
    order = np.lexsort(
        [
            np.array([one.track_id for one in tracks])[columns["track"]],
            columns["look"],
            rank[columns["view"]],
        ]
    )
    told = {name: values[order] for name, values in columns.items()}
    frame, when = np.empty(order.size, np.int64), np.empty(order.size, np.int64)
    in_metres = np.zeros(order.size, np.bool_)
    for number, view in enumerate(views):
        mine = told["view"] == number
        frame[mine] = view.frame_ids[told["look"][mine]]
        when[mine] = view.times_us[told["look"][mine]]
        in_metres[mine] = view.is_calibrated
    missing = told["kind"] == _MISSING
    of = [tracks[one] for one in told["track"]]
    has_place = in_metres & ~missing
    place = {
        "x_m": told["place"][:, 0], "y_m": told["place"][:, 1], "position_sd_m": told["sd"],
    }  # fmt: skip
    sides = ("left_px", "top_px", "right_px", "bottom_px")
    return VISION_POSITIONS.conform(
        pa.table(
            {
                "session_id": pa.repeat(session_id, order.size),
                "footage_sha256": [views[one].footage_sha256 for one in told["view"]],
                "frame_id": pa.array(frame, pa.int32()),
                "captured_at_utc": pa.array(when).cast(INSTANT),
                "track_id": pa.array([one.track_id for one in of], pa.int32()),
                "object_kind": [one.person.object_kind for one in of],
                "athlete_id": pa.array([one.athlete_id for one in of], pa.string()),
                "team_side": pa.array([one.person.team_side for one in of], pa.string()),
                "role": pa.array([one.person.role for one in of], pa.string()),
                **{name: pa.array(values, mask=~has_place) for name, values in place.items()},
                **{
                    name: pa.array(told["boxes"][:, side], mask=missing)
                    for side, name in enumerate(sides)
                },
                "is_interpolated": told["kind"] == _FILLED,
                "missing_reason": pa.array(
                    ["not_seen" if one else None for one in missing], pa.string()
                ),
                "confidence": told["confidence"],
            }
        )
    )
