"""The recovery model on one page, for medical staff."""

import math
from typing import Final

from sports_assets.mlops.model_card import CardCell, CardRow, CardTable, ModelCard, Told
from sports_assets.models.recovery.evaluate import Evaluation
from sports_assets.models.recovery.held_out import HELD_OUT
from sports_assets.models.recovery.model import RecoveryModel
from sports_assets.models.recovery.scores import EVERYTHING, Score

NAME: Final = "recovery"


def card_of(
    evaluation: Evaluation, model: RecoveryModel, *, made_on: str, is_simulated: bool
) -> ModelCard:
    """The card of a model, fitted on all injuries of the evaluation."""
    lines = [score for score in evaluation.scores if score.group == EVERYTHING]
    verdicts = evaluation.verdicts()
    return ModelCard(
        title="Recovery, days until full training",
        model=NAME,
        version="",
        made_on=made_on,
        is_simulated=is_simulated,
        summary=(
            "How many days until an injured athlete is back in full training: a middle and an "
            "interval that holds four of five returns, with a spread of its own for each kind of "
            "injury."
        ),
        for_whom="Medical staff and coaches who plan around an absence.",
        not_for=("To decide on a return: it knows no imaging, no severity and no treatment.",),
        headlines=tuple(
            Told(claim.removeprefix(f"{HELD_OUT}: "), verdict)
            for claim, verdict in verdicts.items()
            if claim.startswith(f"{HELD_OUT}: ")
        ),
        tables=(_table(lines),),
        pictures=(),
        data=(
            Told("injuries", str(evaluation.injuries)),
            Told("returns", str(evaluation.returns)),
            Told("athletes", str(evaluation.athletes)),
            Told("from, to", f"{model.first_day} to {model.last_day}"),
        ),
        limits=(
            "In the middle hardly anything beats the median of all; the interval is what helps.",
            "With fewer than about 40 returns of a kind its interval is a matter of luck.",
            *evaluation.skipped,
        ),
        parameters=tuple(Told(name, value) for name, value in model.settings.to_dict().items()),
    )


def _table(lines: list[Score]) -> CardTable:
    rows = tuple(
        CardRow(
            f"{score.design}: {score.method.replace('_', ' ')}",
            (
                CardCell(f"{score.mae_d:.1f}"),
                _cell(score.worse_by_d.value, score.worse_by_d.low, score.worse_by_d.high, 1),
                _cell(score.coverage.value, score.coverage.low, score.coverage.high, 2),
                CardCell("–" if math.isnan(score.log_width) else f"{score.log_width:.2f}"),
            ),
        )
        for score in lines
    )
    return CardTable(
        title="How right it is, and beside what",
        columns=("", "MAE, d", "beside overall median, d", "coverage of 80 %", "ln(high/low)"),
        rows=rows,
        note="Intervals in small, drawn by athlete. Below 0 is better than the overall median.",
    )


def _cell(value: float, low: float, high: float, digits: int) -> CardCell:
    if math.isnan(value):
        return CardCell("–")
    beside = "" if math.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"
    return CardCell(f"{value:.{digits}f}", beside)
