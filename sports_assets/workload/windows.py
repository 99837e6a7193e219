"""Moving windows and personal norms over athletes × days, with days missing.

Belongs here: what a window of days says, for any quantity. Does not belong here: which quantity.

Arrays are (athletes, days) and causal, as in `load`. A window is gone through day by day of its
length, not by differences of running sums: those would leave a constant history with a spread of
rounding errors, and the next answer with an endless deviation.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Days that have gone by are counted up to so many. What is longer ago tells no more, and a feature
#: that grows with the calendar would tell a model the season, and a drift report nothing else.
LONGEST_COUNT_D: Final = 120


def count_within(marked: BoolArray, window_d: int) -> IntArray:
    """Marked days among the last `window_d`, today included."""
    running = np.cumsum(marked, axis=1, dtype=np.int64)
    counted = running.copy()
    counted[:, window_d:] -= running[:, :-window_d]
    return counted


def days_since(marked: BoolArray, *, longest_d: float = np.inf) -> FloatArray:
    """Days since the last marked day, 0 on the day itself, NaN where none was.

    Args:
        longest_d: at most so many are counted.
    """
    place = np.broadcast_to(np.arange(marked.shape[1]), marked.shape)
    last = np.maximum.accumulate(np.where(marked, place, -1), axis=1)
    return np.where(last >= 0, np.minimum(place - last, longest_d), np.nan)


def delayed(values: FloatArray, days: int) -> FloatArray:
    """The values of so many days before, NaN for the first."""
    moved = np.full(values.shape, np.nan)
    if days < values.shape[1]:
        moved[:, days:] = values[:, : values.shape[1] - days]
    return moved


def last_told(values: FloatArray, *, longest_d: int) -> FloatArray:
    """The newest value that is not missing, at most so many days old; NaN otherwise."""
    age = days_since(~np.isnan(values))
    fresh = age <= longest_d
    place = np.arange(values.shape[1]) - np.where(fresh, age, 0).astype(np.int64)
    return np.where(fresh, np.take_along_axis(values, place, axis=1), np.nan)


def mean_and_sd(
    values: FloatArray, window_d: int, *, least: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Mean, sample SD (n − 1) and number of the values told in the last `window_d` days.

    Args:
        values: (athletes, days), NaN where not told.
        least: with fewer values there is neither mean nor SD; at least 2.

    Returns:
        Mean and SD, NaN where there are too few, and the number told; each (athletes, days).
    """
    told = ~np.isnan(values)
    known = np.where(told, values, 0.0)
    number = count_within(told, window_d)
    total = np.zeros(values.shape)
    for back in range(min(window_d, values.shape[1])):
        total[:, back:] += known[:, : values.shape[1] - back]
    mean = np.full(values.shape, np.nan)
    np.divide(total, number, out=mean, where=number >= least)
    squares = np.zeros(values.shape)
    for back in range(min(window_d, values.shape[1])):
        end = values.shape[1] - back
        off = np.where(told[:, :end], known[:, :end] - mean[:, back:], 0.0)
        squares[:, back:] += off * off
    sd = np.full(values.shape, np.nan)
    np.divide(squares, number - 1, out=sd, where=number >= least)
    sd = np.sqrt(sd)
    # A mean of equal values is off by a rounding error, and so is their spread.
    sd[sd <= 1e-9 * np.abs(mean)] = 0.0
    return mean, sd, number


@dataclass(frozen=True)
class Norm:
    """How an athlete's own norm is made.

    Attributes:
        window_d: days of it.
        least: values without which there is none.
        usual_sd: spread of the quantity within athletes in general, in its unit: what the own
            spread is drawn to. An athlete who gave the same answer for weeks would otherwise have
            none, and one with seven answers a wild one.
        usual_weight: how many values the usual spread is worth.
    """

    window_d: int
    least: int
    usual_sd: float
    usual_weight: float = 7.0


def deviation(values: FloatArray, of: FloatArray, norm: Norm, *, gap_d: int) -> FloatArray:
    """By how many SD `of` stands off the norm of the days before.

    Args:
        values: (athletes, days) what the norm is made of, NaN where not told.
        of: (athletes, days) what is compared.
        gap_d: days between the norm's last day and today: what is compared is no part of the norm.

    Returns:
        (athletes, days); NaN where there is no norm, or nothing to compare.
    """
    mean, spread = personal_norm(values, norm)
    return (of - delayed(mean, gap_d)) / delayed(spread, gap_d)


def personal_norm(values: FloatArray, norm: Norm) -> tuple[FloatArray, FloatArray]:
    """Mean and steadied SD of the last days, each (athletes, days); NaN where there is no norm.

    The variance is ((n − 1) s² + k σ²) / (n − 1 + k), with the usual σ worth k values.
    """
    mean, sd, number = mean_and_sd(values, norm.window_d, least=norm.least)
    freedom = np.maximum(number - 1, 0)
    variance = (freedom * sd**2 + norm.usual_weight * norm.usual_sd**2) / (
        freedom + norm.usual_weight
    )
    return mean, np.sqrt(variance)
