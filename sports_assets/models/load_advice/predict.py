"""The advice as a table, and why, in words: or why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.models.load_advice.advice import Advice, Limit, Silence, advise, in_range
from sports_assets.models.load_advice.features import (
    HORIZON_D,
    FloatArray,
    last_week,
    match_load,
    steady_week,
    values_of,
)
from sports_assets.models.load_advice.model import LoadAdviceModel

if TYPE_CHECKING:
    import pandas as pd

#: Of `Prediction.advised`.
COLUMNS: Final = (
    "athlete_id", "day", "horizon_d", "advised_load_au", "advised_load_au_low",
    "advised_load_au_high", "interval_level", "reason",
)  # fmt: skip
_RANGE_WORDS: Final = {
    "load_acute_au": "load of the last week (au a day)",
    "load_chronic_au": "load of the last four weeks (au a day)",
    "load_long_au": "load of the last four months (au a day)",
    "age_years": "age",
}


@dataclass(frozen=True)
class Prediction:
    """What is advised, and to whom nothing is.

    Attributes:
        advised: `COLUMNS`; loads are totals of the next seven days, matches included. The band is
            no confidence interval, so `interval_level` is NaN: its lower end keeps fitness, its
            upper end is the risk cap.
        abstained: athlete_id, day, reason.
    """

    advised: "pd.DataFrame"
    abstained: "pd.DataFrame"


def predict(model: LoadAdviceModel, features: "pd.DataFrame") -> Prediction:
    """Advise a load for the seven days after each row.

    Coming matches stand in the features, from the published plan.

    Args:
        features: of `workload_features`, with the injury model's `start`; any rows of it.
    """
    import pandas as pd

    values = values_of(features)
    advice = advise(model, values)
    is_told = advice.silence == int(Silence.NONE)
    keys = features[["athlete_id", "day"]]
    advised = keys[is_told].assign(
        horizon_d=np.int32(HORIZON_D),
        advised_load_au=advice.total[is_told],
        advised_load_au_low=advice.low[is_told],
        advised_load_au_high=advice.high[is_told],
        interval_level=np.nan,
        reason=pd.Series(_reasons(model, values, advice), dtype=object).to_numpy()[is_told],
    )
    silent = keys[~is_told].assign(
        reason=[
            why_not(model, {name: told[[row]] for name, told in values.items()}, silence)
            for row, silence in enumerate(advice.silence)
            if silence != int(Silence.NONE)
        ]
    )
    return Prediction(advised, silent)


def why_not(model: LoadAdviceModel, values: Mapping[str, FloatArray], silence: int) -> str:
    """Why nothing is advised to one athlete; arrays of length 1."""
    chosen = model.settings
    own = {name: float(told[0]) for name, told in values.items()}
    words = {
        Silence.AWAY: "away: load until the return is for the medical staff to decide",
        Silence.SHORT_HISTORY: f"{own['history_days']:.0f} days of history: at least "
        f"{chosen.least_history_d} are needed",
        Silence.NO_LOAD: "load was not told, or none but rest, on too many of the last 28 days: "
        f"{own['load_missing_28d']:.0f} are missing, at most {chosen.most_untold_28d} may be",
        Silence.NO_PLAN: "next week's matches are not known: no plan was published, or no minutes "
        "were told",
        Silence.OUT_OF_RANGE: f"outside what the model has seen: {_outside(model, values)}",
        Silence.NO_CANDIDATE: f"no load from {chosen.most_fall:g} to {chosen.most_rise:g} times "
        "the last four weeks' is above the matches' own, under the risk cap, and like what the "
        "model has seen",
    }
    return words[Silence(silence)]


def _outside(model: LoadAdviceModel, values: Mapping[str, FloatArray]) -> str:
    return "; ".join(
        f"{_RANGE_WORDS[name]} {values[name][0]:.0f}, seen were {model.ranges[name][0]:.0f} to "
        f"{model.ranges[name][1]:.0f}"
        for name, inside in in_range(model, values).items()
        if not inside[0]
    )


def _reasons(
    model: LoadAdviceModel, values: Mapping[str, FloatArray], advice: Advice
) -> list[str | None]:
    """What the advice rests on, with numbers; None where there is none."""
    before, steady = last_week(values), steady_week(values)
    match, fixtures = match_load(values, model.conversion), values["fixtures_next_7d"]
    told: list[str | None] = []
    for row, total in enumerate(advice.total):
        if np.isnan(total):
            told.append(None)
            continue
        plays = f"matches next week: {fixtures[row]:.0f}"
        if fixtures[row] > 0:
            plays += f" (about {match[row]:,.0f} au at the usual minutes)"
        told.append(
            f"last week {before[row]:,.0f} au, last four weeks {steady[row]:,.0f} au a week; "
            f"up to {advice.high[row]:,.0f} au keeps the risk for the same hours within "
            f"{model.settings.most_ratio:.2f} times that at steady load "
            f"({100 * advice.steady_risk[row]:.1f} % a week); {_limit(model, advice.limit[row])}; "
            f"{advice.low[row]:,.0f} au {_low(advice, row)}; {plays}"
        )
    return told


def _limit(model: LoadAdviceModel, limit: int) -> str:
    chosen = model.settings
    words = {
        Limit.RISK: f"more than {chosen.aim_ratio:.2f} times the risk is not aimed at",
        Limit.RETURN: "the return is recent, so no load above the last four weeks'",
        Limit.RANGE: "more would leave what the model has seen",
        Limit.RISE: f"no more than {chosen.most_rise:.2f} times the last four weeks' at once",
        Limit.HIGH_RISK: f"above {100 * chosen.most_risk:.0f} % a week no load is raised",
    }
    return words[Limit(limit)]


def _low(advice: Advice, row: int) -> str:
    is_less = advice.low[row] >= advice.total[row]
    return "is less than fitness needs" if is_less else "keeps fitness as it is"
