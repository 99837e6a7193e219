"""How good are predictions of a yes or no? Discrimination, calibration, Brier.

Each metric comes twice: as a plain function, and prepared (`prepare_…`) as a function of the rows'
weights, which sorts once and is then cheap to ask again, as a bootstrap does. A metric that is not
defined (one class only, nothing expected) is NaN, never an error: squads without an injury exist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.rows import EvaluationError, FloatArray, IntArray, as_days, checked

#: A metric as a function of the weight of each row.
Metric = Callable[[FloatArray], float]

#: Probabilities are kept this far from 0 and 1 where their logit is taken.
EPSILON: Final = 1e-6
#: Log odds beyond are 0 or 1 to every digit, and would overflow.
_FARTHEST: Final = 700.0
_FEW_STEPS: Final = 8
_STEPS: Final = 50
_TOLERANCE: Final = 1e-7
#: A slope beyond this says that the classes are separated: there is no finite one.
_STEEPEST: Final = 1e3


@dataclass(frozen=True)
class CalibrationLine:
    """Logit of the observed risk = intercept + slope · logit of the predicted one.

    Attributes:
        slope: 1 is right; below 1 predictions are too extreme, above 1 too timid.
        intercept: 0 is right, where the slope is 1.
    """

    slope: float
    intercept: float


def logit(p: npt.ArrayLike) -> FloatArray:
    """Log odds of probabilities, which are kept `EPSILON` from 0 and 1."""
    clipped = np.clip(np.asarray(p, dtype=np.float64), EPSILON, 1 - EPSILON)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def expit(x: npt.ArrayLike) -> FloatArray:
    """Probabilities of log odds."""
    clipped = np.clip(np.asarray(x, dtype=np.float64), -_FARTHEST, _FARTHEST)
    return np.asarray(1.0 / (1.0 + np.exp(-clipped)), dtype=np.float64)


def prepare_roc_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> Metric:
    """Weighted area under the ROC curve; a tie counts half (Mann and Whitney's U)."""
    labels, scores = checked(y, p)
    order = np.argsort(scores, kind="stable")
    first, last = _ties(scores[order])
    at = np.flatnonzero(labels[order])
    before, through = first[at], last[at] + 1

    def value(weights: FloatArray) -> float:
        sorted_weights = weights[order]
        cumulated = np.concatenate(([0.0], np.cumsum(sorted_weights)))
        of_positives = sorted_weights[at]
        positive = float(of_positives.sum())
        pairs = positive * (float(cumulated[-1]) - positive)
        if pairs <= 0:
            return float("nan")
        # Each positive beats what lies below it and half of its ties; of the positives among
        # those, counted over all of them, that is half of every pair, themselves included.
        beaten = float(np.dot(of_positives, cumulated[before] + cumulated[through])) / 2
        return (beaten - positive * positive / 2) / pairs

    return value


def prepare_pr_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> Metric:
    """Weighted average precision: the precision at each score, by the recall it adds.

    No interpolation between points, which would be optimistic (Davis and Goadrich 2006).
    """
    labels, scores = checked(y, p)
    order = np.argsort(-scores, kind="stable")
    _, last = _ties(scores[order])
    is_positive = labels[order]
    at = np.flatnonzero(is_positive)
    flagged_at, found_at = last[at], np.cumsum(is_positive)[last[at]].astype(np.intp) - 1

    def value(weights: FloatArray) -> float:
        sorted_weights = weights[order]
        flagged = np.cumsum(sorted_weights)[flagged_at]
        of_positives = sorted_weights[at]
        found = np.cumsum(of_positives)
        if not found.size or found[-1] <= 0:
            return float("nan")
        precision = np.divide(
            found[found_at], flagged, out=np.zeros_like(flagged), where=flagged > 0
        )
        return float(np.dot(of_positives, precision) / found[-1])

    return value


def prepare_calibration_line(
    y: npt.ArrayLike, p: npt.ArrayLike
) -> Callable[[FloatArray], CalibrationLine]:
    """Weighted logistic regression of the label on the logit of the prediction, unpenalised.

    Cox 1958, Biometrika 45:562. Both are NaN where no finite line exists: one class only, all
    predictions alike, or classes that a threshold separates.
    """
    labels, scores = checked(y, p)
    x = logit(scores)
    centre = float(x.mean()) if x.size else 0.0
    centred = x - centre
    has_spread = bool(x.size) and bool(np.ptp(x) > 0)
    undefined = CalibrationLine(float("nan"), float("nan"))
    start = np.array([0.0, 1.0])
    if has_spread:
        found = _logistic_line(centred, labels, np.ones_like(labels), np.array([centre, 1.0]))
        # Replicates are near the whole: from there two or three steps suffice.
        start = found if found is not None else np.array([centre, 1.0])

    def value(weights: FloatArray) -> CalibrationLine:
        line = _logistic_line(centred, labels, weights, start) if has_spread else None
        if line is None:
            return undefined
        return CalibrationLine(float(line[1]), float(line[0] - line[1] * centre))

    return value


def prepare_ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Metric:
    """Weighted sum over weighted sum, as observed over expected or a mean absolute error."""
    numerator = np.asarray(above, dtype=np.float64)
    denominator = np.asarray(below, dtype=np.float64)

    def value(weights: FloatArray) -> float:
        divisor = float(np.dot(weights, denominator))
        return float(np.dot(weights, numerator)) / divisor if divisor > 0 else float("nan")

    return value


def prepare_mean(values: npt.ArrayLike) -> Metric:
    """Weighted mean, as of absolute errors, of squared ones, or of "was covered"."""
    numbers = np.asarray(values, dtype=np.float64)
    return prepare_ratio(numbers, np.ones_like(numbers))


def roc_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Area under the ROC curve; NaN where there is one class only."""
    return prepare_roc_auc(y, p)(np.ones(np.size(y)))


def calibration_line(y: npt.ArrayLike, p: npt.ArrayLike) -> CalibrationLine:
    """Slope and intercept of calibration; see `prepare_calibration_line`."""
    return prepare_calibration_line(y, p)(np.ones(np.size(y)))


def observed_expected(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """So many times more happened than was predicted; 1 is right, above 1 is too low a risk."""
    labels, scores = checked(y, p)
    return prepare_ratio(labels, scores)(np.ones_like(labels))


def brier_score(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Mean squared distance of prediction and label (Brier 1950); lower is better."""
    labels, scores = checked(y, p)
    return prepare_mean((scores - labels) ** 2)(np.ones_like(labels))


def brier_skill(y: npt.ArrayLike, p: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Share of the reference's Brier score that the predictions save; below 0 they lose to it."""
    worse = brier_score(y, reference)
    return 1.0 - brier_score(y, p) / worse if worse > 0 else float("nan")


def running_base_rate(
    day: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    horizon_d: int,
    prior_rate: float,
    prior_rows: float = 500.0,
) -> FloatArray:
    """The rate of the labels that were closed before each row's day: knowing nothing, honestly.

    The label of a row of day s tells of s + 1 to s + `horizon_d`, so it counts for the rows of day
    t only where s + `horizon_d` < t.

    Args:
        day: of each row, anything that numpy takes for dates; rows in any order.
        y: label of each row, 0 or 1.
        horizon_d: days that a label looks ahead.
        prior_rate: what was known before the first label closed, e.g. the rate in the fitted rows.
        prior_rows: that many rows' worth of it.

    Returns:
        One rate a row.
    """
    days = as_days(day)
    labels, _ = checked(y, np.zeros(np.size(y)))
    if days.shape != labels.shape:
        raise EvaluationError(f"days {days.shape} and labels {labels.shape}: give one of each")
    unique, codes = np.unique(days, return_inverse=True)
    rows = np.concatenate(([0.0], np.cumsum(np.bincount(codes, minlength=unique.size))))
    events = np.concatenate(([0.0], np.cumsum(np.bincount(codes, labels, unique.size))))
    closed = np.searchsorted(unique, unique - np.timedelta64(horizon_d, "D"), side="left")
    rate = (prior_rows * prior_rate + events[closed]) / np.maximum(
        prior_rows + rows[closed], np.finfo(np.float64).tiny
    )
    return np.asarray(rate[codes], dtype=np.float64)


def _ties(ordered: FloatArray) -> tuple[IntArray, IntArray]:
    """Of each row the first and the last row of equal score."""
    is_new = np.append(True, np.diff(ordered) != 0)[: ordered.size]
    run = np.cumsum(is_new) - 1
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], ordered.size) - 1 if first.size else first
    return first[run], last[run]


def _logistic_line(
    x: FloatArray, y: FloatArray, weights: FloatArray, start: FloatArray
) -> FloatArray | None:
    """Intercept and slope by Newton's method; None where it does not converge."""
    positives = float(np.dot(weights, y))
    if positives <= 0 or positives >= float(weights.sum()):
        return None
    line = start
    for _ in range(_FEW_STEPS):
        step = _newton_step(x, y, weights, line)
        if step is None or float(np.abs(step).max()) > 1:
            break
        line = line + step
        if float(np.abs(step).max()) < _TOLERANCE:
            return line
    return _damped_line(x, y, weights, np.array([0.0, 0.0]))


def _damped_line(
    x: FloatArray, y: FloatArray, weights: FloatArray, line: FloatArray
) -> FloatArray | None:
    """The same from afar, with steps halved until they help; slower and sure."""
    loss = _log_loss(x, y, weights, line)
    for _ in range(_STEPS):
        step = _newton_step(x, y, weights, line)
        if step is None:
            return None
        while (moved := _log_loss(x, y, weights, line + step)) > loss:
            step = step / 2
            if float(np.abs(step).max()) < _TOLERANCE:
                return line
        line, loss = line + step, moved
        if abs(float(line[1])) > _STEEPEST:
            return None
        if float(np.abs(step).max()) < _TOLERANCE:
            return line
    return None


def _newton_step(
    x: FloatArray, y: FloatArray, weights: FloatArray, line: FloatArray
) -> FloatArray | None:
    risk = expit(line[0] + line[1] * x)
    residual = weights * (y - risk)
    spread = weights * risk * (1 - risk)
    tilted = spread * x
    s, s_x, s_xx = float(spread.sum()), float(tilted.sum()), float(np.dot(tilted, x))
    g, g_x = float(residual.sum()), float(np.dot(residual, x))
    determinant = s * s_xx - s_x * s_x
    if determinant <= 0:
        return None
    return np.array([s_xx * g - s_x * g_x, s * g_x - s_x * g]) / determinant


def _log_loss(x: FloatArray, y: FloatArray, weights: FloatArray, line: FloatArray) -> float:
    eta = line[0] + line[1] * x
    return float(np.dot(weights, np.logaddexp(0.0, eta) - y * eta))
