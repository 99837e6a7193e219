"""The readiness card: what it predicts, for whom, how right it was, and what it is not for."""

from typing import Final

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.model_card import CardCell, CardRow, CardTable, ModelCard, Told
from sports_assets.models.readiness.evaluate import Evaluation
from sports_assets.models.readiness.model import ReadinessModel
from sports_assets.models.readiness.scores import HALF_AND_HALF, METHODS, SCREEN
from sports_assets.models.readiness.table import MEANINGS, summary_of

NAME: Final = "readiness"
_SUMMARY: Final = (
    "The answer that the athlete will give tomorrow, 1 (not ready) to 10, from what is known at "
    "the end of today: own answers of the past, loads, and what team-mates answered. A screen "
    "shows the median answer, which wins the absolute error."
)
_NOT_FOR: Final = (
    "Fitness to play: it foretells an answer.",
    "An athlete with fewer than 5 answers in 28 days, or none in 7: nothing is said.",
    "Tomorrow's session: it knows nothing of the plan; act on a real answer far from this one.",
)


def card_of(
    evaluation: Evaluation, *, model: ReadinessModel | None, made_on: str, is_simulated: bool
) -> ModelCard:
    """The card of an evaluation.

    Args:
        model: that was fitted on all of it; None where only the way of fitting was judged.
        made_on: ISO day.
        is_simulated: says so across the card.
    """
    parameters = vars(model.settings) if model else {}
    return ModelCard(
        title="Readiness of tomorrow",
        model=NAME,
        version="",
        made_on=made_on,
        is_simulated=is_simulated,
        summary=_SUMMARY,
        for_whom="Coaches and physios who plan tomorrow, beside what the athlete says then.",
        not_for=_NOT_FOR,
        headlines=(_headline(evaluation), *(Told(*one) for one in evaluation.verdicts().items())),
        tables=(_table(evaluation),),
        pictures=(),
        data=(
            Told("judged on", f"{evaluation.rows} answers of {evaluation.athletes} athletes"),
            Told("design", evaluation.design),
            *_fitted(model),
        ),
        limits=tuple(summary_of(evaluation)[1:]),
        parameters=tuple(Told(name, str(value)) for name, value in parameters.items()),
    )


def _headline(evaluation: Evaluation) -> Told:
    screen, rule = evaluation.of(SCREEN), evaluation.of(HALF_AND_HALF)
    return Told(
        "Nearer than the simple rule",
        f"What the screen shows is off by {screen.mae.value:.2f} points on average; half the mean "
        f"of 28 days and half the last answer is off by {rule.mae.value:.2f}.",
    )


def _fitted(model: ReadinessModel | None) -> tuple[Told, ...]:
    if model is None:
        return ()
    told = model.fitted_on
    return (
        Told("learned from", f"{told.rows} answers of {told.athletes} athletes"),
        Told("from, to", f"{told.first_day} to {told.last_day}"),
    )


def _table(evaluation: Evaluation) -> CardTable:
    rows = []
    for method in METHODS:
        score = evaluation.of(method)
        is_rule = method == HALF_AND_HALF
        rows.append(
            CardRow(
                method,
                (
                    _cell(score.mae),
                    _cell(score.rmse),
                    CardCell("–") if is_rule else _cell(score.mae_difference, signed=True),
                    CardCell("–") if is_rule else _cell(score.rmse_difference, signed=True),
                ),
            )
        )
    return CardTable(
        title="How right it is, and beside what",
        columns=("", "MAE", "RMSE", "MAE, paired", "RMSE, paired"),
        rows=tuple(rows),
        note=MEANINGS,
    )


def _cell(figure: Interval, *, signed: bool = False) -> CardCell:
    sign = "+" if signed else ""
    if figure.value != figure.value:
        return CardCell("–")
    beside = f"{figure.low:{sign}.3f} to {figure.high:{sign}.3f}"
    return CardCell(f"{figure.value:{sign}.3f}", "" if figure.low != figure.low else beside)
