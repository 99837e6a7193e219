"""The simulated club's plan: which day is a match, and what a training day asks for.

A week runs from match to match. Durations and efforts were chosen so that exposure and the injury
rate come out as the calibration of the hazard states them (about 270 h an athlete and season).
"""

import calendar
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int8]

SEASON_D = 315
#: From the first day of one season to that of the next, d.
YEAR_D = 365
_PRESEASON_D = 35
_MIDWEEK_SHARE = 0.30
_CONGESTED_D = 56
_WINTER_BREAK_D = 14
#: The second day after a match is free, unless the next one is near.
_REST_AFTER_D = 2
#: Without a match so long, a squad rests on Sundays, d.
_LONG_WITHOUT_D = 7
#: A fixture is published so many days before, d.
PUBLISHED_D = 28


class Day(IntEnum):
    """What the plan holds for a day."""

    OFF = 0  # between seasons: an individual programme
    REST = 1
    MATCH = 2
    RECOVERY = 3  # the day after a match
    STRENGTH = 4
    ENDURANCE = 5
    SPEED = 6
    ACTIVATION = 7  # the day before a match


@dataclass(frozen=True)
class Session:
    """What a day asks of an athlete: minutes, and effort from 0 to 10."""

    minutes: float
    rpe: float


#: Who did not play trains on the day after; see `TOP_UP`.
PLAN: dict[Day, Session] = {
    Day.OFF: Session(50.0, 3.8),
    Day.REST: Session(0.0, 0.0),
    Day.MATCH: Session(90.0, 7.5),
    Day.RECOVERY: Session(40.0, 2.2),
    Day.STRENGTH: Session(80.0, 4.1),
    Day.ENDURANCE: Session(90.0, 4.6),
    Day.SPEED: Session(75.0, 3.7),
    Day.ACTIVATION: Session(50.0, 2.5),
}
TOP_UP = Session(70.0, 4.6)


@dataclass(frozen=True)
class Scenario:
    """What changes in a season, and when; days count from the first of the history.

    Attributes:
        new_coach_on_d: from this day on training asks for `coach_load` times the effort.
        new_device_on_d: from this day on another device measures resting heart rate and lnRMSSD,
            with the offsets below.
        winter_break_on_d: two weeks without session or match begin.
        congested_on_d: eight weeks with a midweek match each begin.
        hazard_on_d: from this day on the hazard is `hazard_factor` times as high.
    """

    new_coach_on_d: int | None = None
    coach_load: float = 1.25
    new_device_on_d: int | None = None
    device_heart_rate_bpm: float = 3.0
    device_ln_rmssd: float = -0.15
    winter_break_on_d: int | None = None
    congested_on_d: int | None = None
    hazard_on_d: int | None = None
    hazard_factor: float = 2.0


STABLE = Scenario()


def season_days(seasons: int) -> int:
    """Days from the first of the first season to the last of the last."""
    return YEAR_D * (seasons - 1) + SEASON_D


def club_plan(seasons: int, scenario: Scenario, rng: np.random.Generator) -> Ints:
    """What each day holds, of `Day`; length `season_days(seasons)`. Day 0 is a Monday."""
    days = season_days(seasons)
    is_match = np.zeros(days, bool)
    in_season = np.zeros(days, bool)
    for season in range(seasons):
        first = season * YEAR_D
        in_season[first : first + SEASON_D] = True
        for week in range(_PRESEASON_D // 7, SEASON_D // 7):
            saturday = first + 7 * week + 5
            is_match[saturday] = True
            is_congested = (
                scenario.congested_on_d is not None
                and 0 <= saturday - scenario.congested_on_d < _CONGESTED_D
            )
            if rng.random() < _MIDWEEK_SHARE or is_congested:
                is_match[saturday - 3] = True
    if scenario.winter_break_on_d is not None:
        is_match[scenario.winter_break_on_d : scenario.winter_break_on_d + _WINTER_BREAK_D] = False
    plan = _around_matches(is_match, in_season)
    if scenario.winter_break_on_d is not None:
        plan[scenario.winter_break_on_d : scenario.winter_break_on_d + _WINTER_BREAK_D] = Day.OFF
    return plan


def _around_matches(is_match: npt.NDArray[np.bool_], in_season: npt.NDArray[np.bool_]) -> Ints:
    """Fill the days between matches: recovery after, activation before, one day of rest."""
    plan = np.full(len(is_match), int(Day.OFF), np.int8)
    matches = np.flatnonzero(is_match)
    for day in np.flatnonzero(in_season):
        at = int(np.searchsorted(matches, day))
        until = int(matches[at] - day) if at < len(matches) else 99
        since = int(day - matches[at - 1]) if at else 99
        plan[day] = _kind(until, since, int(day % 7))
    return plan


def _kind(until: int, since: int, weekday: int) -> Day:
    """The kind of a day by the days until the next match, since the last, and the weekday."""
    near = {2: Day.SPEED, 3: Day.ENDURANCE}
    if until == 0:
        return Day.MATCH
    if since == 1:
        return Day.RECOVERY
    if until == 1:
        return Day.ACTIVATION
    if since == _REST_AFTER_D < until or (since > _LONG_WITHOUT_D and weekday == calendar.SUNDAY):
        return Day.REST
    if until in near:
        return near[until]
    is_hard = weekday in {calendar.WEDNESDAY, calendar.FRIDAY}
    return Day.ENDURANCE if is_hard else Day.STRENGTH
