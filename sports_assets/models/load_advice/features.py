"""What the advice looks at, of the workload features, and where a week of training leads.

Belongs here: names, meaning, and the arithmetic of one week. Does not belong here: what a state
does to the risk (`response`), what is advised (`advice`).

The week's load is spread evenly over its days: which day bears what is the coach's to plan, and the
states at the end of a week hardly depend on it. All arrays are float64; a state is (n,), totals and
what follows from them are (n, candidates).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload import load
from sports_assets.workload.load_features import HINGE_ABOVE, LONG_FLOOR, MATCH_TO_TRAINING

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

HORIZON_D: Final = 7
#: Workload features of which the advice is made; a name and its array, (n,).
INPUTS: Final = (
    "load_acute_au", "load_chronic_au", "load_long_au", "load_fitness_au", "load_fatigue_au",
    "load_monotony_7d", "load_strain_7d_au", "load_missing_28d", "minutes_per_fixture",
    "fixtures_next_7d", "injuries_before", "injury_tendency", "return_recency", "age_years",
    "is_absent", "history_days",
)  # fmt: skip
#: Without these there is nothing to say.
NEEDED: Final = ("load_acute_au", "load_chronic_au", "load_long_au", "load_fitness_au")

_SPANS_D: Final = {
    "load_acute_au": load.ACUTE_D, "load_chronic_au": load.CHRONIC_D, "load_long_au": load.LONG_D
}  # fmt: skip
_CONSTANTS_D: Final = {"load_fitness_au": load.FITNESS_D, "load_fatigue_au": load.FATIGUE_D}
#: Added to the exposure so that a week off has a logarithm, min; as in `log_exposure_7d`.
_CALM_MIN: Final = 15.0


@dataclass(frozen=True)
class Conversion:
    """How load and minutes hang together in a sport, of the data that were fitted on.

    Attributes:
        match_au_per_min: load of a minute of match, medians of RPE.
        training_au_per_min: of a minute of training.
        usual_load_au: load a day that the workload features assume before a history.
    """

    match_au_per_min: float = 7.5
    training_au_per_min: float = 4.0
    usual_load_au: float = 230.0


@dataclass(frozen=True)
class Week:
    """Where candidate totals lead; arrays (n, candidates).

    Attributes:
        states: by feature, at the end of the week.
        hours: exposure of such a week, an hour of match worth nine of training.
    """

    states: Mapping[str, FloatArray]
    hours: FloatArray


def values_of(features: "pd.DataFrame") -> dict[str, FloatArray]:
    """The inputs of a frame of workload features; a column that is not there is missing."""
    return {
        name: features[name].to_numpy(np.float64)
        if name in features
        else np.full(len(features), np.nan)
        for name in INPUTS
    }


def match_load(values: Mapping[str, FloatArray], by: Conversion) -> FloatArray:
    """Load of the next week's fixtures at the athlete's usual minutes, au, (n,)."""
    minutes = values["fixtures_next_7d"] * values["minutes_per_fixture"]
    return np.asarray(minutes * by.match_au_per_min, np.float64)


def last_week(values: Mapping[str, FloatArray]) -> FloatArray:
    """Load of the last seven days, au, (n,).

    Strain is the week's load times its monotony, so their quotient is that load. Where there is
    no monotony it is seven times the weighted average.
    """
    monotony, strain = values["load_monotony_7d"], values["load_strain_7d_au"]
    told = np.full(monotony.shape, np.nan)
    np.divide(strain, monotony, out=told, where=monotony > 0)
    return np.where(np.isnan(told), HORIZON_D * values["load_acute_au"], told)


def steady_week(values: Mapping[str, FloatArray]) -> FloatArray:
    """A week as the last four were, au, (n,)."""
    return np.asarray(HORIZON_D * values["load_chronic_au"], np.float64)


def maintaining_week(values: Mapping[str, FloatArray]) -> FloatArray:
    """The week after which Banister's fitness is what it was, au, (n,)."""
    kept = float(np.exp(-1 / load.FITNESS_D))
    return np.asarray(HORIZON_D * values["load_fitness_au"] * (1 - kept), np.float64)


def after_week(values: Mapping[str, FloatArray], totals: FloatArray, by: Conversion) -> Week:
    """States and exposure after weeks of so much load.

    Args:
        values: of `INPUTS`, (n,).
        totals: load of the week, matches included, au, (n, candidates).
    """
    daily = totals / HORIZON_D
    states = {}
    for name, span_d in _SPANS_D.items():
        kept = (1 - 2 / (span_d + 1)) ** HORIZON_D
        states[name] = values[name][:, None] * kept + daily * (1 - kept)
    for name, constant_d in _CONSTANTS_D.items():
        decay = float(np.exp(-1 / constant_d))
        series = (1 - decay**HORIZON_D) / (1 - decay)
        states[name] = values[name][:, None] * decay**HORIZON_D + daily * series
    acute, chronic = states["load_acute_au"], states["load_chronic_au"]
    base = np.maximum(states["load_long_au"], LONG_FLOOR * by.usual_load_au)
    states["load_log_ratio"] = load.log_ratio(acute, chronic)
    states["load_log_ratio_hinge"] = load.hinge(states["load_log_ratio"], HINGE_ABOVE)
    states["load_acute_to_long"] = acute / base
    states["load_chronic_to_long"] = chronic / base
    return Week(states, exposure_hours(values, totals, by))


def training_minutes(
    values: Mapping[str, FloatArray], totals: FloatArray, by: Conversion
) -> FloatArray:
    """Minutes of training in weeks of so much load, (n, candidates)."""
    training = np.maximum(totals - match_load(values, by)[:, None], 0.0)
    return np.asarray(training / by.training_au_per_min, np.float64)


def exposure_hours(
    values: Mapping[str, FloatArray], totals: FloatArray, by: Conversion
) -> FloatArray:
    """Exposure of weeks of so much load, a minute of match worth nine, h, (n, candidates)."""
    match = values["fixtures_next_7d"] * values["minutes_per_fixture"]
    minutes = training_minutes(values, totals, by) + MATCH_TO_TRAINING * match[:, None]
    return np.asarray((minutes + _CALM_MIN) / 60.0, np.float64)
