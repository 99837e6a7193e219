"""How far two clocks are apart, from people that both saw: the shift under which they fit best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sports_assets.vision.follow.sightings import CameraView, Flags, Floats, Sightings, Whole

#: Nothing is known of a clock: it is sought this far on both sides, s.
UNKNOWN_S = 60.0
#: Who is further from everybody than this is somebody else, and how far does not matter, m.
_FAR_M = 4.0
#: Shifts are tried in such steps, first all, then around the best, s.
_COARSE_S, _FINE_S = 0.4, 0.04
#: Between two sightings further apart in time than this nobody knows where somebody was, s.
_GAP_S = 1.5
#: So many places are compared: more change nothing.
_MOST = 600
_FEWEST = 30
#: The best shift must fit so much better than the typical one, as a share.
_CLEARLY = 0.8
#: People who fit are nearer than this, mean, m; else the two do not show the same.
_FITTING_M = 2.0


@dataclass(frozen=True)
class Path:
    """Where one person was: n instants in order, s, and places, m (n × 2)."""

    t_s: Floats
    place_m: Floats

    def at(self, t_s: Floats) -> Floats:
        """Places at some instants, NaN where nobody knows: m × 2."""
        after = np.searchsorted(self.t_s, t_s)
        low, high = np.clip(after - 1, 0, None), np.clip(after, None, self.t_s.size - 1)
        out = np.column_stack([np.interp(t_s, self.t_s, self.place_m[:, axis]) for axis in (0, 1)])
        known = (t_s >= self.t_s[0]) & (t_s <= self.t_s[-1])
        out[~known | (self.t_s[high] - self.t_s[low] > _GAP_S)] = np.nan
        return out


@dataclass(frozen=True)
class Shift:
    """What to add to one clock.

    Attributes:
        shift_s: seconds.
        distance_m: from each place to the nearest of the other source, mean, capped.
        is_clear: it fits, and much better than other shifts do.
    """

    shift_s: float
    distance_m: float
    is_clear: bool


def best_shift(paths: Sequence[Path], t_s: Floats, place_m: Floats, reach_s: float) -> Shift:
    """What to add to `t_s` so that places fit paths best.

    Args:
        paths: people as one source has them.
        t_s, place_m: places as the other has them, n, n × 2.
        reach_s: the shift is sought within ± this.
    """
    if t_s.size > _MOST:
        some = np.linspace(0, t_s.size - 1, _MOST).round().astype(np.int64)
        t_s, place_m = t_s[some], place_m[some]
    reach_s = max(reach_s, _COARSE_S)
    tried = np.arange(-np.ceil(reach_s / _COARSE_S), np.ceil(reach_s / _COARSE_S) + 1) * _COARSE_S
    cost = np.array([_distance(paths, t_s + one, place_m) for one in tried])
    around = tried[int(np.argmin(cost))]
    fine = around + np.arange(-_COARSE_S, _COARSE_S + _FINE_S / 2, _FINE_S)
    fine_cost = np.array([_distance(paths, t_s + one, place_m) for one in fine])
    best = int(np.argmin(fine_cost))
    least = float(fine_cost[best])
    is_clear = (
        t_s.size >= _FEWEST
        and least <= _FITTING_M
        and (reach_s <= 2 * _COARSE_S or least <= _CLEARLY * float(np.median(cost)))
    )
    return Shift(round(float(fine[best]), 6), least, bool(is_clear))


def _distance(paths: Sequence[Path], t_s: Floats, place_m: Floats) -> float:
    least = np.full(t_s.size, _FAR_M)
    for path in paths:
        far = np.linalg.norm(path.at(t_s) - place_m, axis=1)
        least = np.fmin(least, far)
    return float(least.mean()) if least.size else _FAR_M


def camera_shifts(seen: Sightings, label: Whole, views: Sequence[CameraView]) -> dict[str, float]:
    """What to add to the instants of each camera, s, so that they agree; only where it is clear.

    The first camera's clock stands; each further one is compared with those before it where both
    see the field.

    Args:
        seen: of calibrated views, in metres.
        label: tracklet of each, from one camera at a time.
    """
    names = list(dict.fromkeys(view.camera for view in views))
    camera = np.array([names.index(view.camera) for view in views], np.int64)[seen.view]
    shifts: dict[str, float] = {}
    for number, name in enumerate(names[1:], 1):
        mine = [view for view in views if view.camera == name]
        reach_s = _reach_s([view for view in views if view.camera in (name, names[0])])
        if reach_s <= 0:
            continue
        before = camera < number
        both = (camera == number) & _sees([v for v in views if v.camera != name], seen.place_m)
        facing = before & _sees(mine, seen.place_m)
        paths = paths_of(seen, np.where(facing, label, -1))
        found = best_shift(paths, seen.t_s[both], seen.place_m[both], reach_s)
        if found.is_clear:
            shifts[name] = found.shift_s
    return shifts


def _reach_s(views: Sequence[CameraView]) -> float:
    told = [view.clock_uncertainty_s for view in views]
    return min(
        UNKNOWN_S, sum(UNKNOWN_S if one is None else one for one in sorted(set(told), key=str))
    )


def _sees(views: Sequence[CameraView], place_m: Floats) -> Flags:
    """Which places are in the picture of any of these."""
    out = np.zeros(len(place_m), np.bool_)
    for model in {view.model for view in views if view.model is not None}:
        out |= model.is_in_picture(np.nan_to_num(model.project(place_m), nan=-1.0))
    return out


def paths_of(seen: Sightings, label: Whole) -> list[Path]:
    """Paths of all labels that are not −1."""
    order = np.lexsort([seen.t_s, label])
    order = order[label[order] >= 0]
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return [Path(seen.t_s[one], seen.place_m[one]) for one in groups if one.size > 1]
