"""Is the model right? Its answers beside the overall median, on athletes and days it never saw."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.mlops.bootstrap import (
    Interval,
    bootstrap_by_athlete,
    paired_difference,
    together,
)
from sports_assets.mlops.metrics import Metric
from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.recovery.held_out import (
    BOTH,
    FORWARD,
    HELD_OUT,
    METHODS,
    WITHIN_D,
    answers,
)
from sports_assets.models.recovery.model import RecoverySettings

Floats = npt.NDArray[np.float64]

#: Answers are also judged of those still away so many days after the onset.
GONE_D: Final = 7
COVERAGE: Final = (0.75, 0.85)
EVERYTHING: Final = "all"
#: Fewer tested returns say nothing of a coverage: its standard error is 0.09 with twenty.
LEAST_TO_TELL: Final = 20


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


@dataclass(frozen=True)
class Evaluation:
    """Scores of a history, and what follows from them.

    Attributes:
        scores: lines of the table.
        skipped: designs that the history is too short for, and why.
        injuries, returns, athletes: of the whole history.
    """

    scores: tuple[Score, ...]
    skipped: tuple[str, ...]
    injuries: int
    returns: int
    athletes: int

    def of(self, design: str, group: str = EVERYTHING, method: str = "model") -> Score:
        """One line.

        Raises:
            KeyError: there is none.
        """
        for score in self.scores:
            if (score.design, score.group, score.method) == (design, group, method):
                return score
        raise KeyError(f"no line {design}, {group}, {method}")

    def verdicts(self) -> dict[str, str]:
        """What must hold, for each design over all kinds: "holds", "fails" or "too few to tell".

        It fails where the interval over athletes leaves no doubt, and holds by the figure itself;
        with fewer than `LEAST_TO_TELL` returns it does neither.
        """
        result = {}
        for score in self.scores:
            if (score.group, score.method) != (EVERYTHING, "model"):
                continue
            worse, coverage = score.worse_by_d, score.coverage
            is_enough = score.returns >= LEAST_TO_TELL
            pooled = self.of(score.design, method="overall_median")
            result[f"{score.design}: no worse than the overall median"] = _verdict(
                is_enough, holds=worse.value <= 0, fails=worse.low > 0
            )
            result[f"{score.design}: the interval holds 75-85 %"] = _verdict(
                is_enough,
                holds=COVERAGE[0] <= coverage.value <= COVERAGE[1],
                fails=coverage.high < COVERAGE[0] or coverage.low > COVERAGE[1],
            )
            result[f"{score.design}: narrower than all kinds together"] = _verdict(
                is_enough,
                holds=score.log_width < pooled.log_width,
                fails=score.log_width >= pooled.log_width,
            )
        return result

    def to_json(self) -> str:
        """Canonical text, NaN as null."""
        scores = [
            {
                **asdict(score),
                "worse_by_d": score.worse_by_d.to_list(),
                "coverage": score.coverage.to_list(),
            }
            for score in self.scores
        ]
        content = {**asdict(self), "scores": scores, "verdicts": self.verdicts()}
        return json.dumps(_without_nan(content), sort_keys=True, allow_nan=False)


def evaluate(
    injuries: pd.DataFrame,
    settings: RecoverySettings | None = None,
    *,
    seed: int = 0,
    folds: int = 5,
    replicates: int = 200,
) -> Evaluation:
    """Judge the model on a history, athletes held out and forward in time.

    Args:
        injuries: a frame of `features.as_injuries`.
        settings: of the model; defaults where None.
        seed: decides folds and draws of the bootstrap.
        folds: of athletes.
        replicates: draws of the bootstrap.

    Returns:
        Lines for each design; where only one athlete is known, forward in time alone.

    Raises:
        EvaluationError: no design can be tested.
    """
    if injuries.empty:
        raise EvaluationError("no injuries: give a history with at least some that ended")
    settings = settings or RecoverySettings()
    designs = [(HELD_OUT, 0), (BOTH, 0), (HELD_OUT, GONE_D)]
    if injuries["athlete_id"].nunique() == 1:
        designs = [(FORWARD, 0), (FORWARD, GONE_D)]
    scores: list[Score] = []
    skipped = []
    for design, gone in designs:
        name = f"{design}, still away after {gone} days" if gone else design
        try:
            rows = answers(injuries, design, settings, gone=gone, folds=folds, seed=seed)
        except EvaluationError as error:
            skipped.append(f"{name}: {error}")
            continue
        scores += _scores(rows, name, seed, replicates)
    if not scores:
        raise EvaluationError("; ".join(skipped))
    return Evaluation(
        tuple(scores),
        tuple(skipped),
        injuries=len(injuries),
        returns=int(injuries["return_day"].notna().sum()),
        athletes=int(injuries["athlete_id"].nunique()),
    )


def _verdict(is_enough: bool, *, holds: bool, fails: bool) -> str:
    if is_enough and (holds or fails):
        return "holds" if holds else "fails"
    return "too few to tell"


def _scores(rows: pd.DataFrame, design: str, seed: int, replicates: int) -> list[Score]:
    kinds: Sequence[str] = sorted(rows["kind"].unique())
    groups = {EVERYTHING: rows} | {kind: rows[rows["kind"] == kind] for kind in kinds}
    return [
        _score(group_rows, design, group, method, seed=seed, replicates=replicates)
        for group, group_rows in groups.items()
        for method in METHODS
    ]


def _score(
    rows: pd.DataFrame, design: str, group: str, method: str, *, seed: int, replicates: int
) -> Score:
    athlete = rows["athlete_id"].to_numpy(str)
    error, base = _absolute_error(rows, method), _absolute_error(rows, METHODS[0])
    sampling = {"seed": seed, "replicates": replicates}
    worse_by = paired_difference(error, base, athlete, **sampling)
    coverage, width, brier = Interval(math.nan), math.nan, (math.nan,) * len(WITHIN_D)
    if f"{method}_low" in rows:
        low, high = (rows[f"{method}_{end}"].to_numpy(float) for end in ("low", "high"))
        days = rows["days"].to_numpy(np.float64)
        is_within = ((low <= days) & (days <= high)).astype(np.float64)
        of = together(coverage=_mean(is_within, rows["weight"]))
        coverage = bootstrap_by_athlete(of, athlete, **sampling)["coverage"]
        width = float(np.log(high / low).mean())
        brier = tuple(_brier(rows, method, within) for within in WITHIN_D)
    early, late = _tails(rows) if method == "model" else (math.nan, math.nan)
    return Score(
        design=design,
        group=group,
        method=method,
        injuries=len(rows),
        returns=int(rows["is_returned"].sum()),
        mae_d=error(np.ones(len(rows))),
        worse_by_d=worse_by,
        coverage=coverage,
        log_width=width,
        brier=brier,
        too_early=early,
        too_late=late,
    )


def _absolute_error(rows: pd.DataFrame, method: str) -> Metric:
    return _mean((rows["days"] - rows[f"{method}_d"]).abs().to_numpy(float), rows["weight"])


def _mean(values: Floats, weight: "pd.Series[float]") -> Metric:
    own = weight.to_numpy(float)

    def value(weights: Floats) -> float:
        total = float(weights @ own)
        return float(weights @ (own * values)) / total if total > 0 else math.nan

    return value


def _brier(rows: pd.DataFrame, method: str, within: int) -> float:
    is_back = (rows["days"] <= within) & rows["is_returned"]
    missed = (is_back - rows[f"{method}_in_{within}"]).to_numpy(float) ** 2
    return _mean(missed, rows[f"weight_{within}"])(np.ones(len(rows)))


def _tails(rows: pd.DataFrame) -> tuple[float, float]:
    """Outcomes spread over the probability of their whole day, open ones over what is left.

    The non-randomised probability integral transform of Czado, Gneiting and Held 2009.
    """
    low, high = rows["rank_low"].to_numpy(float), rows["rank_high"].to_numpy(float)
    width = np.maximum(high - low, 1e-12)
    early = np.clip(0.1 - low, 0, width) / width
    late = np.clip(high - 0.9, 0, width) / width
    return float(early.mean()), float(late.mean())


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
