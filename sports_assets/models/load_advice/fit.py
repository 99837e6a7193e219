"""Fits the advice: asks an injury model of weeks that were not trained.

The injury model is to be of other athletes than those who are advised, under ordinary plans; what
it says of a load is what went with it where coaches chose it, and no proof of a cause.
"""

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.models.injury_risk.features import matrix
from sports_assets.models.injury_risk.model import InjuryRiskModel
from sports_assets.models.load_advice.features import (
    HORIZON_D,
    Conversion,
    FloatArray,
    after_week,
    last_week,
    steady_week,
    training_minutes,
    values_of,
)
from sports_assets.models.load_advice.model import LoadAdviceModel, Settings
from sports_assets.models.load_advice.response import fit_response
from sports_assets.workload import load

if TYPE_CHECKING:
    import pandas as pd

#: Rows that the injury model is asked of, each at every candidate.
_ROWS: Final = 3000
_LEAST_ROWS: Final = 200
#: Weeks that it is asked of, as shares of the steady one.
_ASKED: Final = (0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5)
_STEADY: Final = _ASKED.index(1.0)
#: States whose range is kept.
RANGED: Final = ("load_acute_au", "load_chronic_au", "load_long_au", "age_years")


class TooLittleDataError(ValueError):
    """The response cannot be asked for; the message says what is missing."""


def fit(
    days: "pd.DataFrame",
    features: "pd.DataFrame",
    injury_model: InjuryRiskModel,
    *,
    settings: Settings | None = None,
) -> LoadAdviceModel:
    """Fit the advice on the history that the injury model was fitted on, or one alike.

    Args:
        days: athlete-days.
        features: workload features of them, row for row, made with the injury model's `start`.
        injury_model: what is asked.

    Raises:
        TooLittleDataError: too few days with load, minutes and a published plan.
    """
    chosen = settings or Settings()
    by = conversion_of(days, injury_model.start.load_au)
    values = values_of(features)
    is_told = (
        np.all([np.isfinite(values[name]) for name in values if name != "age_years"], axis=0)
        & (values["is_absent"] == 0)
        & (values["history_days"] >= chosen.least_history_d)
        & (values["load_chronic_au"] > 0)
    )
    rows = np.flatnonzero(is_told)
    if rows.size < _LEAST_ROWS:
        raise TooLittleDataError(
            f"{rows.size} days with load, minutes and a plan after {chosen.least_history_d} days "
            f"of history: at least {_LEAST_ROWS} are needed to ask what load does to the risk"
        )
    ranged = {name: values[name][rows] for name in RANGED}
    ranged["week_au"] = last_week({name: told[rows] for name, told in values.items()})
    # Evenly over athletes and days, so that no draw is needed.
    asked = rows[:: max(1, rows.size // _ROWS)]
    taken = features.iloc[asked]
    own = values_of(taken)
    totals = steady_week(own)[:, None] * np.array(_ASKED)
    response = fit_response(
        own, after_week(own, totals, by), _asked(injury_model, taken, totals, by), _STEADY
    )
    dates = taken["day"].to_numpy().astype("datetime64[D]")
    return LoadAdviceModel(
        injury_model_sha256=hashlib.sha256(injury_model.to_json().encode()).hexdigest(),
        response=response,
        conversion=by,
        ranges={
            name: (_end(told, chosen.range_tail), _end(told, 1 - chosen.range_tail))
            for name, told in ranged.items()
        },
        reach={name: _end(told, 1 - chosen.reach_tail) for name, told in ranged.items()},
        rows=int(asked.size),
        athletes=int(taken["athlete_id"].nunique()),
        first_day=str(dates.min()),
        last_day=str(dates.max()),
        settings=chosen,
    )


def conversion_of(days: "pd.DataFrame", usual_load_au: float) -> Conversion:
    """Load of a minute of match and of training: medians of the days told; defaults where none."""
    per_minute = (days["load_au"] / days["minutes"]).where(days["minutes"] > 0)
    match = per_minute[days["is_match"]].median()
    training = per_minute[~days["is_match"]].median()
    usual = Conversion()
    return Conversion(
        float(match) if match > 0 else usual.match_au_per_min,
        float(training) if training > 0 else usual.training_au_per_min,
        usual_load_au,
    )


def _asked(
    model: InjuryRiskModel, features: "pd.DataFrame", totals: FloatArray, by: Conversion
) -> FloatArray:
    """The injury model's log odds after weeks of so much load, (n, candidates)."""
    from sports_assets.mlops.metrics import logit

    own = values_of(features)
    week = after_week(own, totals, by)
    minutes = training_minutes(own, totals, by)
    match = own["fixtures_next_7d"] * own["minutes_per_fixture"]
    told = np.empty(totals.shape)
    for at in range(totals.shape[1]):
        row = features.copy()
        for name, values in week.states.items():
            row[name] = values[:, at]
        daily = totals[:, at] / HORIZON_D
        row["load_today_au"] = row["load_yesterday_au"] = daily
        # The week's shape stays: its strain grows with its load.
        row["load_strain_7d_au"] = totals[:, at] * own["load_monotony_7d"]
        done = (minutes[:, at] + match) / HORIZON_D
        for name, span_d in (("minutes_acute", load.ACUTE_D), ("minutes_chronic", load.CHRONIC_D)):
            kept = (1 - 2 / (span_d + 1)) ** HORIZON_D
            row[name] = features[name] * kept + done * (1 - kept)
        # Expected training minutes stay: they are the squad's, and tell how close fixtures are.
        row["log_exposure_7d"] = np.log(week.hours[:, at])
        told[:, at] = logit(model.probability(matrix(row)))
    return told


def _end(values: FloatArray, share: float) -> float:
    """Quantile of what was told; without anything told no bound."""
    told = values[np.isfinite(values)]
    if told.size:
        return float(np.quantile(told, share))
    widest = float(np.finfo(np.float64).max)
    return widest if share > 1 / 2 else -widest
