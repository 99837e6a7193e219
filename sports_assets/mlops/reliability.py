"""Is 5 % five in a hundred? Observed shares beside predicted ones, by bins and over time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.rows import FloatArray, IntArray, as_days, checked, coded


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows of like predictions.

    Attributes:
        predicted: their mean prediction.
        observed: share of positives.
        low, high: 95 % interval of that share, by athlete.
        rows: how many.
        positives: how many of them positive.
    """

    predicted: float
    observed: float
    low: float
    high: float
    rows: int
    positives: int


@dataclass(frozen=True)
class PeriodRatio:
    """Observed over expected in a stretch of days.

    Attributes:
        first_day, last_day: ISO days, both included.
        observed: positive rows.
        expected: sum of the predictions.
        ratio, low, high: observed / expected with a 95 % interval, by athlete.
    """

    first_day: str
    last_day: str
    observed: float
    expected: float
    ratio: float
    low: float
    high: float


def reliability_bins(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    athlete_id: npt.ArrayLike,
    *,
    bins: int = 10,
    replicates: int = 200,
    seed: int = 0,
) -> tuple[ReliabilityBin, ...]:
    """Bins of about equally many rows, by prediction; equal predictions share a bin.

    Intervals are drawn by athlete: the days of one athlete, and the seven days before one injury,
    are far from independent, so that a binomial interval (Wilson's) would be several times too
    narrow.
    """
    labels, scores = checked(y, p)
    if not labels.size:
        return ()
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1]))
    which = np.searchsorted(edges, scores, side="left")
    used, which = np.unique(which, return_inverse=True)
    codes, athletes = coded(athlete_id)
    rows = _table(which, codes, np.ones_like(labels), used.size, athletes)
    positives = _table(which, codes, labels, used.size, athletes)
    predicted = np.bincount(which, scores) / np.bincount(which)
    low, high = _drawn_ratios(positives, rows, replicates, seed)
    return tuple(
        ReliabilityBin(
            predicted=float(predicted[k]),
            observed=float(positives[k].sum() / rows[k].sum()),
            low=float(low[k]),
            high=float(high[k]),
            rows=int(rows[k].sum()),
            positives=int(positives[k].sum()),
        )
        for k in range(used.size)
    )


def observed_expected_by_period(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    day: npt.ArrayLike,
    athlete_id: npt.ArrayLike,
    *,
    periods: int = 8,
    replicates: int = 200,
    seed: int = 0,
) -> tuple[PeriodRatio, ...]:
    """Observed over expected in stretches of equally many days, so that a drift is seen."""
    labels, scores = checked(y, p)
    days = as_days(day)
    if not labels.size:
        return ()
    since = (days - days.min()).astype(np.int64)
    length = max(1, -(-(int(since.max()) + 1) // periods))
    used, which = np.unique(since // length, return_inverse=True)
    codes, athletes = coded(athlete_id)
    observed = _table(which, codes, labels, used.size, athletes)
    expected = _table(which, codes, scores, used.size, athletes)
    low, high = _drawn_ratios(observed, expected, replicates, seed)
    found = []
    for k in range(used.size):
        first = days.min() + np.timedelta64(int(used[k]) * length, "D")
        last = min(first + np.timedelta64(length - 1, "D"), days.max())
        o, e = float(observed[k].sum()), float(expected[k].sum())
        ratio = o / e if e > 0 else float("nan")
        found.append(PeriodRatio(str(first), str(last), o, e, ratio, float(low[k]), float(high[k])))
    return tuple(found)


def _table(
    which: IntArray, codes: IntArray, values: FloatArray, bins: int, athletes: int
) -> FloatArray:
    """Sums of values, bins × athletes."""
    flat = np.bincount(which * athletes + codes, values, bins * athletes)
    return np.asarray(flat, dtype=np.float64).reshape(bins, athletes)


def _drawn_ratios(
    above: FloatArray, below: FloatArray, replicates: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """95 % interval of each bin's ratio, by draws of athletes; NaN with one athlete."""
    bins, athletes = above.shape
    if athletes < 2:  # noqa: PLR2004 - one athlete says nothing of others
        return np.full(bins, np.nan), np.full(bins, np.nan)
    drawn = np.random.default_rng(seed).multinomial(
        athletes, np.full(athletes, 1 / athletes), size=replicates
    )
    weights = drawn.T.astype(np.float64)
    tops, bottoms = above @ weights, below @ weights
    ratios = np.divide(tops, bottoms, out=np.full_like(tops, np.nan), where=bottoms > 0)
    low, high = np.nanquantile(ratios, (0.025, 0.975), axis=1)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
