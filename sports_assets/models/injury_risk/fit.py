"""Fits the injury model: a regression and small trees, weighed on athletes they never saw."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.base_rate import BaseRateShift
from sports_assets.mlops.metrics import expit
from sports_assets.mlops.recalibration import fit_calibrator
from sports_assets.mlops.rows import FloatArray, IntArray, coded, count_events
from sports_assets.mlops.splits import athlete_folds
from sports_assets.models.injury_risk.features import INPUTS, MONOTONE, PRIOR
from sports_assets.models.injury_risk.linear import Linear, fit_linear
from sports_assets.models.injury_risk.model import InjuryRiskModel
from sports_assets.workload.load_features import Start

if TYPE_CHECKING:
    import lightgbm


class TooFewInjuriesError(ValueError):
    """There is nothing to learn from; the message says what is missing."""


@dataclass(frozen=True)
class FitSettings:
    """Everything that changes the fit.

    Attributes:
        seed: of folds, and of the trees' choice of features.
        folds: of athletes, for weight and calibration.
        most_rows: more rows are thinned to every second, third, … day; neighbouring days tell the
            same, and the share of positive ones stays.
        penalties: of the regression, of which the one with the best unseen log loss is taken.
        trees, learning_rate, leaves, depth: of the trees.
        least_tree_injuries: fewer injuries carry no trees.
        trees_weights: weights of which the one with the best unseen log loss is taken.
    """

    seed: int = 1
    folds: int = 4
    most_rows: int = 150_000
    penalties: tuple[float, ...] = (500.0, 2000.0, 8000.0)
    trees: int = 120
    learning_rate: float = 0.08
    leaves: int = 6
    depth: int = 3
    least_tree_injuries: int = 60
    trees_weights: tuple[float, ...] = (0.0, 0.25, 0.5)

    def to_dict(self) -> dict[str, str]:
        """For provenance and the model card."""
        return {name: str(value) for name, value in asdict(self).items()}


#: Fewer injuries cannot tell a risk from chance: the base rate is all that there is.
LEAST_INJURIES: Final = 5


def fit(
    values: FloatArray,
    labels: FloatArray,
    athlete_id: npt.ArrayLike,
    day: npt.ArrayLike,
    *,
    start: Start | None = None,
    settings: FitSettings | None = None,
) -> InjuryRiskModel:
    """Fit the model.

    Args:
        values: inputs of `features.matrix`, (rows, inputs): rows that are scored, labels closed.
        labels: 0 or 1, whether a time-loss injury began within seven days.
        athlete_id, day: of each row.
        start: what the workload features assumed before an athlete's first day.

    Raises:
        TooFewInjuriesError: fewer than `LEAST_INJURIES`, or one athlete only.
    """
    chosen = settings or FitSettings()
    days = np.asarray(day).astype("datetime64[D]")
    codes, athletes = coded(athlete_id)
    injuries = count_events(codes, days, labels)
    _require(injuries, athletes)
    kept = _thinned(days, codes, chosen.most_rows)
    x, y, group = values[kept], labels[kept], codes[kept]
    fold = athlete_folds(group, chosen.folds, chosen.seed, y)
    carries_trees = injuries >= chosen.least_tree_injuries
    unseen = _unseen(x, y, group, fold, chosen, trees=carries_trees)
    penalty = min(chosen.penalties, key=lambda one: _log_loss(y, unseen.linear[one]))
    weight = 0.0
    if carries_trees:
        weight = min(
            chosen.trees_weights,
            key=lambda one: _log_loss(y, _blend(unseen.linear[penalty], unseen.trees, one)),
        )
    blended = _blend(unseen.linear[penalty], unseen.trees, weight)
    calibrator = fit_calibrator(y, expit(blended), events=injuries)
    return InjuryRiskModel(
        inputs=INPUTS,
        linear=_linear(x, y, group, penalty),
        trees=_trees(x, y, chosen).model_to_string() if weight else "",
        trees_weight=weight,
        calibrator=calibrator,
        shift=BaseRateShift(),
        start=start or Start(),
        injuries=injuries,
        athletes=athletes,
        rows=int(labels.size),
        first_day=str(days.min()),
        last_day=str(days.max()),
        settings=chosen.to_dict() | {"penalty": str(penalty)},
    )


def _require(injuries: int, athletes: int) -> None:
    if athletes < 2:  # noqa: PLR2004 - one athlete
        raise TooFewInjuriesError(
            "one athlete only: a risk is learned from others; give the whole squad"
        )
    if injuries < LEAST_INJURIES:
        raise TooFewInjuriesError(
            f"{injuries} time-loss injuries: below {LEAST_INJURIES} no risk can be told from "
            "chance; give a longer history, or the injuries of other squads beside"
        )


def _thinned(days: npt.NDArray[np.datetime64], codes: IntArray, most: int) -> IntArray:
    """Rows of every n-th day of an athlete, so that at most `most` are left."""
    step = -(-len(days) // most)
    if step <= 1:
        return np.arange(len(days))
    return np.flatnonzero((days.astype(np.int64) + codes) % step == 0)


@dataclass(frozen=True)
class _Unseen:
    """Log odds of each row by models that had not seen its athlete."""

    linear: dict[float, FloatArray]
    trees: FloatArray


def _unseen(
    x: FloatArray, y: FloatArray, group: IntArray, fold: IntArray, settings: FitSettings, *,
    trees: bool,
) -> _Unseen:  # fmt: skip
    linear = {penalty: np.zeros(len(y)) for penalty in settings.penalties}
    told = np.zeros(len(y))
    for one in range(int(fold.max()) + 1):
        fit_on, test = fold != one, fold == one
        for penalty in settings.penalties:
            fitted = _linear(x[fit_on], y[fit_on], _from_zero(group[fit_on]), penalty)
            linear[penalty][test] = fitted.log_odds(x[test])
        if trees:
            booster = _trees(x[fit_on], y[fit_on], settings)
            told[test] = booster.predict(x[test], raw_score=True, num_threads=1)
    return _Unseen(linear, told)


def _linear(x: FloatArray, y: FloatArray, group: IntArray, penalty: float) -> Linear:
    return fit_linear(INPUTS, x, y, _from_zero(group), prior=PRIOR, penalty=penalty)


def _trees(x: FloatArray, y: FloatArray, settings: FitSettings) -> "lightgbm.Booster":
    """Few small trees, monotone where that is sensible; the same bytes for the same rows."""
    import lightgbm

    parameters = {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "max_depth": settings.depth,
        # A leaf holds athletes and weeks, not one of them.
        "min_data_in_leaf": max(200, len(y) // 150),
        "feature_fraction": 0.4,
        "lambda_l2": 50.0,
        "max_bin": 63,
        "monotone_constraints": list(MONOTONE),
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(x, y, feature_name=list(INPUTS), params={"verbose": -1})
    return lightgbm.train(parameters, data, settings.trees)


def _blend(linear: FloatArray, trees: FloatArray, weight: float) -> FloatArray:
    return np.asarray((1 - weight) * linear + weight * trees, np.float64)


def _log_loss(y: FloatArray, log_odds: FloatArray) -> float:
    return float(np.logaddexp(0.0, log_odds).sum() - y @ log_odds)


def _from_zero(group: IntArray) -> IntArray:
    return np.unique(group, return_inverse=True)[1]
