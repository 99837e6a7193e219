"""How a squad's week lies against each athlete's own past: the statistic that drift is judged by.

Most of what differs between rows of a squad is who they belong to, and an athlete's days resemble
each other: seven days of 25 athletes are nowhere near 175 independent values. Against their own
norm, athletes can be averaged, and who was injured or left does not move the average.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

WEEK_D: Final = 7
#: Weeks of a norm, and how far back they are looked for over weeks that do not count.
NORM_WEEKS: Final = 12
_LOOK_BACK_WEEKS: Final = 40
#: Known days that a norm needs, and that a week needs to be held against it.
_NORM_LEAST_D: Final = 14
_WEEK_LEAST_D: Final = 2
_TRIMMED: Final = 0.1


@dataclass(frozen=True)
class OwnShift:
    """A column's week against the athletes' own norms.

    Attributes:
        athletes: who has a norm and enough days in the week.
        shift: mean over them of (mean of the week - own norm), the tenth that rose and the tenth
            that fell most left out, in the column's unit; NaN of none. One athlete who stops
            answering is no drift of a squad.
        shift_sd: its sample standard deviation over athletes; NaN of less than two.
        share_up: share of them above their norm; NaN of none.
        missing_shift: mean over athletes of (missing share of the week - of the norm's weeks); NaN
            where nobody has a past.
        day_shifts: mean over athletes of (day - own norm), Monday to Sunday; NaN where none told.
    """

    athletes: int
    shift: float
    shift_sd: float
    share_up: float
    missing_shift: float
    day_shifts: tuple[float, ...]


def monday(day: date) -> date:
    """First day of the week that a day lies in."""
    return day - timedelta(days=day.weekday())


def own_shifts(
    athlete: Sequence[str] | npt.NDArray[np.object_],
    day: npt.NDArray[np.datetime64],
    values: FloatArray,
    unusual: Collection[date] = (),
    wanted: Collection[date] | None = None,
) -> dict[date, OwnShift]:
    """Each week of a column against the athletes' own norms, which hold earlier weeks only.

    A norm is the mean of the athlete's days in the last twelve weeks before this one that are not
    unusual and hold a row, of at most forty; at least 14 known days of them.

    Args:
        athlete, day, values: (rows,); one row an athlete and day, NaN for what is not known.
        unusual: Mondays of weeks that norms leave out, such as breaks of the fixture list.
        wanted: Mondays of the weeks that are asked for; left out, all.

    Returns:
        One entry a week with rows, by its Monday.
    """
    if not len(values):
        return {}
    grid, is_row, first = _grid(athlete, day, values)
    weeks = [first + timedelta(days=WEEK_D * at) for at in range(grid.shape[1])]
    leave_out = set(unusual)
    usual = [at for at, week in enumerate(weeks) if week not in leave_out]
    return {
        week: _one_week(
            grid,
            is_row,
            at,
            [
                past
                for past in usual
                if at - _LOOK_BACK_WEEKS <= past < at and is_row[:, past].any()
            ][-NORM_WEEKS:],
        )
        for at, week in enumerate(weeks)
        if is_row[:, at].any() and (wanted is None or week in wanted)
    }


def _one_week(
    grid: FloatArray, is_row: npt.NDArray[np.bool_], at: int, past: list[int]
) -> OwnShift:
    days = grid[:, at]
    norm, before = _mean(grid[:, past].reshape(len(grid), -1))
    norm[before < _NORM_LEAST_D] = np.nan
    mean, known = _mean(days)
    shifts = np.where(known >= _WEEK_LEAST_D, mean - norm, np.nan)
    shifts = shifts[~np.isnan(shifts)]
    rows_before = is_row[:, past].reshape(len(grid), -1).sum(axis=1)
    rows_now = is_row[:, at].sum(axis=1)
    both = (rows_before >= _NORM_LEAST_D) & (rows_now > 0)
    missing = (1 - known[both] / rows_now[both]) - (1 - before[both] / rows_before[both])
    by_day, _ = _mean((days - norm[:, None]).T)
    return OwnShift(
        athletes=len(shifts),
        shift=_trimmed(shifts),
        shift_sd=float(shifts.std(ddof=1)) if len(shifts) > 1 else float("nan"),
        share_up=float((shifts > 0).mean()) if len(shifts) else float("nan"),
        missing_shift=float(missing.mean()) if len(missing) else float("nan"),
        day_shifts=tuple(float(value) for value in by_day),
    )


def _grid(
    athlete: Sequence[str] | npt.NDArray[np.object_],
    day: npt.NDArray[np.datetime64],
    values: FloatArray,
) -> tuple[FloatArray, npt.NDArray[np.bool_], date]:
    """Values as (athletes, weeks, 7 days), where there are rows, and the first Monday."""
    names, code = np.unique(np.asarray(athlete, dtype=object).astype(str), return_inverse=True)
    days = day.astype("datetime64[D]")
    first = monday(days.min().astype(object))
    place = (days - np.datetime64(first)).astype(np.int64)
    weeks = int(place.max()) // WEEK_D + 1
    grid = np.full((len(names), weeks * WEEK_D), np.nan)
    is_row = np.zeros(grid.shape, bool)
    grid[code, place] = values
    is_row[code, place] = True
    shape = (len(names), weeks, WEEK_D)
    return grid.reshape(shape), is_row.reshape(shape), first


def _trimmed(shifts: FloatArray) -> float:
    """Mean without a tenth at each end; NaN of none."""
    cut = int(_TRIMMED * len(shifts))
    kept = np.sort(shifts)[cut : len(shifts) - cut]
    return float(kept.mean()) if len(kept) else float("nan")


def _mean(values: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Mean of the known values of each row, NaN of none, and how many they are."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    mean = np.full(len(values), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean, count.astype(np.int64)
