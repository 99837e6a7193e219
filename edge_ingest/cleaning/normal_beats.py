"""Which suspected intervals are no true ones? What remains is what RMSSD is taken over.

RMSSD is of differences between adjacent intervals from normal beat to normal beat (Task Force 1996,
Circulation 93(5):1043). A threshold that follows the series, as Lipponen's and Tarvainen's, takes
many a steep breath of a heart with much vagal tone for an artefact: of 4,684 intervals between
beats that were annotated as normal (MIT-BIH NSRDB) it suspects 83, which hold the largest
differences. RMSSD without them is 11 % too low; mended instead of left out, still 4 %.

So a suspicion must be confirmed by what an error does to a series, which no breath does: the beats
around it stay where they were (the criterion by which Berntson et al. 1990, Psychophysiology
27(5):586, look at a long or short interval together with its neighbour).

* missed: an interval nearer to two of the usual length than to one;
* extra: two short intervals that together are nearer to one than to two;
* premature: shorter than the one before, and than the one after, beyond both bounds of Kamath;
* displaced: what the interval before the beat gained the one after it lost. The difference between
  them and the opposite ones on either side, (d1, d2, d3), are then as (1, -2, 1). Its least-squares
  share of their energy is 1 for a beat that moved, 3/4 where one interval changed alone, and 2/3
  for a step;
* at an end of the series, as after lost contact, and beside an untrue interval, as in a run of
  premature beats, neighbours cannot tell: a suspected interval far from the usual one is untrue.

Belongs here: series of intervals, ms. Does not belong here: which are suspected; see `beats.py`.
"""

import numpy as np

from edge_ingest.cleaning.beats import rolling_median
from edge_ingest.cleaning.settings import BeatSettings
from edge_ingest.cleaning.tracks import BoolArray, FloatArray

#: An interval has no neighbours on both sides in a shorter series.
_FEWEST = 3


def untrue_intervals(rr_ms: FloatArray, suspected: BoolArray, settings: BeatSettings) -> BoolArray:
    """(n,) intervals that begin or end with no normal beat.

    A missed, extra or premature beat tells itself; that a beat was displaced must be suspected of
    the interval on one side of it at least.

    Args:
        rr_ms: (n,) intervals in order, without a gap, all finite and above nought, ms.
        suspected: (n,) by any rule.
        settings: `median_beats`, Kamath's bounds, and what confirms.
    """
    if rr_ms.size < _FEWEST:
        return np.zeros(rr_ms.size, np.bool_)
    usual = rolling_median(rr_ms, settings.median_beats)
    # Of the beat that ends interval k and begins k + 1; the last has no interval after it.
    here, after = rr_ms[:-1], rr_ms[1:]
    is_extra = (here + after < settings.missed_ratio * usual[:-1]) & (
        np.maximum(here, after) < usual[:-1]
    )
    # A short interval may seem to be one of two with either neighbour: with the one that fits.
    misfit = np.where(is_extra, np.abs(here + after - usual[:-1]), np.inf)
    is_extra[1:] &= misfit[1:] < misfit[:-1]
    is_extra[:-1] &= misfit[:-1] <= misfit[1:]
    change = np.diff(rr_ms)
    is_premature = np.zeros(here.size, np.bool_)
    is_premature[1:] = (change[:-1] < -settings.kamath_fall * rr_ms[:-2]) & (
        change[1:] > settings.kamath_rise * here[1:]
    )
    is_missed = rr_ms > settings.missed_ratio * usual
    # An extra or a missed beat explains the change on either side of it as well.
    looks_displaced = _displaced(rr_ms, settings) & ~is_missed[:-1] & ~is_missed[1:]
    looks_displaced[1:] &= ~is_extra[:-1]
    looks_displaced[:-1] &= ~is_extra[1:]
    # An interval that is short because the beat before it came late is not premature.
    is_premature[1:] &= ~looks_displaced[:-1]
    is_displaced = looks_displaced & (suspected[:-1] | suspected[1:])

    untrue: BoolArray = is_missed.copy()
    of_beat = is_extra | is_premature | is_displaced
    untrue[:-1] |= of_beat
    untrue[1:] |= of_beat
    # At an end, and beside an untrue interval, the beats around cannot tell: there the size does.
    is_far = suspected & (np.abs(rr_ms - usual) > settings.displaced_change * usual)
    untrue[[0, -1]] |= is_far[[0, -1]]
    is_beside = np.append(untrue[1:], False) | np.append(False, untrue[:-1])
    untrue |= is_far & is_beside
    return untrue


def _displaced(rr_ms: FloatArray, settings: BeatSettings) -> BoolArray:
    """(n - 1,) beats between two intervals that look moved; the outermost cannot be told."""
    change = np.diff(rr_ms)
    moved = np.zeros(change.size, np.bool_)
    before, across, after = change[:-2], change[1:-1], change[2:]
    # By least squares the scalar product with (1, -2, 1) over 6 is the shift, of 6 squares' energy.
    explained = (before - 2 * across + after) ** 2 / 6
    energy = before**2 + across**2 + after**2
    longer = np.maximum(rr_ms[1:-2], rr_ms[2:-1])
    moved[1:-1] = (explained > settings.displaced_share * energy) & (
        np.abs(across) > settings.displaced_change * longer
    )
    return moved
