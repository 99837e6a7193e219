"""Intervals between heart beats: which are no true intervals, and what the series should be.

Malik and Kamath compare an interval with the one before. Lipponen and Tarvainen 2019 (A robust
algorithm for heart rate variability time series artefact correction using novel beat
classification, J Med Eng Technol 43(3):173, doi 10.1080/03091902.2019.1640306) compare differences
with a threshold that follows the series, tell five classes apart and mend each in its own way.

Belongs here: series of intervals, in ms, without time. Does not belong here: tables and windows;
see `heart.py`. Which suspicion is confirmed:
`normal_beats.py`.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from edge_ingest.cleaning.settings import BeatSettings
from edge_ingest.cleaning.tracks import BoolArray, FloatArray, IntArray

Classes = npt.NDArray[np.int8]

#: A series this short has no neighbours to compare with.
_FEWEST = 3


class Beat(IntEnum):
    """What an interval is."""

    NORMAL = 0
    ECTOPIC = 1  # a premature beat and its pause: mended by moving the beat
    MISSED = 2  # a beat was not seen: mended by adding it
    EXTRA = 3  # a beat was seen where there was none: mended by removing it
    LONG_SHORT = 4  # misplaced or otherwise odd: mended by moving the beat


@dataclass(frozen=True)
class Correction:
    """A mended series.

    Attributes:
        rr_ms: intervals after mending, ms; more or fewer than there were, with the same sum unless
            the last beat was removed.
        classes: what each interval of the series as it came is (`Beat`).
        passes: how often the series was gone through.
    """

    rr_ms: FloatArray
    classes: Classes
    passes: int

    @property
    def is_artefact(self) -> BoolArray:
        """Which intervals of the series as it came are no true intervals."""
        artefact: BoolArray = self.classes != Beat.NORMAL
        return artefact


def malik(rr_ms: FloatArray, change: float = 0.20) -> BoolArray:
    """Which intervals differ from the one before by more than this share of it (Malik)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(_relative_change(rr_ms)) > change


def kamath(rr_ms: FloatArray, rise: float = 0.325, fall: float = 0.245) -> BoolArray:
    """Which intervals are longer, or shorter, than the one before by more than these shares."""
    change = _relative_change(rr_ms)
    odd: BoolArray = (change > rise) | (change < -fall)
    return odd


def rmssd_ms(rr_ms: FloatArray) -> float:
    """Root mean square of successive differences (Task Force 1996), ms; NaN below two intervals."""
    if rr_ms.size < 2:  # noqa: PLR2004 - a difference needs two
        return float("nan")
    return float(np.sqrt(np.mean(np.diff(rr_ms) ** 2)))


def correct_beats(rr_ms: FloatArray, settings: BeatSettings) -> Correction:
    """Find the artefacts of a series and mend them, again until their number falls no more.

    Args:
        rr_ms: intervals in order, all finite and above nought, ms.
        settings: constants of the method.
    """
    rr_ms = np.asarray(rr_ms, np.float64)
    classes = np.zeros(rr_ms.size, np.int8)
    # Beats, and the interval of the raw series that ends with each; -1 for one that was added.
    beats = np.concatenate([[0.0], np.cumsum(rr_ms)])
    origin = np.arange(-1, rr_ms.size)
    found = classify(rr_ms, settings)
    passes, count = 0, int(np.count_nonzero(found))
    while True:
        passes += 1
        mine = np.flatnonzero((found != Beat.NORMAL) & (origin[1:] >= 0))
        fresh = mine[classes[origin[mine + 1]] == Beat.NORMAL]
        classes[origin[fresh + 1]] = found[fresh]
        if not count:
            break
        mended = _mend(beats, origin, found)
        # Beats out of order would be intervals below nought.
        if (np.diff(mended[0]) <= 0).any():
            break
        beats, origin = mended
        found = classify(np.diff(beats), settings)
        left = int(np.count_nonzero(found))
        if left >= count:
            break
        count = left
    return Correction(np.diff(beats), classes, passes)


def classify(rr_ms: FloatArray, settings: BeatSettings) -> Classes:
    """Class of each interval (`Beat`), by the decision tree of Lipponen and Tarvainen, Figure 1.

    An interval whose difference to the one before is beyond the threshold is ectopic if it lies in
    the sector of subspace S12. Else it is looked at as long or short, and so is the next one where
    its own difference is smaller than that of the one after it: that one is then not looked at
    again.
    """
    if rr_ms.size < _FEWEST:
        return np.zeros(rr_ms.size, np.int8)
    # The first beat has no interval; the mean stands in for it and is never judged.
    rr = np.concatenate([[rr_ms.mean()], rr_ms])
    size = rr.size
    change = np.diff(rr, prepend=rr[0])
    change[0] = change[1:].mean()
    change = _over(change, _threshold(change, settings))
    before, after, second = _neighbours(change)
    s12 = np.where(change > 0, np.maximum(before, after), np.minimum(before, after))
    s22 = np.where(change >= 0, np.minimum(after, second), np.maximum(after, second))
    s12[change == 0] = 0.0
    median = rolling_median(rr, settings.median_beats)
    off = rr - median
    off = np.where(off < 0, 2 * off, off)
    off_threshold = _threshold(off, settings)
    off = _over(off, off_threshold)
    following = np.append(rr[1:], np.nan)

    with np.errstate(invalid="ignore"):
        is_large = ~(np.abs(change) <= 1)  # a threshold of nought leaves NaN: not small
        rising, falling = change > 1, change < -1
        ectopic = (rising & (s12 < -settings.c1 * change - settings.c2)) | (
            falling & (s12 > -settings.c1 * change + settings.c2)
        )
        is_far = np.abs(off) > 3  # noqa: PLR2004 - the paper's Figure 1
        looked_at = is_large & ~ectopic & (rising | falling | is_far)
        long, short = rising & (s22 < -1), falling & (s22 > 1)
        missed = long & (np.abs(rr / 2 - median) < off_threshold)
        extra = short & (np.abs(rr + following - median) < off_threshold)
        next_too = looked_at & (np.abs(np.append(change[1:], np.nan))
                                < np.abs(np.append(change[2:], [np.nan, np.nan])))  # fmt: skip
    of_length = np.where(long | short | is_far, Beat.LONG_SHORT, Beat.NORMAL)
    of_length = np.where(missed, Beat.MISSED, of_length)
    of_length = np.where(extra, Beat.EXTRA, of_length)

    # The last two are no heads: their neighbours are not there.
    able = np.arange(size) < size - 2
    next_too &= able
    is_head = ~_taken_by_the_one_before(next_too) & able
    classes = np.where(is_head & ectopic, Beat.ECTOPIC, Beat.NORMAL)
    classes = np.where(is_head & looked_at, of_length, classes)
    follows = np.append(False, (is_head & next_too)[:-1])
    classes = np.where(follows, of_length, classes)
    return classes[1:].astype(np.int8)


def _taken_by_the_one_before(takes_next: BoolArray) -> BoolArray:
    """Which elements are taken, where each free one may take the next.

    In a stretch of elements that would each take the next, the second is taken and cannot, so the
    third is free again: of the element at place k, and of the one after the stretch, every odd one.
    """
    place = np.arange(takes_next.size)
    begins = takes_next & ~np.append(False, takes_next[:-1])
    begin = np.maximum.accumulate(np.where(begins, place, -1))
    taken: BoolArray = np.append(False, takes_next[:-1]) & ((place - begin) % 2 == 1)
    # An element after the stretch counts on; one that begins a stretch is free by definition.
    taken &= ~begins
    return taken


def _mend(beats: FloatArray, origin: IntArray, found: Classes) -> tuple[FloatArray, IntArray]:
    """Beats with artefacts mended: extra ones removed, missed ones added, others moved.

    A class of interval i is a matter of beat i + 1, at its end. A beat is moved to half-way between
    its neighbours; the second beat is the first that has two of them.
    """
    kind = np.concatenate([[Beat.NORMAL], found])
    remains = kind != Beat.EXTRA
    beats, origin, kind = beats[remains], origin[remains], kind[remains]
    missed = np.flatnonzero(kind == Beat.MISSED)
    missed = missed[missed > 1]
    between = (beats[missed - 1] + beats[missed]) / 2
    beats = np.insert(beats, missed, between)
    origin = np.insert(origin, missed, -1)
    kind = np.insert(kind, missed, Beat.NORMAL)
    for moved_kind in (Beat.ECTOPIC, Beat.LONG_SHORT):
        moved = np.flatnonzero(kind == moved_kind)
        moved = moved[(moved > 1) & (moved < beats.size - 1)]
        beats[moved] = (beats[moved - 1] + beats[moved + 1]) / 2
    return beats, origin


def _relative_change(rr_ms: FloatArray) -> FloatArray:
    change = np.full(rr_ms.size, np.nan)
    change[1:] = np.diff(rr_ms) / rr_ms[:-1]
    return change


def _over(values: FloatArray, threshold: FloatArray) -> FloatArray:
    unknown = np.full(values.size, np.nan)
    shares: FloatArray = np.divide(values, threshold, out=unknown, where=threshold != 0)
    return shares


def _neighbours(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value before, after, and second after each; mirrored at the ends."""
    padded = np.pad(values, 2, "reflect")
    return padded[1:-3], padded[3:-1], padded[4:]


def _threshold(values: FloatArray, settings: BeatSettings) -> FloatArray:
    """alpha times the quartile deviation of the absolute values around each one."""
    low, high = _rolling_quartiles(np.abs(values), settings.threshold_beats)
    return np.asarray(settings.alpha * (high - low) / 2, np.float64)


def _rolling_quartiles(values: FloatArray, width: int) -> tuple[FloatArray, FloatArray]:
    """Lower and upper quartile in a centred window that is cut off at both ends."""
    return _rolling_quantile(values, 0.25, width), _rolling_quantile(values, 0.75, width)


def rolling_median(values: FloatArray, width: int) -> FloatArray:
    """Median in a centred window that is cut off at both ends."""
    return _rolling_quantile(values, 0.5, width)


def _rolling_quantile(values: FloatArray, share: float, width: int) -> FloatArray:
    """Quantile, linear between ranks, in a centred window that is cut off at both ends."""
    from scipy.ndimage import rank_filter

    half, place = width // 2, share * (width - 1)
    under = rank_filter(values, int(place), size=width, mode="nearest")
    over = rank_filter(values, int(np.ceil(place)), size=width, mode="nearest")
    result: FloatArray = under + (over - under) * (place - int(place))

    # Windows that are cut off: endless values fill them up, and end up last.
    index = np.arange(values.size)
    index = index[(index < half) | (index >= values.size - half)]
    padded = np.pad(values, half, constant_values=np.inf)
    windows = np.sort(padded[index[:, None] + np.arange(width)], axis=1)
    places = share * (np.isfinite(windows).sum(axis=1) - 1)
    below = places.astype(np.int64)
    above = np.ceil(places).astype(np.int64)
    row = np.arange(index.size)
    low, high = windows[row, below], windows[row, above]
    result[index] = low + (high - low) * (places - below)
    return result
