"""What an athlete has done: features of load and of minutes, from one block of histories."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload import load
from sports_assets.workload.grid import Block
from sports_assets.workload.windows import LONGEST_COUNT_D, count_within, days_since, delayed

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: The ratio above which a rise of load counts for itself.
HINGE_ABOVE: Final = float(np.log(1.2))
#: The long average below this share of the usual load is no base for a ratio.
LONG_FLOOR: Final = 120.0 / 230.0
#: How many times as often an hour of match injures as one of training: nine to ten times (36 and
#: 3.7 injuries per 1,000 h in professional football, López-Valenciano et al. 2020), rounded down.
MATCH_TO_TRAINING: Final = 9.0
#: Fixtures over which an athlete's part in matches is averaged, and minutes of one who plays.
_FIXTURES: Final = 6
_PLAYED_MIN: Final = 75.0


@dataclass(frozen=True)
class Start:
    """What is assumed of an athlete before the first day: constants, never from the days scored.

    Attributes:
        load_au: load a day.
        minutes: of training and match a day.
        minutes_per_fixture: match minutes a fixture of the team.
        training_minutes: of the squad, on a day without a fixture.
        weight: how much of a whole history it is worth; see `load.ewma`.
    """

    load_au: float = 230.0
    minutes: float = 50.0
    minutes_per_fixture: float = 45.0
    training_minutes: float = 50.0
    weight: float = 1.0


def start_of(days: "pd.DataFrame", weight: float = 1.0) -> Start:
    """The constants of training data: medians over athletes of their own means.

    Args:
        days: athlete-days that may be learnt from. What nobody told, or is 0, keeps its default.
        weight: see `Start`.
    """
    athlete, is_match = days["athlete_id"], days["is_match"]
    is_fixture = is_match.groupby([days["team"], days["day"]]).transform("any")
    available = is_fixture & (is_match | ~days["is_injured"])
    played = days["minutes"].where(is_match, 0.0)

    def typical(values: "pd.Series", default: float) -> float:
        found = float(values.groupby(athlete, sort=False).mean().median())
        return found if found > 0 else default

    default = Start()
    return Start(
        load_au=typical(days["load_au"], default.load_au),
        minutes=typical(days["minutes"], default.minutes),
        minutes_per_fixture=typical(played[available], default.minutes_per_fixture),
        training_minutes=typical(days["minutes"][~is_fixture], default.training_minutes),
        weight=weight,
    )


def weighed_hours(minutes: FloatArray, is_match: BoolArray) -> FloatArray:
    """Exposure of a day, h, an hour of match worth nine of training; 0 where it was not told."""
    told = np.where(np.isnan(minutes), 0.0, minutes)
    return told * np.where(is_match, MATCH_TO_TRAINING, 1.0) / 60.0


def load_features(block: Block, start: Start) -> dict[str, FloatArray]:
    """Features of load by name, each (athletes, days); NaN before the first load is told."""
    told = block.numbers["load_au"]
    filled = load.fill_untold(told, start=start.load_au, start_weight=start.weight)

    def average(span_d: float) -> FloatArray:
        return load.ewma(filled, span_d, start=start.load_au, start_weight=start.weight)

    acute, chronic, long = (average(span) for span in (load.ACUTE_D, load.CHRONIC_D, load.LONG_D))
    base = np.maximum(long, LONG_FLOOR * start.load_au)
    ratio = load.log_ratio(acute, chronic)
    monotony, strain = load.monotony_and_strain(told)
    fitness, fatigue = load.fitness_and_fatigue(filled, start=start.load_au)
    made = {
        "load_today_au": told,
        "load_yesterday_au": delayed(told, 1),
        "load_acute_au": acute,
        "load_chronic_au": chronic,
        "load_long_au": long,
        "load_log_ratio": ratio,
        "load_log_ratio_hinge": load.hinge(ratio, HINGE_ABOVE),
        "load_acute_to_long": acute / base,
        "load_chronic_to_long": chronic / base,
        "load_acwr_uncoupled": load.acwr_uncoupled(acute, chronic),
        "load_monotony_7d": monotony,
        "load_strain_7d_au": strain,
        "load_fitness_au": fitness,
        "load_fatigue_au": fatigue,
    }
    known = _ever(~np.isnan(told))
    made = {name: np.where(known, values, np.nan) for name, values in made.items()}
    made["load_missing_28d"] = count_within(np.isnan(told), 28).astype(np.float64)
    return made


def minutes_features(block: Block, is_fixture: BoolArray, start: Start) -> dict[str, FloatArray]:
    """Features of minutes and matches by name, each (athletes, days).

    Args:
        is_fixture: (athletes, days) the athlete's team played, or had planned to.
    """
    told, is_match = block.numbers["minutes"], block.flags["is_match"]
    filled = load.fill_untold(told, start=start.minutes, start_weight=start.weight)
    match = np.where(is_match, told, 0.0)
    # Somebody who plays, and nobody says how long: what he usually plays.
    match = np.where(np.isnan(match), _usual_match(told, is_match), match)
    # Who is injured is not picked, and is no less a starter for that.
    counts = is_fixture & (is_match | ~block.flags["is_injured"])
    part = load.held_ewma(
        np.where(counts, match, np.nan), _FIXTURES, start=start.minutes_per_fixture
    )

    def average(values: FloatArray, span_d: float, before: float) -> FloatArray:
        return load.ewma(values, span_d, start=before, start_weight=start.weight)

    known = _ever(~np.isnan(told))
    per_day = start.minutes_per_fixture / 6
    made = {
        "minutes_acute": average(filled, load.ACUTE_D, start.minutes),
        "minutes_chronic": average(filled, load.CHRONIC_D, start.minutes),
        "match_minutes_chronic": average(match, load.CHRONIC_D, per_day),
        "minutes_per_fixture": part,
    }
    made = {name: np.where(known, values, np.nan) for name, values in made.items()}
    plays = _ever(is_fixture)
    for window_d in (7, 14, 28):
        played = count_within(is_match, window_d)
        made[f"matches_{window_d}d"] = np.where(plays, played.astype(np.float64), np.nan)
    made["days_since_match"] = days_since(is_match, longest_d=LONGEST_COUNT_D)
    return made


def _usual_match(told: FloatArray, is_match: BoolArray) -> FloatArray:
    if not (is_match & np.isnan(told)).any():
        return told
    return load.held_ewma(np.where(is_match, told, np.nan), _FIXTURES, start=_PLAYED_MIN)


def _ever(marked: BoolArray) -> BoolArray:
    """Whether any day up to now was marked."""
    return np.logical_or.accumulate(marked, axis=1)
