"""The ball's path in one camera: where it was in each look, or that it was not seen.

Candidates of all frames are scored, the best path through them is searched, stretches of it that
cannot be the ball are given up, and short gaps are bridged. What is not known is left out: a look
without the ball is worth more than one with somebody's shoe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.ball.blobs import Candidates
from sports_assets.vision.ball.carried import End, carried
from sports_assets.vision.ball.links import LinkSettings, best_path
from sports_assets.vision.ball.place import Way, ground_places
from sports_assets.vision.ball.score import diameter_px, people_near, score
from sports_assets.vision.ball.size import BALL_M, BallSize
from sports_assets.vision.ball.stretches import believed_points, is_near, lies_until

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Candidates that look less like it than this, or that are not among the best few of their frame,
#: are not followed.
_LEAST_SCORE, _MOST_FOLLOWED = -1.0, 12
#: Costs of a path are made for a candidate each so many seconds. Where frames are rarer each says
#: more, and less than as many as there would have been: those are not independent. From about ten
#: a second on a chance neighbour is too likely for more.
_FRAME_S, _MOST_WEIGHT = 0.04, 1.5
#: A gap is bridged if it is as short as this, s, ...
_SHORT_S = 0.5
#: ... or at most so long, s, and its ends so near that the ball was hardly elsewhere, m, because
#: somebody stood before it; ...
_LONG_S, _NEAR_M = 2.0, 3.0
#: ... or at most so long, if somebody had it, s.
_CARRIED_S = 4.0
#: A ball that somebody has is at one of his feet, or a step ahead, m.
_BRIDGED_SD_M = 0.7
#: The speed at its ends is that of so long, s.
_END_S = 0.2
#: What a stretch must earn to be believed for 63 %.
_EARNED = 8.0


@dataclass(frozen=True)
class BallPath:
    """The ball in the looks of one camera: n looks.

    Attributes:
        frame_id, t_s: of each look.
        boxes_px: left, top, right, bottom; NaN where it was not seen: n × 4.
        place_m: x and y of the place on the ground under the ball. On the ground that is exact to
            the camera's error. In flight it is told from the parabola where one fits; else it is
            the place on the ground that the ball hides, which is behind it by up to its height
            times its distance over the camera's height, and `place_sd_m` says so. NaN where it was
            not seen, or the camera is not calibrated: n × 2.
        place_sd_m: standard deviation of that: n.
        is_seen: a candidate of that very frame was the ball: n.
        is_interpolated: it was seen shortly before and after, and the place is in between; or it
            lies where it was seen before or after, and is seen now and then: n.
        confidence: 0 to 1; 0 where it was not seen in that frame: n.
    """

    frame_id: Whole
    t_s: Floats
    boxes_px: Floats
    place_m: Floats
    place_sd_m: Floats
    is_seen: Flags
    is_interpolated: Flags
    confidence: Floats


def ball_path(
    candidates: Sequence[Candidates],
    looks: Sequence[int] | Whole,
    people_px: Mapping[int, Floats],
    *,
    camera: Camera | None = None,
    size: BallSize | None = None,
    balls_px: Mapping[int, Floats] | None = None,
    settings: LinkSettings | None = None,
) -> BallPath:
    """Where the ball was in each look.

    Args:
        candidates: of all frames in which they were looked for, in order of time; the looks are
            among them. More frames than looks give a better path.
        looks: numbers of the frames for which it is asked, ascending.
        people_px: boxes of people (k × 4) by the number of the frame; those of the looks do.
        camera: None: no places in metres.
        size: of the ball, where the candidates were found without knowing it
            (`BallSize.from_people`).
        balls_px: boxes that a detector took for balls, by the number of the frame.

    Raises:
        ValueError: a look has no candidates, not even none.
    """
    times_s = np.array([one.t_s for one in candidates])
    by_id = {one.frame_id: one.t_s for one in candidates}
    if strange := [int(frame) for frame in looks if int(frame) not in by_id]:
        raise ValueError(
            f"no candidates are given for the looks {strange[:5]}: let BallCandidates look at "
            "each frame that is a look"
        )
    seen = {by_id[frame]: boxes for frame, boxes in people_px.items() if frame in by_id}
    frame_s = float(np.median(np.diff(times_s))) if times_s.size > 1 else 0.0
    weight = float(np.clip(np.sqrt(frame_s / _FRAME_S), 1.0, _MOST_WEIGHT))
    near = people_near(times_s, seen)
    kept, scores = [], []
    for one, people in zip(candidates, near, strict=True):
        balls = (balls_px or {}).get(one.frame_id)
        told = score(one, people, balls, size, frame_s=frame_s) * weight
        best = np.argsort(-told, kind="stable")[:_MOST_FOLLOWED]
        best = best[told[best] > _LEAST_SCORE * weight]
        kept.append(one.take(best))
        scores.append(told[best])
    diameters = [diameter_px(one, size) for one in kept]
    path = best_path(
        times_s, [one.centre_px for one in kept], scores, diameters, ball_m=BALL_M,
        settings=settings,
    )  # fmt: skip
    points = [(point.frame, point.candidate) for point in path]
    centres = np.array([kept[f].centre_px[c] for f, c in points]).reshape(-1, 2)
    way = Way(
        times_s[[f for f, _ in points]],
        centres,
        np.array([diameters[f][c] for f, c in points]),
        np.array([point.stretch for point in path], np.int64),
        np.array([scores[f][c] for f, c in points]),
        np.array([kept[f].on_pitch[c] for f, c in points], np.bool_),
    )  # fmt: skip
    looked_s = np.array([by_id[int(frame)] for frame in looks])
    way = way.only(believed_points(way, times_s, kept))
    lying = _lying(way, looked_s, times_s, kept)
    return _at_looks(np.asarray(looks, np.int64), looked_s, way, seen, lying, camera)


def _lying(way: Way, looked_s: Floats, times_s: Floats, kept: Sequence[Candidates]) -> Floats:
    """Where the ball lies in looks before a stretch of its way or after it; else NaN: n × 2."""
    centre = np.full((looked_s.size, 2), np.nan)
    edges_s = np.concatenate([[-np.inf], way.t_s, [np.inf]])
    for after in np.flatnonzero(np.diff(edges_s) > _SHORT_S).tolist() if way.t_s.size else []:
        # Where it came to rest is known better than from where it will go.
        for point, onward, limit_s in (
            (after, -1, edges_s[after]),
            (after - 1, 1, edges_s[after + 1]),
        ):
            if 0 <= point < way.t_s.size:
                ends_s = sorted(
                    (way.t_s[point], lies_until(way, point, onward, limit_s, times_s, kept))
                )
                centre[(looked_s >= ends_s[0] - _SAME_S) & (looked_s <= ends_s[1] + _SAME_S)] = (
                    way.centre_px[point]
                )
    return centre


def _bridged(way: Way, looked_s: Floats, seen: Mapping[float, Floats]) -> tuple[Flags, Floats]:
    """Which looks are in a gap that is bridged, and where the ball is in those: n, n × 2."""
    is_bridged = np.zeros(looked_s.size, np.bool_)
    centre = np.full((looked_s.size, 2), np.nan)
    people_s = np.array(sorted(seen))
    people = [seen[float(one)] for one in people_s]
    # Looks strictly between each point and the next.
    first = np.searchsorted(looked_s, way.t_s[:-1] + _SAME_S)
    last = np.searchsorted(looked_s, way.t_s[1:] - _SAME_S)
    gaps = np.flatnonzero((first < last) & (np.diff(way.t_s) <= _CARRIED_S))
    for one in gaps.tolist():
        inside = np.arange(first[one], last[one])
        ends = (float(way.t_s[one]), float(way.t_s[one + 1]))
        places = (way.centre_px[one], way.centre_px[one + 1])
        had = None
        if ends[1] - ends[0] > _SHORT_S:
            had = carried(people_s, people, _end(way, one, -1), _end(way, one + 1, 1))
        if had is not None:
            centre[inside] = had.centre_px(looked_s[inside])
        elif ends[1] - ends[0] <= _SHORT_S or is_near(way, one, one + 1, _LONG_S, _NEAR_M):
            centre[inside] = _interpolated(looked_s[inside], np.array(ends), np.array(places))
        else:
            continue
        is_bridged[inside] = True
    return is_bridged, centre


def _end(way: Way, point: int, onward: int) -> End:
    """An end of a stretch, with the speed that the points next to it tell."""
    near = [point]
    while 0 <= (following := near[-1] + onward) < way.t_s.size:
        is_other = way.stretch[following] != way.stretch[point]
        if is_other or abs(way.t_s[following] - way.t_s[point]) > _END_S:
            break
        near.append(following)
    speed = np.zeros(2)
    if len(near) > 1:
        gone_s = way.t_s[near[-1]] - way.t_s[point]
        speed = (way.centre_px[near[-1]] - way.centre_px[point]) / gone_s
    return End(float(way.t_s[point]), way.centre_px[point], speed)


def _at_looks(  # noqa: PLR0917 - all that is known of the looks
    frames: Whole, looked_s: Floats, way: Way, seen: Mapping[float, Floats], lying: Floats,
    camera: Camera | None,
) -> BallPath:  # fmt: skip
    count = frames.size
    boxes, place = np.full((count, 4), np.nan), np.full((count, 2), np.nan)
    sd, confidence = np.full(count, np.nan), np.zeros(count)
    is_seen, is_between = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    if way.t_s.size:
        at = np.minimum(np.searchsorted(way.t_s, looked_s - _SAME_S), way.t_s.size - 1)
        is_seen = np.abs(way.t_s[at] - looked_s) <= _SAME_S
        is_between, centre = _bridged(way, looked_s, seen)
        lies = np.isfinite(lying[:, 0]) & ~is_seen
        is_between, centre = is_between | lies, np.where(lies[:, None], lying, centre)
        centre[is_seen] = way.centre_px[at[is_seen]]
        there = is_seen | is_between
        half = _interpolated(looked_s[there], way.t_s, _smooth(way)[:, None]) / 2
        boxes[there] = np.column_stack([centre[there] - half, centre[there] + half])
        confidence[is_seen] = _confidence(way)[at[is_seen]]
        if camera is not None:
            places, sds = ground_places(way, camera)
            place = camera.ground(centre, z_m=BALL_M / 2)
            sd = np.hypot(camera.ground_sd_m(centre, 1.0), _BRIDGED_SD_M)
            # Within a leg the place goes on evenly, whether it rolls or flies.
            leg = _within(way, looked_s, is_between & ~lies)
            known = is_seen | leg
            place[known] = _interpolated(looked_s[known], way.t_s, places)
            sd[known] = _interpolated(looked_s[known], way.t_s, sds[:, None])[:, 0]
    return BallPath(frames, looked_s, boxes, place, sd, is_seen, is_between, confidence)


#: Two times are one if they differ by less, s.
_SAME_S = 1e-4


def _within(way: Way, looked_s: Floats, is_between: Flags) -> Flags:
    """Looks that are bridged within one stretch."""
    after = np.clip(np.searchsorted(way.t_s, looked_s), 1, way.t_s.size - 1)
    return np.asarray(is_between & (way.stretch[after] == way.stretch[after - 1]), np.bool_)


def _confidence(way: Way) -> Floats:
    told = np.zeros(way.score.size)
    for name in np.unique(way.stretch):
        mine = way.stretch == name
        whole = 1 - np.exp(-max(float(way.score[mine].sum()), 0.0) / _EARNED)
        told[mine] = whole * (1 + np.clip(way.score[mine], 0, 1)) / 2
    return told


def _smooth(way: Way) -> Floats:
    """Diameter as the points around say, of one stretch: a blob at a foot is too large."""
    told = way.diameter_px.copy()
    for mine in np.split(np.arange(told.size), np.flatnonzero(np.diff(way.stretch)) + 1):
        around = np.lib.stride_tricks.sliding_window_view(
            np.pad(way.diameter_px[mine], 3, "edge"), 7
        )
        told[mine] = np.median(around, axis=1)
    return told


def _interpolated(when_s: Floats, t_s: Floats, values: Floats) -> Floats:
    return np.column_stack([np.interp(when_s, t_s, column) for column in values.T])
