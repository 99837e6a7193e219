"""ByteTrack over the ground: sightings to tracklets, stretches that are surely one person's.

At five looks a second a person who is far away moves by more than his own width from one to the
next, so that boxes of the picture no longer overlap. What is matched here is the place on the
ground, in metres, with its uncertainty.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sports_assets.vision.follow.sightings import Floats, Sightings, Whole

if TYPE_CHECKING:
    from trackers import ByteTrackTracker

#: The tracker's Kalman filter has fixed noise: 0.3 units of place, 0.1 units a frame of velocity.
#: In metres and at this rate that is 0.3 m, and 2.5 m/s² of acceleration: a person's. Other rates
#: are scaled from it by timestamps.
_FILTER_HZ = 5.0
#: A tracklet that finds nobody for so long ends: what follows is for `joining`, which sees both
#: sides of the gap, s.
_LOST_S = 0.7
#: So many standard deviations away from where he is foretold, nobody is taken for him.
_REACH_SDS = 3.0
#: Added to the uncertainty of both places: turns and stops between two looks, m.
_SLACK_M = 0.35
#: What the detector is surer of than this begins a tracklet; the rest can only continue one
#: (ByteTrack's second round; Zhang et al. 2022).
SURE = 0.3
#: Whoever was seen less often, or over a shorter time, was not followed: most such are nobody.
_FEWEST_LOOKS = 5
_SHORTEST_S = 0.8
#: Nor was he of whom so few of the looks in between saw anything: what detectors make up now and
#: then in one place is seen less often, and people whom they hardly see more often.
_LEAST_SEEN = 0.2
#: No uncertainty counts as more than this: further out everything is near everything, m.
_LARGEST_SD_M = 2.0


def tracklets(seen: Sightings) -> Whole:
    """Number of the tracklet of each sighting, from 0; a sighting alone is a tracklet, too.

    Args:
        seen: at most one sighting of a person in a tick; places are finite.

    Returns:
        n; −1 for a lone sighting of which the detector is not sure.
    """
    import supervision as sv

    tracker = _tracker()
    label = np.full(len(seen), -1, np.int64)
    half = np.minimum(seen.sd_m, _LARGEST_SD_M)[:, None]
    boxes = np.column_stack([seen.place_m - half, seen.place_m + half])
    first = np.searchsorted(seen.tick, np.arange(seen.tick_s.size + 1))
    for tick, at_s in enumerate(seen.tick_s):
        mine = np.arange(first[tick], first[tick + 1])
        told = sv.Detections(
            xyxy=boxes[mine], confidence=seen.confidence[mine], data={"sighting": mine}
        )
        if not mine.size:
            told = sv.Detections.empty()
        found = tracker.update(told, timestamp=float(at_s))
        if len(found) and found.tracker_id is not None:
            label[found.data["sighting"]] = found.tracker_id
    return _numbered(label, seen.confidence >= SURE)


def _numbered(label: Whole, is_sure: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Whole:
    """Give lone sightings numbers of their own, and number all by their first sighting."""
    alone = (label < 0) & is_sure
    label = label.copy()
    label[alone] = label.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return renumbered(label)


def renumbered(label: Whole) -> Whole:
    """The same groups, numbered from 0 in the order in which they first appear; −1 stays."""
    told = label[label >= 0]
    names, first = np.unique(told, return_index=True)
    rank = np.empty(names.size, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(names.size)
    out = np.full(label.size, -1, np.int64)
    out[label >= 0] = rank[np.searchsorted(names, told)]
    return out


def followed_enough(seen: Sightings, label: Whole) -> Whole:
    """The same groups without those that were seen too little, numbered anew."""
    count = int(label.max(initial=-1)) + 1
    number = np.bincount(label[label >= 0], minlength=count)
    begin, end = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(begin, label[label >= 0], seen.t_s[label >= 0])
    np.maximum.at(end, label[label >= 0], seen.t_s[label >= 0])
    between = np.zeros(count)
    some = number > 0
    between[some] = (
        1 + np.searchsorted(seen.tick_s, end[some]) - np.searchsorted(seen.tick_s, begin[some])
    )
    good = (number >= _FEWEST_LOOKS) & (end - begin >= _SHORTEST_S)
    good &= number >= _LEAST_SEEN * between
    return renumbered(np.where((label >= 0) & np.append(good, False)[label], label, -1))


def _tracker() -> "ByteTrackTracker":
    from trackers import ByteTrackTracker

    return ByteTrackTracker(
        lost_track_buffer=round(_LOST_S * 30),
        frame_rate=_FILTER_HZ,
        track_activation_threshold=SURE,
        minimum_consecutive_frames=1,
        minimum_iou_threshold=1e-6,
        high_conf_det_threshold=SURE,
        iou=_nearness_class()(),
    )


@cache
def _nearness_class() -> type:
    """How near two places are, in place of how far two boxes overlap; made where it is needed."""
    from trackers.utils.iou import BaseIoU

    class Nearness(BaseIoU):
        """1 at the same place, 0 at so many standard deviations; half a box is one of them."""

        def _compute(self, boxes_1: Floats, boxes_2: Floats) -> Floats:
            return _nearness(boxes_1, boxes_2)

    return Nearness


def _nearness(first: Floats, second: Floats) -> Floats:
    middle_1, middle_2 = ((one[:, :2] + one[:, 2:]) / 2 for one in (first, second))
    spread_1, spread_2 = (
        np.clip(one[:, 2] - one[:, 0], 0, 2 * _LARGEST_SD_M) / 2 for one in (first, second)
    )
    squares = ((middle_1[:, None] - middle_2[None]) ** 2).sum(axis=2)
    spread = spread_1[:, None] ** 2 + spread_2[None] ** 2 + _SLACK_M**2
    return np.asarray(np.clip(1 - squares / (_REACH_SDS**2 * spread), 0, None), np.float64)
