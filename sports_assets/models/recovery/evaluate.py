"""Is the model right? Its answers beside the overall median, on athletes and days it never saw."""

import json
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from sports_assets.mlops.nan_json import without_nan
from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.recovery.held_out import BOTH, FORWARD, HELD_OUT, answers
from sports_assets.models.recovery.model import RecoverySettings
from sports_assets.models.recovery.scores import EVERYTHING, Score, scores_of

#: Answers are also judged of those still away so many days after the onset.
GONE_D: Final = 7
COVERAGE: Final = (0.75, 0.85)
#: Fewer tested returns say nothing of a coverage: its standard error is 0.09 with twenty.
LEAST_TO_TELL: Final = 20


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
        return json.dumps(without_nan(content), sort_keys=True, allow_nan=False)


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
        scores += scores_of(rows, name, seed=seed, replicates=replicates)
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
