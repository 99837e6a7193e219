"""The figures of a table's line: error, coverage, width, Brier and ranks, from answers."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.mlops.bootstrap import Draws, Interval, draw_by_athlete, together
from sports_assets.mlops.metrics import Metric
from sports_assets.models.recovery.held_out import METHODS, WITHIN_D

Floats = npt.NDArray[np.float64]

#: The group of all kinds.
EVERYTHING: Final = "all"
_TENTH: Final = 0.1


@dataclass(frozen=True)
class Score:
    """One line of the table, with intervals by bootstrap over athletes; NaN for what is not there.

    Attributes:
        design: who is held out of what.
        group: a kind of injury, or `EVERYTHING`.
        method: overall_median, median_by_kind or model.
        injuries, returns: tested; what is no return was still open and counts by its weight.
        mae_d: mean absolute error of the days, of returns weighted for those not followed so long.
        worse_by_d: mae_d less that of the overall median on the same injuries, d.
        coverage: share of returns within the interval.
        log_width: mean ln(high/low).
        brier: by days within which the return is asked for (Graf et al. 1999); 0 is best.
        too_early, too_late: share of outcomes in the lowest and highest tenth of the law that was
            said; 0.1 is right.
    """

    design: str
    group: str
    method: str
    injuries: int
    returns: int
    mae_d: float
    worse_by_d: Interval
    coverage: Interval
    log_width: float
    brier: tuple[float, ...]
    too_early: float
    too_late: float


def scores_of(rows: pd.DataFrame, design: str, *, seed: int, replicates: int) -> list[Score]:
    """Lines of a design: each method on all kinds together, then on each kind.

    Args:
        rows: of `held_out.answers`.
        design: its name.
        seed, replicates: of the bootstrap over athletes.
    """
    result = []
    for group in (EVERYTHING, *sorted(rows["kind"].unique())):
        chosen = rows if group == EVERYTHING else rows[rows["kind"] == group]
        draws = draw_by_athlete(
            together(**_metrics(chosen)),
            chosen["athlete_id"].to_numpy(str),
            seed=seed,
            replicates=replicates,
        )
        result += [_score(chosen, draws, design, group, method) for method in METHODS]
    return result


def _metrics(rows: pd.DataFrame) -> dict[str, Metric]:
    days, weight = rows["days"].to_numpy(np.float64), rows["weight"].to_numpy(np.float64)
    result = {}
    for method in METHODS:
        error = np.abs(days - rows[f"{method}_d"].to_numpy(np.float64))
        result[f"{method} mae"] = _mean(error, weight)
        if f"{method}_low" in rows:
            low = rows[f"{method}_low"].to_numpy(np.float64)
            high = rows[f"{method}_high"].to_numpy(np.float64)
            is_within = ((low <= days) & (days <= high)).astype(np.float64)
            result[f"{method} coverage"] = _mean(is_within, weight)
    return result


def _score(rows: pd.DataFrame, draws: Draws, design: str, group: str, method: str) -> Score:
    coverage, width, brier = Interval(math.nan), math.nan, (math.nan,) * len(WITHIN_D)
    if f"{method}_low" in rows:
        coverage = draws.interval(f"{method} coverage")
        width = float(np.log(rows[f"{method}_high"] / rows[f"{method}_low"]).mean())
        brier = tuple(_brier(rows, method, within) for within in WITHIN_D)
    early, late = _tails(rows) if method == "model" else (math.nan, math.nan)
    return Score(
        design=design,
        group=group,
        method=method,
        injuries=len(rows),
        returns=int(rows["is_returned"].sum()),
        mae_d=draws.values[f"{method} mae"],
        worse_by_d=draws.difference(f"{method} mae", f"{METHODS[0]} mae"),
        coverage=coverage,
        log_width=width,
        brier=brier,
        too_early=early,
        too_late=late,
    )


def _mean(values: Floats, own: Floats) -> Metric:
    """Mean by the rows' own weights times those of a draw; NaN where nothing weighs."""

    def value(weights: Floats) -> float:
        total = float(weights @ own)
        return float(weights @ (own * values)) / total if total > 0 else math.nan

    return value


def _brier(rows: pd.DataFrame, method: str, within: int) -> float:
    is_back = ((rows["days"] <= within) & rows["is_returned"]).to_numpy(np.float64)
    missed = (is_back - rows[f"{method}_in_{within}"].to_numpy(np.float64)) ** 2
    return _mean(missed, rows[f"weight_{within}"].to_numpy(np.float64))(np.ones(len(rows)))


def _tails(rows: pd.DataFrame) -> tuple[float, float]:
    """Outcomes spread over the probability of their whole day, open ones over what is left.

    The non-randomised probability integral transform of Czado, Gneiting and Held 2009.
    """
    low, high = rows["rank_low"].to_numpy(float), rows["rank_high"].to_numpy(float)
    width = np.maximum(high - low, 1e-12)
    early = np.clip(_TENTH - low, 0, width) / width
    late = np.clip(high - (1 - _TENTH), 0, width) / width
    return float(early.mean()), float(late.mean())
