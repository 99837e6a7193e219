"""Did two athletes change names between two frames?

A tracker that loses two athletes in a tangle may give each the other's name. Then both leap, and
had they been named crosswise, neither would have.
"""

from dataclasses import dataclass

import numpy as np

from edge_ingest.cleaning.tracks import BoolArray, FloatArray, IntArray, Tracks


@dataclass(frozen=True)
class Pairs:
    """Samples i and j, in the same frame, of two athletes who look swapped."""

    first: IntArray
    second: IntArray


def find_swaps(
    tracks: Tracks,
    frame: IntArray,
    *,
    speed_mps: float,
    acceleration_mps2: float,
    noise_m: float,
    ratio: float,
    longest_step_s: float,
) -> BoolArray:
    """(m,) first samples after an exchange of names, of both athletes.

    Where an athlete should be is told by the place and velocity before the frame. Two athletes are
    swapped where both miss that by more than ½·a·t² + noise and, named crosswise, both are within
    reach at the sport's speed and miss it by less, together by `ratio`.

    Args:
        tracks: of athletes only.
        frame: (m,) number of the sample's frame, growing, one for each period and frame.
        speed_mps, acceleration_mps2: limits of the sport.
        noise_m: of a position.
        ratio: how many times shorter crosswise must be.
        longest_step_s: between consecutive frames; over a gap nobody is judged.
    """
    swapped = np.zeros(tracks.track.size, np.bool_)
    step_s = tracks.step_s
    with np.errstate(invalid="ignore"):
        follows = step_s <= longest_step_s
    expected, slack = _expected(tracks, follows, acceleration_mps2, noise_m)
    with np.errstate(invalid="ignore"):
        misses = follows & (_apart(tracks.values, expected) > slack)
    candidates = np.flatnonzero(misses)
    pairs = _pairs(candidates, frame, tracks)
    one, two = pairs.first, pairs.second
    if not one.size:
        return swapped
    straight = _apart(tracks.values[:, one], expected[:, one]) + _apart(
        tracks.values[:, two], expected[:, two]
    )
    crossed = _apart(tracks.values[:, one], expected[:, two]) + _apart(
        tracks.values[:, two], expected[:, one]
    )
    reach = speed_mps * step_s[one] + noise_m
    near = (_apart(tracks.values[:, one], tracks.values[:, two - 1]) <= reach) & (
        _apart(tracks.values[:, two], tracks.values[:, one - 1]) <= reach
    )
    is_swap = near & (crossed * ratio < straight) & (crossed <= slack[one] + slack[two])
    swapped[one[is_swap]] = True
    swapped[two[is_swap]] = True
    return swapped


def _expected(
    tracks: Tracks, follows: BoolArray, acceleration_mps2: float, noise_m: float
) -> tuple[FloatArray, FloatArray]:
    """(2, m) where each sample should be, and (m,) how far off it may be, m."""
    size = tracks.track.size
    before = np.maximum(np.arange(size) - 1, 0)
    earlier = np.maximum(np.arange(size) - 2, 0)
    step_s = np.where(follows, tracks.step_s, np.nan)
    last_step_s = step_s[before]
    with np.errstate(invalid="ignore"):
        velocity = (tracks.values[:, before] - tracks.values[:, earlier]) / last_step_s
    # Without a velocity the athlete may have stood.
    velocity = np.where(np.isfinite(velocity) & follows[before], velocity, 0.0)
    expected = tracks.values[:, before] + velocity * step_s
    slack: FloatArray = acceleration_mps2 * step_s**2 / 2 + noise_m
    return expected, slack


def _pairs(candidates: IntArray, frame: IntArray, tracks: Tracks) -> Pairs:
    """Every two candidates of one frame that also shared the frame before."""
    order = candidates[np.argsort(frame[candidates], kind="stable")]
    firsts, seconds = [_NONE], [_NONE]
    for apart in range(1, order.size):
        one, two = order[:-apart], order[apart:]
        same = frame[one] == frame[two]
        if not same.any():
            break
        same &= np.abs(tracks.t_s[one - 1] - tracks.t_s[two - 1]) < _SAME_S
        firsts.append(one[same])
        seconds.append(two[same])
    return Pairs(np.concatenate(firsts), np.concatenate(seconds))


def _apart(here: FloatArray, there: FloatArray) -> FloatArray:
    return np.asarray(np.hypot(*(here - there)), np.float64)


_NONE = np.empty(0, np.int64)
_SAME_S = 1e-3
