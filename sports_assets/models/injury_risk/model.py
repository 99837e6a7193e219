"""The fitted model of injury risk, as data: two models that are averaged, and one calibration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sports_assets.mlops.base_rate import BaseRateShift
from sports_assets.mlops.metrics import expit, logit
from sports_assets.mlops.recalibration import Calibrator
from sports_assets.mlops.rows import FloatArray
from sports_assets.models.injury_risk.features import INPUTS
from sports_assets.models.injury_risk.linear import Linear
from sports_assets.workload.load_features import Start

if TYPE_CHECKING:
    import lightgbm

FORMAT: Final = 1


@dataclass(frozen=True)
class InjuryRiskModel:
    """Log odds = (1 − trees' weight) · linear + trees' weight · trees, calibrated.

    Attributes:
        inputs: features that both models take, in order.
        linear: the regression; also tells how unsure the answer is.
        trees: LightGBM's model text; "" where the injuries did not carry any.
        trees_weight: from 0 to 1.
        calibrator: fitted on predictions of athletes whom the model had not seen.
        shift: what labels that closed since say of the level.
        start: what workload features assume before an athlete's first day.
        injuries, athletes, rows: what it was fitted on.
        first_day, last_day: of the rows, ISO.
        settings: everything else that was set.
    """

    inputs: tuple[str, ...]
    linear: Linear
    trees: str
    trees_weight: float
    calibrator: Calibrator
    shift: BaseRateShift
    start: Start
    injuries: int
    athletes: int
    rows: int
    first_day: str
    last_day: str
    settings: Mapping[str, str]

    def raw_log_odds(self, values: FloatArray) -> FloatArray:
        """Before calibration; values (rows, inputs)."""
        told = self.linear.log_odds(values)
        if not self.trees_weight:
            return told
        trees = np.asarray(self.booster.predict(values, raw_score=True, num_threads=1))
        return np.asarray((1 - self.trees_weight) * told + self.trees_weight * trees, np.float64)

    def uncorrected(self, values: FloatArray) -> FloatArray:
        """Probabilities as the model was calibrated, without the shift of the base rate."""
        return self.calibrator.apply(expit(self.raw_log_odds(values)))

    def probability(self, values: FloatArray) -> FloatArray:
        """Calibrated probabilities."""
        return self.shift.apply(self.uncorrected(values))

    def interval(
        self, values: FloatArray, probability: FloatArray, z: float
    ) -> tuple[FloatArray, FloatArray]:
        """What the risk may be, given how few injuries it was learned from.

        Args:
            z: standard errors to either side.
        """
        reach = z * self.linear.standard_error(values) * self._slope
        centre = logit(probability)
        return expit(centre - reach), expit(centre + reach)

    def contributions(self, values: FloatArray) -> FloatArray:
        """What each input adds to the calibrated log odds beside an average row, exactly.

        Of trees these are TreeSHAP's (Lundberg et al. 2020), of the regression coefficient times
        distance from the mean.
        """
        told = self.linear.contributions(values)
        if self.trees_weight:
            trees = np.asarray(self.booster.predict(values, pred_contrib=True, num_threads=1))
            told = (1 - self.trees_weight) * told + self.trees_weight * trees[:, :-1]
        return np.asarray(told * self._slope, np.float64)

    @property
    def _slope(self) -> float:
        return self.calibrator.parameters[1] if self.calibrator.kind == "platt" else 1.0

    @cached_property
    def booster(self) -> "lightgbm.Booster":
        """The trees, ready to predict."""
        import lightgbm

        return lightgbm.Booster(model_str=self.trees)

    def to_json(self) -> str:
        """Canonical text: equal models are equal strings."""
        told: dict[str, Any] = {
            "format": FORMAT,
            "inputs": list(self.inputs),
            "linear": self.linear.to_dict(),
            "trees": self.trees,
            "trees_weight": self.trees_weight,
            "calibrator": self.calibrator.to_json(),
            "shift": self.shift.to_json(),
            "start": vars(self.start),
            "injuries": self.injuries,
            "athletes": self.athletes,
            "rows": self.rows,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "settings": dict(self.settings),
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "InjuryRiskModel":
        """The inverse of `to_json`.

        Raises:
            ValueError: of another format, or of other inputs than this version has.
        """
        told = json.loads(text)
        if told.pop("format", None) != FORMAT:
            raise ValueError(f"no injury model of format {FORMAT}: fit it again with this version")
        if tuple(told["inputs"]) != INPUTS:
            others = ", ".join(sorted(set(told["inputs"]) ^ set(INPUTS))) or "their order"
            raise ValueError(
                f"this injury model has other inputs than this version ({others}): fit it again "
                "with this version"
            )
        return cls(
            **{
                **told,
                "inputs": tuple(told["inputs"]),
                "linear": Linear.from_dict(told["linear"]),
                "calibrator": Calibrator.from_json(told["calibrator"]),
                "shift": BaseRateShift.from_json(told["shift"]),
                "start": Start(**told["start"]),
            }
        )
