"""Fitting: one small model of all steps of the scale at once, and intervals that were checked.

Each athlete-day becomes nine lines, "is tomorrow's answer above 1, 2, .., 9?" (the cumulative
treatment of an ordinal answer, McCullagh 1980), with the own past shares above that step among the
inputs: the trees learn how far to trust whom of them, and so a deviation from the personal
distribution instead of a level.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.models.readiness.answers import STEPS, Floats, above_steps, in_order
from sports_assets.models.readiness.calibration import quantiles_of, scores_of
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.models.readiness.features import ReadinessRows, readiness_rows
from sports_assets.models.readiness.model import INPUTS, FittedOn, ReadinessModel, ReadinessSettings

if TYPE_CHECKING:
    import lightgbm
    import pandas as pd

#: Fewer athlete-days say nothing of a scale of ten.
LEAST_ROWS: Final = 100


def fit(
    frame: "pd.DataFrame", settings: ReadinessSettings | None = None, *, seed: int
) -> ReadinessModel:
    """The model of a history; the same history, settings and seed give the same bytes.

    Args:
        frame: of `workload.athlete_days.as_athlete_days`.
        settings: defaults where None.
        seed: of draws of inputs, lines and folds.

    Raises:
        ReadinessError: too few days with an answer on the next one, or answers off the scale.
    """
    return fit_rows(readiness_rows(frame).scorable(), settings, seed=seed)


def fit_rows(
    rows: ReadinessRows, settings: ReadinessSettings | None = None, *, seed: int
) -> ReadinessModel:
    """The model of rows that are scorable; see `fit`."""
    settings = settings or ReadinessSettings()
    if len(rows) < LEAST_ROWS:
        raise ReadinessError(
            f"{len(rows)} days are followed by an answer and have enough answers before: a model "
            f"needs at least {LEAST_ROWS}; give a longer history or more athletes"
        )
    return ReadinessModel(
        settings=settings,
        seed=seed,
        trees=grown(rows, settings, seed).model_to_string(),
        interval_scores=quantiles_of(_held_out_scores(rows, settings, seed)),
        fitted_on=FittedOn(
            athletes=int(rows.rows["athlete_id"].nunique()),
            rows=len(rows),
            first_day=str(rows.rows["day"].min().date()),
            last_day=str(rows.rows["day"].max().date()),
        ),
    )


def chances_above(booster: "lightgbm.Booster", rows: ReadinessRows) -> npt.NDArray[np.float64]:
    """Chances that tomorrow's answer is above 1, 2, .., 9: rows × 9, never rising with the step."""
    if not len(rows):
        return np.empty((0, len(STEPS)))
    told = np.asarray(booster.predict(rows.design(), num_threads=1), dtype=np.float64)
    return in_order(told.reshape(-1, len(STEPS)))


def grown(rows: ReadinessRows, settings: ReadinessSettings, seed: int) -> "lightgbm.Booster":
    """The trees alone, without the check of intervals, which takes three fits more."""
    import lightgbm

    rows = _thinned(rows, settings.most_rows)
    above = above_steps(rows.rows["target"].to_numpy(np.float64)).ravel()
    parameters = settings.for_lightgbm(seed, len(above))
    data = lightgbm.Dataset(
        rows.design(), above, feature_name=list(INPUTS), params=parameters, free_raw_data=True
    )
    return lightgbm.train(parameters, data, num_boost_round=settings.rounds)


def _thinned(rows: ReadinessRows, most: int) -> ReadinessRows:
    """Rows of every n-th day, so that at most `most` are left: neighbouring days tell the same."""
    step = -(-len(rows) // most)
    if step <= 1:
        return rows
    day = rows.rows["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return rows.take(np.asarray(day % step == 0, np.bool_))


def _held_out_scores(rows: ReadinessRows, settings: ReadinessSettings, seed: int) -> Floats:
    """Every row's score by a fit without its athlete (cross-conformal, Vovk 2015)."""
    fold = _calibration_folds(rows, settings.calibration_folds, seed)
    above = np.empty((len(rows), len(STEPS)))
    for number in np.unique(fold):
        is_out = fold == number
        above[is_out] = chances_above(grown(rows.take(~is_out), settings, seed), rows.take(is_out))
    return scores_of(above, rows.rows["target"].to_numpy(np.float64))


def _calibration_folds(rows: ReadinessRows, folds: int, seed: int) -> npt.NDArray[np.intp]:
    """By athlete; of one athlete alone by stretches of time."""
    from sports_assets.mlops.splits import athlete_folds

    athletes = rows.rows["athlete_id"].to_numpy(str)
    if len(np.unique(athletes)) > 1:
        return athlete_folds(athletes, folds, seed)
    order = rows.rows["day"].rank(method="first").to_numpy(np.float64) - 1
    return (order * folds // len(order)).astype(np.intp)
