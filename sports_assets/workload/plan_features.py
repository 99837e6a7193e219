"""What the team does: features of the published plan and of the squad, one value a team and day.

The plan tells the fixtures. What the squad trains on the days between is learnt from its own past:
by a day's distance to the fixtures around it, as sessions are planned (match day −1, +1, ...).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload.fixtures import Plan, plan_of
from sports_assets.workload.grid import Grid
from sports_assets.workload.load_features import Start, weighed_hours
from sports_assets.workload.windows import LONGEST_COUNT_D

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

WEEK_D: Final = 7
#: How far ahead the plan is looked at, days.
HORIZON_D: Final = 28
#: Classes of a day: 1 to 7 days to the next fixture, later, or none within the horizon; by 1, 2, 3
#: or more days since the last.
_NEAR_D, _NEXT_CLASSES, _LAST_CLASSES = 7, 9, 4
#: More days than any history has.
_NEVER: Final = 1_000_000
#: Days of the squad's own past that the general mean is worth for one class.
_CLASS_WEIGHT, _SQUAD_WEIGHT = 2.0, 7.0
#: Injuries an hour of weighed exposure in professional squads (4.9 in 1,000 h, a seventh of the
#: hours in matches), and how many injuries of the squad's own it is worth.
_USUAL_RATE, _USUAL_INJURIES = 2.2e-3, 10.0


@dataclass(frozen=True)
class TeamDays:
    """Plan features of every team, to be looked up by team and day.

    Attributes:
        first: (teams,) first day of each, days since 1970.
        offset: (teams,) where its first day stands in the arrays.
        features: by name, (team-days,).
        is_fixture: (team-days,) the team played, or had planned to.
        injury_rate: (team-days,) injuries an hour of weighed exposure, from all days so far.
    """

    first: IntArray
    offset: IntArray
    features: dict[str, FloatArray]
    is_fixture: BoolArray
    injury_rate: FloatArray

    def place(self, team: IntArray, day: IntArray) -> IntArray:
        """Where the day of a team stands; 0 where there is none."""
        place: IntArray = np.where(team >= 0, self.offset[team] + day - self.first[team], 0)
        return place


def team_days(grid: Grid, fixtures: "pd.DataFrame", start: Start) -> TeamDays:
    """Plan features of all teams of a frame, each day from what was known on it."""
    first, offset, parts, marks, rates = [], [], [], [], []
    size = 0
    for code, team in enumerate(grid.teams):
        own = grid.team == code
        begin, end = int(grid.day[own].min()), int(grid.day[own].max())
        plan = plan_of(fixtures, team, begin, end, HORIZON_D + WEEK_D)
        played, training = _squad_days(grid, own, begin, end - begin + 1)
        is_fixture = plan.is_fixture[0] | played
        parts.append(_features(plan, is_fixture, training, start))
        marks.append(is_fixture)
        rates.append(_injury_rate(grid, own, begin, end - begin + 1))
        first.append(begin)
        offset.append(size)
        size += end - begin + 1
    names = parts[0]
    return TeamDays(
        np.array(first),
        np.array(offset),
        {name: np.concatenate([part[name] for part in parts]) for name in names},
        np.concatenate(marks),
        np.concatenate(rates),
    )


def _squad_days(grid: Grid, own: BoolArray, begin: int, count: int) -> tuple[BoolArray, FloatArray]:
    """Whether anybody of the team played, and mean minutes of those who trained, (days,) each."""
    place = grid.day[own] - begin
    is_match, minutes = grid.flag("is_match")[own], grid.number("minutes")[own]
    played = np.bincount(place[is_match], minlength=count) > 0
    counts = ~np.isnan(minutes) & ~is_match & ~grid.flag("is_injured")[own]
    total = np.bincount(place[counts], minutes[counts], minlength=count)
    number = np.bincount(place[counts], minlength=count)
    mean = np.full(count, np.nan)
    np.divide(total, number, out=mean, where=number > 0)
    return played, mean


def _injury_rate(grid: Grid, own: BoolArray, begin: int, count: int) -> FloatArray:
    place = grid.day[own] - begin
    hours = weighed_hours(grid.number("minutes")[own], grid.flag("is_match")[own])
    return injury_rate(
        np.bincount(place[grid.flag("injury_start")[own]], minlength=count),
        np.bincount(place, hours, minlength=count).astype(np.float64),
    )


def injury_rate(onsets: npt.NDArray[np.generic], hours: FloatArray) -> FloatArray:
    """Injuries an hour of weighed exposure up to each day, drawn to the usual where few are told.

    Args:
        onsets, hours: of the whole squad, by day along the last axis.
    """
    so_far = np.cumsum(np.asarray(onsets, np.float64), axis=-1)
    exposure = np.cumsum(hours, axis=-1)
    return np.asarray(
        (so_far + _USUAL_INJURIES) / (exposure + _USUAL_INJURIES / _USUAL_RATE), np.float64
    )


def _features(
    plan: Plan, is_fixture: BoolArray, training: FloatArray, start: Start
) -> dict[str, FloatArray]:
    ahead = plan.is_fixture[1 : HORIZON_D + 1]
    next_fixture = np.where(ahead.any(axis=0), ahead.argmax(axis=0) + 1, HORIZON_D + 1)
    since = _days_since(is_fixture)
    made = {
        "is_fixture_tomorrow": ahead[0].astype(np.float64),
        "fixtures_next_2d": ahead[:2].sum(axis=0).astype(np.float64),
        "fixtures_next_7d": ahead[:WEEK_D].sum(axis=0).astype(np.float64),
        "days_to_next_fixture": next_fixture.astype(np.float64),
        "is_without_fixture": (next_fixture > HORIZON_D).astype(np.float64),
    }
    made = {name: np.where(plan.is_published, values, np.nan) for name, values in made.items()}
    counted = np.minimum(since, LONGEST_COUNT_D).astype(np.float64)
    made["days_since_fixture"] = np.where(since < _NEVER, counted, np.nan)
    # Without any fixture, or a plan, the squad's mean still says what a week holds.
    told = np.logical_or.accumulate(~np.isnan(training))
    expected = _expected_training(plan, is_fixture, since, training, start)
    made["expected_training_minutes_7d"] = np.where(told, expected, np.nan)
    return made


def _days_since(is_fixture: BoolArray) -> IntArray:
    place = np.arange(is_fixture.size)
    last = np.maximum.accumulate(np.where(is_fixture, place, -_NEVER))
    return np.minimum(place - last, _NEVER)


def _expected_training(
    plan: Plan, is_fixture: BoolArray, since: IntArray, training: FloatArray, start: Start
) -> FloatArray:
    """Minutes that the squad is likely to train in the next seven days, (days,)."""
    by_class = _class_means(_day_class(plan, since, 0), training, is_fixture, start)
    expected = np.zeros(training.size)
    place = np.arange(training.size)
    for ahead in range(1, WEEK_D + 1):
        minutes = by_class[place, _day_class(plan, since, ahead)]
        expected += np.where(plan.is_fixture[ahead], 0.0, minutes)
    return expected


def _day_class(plan: Plan, since: IntArray, ahead: int) -> IntArray:
    """Class of the day so far ahead by its distances to fixtures, as known today, (days,)."""
    near = plan.is_fixture[ahead + 1 : ahead + 1 + _NEAR_D]
    is_later = plan.is_fixture[ahead + 1 + _NEAR_D : ahead + 1 + HORIZON_D].any(axis=0)
    until = np.where(
        near.any(axis=0), near.argmax(axis=0), np.where(is_later, _NEAR_D, _NEAR_D + 1)
    )
    gone = since + ahead
    for day in range(1, ahead + 1):
        gone = np.where(plan.is_fixture[day], ahead - day, gone)
    return until * _LAST_CLASSES + np.minimum(gone, _LAST_CLASSES) - 1


def _class_means(
    day_class: IntArray, training: FloatArray, is_fixture: BoolArray, start: Start
) -> FloatArray:
    """Mean training minutes by class from the days up to each, (days, classes).

    Each class is drawn to the squad's mean, and that to the constant, by weights in days.
    """
    counts = ~np.isnan(training) & ~is_fixture
    minutes = np.where(counts, training, 0.0)
    one_hot = np.zeros((training.size, _NEXT_CLASSES * _LAST_CLASSES))
    place = np.arange(training.size)
    one_hot[place, np.maximum(day_class, 0)] = counts
    squad = (np.cumsum(minutes) + _SQUAD_WEIGHT * start.training_minutes) / (
        np.cumsum(counts) + _SQUAD_WEIGHT
    )
    total = np.cumsum(one_hot * minutes[:, None], axis=0) + _CLASS_WEIGHT * squad[:, None]
    means: FloatArray = total / (np.cumsum(one_hot, axis=0) + _CLASS_WEIGHT)
    return means
