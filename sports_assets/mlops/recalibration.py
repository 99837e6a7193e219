"""From a model's raw probability to one that means what it says, at true prevalence.

A model that is calibrated at 50 % prevalence says nothing to a squad at 3 %: lines are fitted on
predictions made out of fold with all rows, none thinned out. When the base rate moves afterwards,
between seasons, `base_rate` follows it.
"""

import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import EPSILON, expit, logit
from sports_assets.mlops.rows import EvaluationError, FloatArray

Kind = Literal["identity", "platt"]


@dataclass(frozen=True)
class Calibrator:
    """A line on the logit scale; monotone.

    Attributes:
        kind: `identity`; or `platt`: a + b · logit (Platt 1999).
        parameters: () or (a, b).
        events: injuries that it was fitted on.
    """

    kind: Kind
    parameters: tuple[float, ...]
    events: int

    def apply(self, p: npt.ArrayLike) -> FloatArray:
        """Calibrated probabilities."""
        raw = np.asarray(p, dtype=np.float64)
        if self.kind == "identity":
            return raw
        intercept, slope = self.parameters
        return expit(intercept + slope * logit(raw))

    def to_json(self) -> str:
        """Canonical text."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Calibrator":
        """The inverse of `to_json`."""
        told = json.loads(text)
        return cls(told["kind"], tuple(told["parameters"]), told["events"])


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
