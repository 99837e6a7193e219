"""The law of the simulated club: load, state, and the stated hazard of an injury in a session.

The hazard was calibrated to a professional squad's rate (4.9 time-loss injuries in 1,000 h):

    λ = L0 · exp(B_match · [match] + S · η + sd_u · u)          P(injury) = 1 − exp(−λ · hours)
    η = 0.60 (A/N − 1) − 0.70 (C/N − 1) + 1.70 max(0, ln((A + 20)/(C + 20)) − ln 1.2)
        + 0.35 min(previous, 3) + 1.10 exp(−days since return / 21) + 0.30 (age − 25)/5 − 0.30 sleep

A, C, N are EWMA of span 7, 28 and 120 days of the day's load, as they stand before the session;
u is the athlete's frailty, which nobody ever sees. S is the dial: at 1 there is as much signal as
a pipeline should find, at 0.5 as much as real squads show.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edge_ingest.simulate.calendar import PLAN, TOP_UP, Day

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

B_MATCH = 2.15
SD_FRAILTY = 0.5
#: L0, injuries an exposed hour, by the dial S.
BASE_HAZARD = {1.0: 8.186e-4, 0.5: 1.473e-3}
START_LOAD_AU = 230.0
_LEAST_LONG_LOAD_AU = 120.0
_SPANS_D = (7, 28, 120)
_LARGEST_EXPONENT = 6.0

KINDS = ("contusion", "muscle", "ligament")
KIND_SHARES = (0.30, 0.50, 0.20)
MEDIAN_DAYS_LOST = (3.5, 12.8, 33.2)
LOG_SD_DAYS_LOST = (0.7, 0.9, 1.1)

#: Who played less of the match trains while the others recover, min.
_TOP_UP_BELOW_MIN = 30
_STARTERS = 11
_SUBSTITUTES = 4
#: How far form moves the order of the squad from match to match, beside a spread of 1 in strength.
ROTATION_SD = 0.8
_RPE_SD = 0.10


@dataclass(frozen=True)
class State:
    """Where clubs stand at the start of a day; every array (…, clubs, athletes).

    Attributes:
        acute, chronic, long: EWMA of load, au a day.
        sleep: last night's, in standard deviations.
        injured_for: days until the athlete is back, 0 for who trains.
        lost: length of the current injury, d.
        since_return: days since the last return, infinite for who never was away.
        previous: injuries so far, those before the history counted.
        played_last: minutes of the last match.
    """

    acute: Floats
    chronic: Floats
    long: Floats
    sleep: Floats
    injured_for: Ints
    lost: Ints
    since_return: Floats
    previous: Ints
    played_last: Floats


@dataclass(frozen=True)
class Squad:
    """What does not change with the day; arrays (clubs, athletes).

    Attributes:
        strength: by which the line-up is chosen, standard normal.
        age: on the first day, years.
        frailty: u, never observed.
    """

    strength: Floats
    age: Floats
    frailty: Floats


@dataclass(frozen=True)
class Sessions:
    """What a day held; arrays (…, clubs, athletes).

    Attributes:
        minutes, match_minutes, load: done; load in au. Rehabilitation has load and no minutes of
            the team's.
        exponent: of the hazard, before frailty is added and the sum clipped.
        hours: exposure to the team's sessions.
        is_match: played in a match.
    """

    minutes: Floats
    match_minutes: Floats
    load: Floats
    exponent: Floats
    hours: Floats
    is_match: Bools


def start_state(squad: Squad, previous: Ints) -> State:
    """Everyone fit, with the load that an average week brings."""
    shape = squad.age.shape
    load = np.full(shape, START_LOAD_AU)
    nobody = np.zeros(shape, np.int64)
    return State(
        load, load.copy(), load.copy(), np.zeros(shape), nobody, nobody.copy(),
        np.full(shape, np.inf), previous.copy(), np.full(shape, 45.0),
    )  # fmt: skip


def hold_sessions(
    state: State,
    squad: Squad,
    *,
    plan: npt.NDArray[np.int8],
    block: Floats,
    is_ill: Bools,
    season_day: float,
    dial: float,
    rng: np.random.Generator,
) -> Sessions:
    """One day's sessions, before anyone is hurt.

    Args:
        plan: `Day` of each club, (clubs,).
        block: how hard the athlete's two weeks are, around 1, (clubs, athletes).
        is_ill: who stays at home.
        season_day: days since the start, for the age.
        dial: S.
    """
    shape = state.acute.shape
    kind = np.broadcast_to(plan[:, None], shape)
    fit = (state.injured_for == 0) & ~is_ill
    is_match_day = kind == Day.MATCH
    match_minutes = np.zeros(shape)
    if is_match_day.any():
        match_minutes = np.where(is_match_day & fit, _line_up(squad, fit, rng, shape), 0.0)
    minutes = np.zeros(shape)
    rpe = np.zeros(shape)
    for day, session in PLAN.items():
        if day != Day.MATCH:
            here = kind == day
            minutes[here] = session.minutes
            rpe[here] = session.rpe
    topped_up = (kind == Day.RECOVERY) & (state.played_last < _TOP_UP_BELOW_MIN)
    minutes[topped_up], rpe[topped_up] = TOP_UP.minutes, TOP_UP.rpe
    train = np.where(fit, minutes * block, 0.0)
    effort = rpe * np.exp(rng.normal(0, _RPE_SD, shape))
    match_rpe = PLAN[Day.MATCH].rpe * np.exp(rng.normal(0, _RPE_SD, shape))
    load = np.where(is_match_day, match_minutes * match_rpe, train * effort)
    load = np.where(fit, load, _rehabilitation(state, is_ill))
    team_minutes = np.where(is_match_day, match_minutes, np.where(kind == Day.OFF, 0.0, train))
    is_match = is_match_day & (match_minutes > 0)
    exponent = B_MATCH * is_match + dial * eta(state, squad.age + season_day / 365.0)
    return Sessions(
        np.where(kind == Day.OFF, train, team_minutes), match_minutes, load, exponent,
        team_minutes / 60.0, is_match,
    )  # fmt: skip


def eta(state: State, age: Floats) -> Floats:
    """What the state does to the hazard; see the module."""
    long = np.maximum(state.long, _LEAST_LONG_LOAD_AU)
    spike = np.log((state.acute + 20) / (state.chronic + 20)) - np.log(1.2)
    result: Floats = (
        0.60 * (state.acute / long - 1)
        - 0.70 * (state.chronic / long - 1)
        + 1.70 * np.maximum(0, spike)
        + 0.35 * np.minimum(state.previous, 3)
        + 1.10 * np.exp(-state.since_return / 21)
        + 0.30 * (age - 25) / 5
        - 0.30 * state.sleep
    )
    return result


def hazard(sessions: Sessions, base: float, frailty: Floats | float = 0.0) -> Floats:
    """The integrated hazard of the day's sessions."""
    exponent = np.clip(
        sessions.exponent + SD_FRAILTY * frailty, -_LARGEST_EXPONENT, _LARGEST_EXPONENT
    )
    return np.asarray(base * np.exp(exponent) * sessions.hours, np.float64)


def next_day(
    state: State,
    sessions: Sessions,
    lost: Ints,
    rng: np.random.Generator,
) -> State:
    """The state on the next morning.

    Args:
        lost: days that an injury of today takes, 0 for who was not hurt; the athlete is back in
            full training so many days later.
    """
    acute, chronic, long = (
        old + 2.0 / (span + 1) * (sessions.load - old)
        for old, span in zip((state.acute, state.chronic, state.long), _SPANS_D, strict=True)
    )
    sleep = (
        0.7 * state.sleep + rng.normal(0, 0.7, state.sleep.shape) - 0.25 * sessions.is_match + 0.05
    )
    hurt = lost > 0
    away = np.where(hurt, lost, state.injured_for)
    remaining = np.maximum(away - 1, 0)
    returns = (away > 0) & (remaining == 0)
    played = sessions.match_minutes
    return replace(
        state,
        acute=acute,
        chronic=chronic,
        long=long,
        sleep=sleep,
        injured_for=remaining,
        lost=np.where(hurt, lost, state.lost),
        since_return=np.where(returns, 0.0, state.since_return + 1),
        previous=state.previous + hurt,
        played_last=played,
    )


def draw_injuries(hazards: Floats, rng: np.random.Generator) -> tuple[Ints, npt.NDArray[np.int64]]:
    """Who is hurt today: days lost (0 for nobody), and the kind's place in `KINDS`."""
    hurt = rng.random(hazards.shape) < -np.expm1(-hazards)
    kind = rng.choice(len(KINDS), size=hazards.shape, p=KIND_SHARES)
    median = np.asarray(MEDIAN_DAYS_LOST)[kind]
    spread = np.asarray(LOG_SD_DAYS_LOST)[kind]
    days = np.maximum(1, np.rint(median * np.exp(spread * rng.standard_normal(hazards.shape))))
    return np.where(hurt, days, 0).astype(np.int64), kind


def _line_up(squad: Squad, fit: Bools, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Minutes of a match: eleven start, four come on for four of them."""
    order = squad.strength + rng.normal(0, ROTATION_SD, shape)
    rank = np.argsort(np.argsort(-np.where(fit, order, -np.inf), axis=-1), axis=-1)
    # One change each: who comes on plays what the other one did not.
    changes = rng.uniform(15, 35, (*shape[:-1], _SUBSTITUTES))
    on = np.take_along_axis(changes, (rank + 1) % _SUBSTITUTES, axis=-1)
    minutes = np.where(rank < _STARTERS, 90.0, 0.0)
    is_changed = (rank >= _STARTERS - _SUBSTITUTES) & (rank < _STARTERS)
    minutes = np.where(is_changed, 90.0 - on, minutes)
    comes_on = (rank >= _STARTERS) & (rank < _STARTERS + _SUBSTITUTES)
    return np.where(comes_on, on, minutes)


def _rehabilitation(state: State, is_ill: Bools) -> Floats:
    """Load of who is away: nothing in the first half, then up to two thirds of an average day."""
    gone = 1 - state.injured_for / np.maximum(state.lost, 1)
    load = START_LOAD_AU * 0.67 * np.clip(2 * gone - 1, 0, 1)
    return np.where(is_ill | (state.injured_for == 0), 0.0, load)
