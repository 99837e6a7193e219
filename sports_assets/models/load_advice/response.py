"""What a week of load does to the risk of injury: the injury model, asked of weeks not trained.

The injury model takes in dozens of features. Of weeks that were not trained only the load is
another, so its answer is laid down as a sum over few states, once, when the advice is fitted:

    log odds = level(injury history, age, exposure)
             + a · A/N + c · C/N + r · ratio + h · max(0, ratio − ln 1.2) + e · ln exposure

with A, C, N the weighted loads at the end of the week (`features.after_week`), the ratio
ln((A+20)/(C+20)), and more load never less risk: a, r, h, e ≥ 0, and c no further below zero than
a carries. How well the sum repeats the model is kept with it. It is not causal for being an answer
to a what-if: the model has seen loads that coaches chose, for reasons it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sports_assets.models.load_advice.features import HORIZON_D, FloatArray, Week
from sports_assets.workload import load

LEVEL: Final = ("injuries_before", "injury_tendency", "return_recency", "age_years")
_LOAD: Final = (
    "load_acute_to_long", "load_chronic_to_long", "load_log_ratio", "load_log_ratio_hinge"
)  # fmt: skip
EXPOSURE: Final = "log_exposure"


def _moved(span_d: int) -> float:
    """How far a week at another level moves a weighted average towards it."""
    return float(1 - (1 - 2 / (span_d + 1)) ** HORIZON_D)


#: A week of load moves the acute average so many times as far as the chronic one.
_CARRIES: Final = _moved(load.ACUTE_D) / _moved(load.CHRONIC_D)


@dataclass(frozen=True)
class Response:
    """The fitted sum.

    Attributes:
        intercept: of the log odds, at the usual values.
        level: coefficient of each of `LEVEL`, for one unit.
        usual: value of each of `LEVEL` where it is not told, and from which it is counted.
        load: coefficient of each state of load, and of `EXPOSURE`.
        load_r2: share of the variance between weeks of one athlete that the sum repeats.
        level_r2: the same between athletes at steady load.
    """

    intercept: float
    level: Mapping[str, float]
    usual: Mapping[str, float]
    load: Mapping[str, float]
    load_r2: float
    level_r2: float

    def of_load(self, week: Week, hours: FloatArray | None = None) -> FloatArray:
        """What the week's load adds to the log odds, (n, candidates).

        Args:
            hours: of exposure, to hold beside; those of the week where None.
        """
        told = self.load[EXPOSURE] * np.log(week.hours if hours is None else hours)
        for name in _LOAD:
            told = told + self.load[name] * week.states[name]
        return np.asarray(told, np.float64)

    def of_level(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Log odds of who the athlete is, without load, (n,)."""
        return np.asarray(
            self.intercept + level_terms(values, self.usual) @ self._level, np.float64
        )

    def without_return(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Log odds of the same athlete who has long been back, less those of now, (n,)."""
        return np.asarray(-self.level["return_recency"] * values["return_recency"], np.float64)

    @property
    def _level(self) -> FloatArray:
        return np.array([self.level[name] for name in LEVEL])

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {n: dict(v) if isinstance(v, Mapping) else v for n, v in vars(self).items()}


def level_terms(values: Mapping[str, FloatArray], usual: Mapping[str, float]) -> FloatArray:
    """Distances of `LEVEL` from the usual, 0 where not told, (n, `LEVEL`)."""
    columns = [values[name] - usual[name] for name in LEVEL]
    return np.nan_to_num(np.column_stack(columns), nan=0.0)


def fit_response(
    values: Mapping[str, FloatArray], weeks: Week, log_odds: FloatArray, steady: int
) -> Response:
    """Lay the injury model's answers down as the sum.

    Args:
        values: of athletes, (n,).
        weeks: where the candidates lead.
        log_odds: the injury model's answer after each, (n, candidates).
        steady: which of the candidates is the steady week.
    """
    from scipy.optimize import lsq_linear

    terms = np.stack([weeks.states[name] for name in _LOAD] + [np.log(weeks.hours)], axis=2)
    apart = terms - terms[:, [steady]]
    # c ≥ −carries · a is a bound of zero when A/N is replaced by A/N − carries · C/N.
    apart[:, :, 0] -= _CARRIES * apart[:, :, 1]
    design = apart.reshape(-1, apart.shape[2])
    answer = (log_odds - log_odds[:, [steady]]).ravel()
    found = np.asarray(lsq_linear(design, answer, (0.0, np.inf), "bvls").x, np.float64)
    load_r2 = _r2(answer, design @ found)
    found[1] -= _CARRIES * found[0]
    usual = {name: float(np.nanmedian(values[name])) for name in LEVEL}
    own = log_odds[:, steady] - terms[:, steady] @ found
    rows = np.column_stack([np.ones(len(own)), level_terms(values, usual)])
    level = np.linalg.lstsq(rows, own, rcond=None)[0]
    return Response(
        float(level[0]),
        dict(zip(LEVEL, (float(one) for one in level[1:]), strict=True)),
        usual,
        dict(zip((*_LOAD, EXPOSURE), (float(one) for one in found), strict=True)),
        load_r2,
        _r2(log_odds[:, steady], rows @ level + terms[:, steady] @ found, centred=True),
    )


def _r2(told: FloatArray, repeated: FloatArray, *, centred: bool = False) -> float:
    """Share of the variance about zero, or about the mean; 0 where nothing varies."""
    total = float(np.square(told - told.mean() if centred else told).sum())
    return 1 - float(np.square(told - repeated).sum()) / total if total > 0 else 0.0
