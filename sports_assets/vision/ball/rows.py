"""The ball's rows of vision/positions and vision/track, over all cameras of a session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.records import INSTANT
from resources.vision_contracts import VISION_POSITIONS, VISION_TRACK
from sports_assets.vision.ball.path import BallPath

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Looks of two cameras are of one moment if they are no further apart than this, s: half of what
#: is between two looks at five a second.
_MOMENT_S = 0.1
#: Two cameras mean one ball up to here, m, and so many standard deviations: a ball in flight is
#: seen by each against another place of the ground.
_ONE_BALL_M, _ONE_BALL_SDS = 4.0, 3.0


@dataclass(frozen=True)
class BallView:
    """The ball in one video object.

    Attributes:
        footage_sha256: which.
        path: where it was in each look.
        times_us: instants of the looks, microseconds since 1970 (UTC): n.
    """

    footage_sha256: str
    path: BallPath
    times_us: Whole

    def without(self, looks: NDArray[np.bool_]) -> "BallView":
        """The same, but not seen in some of the looks."""
        path = self.path
        boxes, place, sd = path.boxes_px.copy(), path.place_m.copy(), path.place_sd_m.copy()
        boxes[looks], place[looks], sd[looks] = np.nan, np.nan, np.nan
        return replace(
            self,
            path=replace(
                path, boxes_px=boxes, place_m=place, place_sd_m=sd,
                is_seen=path.is_seen & ~looks, is_interpolated=path.is_interpolated & ~looks,
                confidence=np.where(looks, 0.0, path.confidence),
            ),
        )  # fmt: skip


def one_ball(views: Sequence[BallView]) -> list[BallView]:
    """The same views, without what cannot be if there is one ball only.

    Where two calibrated cameras see it at one moment in places that differ, the one that is less
    sure of it does not see it. Cameras without metres cannot be compared.
    """
    told = list(views)
    for first in range(len(told)):
        for second in range(first + 1, len(told)):
            looks, other = _same_moments(told[first], told[second])
            one, two = told[first].path, told[second].path
            far = np.linalg.norm(one.place_m[looks] - two.place_m[other], axis=1)
            sd = np.hypot(one.place_sd_m[looks], two.place_sd_m[other])
            with np.errstate(invalid="ignore"):
                differ = far > np.maximum(_ONE_BALL_M, _ONE_BALL_SDS * sd)
            surer = one.confidence[looks] >= two.confidence[other]
            for number, at in ((first, looks[differ & ~surer]), (second, other[differ & surer])):
                gone = np.zeros(told[number].times_us.size, np.bool_)
                gone[at] = True
                told[number] = told[number].without(gone)
    return told


def ball_rows(
    session_id: str, track_id: int, views: Sequence[BallView]
) -> tuple[pa.Table, pa.Table]:
    """Contracts vision/positions and vision/track of the ball.

    Every look of every camera has a row: with the place, or `not_seen`. Of a ball that none ever
    saw there is no track, and no row.

    Args:
        track_id: that nobody else of the session has.
        views: as `one_ball` gives them.
    """
    views = sorted(views, key=lambda view: view.footage_sha256)
    if not any(view.path.is_seen.any() for view in views):
        return VISION_POSITIONS.empty(), VISION_TRACK.empty()
    positions = pa.concat_tables([_positions(session_id, track_id, view) for view in views])
    return positions, VISION_TRACK.conform(_track(session_id, track_id, views))


def _same_moments(one: BallView, other: BallView) -> tuple[Whole, Whole]:
    """Looks of one view, and those of the other that are of the same moment."""
    if not one.times_us.size or not other.times_us.size:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    after = np.clip(np.searchsorted(other.times_us, one.times_us), 1, other.times_us.size) - 1
    next_one = np.minimum(after + 1, other.times_us.size - 1)
    is_next = np.abs(other.times_us[next_one] - one.times_us) < np.abs(
        other.times_us[after] - one.times_us
    )
    nearest = np.where(is_next, next_one, after)
    looks = np.flatnonzero(np.abs(other.times_us[nearest] - one.times_us) <= _MOMENT_S * 1e6)
    return looks, nearest[looks]


def _positions(session_id: str, track_id: int, view: BallView) -> pa.Table:
    path, count = view.path, view.times_us.size
    there = path.is_seen | path.is_interpolated
    in_metres = there & np.isfinite(path.place_m).all(axis=1) & np.isfinite(path.place_sd_m)
    nobody = pa.nulls(count, pa.string())
    places = {
        "x_m": path.place_m[:, 0], "y_m": path.place_m[:, 1], "position_sd_m": path.place_sd_m,
    }  # fmt: skip
    sides = ("left_px", "top_px", "right_px", "bottom_px")
    return VISION_POSITIONS.conform(
        pa.table(
            {
                "session_id": pa.repeat(session_id, count),
                "footage_sha256": pa.repeat(view.footage_sha256, count),
                "frame_id": pa.array(path.frame_id, pa.int32()),
                "captured_at_utc": pa.array(view.times_us).cast(INSTANT),
                "track_id": pa.array(np.full(count, track_id), pa.int32()),
                "object_kind": pa.repeat("ball", count),
                "athlete_id": nobody,
                "team_side": nobody,
                "role": nobody,
                **{name: pa.array(told, mask=~in_metres) for name, told in places.items()},
                **{
                    name: pa.array(path.boxes_px[:, side], mask=~there)
                    for side, name in enumerate(sides)
                },
                "is_interpolated": path.is_interpolated,
                "missing_reason": pa.array(
                    [None if one else "not_seen" for one in there], pa.string()
                ),
                "confidence": path.confidence,
            }
        )
    )


def _track(session_id: str, track_id: int, views: Sequence[BallView]) -> pa.Table:
    times_us = np.concatenate([view.times_us for view in views])
    is_seen = np.concatenate([view.path.is_seen for view in views])
    seen_us = np.unique(times_us[is_seen])
    between = np.unique(times_us[(times_us > seen_us[0]) & (times_us < seen_us[-1])])
    # A look is missed if no camera saw it within its moment.
    at = np.searchsorted(seen_us, between)
    before = np.abs(between - seen_us[np.maximum(at - 1, 0)])
    after = np.abs(seen_us[np.minimum(at, seen_us.size - 1)] - between)
    missed = int(np.sum(np.minimum(before, after) > _MOMENT_S * 1e6))
    return pa.table(
        {
            "session_id": [session_id],
            "track_id": pa.array([track_id], pa.int32()),
            "object_kind": ["ball"],
            "team_side": pa.nulls(1, pa.string()),
            "role": pa.nulls(1, pa.string()),
            "team_confidence": pa.nulls(1, pa.float64()),
            "athlete_id": pa.nulls(1, pa.string()),
            "link_distance_m": pa.nulls(1, pa.float64()),
            "first_seen_at_utc": pa.array(seen_us[:1]).cast(INSTANT),
            "last_seen_at_utc": pa.array(seen_us[-1:]).cast(INSTANT),
            "seen": pa.array([int(is_seen.sum())], pa.int32()),
            "missed": pa.array([missed], pa.int32()),
            "longest_gap_s": [float(np.diff(seen_us).max(initial=0)) / 1e6],
        }
    )
