"""Predictions that mean what they say: calibration at true prevalence.

`fit_calibrator` corrects a model once, on predictions made out of fold with all rows, none thinned
out: a model that is calibrated at 50 % prevalence says nothing to a squad at 3 %. When the base
rate moves afterwards, between seasons, `base_rate` follows it.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import EPSILON, calibration_line, expit, logit
from sports_assets.mlops.rows import EvaluationError, FloatArray, checked

Kind = Literal["identity", "intercept", "platt", "beta", "isotonic"]
#: Fewer events than that cannot carry so many parameters; about twenty events a parameter, and far
#: more for a shape without any form (Van Calster et al. 2016, J. Clin. Epidemiol. 74:167).
LEAST_EVENTS: Final[dict[Kind, int]] = {
    "identity": 0,
    "intercept": 10,
    "platt": 50,
    "beta": 200,
    "isotonic": 1000,
}


@dataclass(frozen=True)
class Calibrator:
    """From a model's raw probability to one that means what it says; monotone.

    Attributes:
        kind: `identity`; `intercept`: logit + a; `platt`: a + b · logit (Platt 1999); `beta`:
            c + a · ln p − b · ln(1 − p) (Kull et al. 2017); `isotonic`: steps, joined by lines.
        parameters: (), (a,), (a, b), (a, b, c), or first all knots' places, then their values.
        events: injuries that it was fitted on.
    """

    kind: Kind
    parameters: tuple[float, ...]
    events: int

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """Calibrated probabilities."""
        raw = np.asarray(p, dtype=np.float64)
        match self.kind:
            case "identity":
                return raw
            case "intercept":
                return expit(logit(raw) + self.parameters[0])
            case "platt":
                return expit(self.parameters[0] + self.parameters[1] * logit(raw))
            case "beta":
                a, b, c = self.parameters
                log_p, log_q = _logs(raw)
                return expit(c + a * log_p - b * log_q)
            case "isotonic":
                half = len(self.parameters) // 2
                places, values = self.parameters[:half], self.parameters[half:]
                return np.asarray(np.interp(raw, places, values), dtype=np.float64)

    def to_json(self) -> str:
        """Canonical text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Calibrator":
        """The inverse of `to_json`."""
        told = json.loads(text)
        return cls(told["kind"], tuple(told["parameters"]), told["events"])


def fit_calibrator(
    y: npt.ArrayLike, p: npt.ArrayLike, *, events: int | None = None, kind: Kind | None = None
) -> Calibrator:
    """Fit on predictions made out of fold, at true prevalence.

    Args:
        y: closed labels, 0 or 1.
        p: raw predictions of the same rows, by a model that did not see them.
        events: distinct injuries behind the positive rows; None takes each positive row for one.
        kind: None takes what the events can carry: Platt's line from 50, the level from 10, below
            that nothing. Beta and isotonic must be asked for.

    Returns:
        Of predictions that rank the wrong way (slope below 0) a line of slope 0: the base rate.

    Raises:
        EvaluationError: fewer events than the kind needs, or labels and predictions at fault.
    """
    labels, raw = checked(y, p)
    count = int(labels.sum()) if events is None else events
    taken = kind or _carried_by(count)
    if count < LEAST_EVENTS[taken]:
        raise EvaluationError(
            f"{kind} calibration needs {LEAST_EVENTS[taken]} events, here are {count}: "
            "take one with fewer parameters"
        )
    match taken:
        case "identity":
            parameters: tuple[float, ...] = ()
        case "intercept":
            parameters = (level_shift(labels, raw),)
        case "platt":
            parameters = _platt(labels, raw)
        case "beta":
            parameters = _beta(labels, raw)
        case "isotonic":
            parameters = _isotonic(labels, raw)
    return Calibrator(taken, parameters, count)


def _carried_by(events: int) -> Kind:
    if events >= LEAST_EVENTS["platt"]:
        return "platt"
    return "intercept" if events >= LEAST_EVENTS["intercept"] else "identity"


def level_shift(y: FloatArray, p: FloatArray) -> float:
    """What to add to the logit of each prediction so that as much is expected as was observed.

    Raises:
        EvaluationError: one class only: no finite shift does.
    """
    observed = float(y.sum())
    if not 0 < observed < y.size:
        raise EvaluationError("the labels are all of one class: there is no level to calibrate to")
    x, shift = logit(p), 0.0
    for _ in range(100):
        risk = expit(x + shift)
        step = (observed - float(risk.sum())) / max(float(np.dot(risk, 1 - risk)), EPSILON)
        shift += float(np.clip(step, -1, 1))
        if abs(step) < 1e-10:  # noqa: PLR2004 - converged
            break
    return shift


def _platt(y: FloatArray, p: FloatArray) -> tuple[float, ...]:
    line = calibration_line(y, p)
    if np.isfinite(line.slope) and line.slope > 0:
        return (line.intercept, line.slope)
    if np.isfinite(line.slope):
        return (float(logit(y.mean())), 0.0)
    # Predictions all alike, or classes that are separated: only the level can be told.
    return (level_shift(y, p), 1.0)


def _beta(y: FloatArray, p: FloatArray) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression

    log_p, log_q = _logs(p)
    features = np.column_stack([log_p, -log_q])
    scale = np.maximum(features.std(axis=0), EPSILON)
    used = [0, 1]
    while True:
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", max_iter=1000, tol=1e-8)
        model.fit(features[:, used] / scale[used], y)
        found = np.zeros(2)
        found[used] = model.coef_[0] / scale[used]
        # A negative one would make the curve fall; the paper leaves it out and fits again.
        if found.min() >= 0 or len(used) == 1:
            a, b = (float(one) for one in np.maximum(found, 0))
            return (a, b, float(model.intercept_[0]))
        used = [int(np.argmax(found))]


def _isotonic(y: FloatArray, p: FloatArray) -> tuple[float, ...]:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(out_of_bounds="clip").fit(p, y)
    # A step at 0 or 1 would claim certainty: half an event more keeps it from that.
    least = 0.5 / (y.size + 1)
    values = np.clip(model.y_thresholds_, least, 1 - least)
    return (*(float(x) for x in model.X_thresholds_), *(float(value) for value in values))


def _logs(p: FloatArray) -> tuple[FloatArray, FloatArray]:
    clipped = np.clip(p, EPSILON, 1 - EPSILON)
    return np.log(clipped), np.log1p(-clipped)
