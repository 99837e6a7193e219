"""Days of athletes in order: one row a day, and a row for every day between.

Belongs here: keys and calendar of a frame with `athlete_id` and `day`. Does not belong here: what
its other columns mean (`athlete_days`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload.errors import AthleteDaysError

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int64]

#: Longer than any career: a history beyond it has a mistyped year, and would fill the memory.
_LONGEST_YEARS: Final = 20


def day_numbers(day: "pd.Series") -> IntArray:
    """Days since 1970-01-01, (n,)."""
    numbers: IntArray = day.to_numpy().astype("datetime64[D]").astype(np.int64)
    return numbers


def check_keys(days: "pd.DataFrame") -> None:
    """Refuse two rows for one athlete and day, and a history that cannot be.

    Args:
        days: athlete_id and day, sorted by both.

    Raises:
        AthleteDaysError: with the athlete, the day and the remedy.
    """
    athlete, day = days["athlete_id"].to_numpy(), day_numbers(days["day"])
    same = athlete[1:] == athlete[:-1]
    double = np.flatnonzero(same & (day[1:] == day[:-1]))
    if double.size:
        row = days.iloc[int(double[0])]
        raise AthleteDaysError(
            f"athlete_id {row['athlete_id']} has more than one row for {row['day']:%Y-%m-%d} "
            f"({double.size} rows too many in all): give one row an athlete and day, loads of "
            "several sessions summed; where two teams use the same ids, put the team before the id"
        )
    first = np.append(0, np.flatnonzero(~same) + 1)
    last = np.append(first[1:], day.size) - 1
    long = np.flatnonzero(day[last] - day[first] > _LONGEST_YEARS * 366)
    if long.size:
        raise AthleteDaysError(
            f"athlete_id {athlete[first[long[0]]]} has days more than {_LONGEST_YEARS} years "
            "apart: correct the year in the column date"
        )


def complete(days: "pd.DataFrame", *, carried: Sequence[str]) -> "pd.DataFrame":
    """A row for every day between an athlete's first and last.

    Args:
        days: athlete_id, day and others, sorted by both, each pair once.
        carried: columns whose value stays as on the last day told; all others are empty: NaN, or
            False.

    Returns:
        The same columns, index 0..n−1.
    """
    import pandas as pd

    athlete, day = days["athlete_id"].to_numpy(), day_numbers(days["day"])
    first = np.append(True, athlete[1:] != athlete[:-1])
    step = np.where(first, 1, np.diff(day, prepend=day[0]))
    if (step == 1).all():
        return days.reset_index(drop=True)
    told = np.cumsum(step) - 1
    place = np.arange(int(step.sum()))
    # A row that is put in repeats the last row told before it, which is the same athlete's.
    before = np.searchsorted(told, place, side="right") - 1
    since = place - told[before]
    full = days.iloc[before].reset_index(drop=True)
    full["day"] = full["day"] + pd.to_timedelta(since, unit="D")
    for name in full.columns.difference([*carried, "day"]):
        empty = False if full[name].dtype == np.bool_ else None
        full[name] = full[name].mask(since > 0, empty)
    return full
