"""Fits the injury model: a regression and small trees, weighed on athletes they never saw."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.base_rate import BaseRateSettings, BaseRateShift
from sports_assets.mlops.rows import FloatArray, IntArray, coded, count_events
from sports_assets.mlops.splits import athlete_folds
from sports_assets.models.injury_risk.calibrate import calibrate
from sports_assets.models.injury_risk.features import INPUTS, MONOTONE, PRIOR
from sports_assets.models.injury_risk.linear import Linear, fit_linear
from sports_assets.models.injury_risk.model import InjuryRiskModel
from sports_assets.workload.load_features import Start

if TYPE_CHECKING:
    import lightgbm


class TooFewInjuriesError(ValueError):
    """There is nothing to learn from; the message says what is missing."""


#: Fewer injuries cannot tell a risk from chance: the base rate is all that there is.
LEAST_INJURIES: Final = 5


@dataclass(frozen=True)
class FitSettings:
    """Everything that changes the fit.

    Attributes:
        seed: of folds, and of the trees' choice of features.
        folds: of athletes, for penalty, weight and calibration.
        most_rows: more rows are thinned to every second, third, … day; neighbouring days tell the
            same, and the share of positive ones stays.
        penalties: of the regression, ascending. With many injuries the strongest is taken whose
            unseen log loss is not clearly worse than the best one's: by less than `doubt` standard
            errors.
        doubt: see there.
        least_choice_injuries: with fewer nothing is chosen: the strongest penalty, and no trees.
            What is best by the 60 to 100 injuries of one squad is a matter of luck; chosen by them,
            penalty and trees rank unseen athletes of later seasons worse.
        trees, learning_rate, leaves, depth: of the trees.
        trees_weights: weights of which the one with the best unseen log loss is taken.
        least_injuries: with fewer nothing is fitted.
    """

    seed: int = 1
    folds: int = 4
    most_rows: int = 150_000
    penalties: tuple[float, ...] = (2000.0, 8000.0, 32_000.0)
    doubt: float = 0.5
    least_choice_injuries: int = 200
    trees: int = 120
    learning_rate: float = 0.08
    leaves: int = 6
    depth: int = 3
    trees_weights: tuple[float, ...] = (0.0, 0.25, 0.5)
    least_injuries: int = LEAST_INJURIES

    def to_dict(self) -> dict[str, str]:
        """For provenance and the model card."""
        return {name: str(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Rows:
    """What is fitted on.

    Attributes:
        values: (rows, `INPUTS`) of `features.matrix`; of rows that are scored, with closed labels.
        labels: 0 or 1, whether a time-loss injury began within seven days.
        athlete: of each row, from 0.
        days: of each row.
    """

    values: FloatArray
    labels: FloatArray
    athlete: IntArray
    days: npt.NDArray[np.datetime64]

    def at(self, rows: IntArray | npt.NDArray[np.bool_]) -> "Rows":
        """Some of them, their athletes counted anew."""
        athlete = np.unique(self.athlete[rows], return_inverse=True)[1]
        return Rows(self.values[rows], self.labels[rows], athlete, self.days[rows])

    @property
    def injuries(self) -> int:
        """Distinct injuries behind the positive rows."""
        return count_events(self.athlete, self.days, self.labels)


@dataclass(frozen=True)
class Choice:
    """What unseen athletes decided.

    Attributes:
        penalty: of the regression.
        trees_weight: from 0 to 1; 0 for no trees.
        unseen: log odds of each row by models that had not seen its athlete.
        unseen_linear: the same of the regression alone.
    """

    penalty: float
    trees_weight: float
    unseen: FloatArray
    unseen_linear: FloatArray


def rows_of(
    values: FloatArray, labels: FloatArray, athlete_id: npt.ArrayLike, day: npt.ArrayLike
) -> Rows:
    """Rows to fit on, of arrays with one entry a row."""
    athlete, _ = coded(athlete_id)
    return Rows(values, labels, athlete, np.asarray(day).astype("datetime64[D]"))


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
        values, labels, athlete_id, day: see `Rows`.
        start: what the workload features assumed before an athlete's first day.

    Raises:
        TooFewInjuriesError: fewer than `LEAST_INJURIES`, or one athlete only.
    """
    chosen = settings or FitSettings()
    rows = rows_of(values, labels, athlete_id, day)
    injuries, athletes = rows.injuries, len(np.unique(rows.athlete))
    _require(injuries, athletes, chosen.least_injuries)
    kept = thinned(rows, chosen.most_rows)
    choice = choose(kept, chosen, injuries)
    linear, trees = parts(kept, choice, chosen)
    return InjuryRiskModel(
        inputs=INPUTS,
        linear=linear,
        trees=trees.model_to_string() if trees else "",
        trees_weight=choice.trees_weight,
        calibrator=calibrate(kept.labels, choice.unseen, injuries),
        shift=BaseRateShift(BaseRateSettings.learned_from(injuries)),
        start=start or Start(),
        injuries=injuries,
        athletes=athletes,
        rows=int(labels.size),
        first_day=str(rows.days.min()),
        last_day=str(rows.days.max()),
        settings=chosen.to_dict() | {"penalty": str(choice.penalty)},
    )


def thinned(rows: Rows, most: int) -> Rows:
    """Rows of every n-th day of an athlete, so that about `most` are left."""
    step = -(-len(rows.days) // most)
    if step <= 1:
        return rows
    return rows.at((rows.days.astype(np.int64) + rows.athlete) % step == 0)


def choose(rows: Rows, settings: FitSettings, injuries: int) -> Choice:
    """Penalty and weight by the log loss of athletes who were not fitted on."""
    fold = athlete_folds(rows.athlete, settings.folds, settings.seed, rows.labels)
    may_choose = injuries >= settings.least_choice_injuries
    penalties = settings.penalties if may_choose else settings.penalties[-1:]
    linear = {penalty: np.zeros(len(fold)) for penalty in penalties}
    trees = np.zeros(len(fold))
    carries_trees = may_choose and max(settings.trees_weights) > 0
    for one in range(int(fold.max()) + 1):
        fit_on, test = rows.at(fold != one), fold == one
        for penalty in penalties:
            linear[penalty][test] = _linear(fit_on, penalty).log_odds(rows.values[test])
        if carries_trees:
            trees[test] = raw(_trees(fit_on, settings), rows.values[test])
    losses = {penalty: _losses(rows, unseen) for penalty, unseen in linear.items()}
    penalty = _strongest(losses, settings.doubt)
    weights = settings.trees_weights if carries_trees else (0.0,)
    blends = {one: (1 - one) * linear[penalty] + one * trees for one in weights}
    weight = min(blends, key=lambda one: float(_losses(rows, blends[one]).sum()))
    return Choice(penalty, weight, blends[weight], linear[penalty])


def parts(
    rows: Rows, choice: Choice, settings: FitSettings
) -> tuple[Linear, "lightgbm.Booster | None"]:
    """The regression, and the trees where they have weight."""
    return (
        _linear(rows, choice.penalty),
        _trees(rows, settings) if choice.trees_weight else None,
    )


def raw(booster: "lightgbm.Booster", values: FloatArray) -> FloatArray:
    """Log odds by the trees."""
    return np.asarray(booster.predict(values, raw_score=True, num_threads=1), np.float64)


def fit_trees(rows: Rows, settings: FitSettings) -> "lightgbm.Booster":
    """The trees alone."""
    return _trees(rows, settings)


def _require(injuries: int, athletes: int, least: int) -> None:
    if athletes < 2:  # noqa: PLR2004 - one athlete
        raise TooFewInjuriesError(
            "one athlete only: a risk is learned from others; give the whole squad"
        )
    if injuries < least:
        raise TooFewInjuriesError(
            f"{injuries} time-loss injuries: below {least} no risk can be told from "
            "chance; give a longer history, or the injuries of other squads beside"
        )


def _losses(rows: Rows, log_odds: FloatArray) -> FloatArray:
    """Log loss of each athlete's rows, summed."""
    loss = np.logaddexp(0.0, log_odds) - rows.labels * log_odds
    return np.asarray(np.bincount(rows.athlete, loss), np.float64)


def _strongest(losses: dict[float, FloatArray], doubt: float) -> float:
    """The strongest penalty that is not clearly worse than the best (paired, by athlete)."""
    best = min(losses, key=lambda one: float(losses[one].sum()))
    for penalty in sorted(losses, reverse=True):
        worse = losses[penalty] - losses[best]
        error = float(worse.std()) * np.sqrt(worse.size)
        if worse.sum() <= doubt * error:
            return penalty
    return best


def _linear(rows: Rows, penalty: float) -> Linear:
    return fit_linear(INPUTS, rows.values, rows.labels, rows.athlete, prior=PRIOR, penalty=penalty)


def _trees(rows: Rows, settings: FitSettings) -> "lightgbm.Booster":
    """Few small trees, monotone where that is sensible; the same bytes for the same rows."""
    import lightgbm

    parameters = {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "max_depth": settings.depth,
        # A leaf holds athletes and weeks, not one of them.
        "min_data_in_leaf": max(200, len(rows.labels) // 150),
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
    data = lightgbm.Dataset(
        rows.values, rows.labels, feature_name=list(INPUTS), params={"verbose": -1}
    )
    return lightgbm.train(parameters, data, settings.trees)
