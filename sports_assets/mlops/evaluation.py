"""The evaluation of a yes-or-no model, as data, always beside what it must beat.

The model card, the promotion gate and the registry read it; `evaluate` makes it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.curves import CurvePoint
from sports_assets.mlops.nan_json import with_nan, without_nan
from sports_assets.mlops.reliability import PeriodRatio, ReliabilityBin

MODEL: Final = "model"
PREVALENCE: Final = "prevalence only"
RANDOM: Final = "random flags"


@dataclass(frozen=True)
class Scores:
    """One line of the table.

    Attributes:
        name: `model`, `prevalence only`, `random flags` or a comparator's.
        metrics: by name: `roc_auc`, `pr_auc`, `calibration_slope`, `calibration_intercept`,
            `observed_expected`, `brier`, `brier_skill`, `precision`, `day_recall`. What does not
            apply is not there.
        difference: the model's metric less this one's, paired on the same draws of athletes.
    """

    name: str
    metrics: Mapping[str, Interval]
    difference: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class LearningPoint:
    """What so many injuries to learn from are good for; see `learning_curve`.

    Attributes:
        events: injuries in the rows fitted on, mean over repeats.
        roc_auc, calibration_slope: median of the repeats, with their 10th and 90th percentile.
        repeats: how many subsets were drawn.
    """

    events: float
    roc_auc: Interval
    calibration_slope: Interval
    repeats: int


@dataclass(frozen=True)
class Evaluation:
    """How good a model was on whom and when, beside its comparators.

    Attributes:
        target: what is predicted, in words.
        model: the model's line.
        comparators: the others' lines; prevalence and random flags are always among them.
        rows, athletes, positives: of the evaluated rows.
        events: distinct injuries behind the positive rows; seven rows may tell of one.
        first_day, last_day: ISO days of the evaluated rows.
        splits: how the predictions were made, in words.
        horizon_d: days that a label looks ahead.
        flags_a_day: flags a squad and day behind precision and day recall.
        level, replicates, seed: of the intervals.
        reliability: predicted and observed, by bins.
        over_time: observed over expected, by period.
        roc, pr: points of the curves.
        learning_curve: empty where it was not run.
    """

    target: str
    model: Scores
    comparators: tuple[Scores, ...]
    rows: int
    athletes: int
    positives: int
    events: int
    first_day: str
    last_day: str
    splits: str
    horizon_d: int
    flags_a_day: int
    level: float
    replicates: int
    seed: int
    reliability: tuple[ReliabilityBin, ...]
    over_time: tuple[PeriodRatio, ...]
    roc: tuple[CurvePoint, ...]
    pr: tuple[CurvePoint, ...]
    learning_curve: tuple[LearningPoint, ...] = ()

    def scores(self, name: str) -> Scores:
        """The line of that name.

        Raises:
            KeyError: there is none.
        """
        for scores in (self.model, *self.comparators):
            if scores.name == name:
                return scores
        raise KeyError(f"{name}: the evaluation has no such line")

    def to_json(self) -> str:
        """Canonical text: the same evaluation is the same string; NaN is null."""
        return json.dumps(
            without_nan(asdict(self)), sort_keys=True, separators=(",", ":"), allow_nan=False
        )

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """The inverse of `to_json`."""
        told = with_nan(json.loads(text))
        made: dict[str, Any] = {
            "model": _scores(told["model"]),
            "comparators": tuple(_scores(one) for one in told["comparators"]),
            "reliability": tuple(ReliabilityBin(**one) for one in told["reliability"]),
            "over_time": tuple(PeriodRatio(**one) for one in told["over_time"]),
            "roc": tuple(CurvePoint(**one) for one in told["roc"]),
            "pr": tuple(CurvePoint(**one) for one in told["pr"]),
            "learning_curve": tuple(
                LearningPoint(
                    events=one["events"],
                    roc_auc=Interval(**one["roc_auc"]),
                    calibration_slope=Interval(**one["calibration_slope"]),
                    repeats=one["repeats"],
                )
                for one in told["learning_curve"]
            ),
        }
        return cls(**{**told, **made})


def _scores(told: Mapping[str, Any]) -> Scores:
    return Scores(
        told["name"],
        {name: Interval(**one) for name, one in told["metrics"].items()},
        {name: Interval(**one) for name, one in told["difference"].items()},
    )
