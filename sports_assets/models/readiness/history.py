"""What was known on each day: arithmetic on arrays of days × athletes, that never looks ahead.

Belongs here: means, spreads and shares that a day's row may use. Row t of a result depends on rows
0..t of the input and on no other; a test changes the future to prove it. NaN is "not told".
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Days that the memory of `alike_mean` reaches back; what is older would weigh next to nothing.
_ALIKE_D: Final = 360
_LEAST: Final = 1e-200


def decayed_sums(values: Floats, span_d: float) -> tuple[Floats, Floats]:
    """Sum and count of what was told, each older by a day weighing 1 − 2/(span + 1) as much.

    Args:
        values: days first; any further axes. NaN where nothing was told.
        span_d: of the exponential weights, days.
    """
    from scipy.signal import lfilter

    told = np.isfinite(values)
    kept = 1 - 2 / (span_d + 1)
    sums = lfilter([1.0], [1.0, -kept], np.where(told, values, 0.0), axis=0)
    counts = lfilter([1.0], [1.0, -kept], told.astype(np.float64), axis=0)
    return np.asarray(sums), np.asarray(counts)


def decayed_mean(values: Floats, span_d: float) -> Floats:
    """Exponentially weighted mean over days, gaps passed over; NaN before the first value."""
    sums, counts = decayed_sums(values, span_d)
    # A count decays after the last answer and the mean stays what it was, until both underflow.
    return _ratio(sums, counts, counts > _LEAST)


def so_far(values: Floats) -> Floats:
    """How many values were told up to and with each day."""
    return np.asarray(np.cumsum(np.isfinite(values), axis=0, dtype=np.float64))


def mean_so_far(values: Floats) -> Floats:
    """Mean of all values told up to and with each day."""
    count = so_far(values)
    return _ratio(np.nancumsum(values, axis=0), count, count > 0)


def last_known(values: Floats, limit_d: int | None = None) -> Floats:
    """The newest value told, not older than `limit_d` days.

    Args:
        values: days × athletes.
        limit_d: None for any age.
    """
    days = np.arange(len(values))[:, None]
    seen = np.maximum.accumulate(np.where(np.isfinite(values), days, -1), axis=0)
    newest = np.take_along_axis(values, np.maximum(seen, 0), axis=0)
    is_known = seen >= 0 if limit_d is None else (seen >= 0) & (days - seen <= limit_d)
    return np.where(is_known, newest, np.nan)


def days_since(is_told: npt.NDArray[np.bool_]) -> Floats:
    """Days since the last true of each column; NaN before the first."""
    days = np.arange(len(is_told))[:, None]
    seen = np.maximum.accumulate(np.where(is_told, days, -1), axis=0)
    return np.where(seen >= 0, days - seen, np.nan)


def earlier(values: Floats, days: int) -> Floats:
    """What was told `days` days before; NaN for what lies before the first day."""
    result = np.full_like(values, np.nan)
    if days < len(values):
        result[days:] = values[: len(values) - days]
    return result


def mean_of_others(values: Floats, prior_weight: float) -> Floats:
    """Mean of the other columns on the day, shrunk to 0 by so many values of 0.

    NaN where nobody else told anything, so for a club of one athlete.
    """
    told = np.isfinite(values)
    known = np.where(told, values, 0.0)
    count = told.sum(axis=1, keepdims=True) - told
    total = known.sum(axis=1, keepdims=True) - known
    return _ratio(total, count + prior_weight, count > 0)


def same_weekday_mean(values: Floats, prior: Floats, weeks: int, prior_weight: float) -> Floats:
    """Mean of the values on tomorrow's weekday in the last weeks, shrunk to `prior`.

    Args:
        values: days first; any further axes.
        prior: of the same shape.
        weeks: that are looked at.
        prior_weight: how many values the prior counts for; with 0 it is NaN where none was told.
    """
    total, count = prior_weight * prior, np.full_like(values, prior_weight)
    for week in range(1, weeks + 1):
        past = earlier(values, 7 * week - 1)
        total = total + np.nan_to_num(past)
        count = count + np.isfinite(past)
    return _ratio(total, count, count > 0)


def alike_mean(
    values: Floats,
    condition: Floats,
    prior: Floats,
    *,
    width: float,
    memory_d: float,
    prior_weight: float,
) -> Floats:
    """Mean of the values that followed days alike to today, shrunk to `prior`.

    A value of day s counts by how near the condition of day s − 1 was to that of today, with a
    normal kernel (Nadaraya 1964, Watson 1964), and by how long ago it was.

    Args:
        values: days × answers of one athlete.
        condition: (days,) e.g. the load, in a scale on which `width` is a small step.
        prior: days × answers; what stands where nothing alike is known, and where the condition of
            today is not.
        width: standard deviation of the kernel, in the condition's unit.
        memory_d: after so many days a value weighs 1/e.
        prior_weight: how many values the prior counts for.
    """
    days, answers = values.shape
    reach = min(_ALIKE_D, days)
    before = np.concatenate([[np.nan], condition[:-1]])
    is_usable = np.isfinite(before) & np.isfinite(values).all(axis=1)
    known = np.where(is_usable[:, None], values, 0.0)

    def past(column: Floats) -> Floats:
        padded = np.concatenate([np.zeros((reach - 1, *column.shape[1:])), column])
        return np.lib.stride_tricks.sliding_window_view(padded, reach, axis=0)

    distance = (past(np.where(is_usable, before, 0.0)) - condition[:, None]) / width
    age = np.arange(reach - 1, -1, -1)
    weights = np.exp(-0.5 * distance**2 - age / memory_d) * past(is_usable.astype(np.float64))
    weights = np.where(np.isfinite(condition)[:, None], weights, 0.0)
    total = np.einsum("tw,tkw->tk", weights, past(known))
    share = weights.sum(axis=1)[:, None]
    return np.asarray((total + prior_weight * prior) / (share + prior_weight)).reshape(
        days, answers
    )


def _ratio(above: Floats, below: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    result = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=result, where=where)
    return result
