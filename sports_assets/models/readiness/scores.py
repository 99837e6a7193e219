"""The figures of a table's line: errors of each way to answer, and what intervals hold."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.bootstrap import Interval, draw_by_athlete, together
from sports_assets.mlops.metrics import Metric, prepare_mean
from sports_assets.models.readiness.answers import is_within

if TYPE_CHECKING:
    import pandas as pd

PERSISTENCE: Final = "persistence"
HALF_AND_HALF: Final = "half and half"
MEAN_TYPE: Final = "model, mean"
SCREEN: Final = "model, screen"
#: Each way to answer, and its column among the held-out answers.
METHODS: Final = {
    PERSISTENCE: "persistence",
    HALF_AND_HALF: "half_and_half",
    MEAN_TYPE: "readiness_mean",
    SCREEN: "readiness",
}


@dataclass(frozen=True)
class Score:
    """One line of the table, with 95 % intervals by bootstrap over athletes.

    Attributes:
        method: a key of `METHODS`.
        mae, rmse: points of the scale.
        mae_difference, rmse_difference: less that of half and half, on the same draws; below 0 is
            better.
        athletes_better: athletes whose own MAE is lower than with half and half.
    """

    method: str
    mae: Interval
    rmse: Interval
    mae_difference: Interval
    rmse_difference: Interval
    athletes_better: int


@dataclass(frozen=True)
class Held:
    """What intervals held.

    Attributes:
        level: what they were to hold.
        coverage: share of answers within.
        width: mean of highest less lowest answer, points; 0 where an interval is one answer.
        lowest, highest: 10 % and 90 % of the coverage of single athletes.
    """

    level: float
    coverage: Interval
    width: float
    lowest: float
    highest: float


def scores_of(answers: "pd.DataFrame", *, seed: int, replicates: int) -> tuple[Score, ...]:
    """A line for each of `METHODS`.

    Args:
        answers: of `held_out`: athlete_id, target, and the columns of `METHODS`.
        seed, replicates: of the bootstrap.
    """
    target = answers["target"].to_numpy(np.float64)
    errors = {
        name: answers[column].to_numpy(np.float64) - target for name, column in METHODS.items()
    }
    metrics = {f"{name} mae": prepare_mean(np.abs(error)) for name, error in errors.items()}
    metrics |= {f"{name} rmse": prepare_rmse(error) for name, error in errors.items()}
    athletes = answers["athlete_id"].to_numpy(str)
    draws = draw_by_athlete(together(**metrics), athletes, seed=seed, replicates=replicates)
    own = {
        name: answers.assign(error=np.abs(error)).groupby("athlete_id")["error"].mean()
        for name, error in errors.items()
    }
    return tuple(
        Score(
            method=name,
            mae=draws.interval(f"{name} mae"),
            rmse=draws.interval(f"{name} rmse"),
            mae_difference=draws.difference(f"{name} mae", f"{HALF_AND_HALF} mae"),
            rmse_difference=draws.difference(f"{name} rmse", f"{HALF_AND_HALF} rmse"),
            athletes_better=int((own[name] < own[HALF_AND_HALF]).sum()),
        )
        for name in METHODS
    )


def held_by(answers: "pd.DataFrame", level: float, *, seed: int, replicates: int) -> Held:
    """What the intervals `low`..`high` of held-out answers held."""
    target, low, high = (answers[name].to_numpy(np.float64) for name in ("target", "low", "high"))
    within = is_within(target, low, high).astype(np.float64)
    draws = draw_by_athlete(
        together(coverage=prepare_mean(within)),
        answers["athlete_id"].to_numpy(str),
        seed=seed,
        replicates=replicates,
    )
    single = answers.assign(within=within).groupby("athlete_id")["within"].mean()
    return Held(
        level=level,
        coverage=draws.interval("coverage"),
        width=float((answers["high"] - answers["low"]).mean()),
        lowest=float(single.quantile(0.1)),
        highest=float(single.quantile(0.9)),
    )


def prepare_rmse(error: npt.ArrayLike) -> Metric:
    """Root mean squared error as a function of the weight of each row."""
    squared = prepare_mean(np.asarray(error, dtype=np.float64) ** 2)
    return lambda weights: math.sqrt(squared(weights))
