"""What simulated athletes answer and measure in the morning: a stated law of load, sleep, illness.

All answers run from 1 (worst) to 10 (best). Each athlete has a level and a way of answering of
their own, and each week a mood that no marker explains.

    resting heart rate = own + 4 (A/N − 1) − 0.8 sleep + illness (4 to 8 bpm) + week + noise
    lnRMSSD            = own − 0.20 (A/N − 1) + 0.05 sleep − illness (0.3 to 0.6) + week + noise
    soreness, fatigue  = own − 1.2 (yesterday/230 − 1) − 1.0 (A/N − 1) + 0.3 sleep − illness + …
    readiness          = own + 0.4 (soreness, fatigue) + 0.4 sleep − illness + week + noise
"""

from dataclasses import dataclass

import numpy as np

from edge_ingest.simulate.law import START_LOAD_AU, Bools, Floats, State

#: Episodes of illness an athlete and season, their length, how early the markers tell, d.
ILLNESSES_A_SEASON = 1.5
_ILL_D = (3, 7)
_EARLY_D = (1, 3)
_LEAST_LONG_LOAD_AU = 120.0

ANSWERS = ("readiness", "fatigue", "soreness", "stress", "mood", "sleep_quality")


@dataclass(frozen=True)
class Illness:
    """Episodes, drawn before the season; arrays (days, clubs, athletes).

    Attributes:
        is_ill: stays at home.
        signs: from 0 to 1, from one to three days before the onset on.
    """

    is_ill: Bools
    signs: Floats


def draw_illness(
    days: int, shape: tuple[int, int], rng: np.random.Generator, season_d: int
) -> Illness:
    """Episodes of every athlete over a history."""
    is_ill = np.zeros((days, *shape), bool)
    signs = np.zeros((days, *shape))
    onset = rng.random((days, *shape)) < ILLNESSES_A_SEASON / season_d
    for day, club, athlete in np.argwhere(onset):
        length = int(rng.integers(_ILL_D[0], _ILL_D[1] + 1))
        early = int(rng.integers(_EARLY_D[0], _EARLY_D[1] + 1))
        is_ill[day : day + length, club, athlete] = True
        strength = rng.uniform(0.5, 1.0)
        signs[max(0, day - early) : day + length, club, athlete] = strength
    return Illness(is_ill, signs)


@dataclass(frozen=True)
class People:
    """Levels and habits of athletes; arrays (clubs, athletes), `levels` by answer."""

    heart_rate: Floats
    ln_rmssd: Floats
    levels: dict[str, Floats]
    answers_share: Floats
    measures_share: Floats


def draw_people(shape: tuple[int, int], rng: np.random.Generator) -> People:
    """Athletes as they are: level of each marker, and how often they answer."""
    return People(
        heart_rate=rng.normal(52, 5, shape),
        ln_rmssd=rng.normal(4.25, 0.35, shape),
        levels={name: np.clip(rng.normal(7.0, 0.9, shape), 4, 9) for name in ANSWERS},
        answers_share=rng.beta(9, 2, shape),
        measures_share=rng.beta(7, 3, shape),
    )


def morning(
    people: People,
    state: State,
    *,
    yesterday: Floats,
    signs: Floats,
    week: Floats,
    rng: np.random.Generator,
    device: tuple[float, float] = (0.0, 0.0),
) -> dict[str, Floats]:
    """Answers and measures of a morning, NaN where nothing was told; arrays (clubs, athletes).

    Args:
        state: on this morning.
        yesterday: the load of the day before, au.
        signs: of illness, 0 to 1.
        week: this week's mood, standard normal.
        device: what the device adds to heart rate, bpm, and lnRMSSD.
    """
    shape = state.acute.shape
    strain = state.acute / np.maximum(state.long, _LEAST_LONG_LOAD_AU) - 1
    told = rng.random(shape) < people.answers_share
    measured = rng.random(shape) < people.measures_share

    def noise(sd: float) -> Floats:
        return np.asarray(rng.normal(0, sd, shape), np.float64)

    body = -1.2 * (yesterday / START_LOAD_AU - 1) - 1.0 * strain - 3 * signs
    soreness = people.levels["soreness"] + body + 0.3 * state.sleep + noise(0.8)
    fatigue = people.levels["fatigue"] + body + 0.3 * state.sleep + 0.3 * week + noise(0.8)
    felt = (soreness - people.levels["soreness"] + fatigue - people.levels["fatigue"]) / 2
    raw = {
        "soreness": soreness,
        "fatigue": fatigue,
        "readiness": people.levels["readiness"] + 0.4 * felt + 0.4 * state.sleep
        - 1.5 * signs + 0.4 * week + noise(0.7),
        "stress": people.levels["stress"] + 0.6 * week + 0.1 * state.sleep + noise(0.8),
        "mood": people.levels["mood"] + 0.5 * week + 0.2 * felt - signs + noise(0.7),
        "sleep_quality": people.levels["sleep_quality"] + 1.0 * state.sleep + noise(0.5),
    }  # fmt: skip
    answers = {
        name: np.where(told, np.clip(np.rint(value), 1, 10), np.nan) for name, value in raw.items()
    }
    hours = np.clip(7.6 + 0.6 * state.sleep + noise(0.4), 3, 12)
    heart_rate = (
        people.heart_rate + 4.0 * strain - 0.8 * state.sleep + 8 * signs + 0.8 * week + noise(1.5)
    )
    variability = (
        people.ln_rmssd - 0.20 * strain + 0.05 * state.sleep - 0.6 * signs - 0.05 * week
        + noise(0.12)
    )  # fmt: skip
    return answers | {
        "sleep_duration_h": np.where(told, np.round(hours, 1), np.nan),
        "resting_heart_rate_bpm": np.where(measured, np.rint(heart_rate + device[0]), np.nan),
        "ln_rmssd": np.where(measured, np.round(variability + device[1], 3), np.nan),
    }
