"""A CUSUM of injuries against what was expected: finds a changed hazard as early as can be.

S ← max(0, S + n ln r − (r − 1) E) after a day with n onsets where E were expected, for a hazard r
times as high; an alarm when S reaches the limit, after which it starts anew (Lucas 1985,
Technometrics 27:129; of all rules with as few false alarms its worst mean delay is the shortest,
Moustakides 1986). The limit is set by the number of false alarms that a stable season may have,
computed by a Markov chain (Brook and Evans 1972, Biometrika 59:539), with no chance in it.

A doubled hazard at 0.75 injuries a week (25 athletes) cannot be found within three weeks (median)
at one false alarm a season: see `delay_d` and the table in its test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SEASON_D: Final = 315
_CELLS: Final = 240
_MOST_A_DAY: Final = 12
_LONGEST_D: Final = 2000
#: Of a limit; a lattice of counts moves it no finer.
_EXACT: Final = 1e-4


@dataclass(frozen=True)
class Course:
    """A CUSUM over days.

    Attributes:
        level: after each day; on the day of an alarm what it had reached.
        is_alarm: days on which it reached the limit.
        limit: that.
    """

    level: FloatArray
    is_alarm: npt.NDArray[np.bool_]
    limit: float


def run_cusum(
    onsets: Sequence[float], expected: Sequence[float], ratio: float, limit: float
) -> Course:
    """Run over days.

    Args:
        onsets, expected: of the squad, a day.
        ratio: hazard that is looked for, against the expected one; below 1 for a lower one.
        limit: of `limit_for`.

    Raises:
        ValueError: an expected number is negative or unknown.
    """
    rates = np.asarray(expected, np.float64)
    if not (rates >= 0).all():
        raise ValueError("expected onsets must be known and not negative: leave out other days")
    level = np.zeros(len(rates))
    is_alarm = np.zeros(len(rates), bool)
    now = 0.0
    gain = math.log(ratio)
    for day, (count, rate) in enumerate(zip(onsets, rates, strict=True)):
        now = max(0.0, now + count * gain - (ratio - 1) * float(rate))
        level[day] = now
        if now >= limit:
            is_alarm[day] = True
            now = 0.0
    return Course(level, is_alarm, limit)


@lru_cache(maxsize=4096)
def limit_for(
    expected_a_day: float, ratio: float, false_alarms: float, days: int = SEASON_D
) -> float:
    """The limit with so many false alarms in a stable season.

    Args:
        expected_a_day: onsets of the squad, mean over days.
        ratio: that the chart looks for.
        false_alarms: in `days`, on average, when onsets come as expected.
    """
    low, high = 0.05, 15.0
    while high - low > _EXACT:
        middle = (low + high) / 2
        if alarms_in(expected_a_day, ratio, middle, days=days) > false_alarms:
            low = middle
        else:
            high = middle
    return high


def alarms_in(
    expected_a_day: float,
    ratio: float,
    limit: float,
    *,
    true_ratio: float = 1.0,
    days: int = SEASON_D,
) -> float:
    """Mean number of alarms in so many days, from a start at 0.

    Args:
        true_ratio: onsets that come over those expected.
    """
    moves, alarm = _chain(expected_a_day, ratio, limit, true_ratio)
    state = np.zeros(len(alarm))
    state[0] = 1.0
    total = 0.0
    for _ in range(days):
        hit = float(state @ alarm)
        total += hit
        state = state @ moves
        state[0] += hit
    return total


def delay_d(
    expected_a_day: float, ratio: float, limit: float, true_ratio: float, share: float = 0.5
) -> int:
    """Days within which a changed hazard is found with probability `share`.

    The change comes after a long stable time, the chart being wherever it then is.
    """
    stable, alarm = _chain(expected_a_day, ratio, limit, 1.0)
    state = np.zeros(len(alarm))
    state[0] = 1.0
    for _ in range(SEASON_D):
        hit = float(state @ alarm)
        state = state @ stable
        state[0] += hit
    moves, alarm = _chain(expected_a_day, ratio, limit, true_ratio)
    found = 0.0
    for day in range(1, _LONGEST_D):
        found += float(state @ alarm)
        if found >= share:
            return day
        state = state @ moves
    return _LONGEST_D


def _chain(
    expected_a_day: float, ratio: float, limit: float, true_ratio: float
) -> tuple[FloatArray, FloatArray]:
    """Moves between levels of the chart in a day, (cells, cells), and chances of an alarm.

    Levels lie on a grid; what falls between two is shared between them by its distance, so that
    the mean move is kept.
    """
    grid = np.linspace(0.0, limit, _CELLS, endpoint=False)
    step = grid[1]
    mean = expected_a_day * true_ratio
    moves = np.zeros((_CELLS, _CELLS))
    alarm = np.zeros(_CELLS)
    rows = np.arange(_CELLS)
    for count in range(_MOST_A_DAY):
        chance = math.exp(-mean + count * math.log(mean) - math.lgamma(count + 1))
        target = np.maximum(0.0, grid + count * math.log(ratio) - (ratio - 1) * expected_a_day)
        out = target >= limit
        alarm[out] += chance
        place = np.minimum(target / step, _CELLS - 1)
        lower = place.astype(np.int64)
        upper = np.minimum(lower + 1, _CELLS - 1)
        part = place - lower
        stay = ~out
        np.add.at(moves, (rows[stay], lower[stay]), chance * (1 - part[stay]))
        np.add.at(moves, (rows[stay], upper[stay]), chance * part[stay])
    return moves, alarm
