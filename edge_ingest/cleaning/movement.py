"""Is this way possible? Jumps, speed, acceleration and frozen places, for any tracked object.

Shared by satellite positions (`gnss.py`) and optical tracking (`optical.py`), which differ in their
noise and limits only. Nothing is smoothed and no gap is filled here.
"""

from dataclasses import dataclass

import numpy as np

from edge_ingest.cleaning.excursions import find_jumps
from edge_ingest.cleaning.settings import FrozenSettings
from edge_ingest.cleaning.tracks import BoolArray, FloatArray, IntArray, Tracks, spans


@dataclass(frozen=True)
class Movement:
    """What cannot be, (m,) of a track's samples."""

    too_fast: BoolArray
    too_hard: BoolArray
    frozen: BoolArray


@dataclass(frozen=True)
class Gates:
    """What is possible, and how finely it is looked at.

    Attributes:
        speed_mps, acceleration_mps2: (m,) limits of each sample's object.
        noise_m: a step or a residual must exceed what physics allows by more than this, m.
        longest_excursion: in samples.
        speed_window_s, acceleration_window_s: over which mean speeds are taken, s.
        may_freeze: (m,) whether a held place is a fault: a ball may lie still and be kicked.
        told_mps: (m,) speed by the device's own reckoning, m/s; NaN where it tells none.
    """

    speed_mps: FloatArray
    acceleration_mps2: FloatArray
    noise_m: float
    longest_excursion: float
    speed_window_s: float
    acceleration_window_s: float
    may_freeze: BoolArray
    told_mps: FloatArray


def judge(tracks: Tracks, gates: Gates, frozen: FrozenSettings) -> Movement:
    """Judge the way of each object.

    Excursions are found first and left out of what follows, so that a wild fix in the middle of a
    standstill does not look like its end. A jump that makes up for a frozen stretch is explained by
    it, and the sample where it lands is good.
    """
    jumps = find_jumps(tracks, gates.speed_mps, gates.noise_m, gates.longest_excursion)
    size = tracks.track.size
    kept = np.flatnonzero(~jumps.away)
    way = tracks.only(~jumps.away)
    hardest = gates.acceleration_mps2[kept]

    held, thawed = frozen_places(way, hardest, gates.told_mps[kept], gates.noise_m, frozen)
    held &= gates.may_freeze[kept]
    thawed &= gates.may_freeze[kept]
    landing = jumps.landing[kept] & ~thawed

    # From here on no step may lead over a jump or along a held place.
    whole = way.split(jumps.landing[kept] | thawed).only(~held)
    moving = np.flatnonzero(~held)
    drifting = too_fast_on_average(
        whole, gates.speed_mps[kept[moving]], gates.noise_m, gates.speed_window_s
    )
    spikes = wild_places(whole, hardest[moving], gates.noise_m)
    bursts = too_hard_on_average(whole, hardest[moving], gates.noise_m, gates.acceleration_window_s)

    too_fast, too_hard, is_frozen = (np.zeros(size, np.bool_) for _ in range(3))
    too_fast[jumps.away] = True
    too_fast[kept[landing]] = True
    too_fast[kept[moving[drifting]]] = True
    # A sample that makes up for a frozen stretch lands with a leap, and is good.
    too_hard[kept[moving[(spikes | bursts) & ~thawed[moving]]]] = True
    is_frozen[kept[held]] = True
    return Movement(too_fast, too_hard, is_frozen)


def frozen_places(
    way: Tracks,
    hardest: FloatArray,
    told_mps: FloatArray,
    noise_m: float,
    settings: FrozenSettings,
) -> tuple[BoolArray, BoolArray]:
    """Repeated places that cannot be a standstill, and the samples where they end.

    A run of exact repeats is frozen where the device itself says all the while that it moves: of
    51,000 real fixes at more than 1 m/s by the device's own speed none repeats the one before.
    Without such a speed only its ends tell. It is frozen where its end is no start from rest, that
    is a step longer than ½·a·t² + noise, and it makes up for a movement: either the step is what
    the athlete would have covered meanwhile, or the athlete came in moving. And where its begin is
    no stop: a mean speed over the window before it beyond ½·a·t, from which nobody comes to rest in
    its last sample.

    What cannot be told: an athlete slower than about 1 m/s who goes on slowly, or is where the fix
    was when it thaws, looks like one who stood. At 0.75 to 1 m/s 95 of 100 frozen samples are found
    so, below 0.5 m/s fewer than half.

    Args:
        way: positions in order.
        hardest: (m,) largest acceleration, m/s².
        told_mps: (m,) speed by the device's own reckoning, NaN where not told, m/s.
        noise_m: of a position.
        settings: what counts as a run and as movement.

    Returns:
        (m,) frozen samples, without the first of the run, which was measured; (m,) the samples that
        end a frozen run, where its end tells nothing of speed.
    """
    size = way.track.size
    held, thawed = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    step, step_s = way.step, way.step_s
    with np.errstate(invalid="ignore"):
        repeats = step == 0
    first = np.flatnonzero(~repeats)
    last = np.append(first[1:], size)[: first.size] - 1
    long_enough = (last - first >= settings.shortest_repeats) & (
        way.t_s[last] - way.t_s[first] >= settings.shortest_s - _SLACK_S
    )
    first, last = first[long_enough], last[long_enough]
    if not first.size:
        return held, thawed

    after = np.minimum(last + 1, size - 1)
    leap, leap_s = step[after], step_s[after]  # NaN where the track ends: no leap
    leap = np.where(last + 1 < size, leap, np.nan)
    earlier = way.seek(-settings.entry_window_s)[first]
    entry_s = way.t_s[first] - way.t_s[earlier]
    entry = np.hypot(*(way.values[:, first] - way.values[:, earlier]))
    with np.errstate(invalid="ignore", divide="ignore"):
        entry_mps = np.where(entry_s > 0, entry / entry_s, 0.0)
        leaps = leap > hardest[first] * leap_s**2 / 2 + noise_m
        made_up = leap / (way.t_s[after] - way.t_s[first]) >= settings.missed_speed_mps
        stops_dead = entry > hardest[first] * entry_s**2 / 2 + noise_m
        stops_dead &= entry_s >= settings.entry_window_s - _SLACK_S
    by_leap = leaps & (made_up | (entry_mps >= settings.entry_speed_mps))
    moves = _told_to_move(first, last, told_mps, settings.missed_speed_mps)
    frozen = by_leap | stops_dead | moves
    held = spans(size, first[frozen] + 1, last[frozen])
    thawed[after[by_leap | (moves & np.isfinite(leap))]] = True
    return held, thawed


def _told_to_move(
    first: IntArray, last: IntArray, told_mps: FloatArray, slowest_mps: float
) -> BoolArray:
    """Runs in which every speed that is told, of half the samples at least, is that of movement."""
    is_told, is_slow = np.isfinite(told_mps), told_mps < slowest_mps
    count, slow = (np.append(0, np.cumsum(each)) for each in (is_told, is_slow))
    told, not_moving = (each[last + 1] - each[first + 1] for each in (count, slow))
    moves: BoolArray = (not_moving == 0) & (2 * told >= last - first)
    return moves


def too_fast_on_average(
    way: Tracks, fastest: FloatArray, noise_m: float, window_s: float
) -> BoolArray:
    """(m,) whether the sample lies in a window whose mean speed is beyond the limit."""
    until = way.seek(window_s)
    passed_s = way.t_s[until] - way.t_s
    covered = np.hypot(*(way.values[:, until] - way.values))
    # A short rest of a track is judged by single steps alone, a window over a gap by its length.
    fast = (passed_s >= window_s - _SLACK_S) & (covered > fastest * passed_s + noise_m)
    begin = np.flatnonzero(fast)
    return spans(way.track.size, begin, until[begin])


def too_hard_on_average(
    way: Tracks, hardest: FloatArray, noise_m: float, window_s: float
) -> BoolArray:
    """(m,) whether mean speed after the sample differs too much from that before it.

    A position read wrong by `noise_m` on either side changes the difference by noise / window².
    """
    speeds = []
    for since_s in (-window_s, window_s):
        other = way.seek(since_s)
        passed_s = np.abs(way.t_s[other] - way.t_s)
        covered = np.hypot(*(way.values[:, other] - way.values))
        # Over a gap a mean speed tells nothing about either end.
        usable = (passed_s >= window_s - _SLACK_S) & (passed_s < 2 * max(window_s, way.interval_s))
        speeds.append(
            (np.where(usable, covered / np.maximum(passed_s, _SLACK_S), np.nan), passed_s)
        )
    (speed_before, before_s), (speed_after, after_s) = speeds
    apart_s = np.maximum((before_s + after_s) / 2, _SLACK_S)
    with np.errstate(invalid="ignore"):
        hard: BoolArray = np.abs(speed_after - speed_before) / apart_s > (
            hardest + noise_m / apart_s**2
        )
    return hard


def wild_places(way: Tracks, hardest: FloatArray, noise_m: float) -> BoolArray:
    """(m,) whether the sample lies further off the line of its neighbours than it can get.

    Off the line by ½·a·t1·t2 at most, with t1 and t2 the time to either neighbour. The neighbours
    of a wild sample lie off their own lines by half as much: only the furthest of three is meant.
    """
    size = way.track.size
    off = np.zeros(size)
    inner: IntArray = np.flatnonzero(way.goes_on[:-1] & way.goes_on[1:]) if size > 1 else _NONE
    if not inner.size:
        return np.zeros(size, np.bool_)
    to_s, on_s = way.step_s[inner], way.step_s[inner + 1]
    before, here, after = (way.values[:, inner + shift] for shift in (-1, 0, 1))
    line = before + (after - before) * (to_s / (to_s + on_s))
    excess = np.hypot(*(here - line)) - hardest[inner] * to_s * on_s / 2
    off[inner] = np.maximum(excess, 0.0)
    padded = np.pad(off, 1)
    wild: BoolArray = (off > noise_m) & (off >= padded[:-2]) & (off > padded[2:])
    return wild


_SLACK_S = 1e-3
_NONE = np.empty(0, np.int64)
