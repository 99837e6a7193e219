"""A ridge logistic regression that starts from what is known, and knows how unsure it is.

It is penalised towards `prior` coefficients and not towards 0: with ten injuries it says what the
literature says, with five hundred what the data say. The covariance is the sandwich by athlete
(Liang and Zeger 1986, Biometrika 73:13), as the seven days before an injury tell of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import expit
from sports_assets.mlops.rows import FloatArray, IntArray

#: Values further than this from the mean, in SD, tell no more.
_FARTHEST_SD: Final = 4.0
_STEPS: Final = 50
_CONVERGED: Final = 1e-9


@dataclass(frozen=True)
class Linear:
    """A fitted regression on standardised features; a missing value stands at the mean.

    Attributes:
        names: features, in the order of the arrays.
        mean, sd: of the training rows.
        coefficients: for each SD of a feature.
        intercept: log odds at the mean.
        covariance: of intercept and coefficients, flat, by row; (1 + n)².
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    covariance: tuple[float, ...]

    def contributions(self, values: FloatArray) -> FloatArray:
        """What each feature adds to the log odds beside an average row, (rows, features)."""
        adds = self._standardised(values) * np.asarray(self.coefficients)
        return np.asarray(adds, np.float64)

    def log_odds(self, values: FloatArray) -> FloatArray:
        """Log odds of each row of (rows, features)."""
        return np.asarray(
            self.intercept + self._standardised(values) @ np.asarray(self.coefficients), np.float64
        )

    def standard_error(self, values: FloatArray) -> FloatArray:
        """Of the log odds of each row."""
        rows = _with_ones(self._standardised(values))
        covariance = np.reshape(self.covariance, (rows.shape[1], rows.shape[1]))
        variance = np.einsum("ij,jk,ik->i", rows, covariance, rows)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)), np.float64)

    def _standardised(self, values: FloatArray) -> FloatArray:
        return standardised(values, np.asarray(self.mean), np.asarray(self.sd))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in vars(self).items()}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Linear":
        """The inverse of `to_dict`."""
        named: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in told.items()}
        return cls(**named)


def fit_linear(
    names: tuple[str, ...],
    values: FloatArray,
    labels: FloatArray,
    group: IntArray,
    *,
    prior: Mapping[str, float],
    penalty: float,
) -> Linear:
    """Fit by Newton's method.

    Args:
        names: features, in the order of the columns of `values`.
        values: (rows, features); NaN is missing.
        labels: 0 or 1, of each row.
        group: athlete of each row, from 0.
        prior: coefficient towards which a feature is drawn, for one unit of it; 0 where not told.
        penalty: how strongly, in rows at even odds; the intercept is free.
    """
    mean, sd = _moments(values)
    rows = _with_ones(standardised(values, mean, sd))
    towards = np.array([0.0, *(prior.get(name, 0.0) for name in names)]) * np.append(1.0, sd)
    ridge = np.full(rows.shape[1], penalty / 4)
    ridge[0] = 0.0
    beta = towards.copy()
    rate = np.clip(labels.mean(), 1e-4, 1 - 1e-4)
    beta[0] = float(np.log(rate / (1 - rate)))
    loss = _loss(rows, labels, beta, towards, ridge)
    hessian = np.eye(rows.shape[1])
    for _ in range(_STEPS):
        risk = expit(rows @ beta)
        gradient = rows.T @ (labels - risk) - ridge * (beta - towards)
        hessian = (rows * (risk * (1 - risk))[:, None]).T @ rows + np.diag(ridge)
        hessian[0, 0] += 1e-9
        step = np.linalg.solve(hessian, gradient)
        after = _loss(rows, labels, beta + step, towards, ridge)
        while after > loss and np.abs(step).max() > _CONVERGED:
            step = step / 2
            after = _loss(rows, labels, beta + step, towards, ridge)
        beta, loss = beta + step, after
        if np.abs(step).max() < _CONVERGED:
            break
    residual = labels - expit(rows @ beta)
    scores = np.zeros((int(group.max()) + 1, rows.shape[1]))
    np.add.at(scores, group, rows * residual[:, None])
    bread = np.linalg.inv(hessian)
    covariance = bread @ (scores.T @ scores + np.diag(ridge)) @ bread
    return Linear(
        names, _told(mean), _told(sd), _told(beta[1:]), float(beta[0]), _told(covariance.ravel())
    )


def standardised(values: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Distances from the mean in SD, 0 for what is missing."""
    scaled = np.clip((values - mean) / sd, -_FARTHEST_SD, _FARTHEST_SD)
    return np.asarray(np.where(np.isnan(scaled), 0.0, scaled), np.float64)


def _moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and SD of each column; of one that tells nothing 0 and 1."""
    told = ~np.isnan(values)
    count = np.maximum(told.sum(axis=0), 1)
    filled = np.where(told, values, 0.0)
    mean = filled.sum(axis=0) / count
    sd = np.sqrt(np.where(told, (filled - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(sd > 0, sd, 1.0)


def _with_ones(rows: FloatArray) -> FloatArray:
    return np.hstack([np.ones((len(rows), 1)), rows])


def _loss(
    rows: FloatArray, labels: FloatArray, beta: FloatArray, towards: FloatArray, ridge: FloatArray
) -> float:
    eta = rows @ beta
    misfit = float(np.logaddexp(0.0, eta).sum() - labels @ eta)
    return misfit + float(ridge @ (beta - towards) ** 2) / 2


def _told(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
