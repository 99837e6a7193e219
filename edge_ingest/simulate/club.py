"""Simulated clubs over seasons: what a club would know, and apart from it what nobody sees."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from edge_ingest.simulate.calendar import (
    SEASON_D,
    STABLE,
    YEAR_D,
    Day,
    Scenario,
    club_plan,
    season_days,
)
from edge_ingest.simulate.control import WEEK_D, Controller, carried_out
from edge_ingest.simulate.history import History
from edge_ingest.simulate.law import (
    BASE_HAZARD,
    KINDS,
    Bools,
    Floats,
    Ints,
    Sessions,
    Squad,
    State,
    draw_injuries,
    hazard,
    hold_sessions,
    next_day,
    start_state,
)
from edge_ingest.simulate.markers import Illness, draw_illness, draw_people, morning
from edge_ingest.simulate.oracle import injury_probability

#: A Monday.
FIRST_DAY = date(2023, 7, 3)
_BLOCK_D = 14
_BLOCK_SD = 0.25
_NOT_TOLD_SHARE = 0.02
HORIZON_D = 7


@dataclass(frozen=True)
class Settings:
    """How much is simulated.

    Attributes:
        seed: everything is a function of it and of the other settings.
        clubs, athletes, seasons: sizes; athletes are of each club.
        dial: S of the hazard: 1.0 or 0.5.
        futures: futures that the oracle averages for each evening; 0: no oracle.
        oracle_every_d: evenings between two questions to the oracle.
        first_day: a Monday.
    """

    seed: int
    clubs: int = 1
    athletes: int = 25
    seasons: int = 3
    dial: float = 1.0
    scenario: Scenario = STABLE
    futures: int = 0
    oracle_every_d: int = 1
    first_day: date = FIRST_DAY


@dataclass(frozen=True)
class Injury:
    """An injury as the medical staff writes it down.

    Attributes:
        days_lost: until full training; the return may lie beyond the end of the history.
    """

    club: int
    athlete: int
    day: int
    days_lost: int
    kind: str


@dataclass(frozen=True)
class Truth:
    """What nobody at the club sees; arrays (days, clubs, athletes) but for frailty.

    Attributes:
        hazard: of the day's session, integrated.
        risk: probability of an injury in the next seven days, all known; NaN where not asked.
        risk_without_frailty: the same where the athlete's frailty is not known.
        load: done, also where it was not told, au.
    """

    frailty: Floats
    hazard: Floats
    risk: Floats
    risk_without_frailty: Floats
    load: Floats


@dataclass(frozen=True)
class Clubs:
    """Histories of clubs; arrays (days, clubs, athletes) unless said otherwise.

    Attributes:
        plan: `Day` of each club and day, (days, clubs).
        load, minutes, match_minutes: done; load is NaN where it was not told.
        hours: exposure to the team's sessions.
        is_injured, is_ill: not available, the day of onset included.
        morning: answers and measures by name, NaN where nothing was told.
        age, previous: on the first day, (clubs, athletes).
    """

    settings: Settings
    plan: npt.NDArray[np.int8]
    load: Floats
    minutes: Floats
    match_minutes: Floats
    hours: Floats
    is_injured: Bools
    is_ill: Bools
    morning: dict[str, Floats]
    age: Floats
    previous: Ints
    injuries: tuple[Injury, ...]
    truth: Truth = field(repr=False)

    @property
    def days(self) -> list[date]:
        """The calendar."""
        return [self.settings.first_day + timedelta(days=at) for at in range(len(self.plan))]


def simulate(settings: Settings, controller: Controller | None = None) -> Clubs:
    """Play the seasons of the clubs.

    Args:
        controller: decides on every week's training from the second on; the first is as planned.
            The clubs' own two-week blocks are then not played, and what is asked is carried out
            with the noise of `control.EXECUTION_SD`. All else is drawn as without a controller, so
            that two controllers meet the same fixtures, athletes and chances. The oracle takes the
            week's factors for later ones, too.

    Raises:
        ValueError: a dial without a calibrated base hazard.
    """
    if settings.dial not in BASE_HAZARD:
        raise ValueError(f"dial {settings.dial}: use one of {sorted(BASE_HAZARD)}")
    # Streams of their own: the oracle's futures must not change what happens.
    world, plans, mornings, futures = (
        np.random.default_rng([settings.seed, stream]) for stream in range(4)
    )
    shape = (settings.clubs, settings.athletes)
    days = season_days(settings.seasons)
    plan = np.stack(
        [club_plan(settings.seasons, settings.scenario, plans) for _ in range(settings.clubs)],
        axis=1,
    )
    squad = Squad(
        world.normal(0, 1, shape),
        np.clip(world.normal(25, 4.2, shape), 17, 37),
        world.normal(0, 1, shape),
    )
    previous = np.minimum(world.poisson(0.7, shape), 3).astype(np.int64)
    blocks = np.clip(world.normal(1, _BLOCK_SD, (days // _BLOCK_D + 2, *shape)), 0.2, 2.0)
    illness = draw_illness(days, shape, world, SEASON_D)
    weeks = np.repeat(blocks, _BLOCK_D // WEEK_D, axis=0)
    steering = np.random.default_rng([settings.seed, 4])
    is_untold = np.zeros((days, *shape), bool)
    if controller is not None:
        weeks[:] = 1.0
        is_untold = steering.random(is_untold.shape) < _NOT_TOLD_SHARE
    drawn = _World(settings, squad, plan, weeks, illness)
    told = History(days, shape)
    people = draw_people(shape, mornings)
    state = start_state(squad, previous)
    yesterday = np.full(shape, 230.0)
    injuries: list[Injury] = []
    week = mornings.normal(0, 1, shape)
    for day in range(days):
        if day % 7 == 0:
            week = mornings.normal(0, 1, shape)
        device = _device(settings.scenario, day)
        answers = morning(
            people, state, yesterday=yesterday, signs=illness.signs[day], week=week,
            rng=mornings, device=device,
        )  # fmt: skip
        for name, values in answers.items():
            told.morning.setdefault(name, np.full((days, *shape), np.nan))[day] = values
        sessions = drawn.play(state, day, day, world)
        risk = hazard(sessions, _base(settings, day), squad.frailty)
        lost, kind = draw_injuries(risk, world)
        sessions = _cut_short(sessions, lost > 0, world)
        told.put(day, sessions, risk, away=state.injured_for > 0, hurt=lost > 0)
        told.is_ill[day] = illness.is_ill[day]
        injuries += [
            Injury(
                int(club), int(athlete), day, int(lost[club, athlete]), KINDS[kind[club, athlete]]
            )
            for club, athlete in np.argwhere(lost > 0)
        ]
        state = next_day(state, sessions, lost, world)
        yesterday = sessions.load
        if controller is not None and day % WEEK_D == WEEK_D - 1:
            asked = controller(told.evening(day, is_untold, plan, squad.age, previous))
            weeks[day // WEEK_D + 1 :] = carried_out(asked, steering)
        if settings.futures and day % settings.oracle_every_d == 0 and day + HORIZON_D < days:
            told.risk[day], told.risk_without_frailty[day] = drawn.risks(state, day, futures)
    if controller is None:
        is_untold = mornings.random(told.load.shape) < _NOT_TOLD_SHARE
    load = np.where(is_untold, np.nan, np.round(told.load))
    return Clubs(
        settings, plan, load, np.round(told.minutes), np.round(told.match_minutes), told.hours,
        told.is_injured, told.is_ill, told.morning, squad.age, previous, tuple(injuries),
        Truth(squad.frailty, told.hazard, told.risk, told.risk_without_frailty, told.load),
    )  # fmt: skip


@dataclass(frozen=True)
class _World:
    """What was drawn before the first day."""

    settings: Settings
    squad: Squad
    plan: npt.NDArray[np.int8]
    weeks: Floats
    illness: Illness

    def play(self, state: State, day: int, known_on: int, rng: np.random.Generator) -> Sessions:
        """A day's sessions; of later days only illness that is under way on `known_on` counts."""
        is_ill = np.logical_and.reduce(self.illness.is_ill[known_on : day + 1])
        block = self.weeks[day // WEEK_D]
        coach = self.settings.scenario.new_coach_on_d
        if coach is not None and day >= coach:
            block = block * self.settings.scenario.coach_load
        return hold_sessions(
            state, self.squad, plan=self.plan[day], block=block, is_ill=is_ill,
            season_day=float(day), dial=self.settings.dial, rng=rng,
        )  # fmt: skip

    def risks(self, evening: State, today: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """The oracle's answer on an evening."""

        def play(state: State, day: int) -> tuple[Sessions, State]:
            sessions = self.play(state, day, today, rng)
            nobody = np.zeros(state.acute.shape, np.int64)
            return sessions, next_day(state, sessions, nobody, rng)

        days = range(today + 1, today + 1 + HORIZON_D)
        bases = [_base(self.settings, day) for day in days]
        return injury_probability(
            evening, play, days=days, bases=bases, frailty=self.squad.frailty,
            futures=self.settings.futures,
        )  # fmt: skip


def _cut_short(sessions: Sessions, hurt: Bools, rng: np.random.Generator) -> Sessions:
    """Who is hurt does not finish: what was done so far counts."""
    done = np.where(hurt, rng.uniform(0.2, 1.0, hurt.shape), 1.0)
    return Sessions(
        sessions.minutes * done, sessions.match_minutes * done, sessions.load * done,
        sessions.exponent, sessions.hours * done, sessions.is_match,
    )  # fmt: skip


def _base(settings: Settings, day: int) -> float:
    base = BASE_HAZARD[settings.dial]
    begins = settings.scenario.hazard_on_d
    return base * settings.scenario.hazard_factor if begins is not None and day >= begins else base


def _device(scenario: Scenario, day: int) -> tuple[float, float]:
    if scenario.new_device_on_d is None or day < scenario.new_device_on_d:
        return 0.0, 0.0
    return scenario.device_heart_rate_bpm, scenario.device_ln_rmssd


def in_season(days: int) -> Bools:
    """Which days of a history lie in a season."""
    return np.asarray(np.arange(days) % YEAR_D < SEASON_D)


def is_fixture(clubs: Clubs) -> Bools:
    """Days on which a club plays, (days, clubs)."""
    return np.asarray(clubs.plan == Day.MATCH)
