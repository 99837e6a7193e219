"""A control chart of weekly means whose weeks resemble each other: how rare is this in a stable
season?

The reference weeks give the mean, the spread and the autocorrelation; the latest weeks are held
against them over several window lengths at once (a scan, as the sum of a CUSUM would find it, with
the shift's age told by the window that shows it best). The answer is not a p-value of rows, which
an athlete's habits would make meaningless, but the number of so large deviations that a whole
stable season of all charts together would bring by chance: a threshold on it is a promise about
false alarms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Weeks whose mean is held against the reference.
WINDOWS: Final = (1, 2, 3, 6)
#: Fewer reference weeks say nothing of a spread.
LEAST_REFERENCE: Final = 6
#: Reference weeks from which on a coefficient for the number of matches is worth its error.
_LEAST_FOR_PLAN: Final = 20
_LARGEST_AUTOCORRELATION: Final = 0.95
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Chart:
    """What reference weeks say.

    Attributes:
        weeks: how many there were.
        middle: their mean, in the unit of the series.
        spread: standard deviation of one week about it, the plan's share taken out.
        autocorrelation: of neighbouring weeks, corrected for the length of the series.
        per_match: what one more match in the week moves the mean by; 0 where not estimated.
        matches: mean number of matches a week.
        largest: largest |score| that a reference week itself has, each held against the others.
    """

    weeks: int
    middle: float
    spread: float
    autocorrelation: float
    per_match: float
    matches: float
    largest: float


@dataclass(frozen=True)
class Deviation:
    """The latest weeks against a chart.

    Attributes:
        window: weeks whose mean stands out most.
        shift: how far that mean lies from the middle, the plan's share taken out.
        score: the same in standard errors.
        by_chance: so large deviations to be expected by chance in a stable season of all charts.
    """

    window: int
    shift: float
    score: float
    by_chance: float


def fit_chart(values: Sequence[float], matches: Sequence[float], floor: float) -> Chart | None:
    """Limits from reference weeks.

    Args:
        values: weekly statistic, in order of time; NaN for a week without.
        matches: fixtures of each week.
        floor: smallest spread that is believed, above 0, in the unit of the series.

    Returns:
        None with fewer than six known weeks.
    """
    series = np.asarray(values, np.float64)
    plan = np.asarray(matches, np.float64)
    known = ~np.isnan(series)
    series, plan = series[known], plan[known]
    n = len(series)
    if n < LEAST_REFERENCE:
        return None
    middle, usual = float(series.mean()), float(plan.mean())
    per_match = 0.0
    parameters = 1
    if n >= _LEAST_FOR_PLAN and float(plan.std()) > 0:
        per_match = float(((plan - usual) * series).sum() / np.square(plan - usual).sum())
        parameters = 2
    rest = series - middle - per_match * (plan - usual)
    spread = max(math.sqrt(float(np.square(rest).sum()) / (n - parameters)), floor)
    # Weeks that never move differ by rounding, which has no autocorrelation worth a name.
    moves = float(np.abs(rest).max()) > _ROUNDING * floor
    autocorrelation = _autocorrelation(rest) if moves else 0.0
    # The deviation of a week from the mean of the others is n/(n-1) times that from the mean.
    largest = float(np.abs(rest).max()) * n / (n - 1) / spread
    return Chart(n, middle, spread, autocorrelation, per_match, usual, largest)


def deviation(
    chart: Chart, values: Sequence[float], matches: Sequence[float], charts: int, weeks: float = 45
) -> Deviation | None:
    """The latest weeks against the chart.

    The spread of n weeks of an AR(1) series has about n (1 − φ²)/(1 + φ²) degrees of freedom
    (Bartlett 1946), by which the score is held against Student's t.

    Args:
        values: the weeks being judged, oldest first, the last one last; NaN for a week without.
        matches: fixtures of each.
        charts: how many charts share the season's false alarms.
        weeks: a season has.

    Returns:
        The window that stands out most; None where the last week has no value.
    """
    from scipy.stats import t

    series = np.asarray(values, np.float64)
    plan = np.asarray(matches, np.float64)
    if not len(series) or math.isnan(series[-1]):
        return None
    rest = series - chart.middle - chart.per_match * (plan - chart.matches)
    best: tuple[float, int, float] | None = None
    for window in WINDOWS:
        part = rest[-window:]
        if len(part) < window or np.isnan(part).any():
            continue
        score = float(part.mean()) / standard_error(chart, window)
        if best is None or abs(score) > abs(best[0]):
            best = score, window, float(part.mean())
    assert best is not None
    score, window, shift = best
    by_chance = _looks(charts, weeks) * t.sf(abs(score), _freedom(chart))
    return Deviation(window, shift, score, float(by_chance))


def standard_error(chart: Chart, window: int) -> float:
    """Of the mean of so many weeks in a row, less the middle of the chart.

    The mean of k neighbouring weeks of an AR(1) series has the variance
    σ²/k · (1 + 2 Σ (1 − j/k) φ^j), j = 1 … k − 1; that of n reference weeks adds
    σ²/n · (1 + φ)/(1 − φ).
    """
    phi = chart.autocorrelation
    lags = np.arange(1, window)
    inflation = 1 + 2 * float(((1 - lags / window) * phi**lags).sum())
    of_middle = chart.spread**2 / chart.weeks * (1 + phi) / (1 - phi)
    return math.sqrt(chart.spread**2 / window * inflation + of_middle)


def score_at(chart: Chart, by_chance: float, charts: int, weeks: float = 45) -> float:
    """The score with so many deviations by chance in a stable season of all charts."""
    from scipy.stats import t

    return float(t.isf(min(0.5, by_chance / _looks(charts, weeks)), _freedom(chart)))


def _looks(charts: int, weeks: float) -> float:
    """Chances of a season: both sides, each window, chart and week; an upper bound of alarms."""
    return 2 * len(WINDOWS) * charts * weeks


def _freedom(chart: Chart) -> float:
    phi = chart.autocorrelation
    return max(1.0, chart.weeks * (1 - phi**2) / (1 + phi**2) - 1)


def _autocorrelation(rest: FloatArray) -> float:
    """Lag-one autocorrelation, not below 0, its downward bias of (1 + 3φ)/n taken back.

    Marriott and Pope 1954, Biometrika 41:390.
    """
    raw = float((rest[1:] * rest[:-1]).sum() / np.square(rest).sum())
    n = len(rest)
    corrected = (n * raw + 1) / (n - 3) if n > 3 else raw  # noqa: PLR2004 - the formula's own 3
    return min(max(corrected, 0.0), _LARGEST_AUTOCORRELATION)
