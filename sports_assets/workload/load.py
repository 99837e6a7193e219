"""Training load as states: weighted averages, monotony and strain, fitness and fatigue.

Belongs here: the formulas, over athletes × days at once. Does not belong here: which of them is a
feature, and for what (`load_features`).

Every array is (athletes, days), a column a day, float64, and causal: what stands in column t comes
from columns up to t. Beyond the end of a shorter history stands whatever; nobody reads it.

Sources: Foster 1998 (monotony, strain), Williams et al. 2017 (weighted average), Banister et al.
1975 (fitness and fatigue; its parameters are hard to identify from data, Hellard et al. 2006, so
both states are features and their difference is no forecast of performance).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload.windows import mean_and_sd

FloatArray = npt.NDArray[np.float64]

#: Spans of the weighted averages, days.
ACUTE_D: Final = 7
CHRONIC_D: Final = 28
LONG_D: Final = 120
#: Time constants of the two states, days: the customary values (Banister, Morton 1990).
FITNESS_D: Final = 42.0
FATIGUE_D: Final = 7.0
#: Added to both sides of a ratio of loads, au a day, so that it is quiet where both are small.
RATIO_CALM_AU: Final = 20.0


def ewma(
    values: FloatArray, span_d: float, *, start: float, start_weight: float = 1.0
) -> FloatArray:
    """Exponentially weighted average with λ = 2 / (span + 1) (Williams et al. 2017).

    Args:
        values: (athletes, days), all finite; see `fill_untold`.
        span_d: N of λ, days.
        start: what the average was before the first day, in the unit of the values.
        start_weight: what the start is worth. 1: as much as an endless history at that level, the
            plain recursion y = (1 − λ) y + λ x. Towards 0 the average is that of the days there
            are; the start then only steadies the first of them.

    Returns:
        (athletes, days), between the smallest and the largest of start and values up to the day.
    """
    from scipy.signal import lfilter

    rate = _rate(span_d)
    begun = np.full((values.shape[0], 1), (1 - rate) * start * start_weight)
    weighted: FloatArray = lfilter([rate], [1.0, rate - 1.0], values, axis=1, zi=begun)[0]
    if start_weight == 1:
        return weighted
    return weighted / _weight(np.arange(values.shape[1]), rate, start_weight)


def held_ewma(
    values: FloatArray, span_d: float, *, start: float, start_weight: float = 1.0
) -> FloatArray:
    """The same over the days that were told; an untold day leaves the average where it is.

    Args:
        values: (athletes, days), NaN where not told.
        span_d, start, start_weight: as in `ewma`.

    Returns:
        (athletes, days), all finite.
    """
    untold = np.isnan(values)
    # No short cut through `ewma` where all is told: it rounds otherwise, and a day that comes to be
    # untold later would then change the last bit of those before it.
    rate = _rate(span_d)
    level = np.full(values.shape[0], float(start))
    worth = np.full(values.shape[0], float(start_weight))
    levels = np.empty(values.shape)
    for day in range(values.shape[1]):
        told = ~untold[:, day]
        kept = (1 - rate) * worth[told]
        level[told] = (kept * level[told] + rate * values[told, day]) / (kept + rate)
        worth[told] = kept + rate
        levels[:, day] = level
    return levels


def fill_untold(
    values: FloatArray, span_d: float = CHRONIC_D, *, start: float, start_weight: float = 1.0
) -> FloatArray:
    """Days that were not told, at the athlete's level so far (`held_ewma`).

    So silence says neither rest nor work, and a state that is fed with the filled days moves
    towards what is usual for the athlete. Zero would read every forgotten report as rest, and the
    return of the reports as a spike of load.
    """
    untold = np.isnan(values)
    if not untold.any():
        return values
    level = held_ewma(values, span_d, start=start, start_weight=start_weight)
    return np.where(untold, level, values)


def log_ratio(acute: FloatArray, chronic: FloatArray) -> FloatArray:
    """ln((A + 20) / (C + 20)): how far the last week stands above the last four."""
    ratio: FloatArray = np.log((acute + RATIO_CALM_AU) / (chronic + RATIO_CALM_AU))
    return ratio


def hinge(values: FloatArray, above: float) -> FloatArray:
    """What exceeds a threshold: max(0, value − above)."""
    return np.maximum(0.0, values - above)


def acwr_uncoupled(acute: FloatArray, chronic: FloatArray) -> FloatArray:
    """Acute to chronic load, the chronic one as it stood before the acute week.

    A description only: it is no cause of injury and no threshold of it (Impellizzeri et al. 2020),
    so no model takes it in.

    Returns:
        (athletes, days); NaN for the first week, and where the chronic load is below 20 au a day:
        after a break the quotient tells nothing.
    """
    ratio = np.full(acute.shape, np.nan)
    before = chronic[:, :-ACUTE_D] if chronic.shape[1] > ACUTE_D else chronic[:, :0]
    np.divide(acute[:, ACUTE_D:], before, out=ratio[:, ACUTE_D:], where=before >= RATIO_CALM_AU)
    return ratio


def monotony_and_strain(load: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Foster's monotony (mean / SD of seven daily loads, rest as 0) and strain (sum × monotony).

    SD is that of a sample (n − 1). The sum is seven times the mean of the days told, of which
    there must be five.

    Args:
        load: (athletes, days) au, NaN where not told.

    Returns:
        (athletes, days) each; NaN where fewer than five of the last seven days are told, and where
        all are the same: a week without spread has no monotony, not an endless one.
    """
    mean, sd, _ = mean_and_sd(load, 7, least=5)
    monotony = np.full(load.shape, np.nan)
    np.divide(mean, sd, out=monotony, where=sd > 0)
    return monotony, 7 * mean * monotony


def fitness_and_fatigue(load: FloatArray, *, start: float) -> tuple[FloatArray, FloatArray]:
    """Banister's two states, Σ w e^(−Δ/τ) over all days up to now with τ of 42 and of 7 days.

    Args:
        load: (athletes, days) au, all finite.
        start: load au a day before the first day, for so long that both states are steady.

    Returns:
        (athletes, days) au each: fitness and fatigue.
    """
    return _state(load, FITNESS_D, start), _state(load, FATIGUE_D, start)


def _state(load: FloatArray, constant_d: float, start: float) -> FloatArray:
    from scipy.signal import lfilter

    kept = float(np.exp(-1 / constant_d))
    begun = np.full((load.shape[0], 1), kept * start / (1 - kept))
    state: FloatArray = lfilter([1.0], [1.0, -kept], load, axis=1, zi=begun)[0]
    return state


def _rate(span_d: float) -> float:
    return 2.0 / (span_d + 1.0)


def _weight(day: npt.NDArray[np.int64], rate: float, start_weight: float) -> FloatArray:
    weight: FloatArray = 1 - np.power(1 - rate, day + 1.0) * (1 - start_weight)
    return weight
