"""The fitted model as data: trees as text, how wide to draw intervals, and what it was fitted on.

Text in, text out: no pickle, and the same fit gives the same bytes.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sports_assets.models.readiness.errors import ModelTextError
from sports_assets.models.readiness.features import ROW_INPUTS, STEP_INPUTS

if TYPE_CHECKING:
    import lightgbm

#: Raised with every change of the inputs or of their meaning.
VERSION: Final = 1
INPUTS: Final = (*ROW_INPUTS, *STEP_INPUTS)


@dataclass(frozen=True)
class ReadinessSettings:
    """How the trees are grown: small, many and regularised.

    Looked at were 8, 16 and 31 leaves and 150 to 600 rounds, on 18 of the 27 athletes of a real
    team, where they differ by less than folds do, and 8 and 16 leaves on all of them (RMSE 0.929
    and 0.924). So its figures carry a little of that choice; those of another team do not.

    Attributes:
        rounds, learning_rate, leaves: of the boosting.
        least_lines: least lines (athlete-days × 9 steps) in a leaf.
        most_bins: few, so that a tree cannot tell one calendar day from the next by the squad's
            figures of the day, which all athletes of a day share.
        input_share, line_share: drawn for each tree.
        l2: penalty on leaf values.
        interval_level: share of answers that intervals are to hold.
        calibration_folds: of athletes, each predicted by a fit without it, to set the intervals.
        most_rows: more athlete-days are thinned to every second, third, … day.
    """

    rounds: int = 300
    learning_rate: float = 0.03
    leaves: int = 16
    least_lines: int = 400
    most_bins: int = 63
    input_share: float = 0.4
    line_share: float = 0.6
    l2: float = 10.0
    interval_level: float = 0.8
    calibration_folds: int = 3
    most_rows: int = 15_000

    def for_lightgbm(self, seed: int, lines: int) -> dict[str, Any]:
        """Parameters of the library; one thread, so that the same input gives the same bytes.

        Args:
            seed: of the draws of inputs and lines.
            lines: to fit on; a short history has smaller leaves.
        """
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": max(20, min(self.least_lines, lines // 40)),
            "max_bin": self.most_bins,
            "feature_fraction": self.input_share,
            "bagging_fraction": self.line_share,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbosity": -1,
        }


@dataclass(frozen=True)
class FittedOn:
    """What the model has seen."""

    athletes: int
    rows: int
    first_day: str
    last_day: str


@dataclass(frozen=True)
class ReadinessModel:
    """Chances that tomorrow's answer is above each step, and how wide to draw intervals.

    Attributes:
        settings: of the fit.
        seed: of the fit.
        trees: LightGBM's text.
        interval_scores: quantiles of the scores of athletes that a fit had not seen; see
            `calibration`.
        fitted_on: how much.
        version: of inputs and their meaning.
    """

    settings: ReadinessSettings
    seed: int
    trees: str
    interval_scores: tuple[float, ...]
    fitted_on: FittedOn
    version: int = VERSION
    inputs: tuple[str, ...] = field(default=INPUTS)

    def booster(self) -> "lightgbm.Booster":
        """The trees, ready to predict.

        Raises:
            ModelTextError: the text is no trees.
        """
        import lightgbm

        try:
            return lightgbm.Booster(model_str=self.trees)
        except lightgbm.basic.LightGBMError as error:
            raise ModelTextError(
                f"the trees of this readiness model cannot be read: {error}"
            ) from (error)

    def to_json(self) -> str:
        """Canonical text: sorted keys, floats by repr."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "ReadinessModel":
        """The inverse of `to_json`.

        Raises:
            ModelTextError: the text is cut short, of another version, or holds other inputs.
        """
        try:
            told = json.loads(text)
            model = cls(
                settings=ReadinessSettings(**told["settings"]),
                seed=int(told["seed"]),
                trees=str(told["trees"]),
                interval_scores=tuple(map(float, told["interval_scores"])),
                fitted_on=FittedOn(**told["fitted_on"]),
                version=int(told["version"]),
                inputs=tuple(told["inputs"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ModelTextError(
                f"this text is no readiness model ({type(error).__name__}): fit it again, or take "
                "the version before"
            ) from error
        if model.version != VERSION or model.inputs != INPUTS:
            raise ModelTextError(
                f"this readiness model is of version {model.version}, the code reads {VERSION}: "
                "fit it again"
            )
        if not model.trees.startswith("tree\n") or "end of trees" not in model.trees:
            raise ModelTextError("the trees of this readiness model are cut short: fit it again")
        return model
