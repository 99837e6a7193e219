"""The injury model's card: what it predicts, for whom, how good it is, and its limits."""

from typing import Final

from resources.provenance import ProvenanceRef
from sports_assets.mlops.card_evaluation import (
    difference_table,
    evaluation_data,
    evaluation_headlines,
    evaluation_limits,
    evaluation_table,
)
from sports_assets.mlops.evaluation import Evaluation
from sports_assets.mlops.leak_audit import LeakAudit
from sports_assets.mlops.model_card import ModelCard, Told
from sports_assets.mlops.pictures import draw_evaluation, leak_picture
from sports_assets.models.injury_risk import rule
from sports_assets.models.injury_risk.model import InjuryRiskModel

NAME: Final = "injury_risk"
TITLE: Final = "Injury risk, next seven days"
_SUMMARY: Final = (
    "How likely it is that an athlete who is available today begins a time-loss injury on any of "
    "the next seven days, from training and match load, the published fixtures, answers of the "
    "morning, and the history of injuries."
)
_FOR_WHOM: Final = (
    "Physios and coaches of the squad, as one thing beside what they see and hear: whom to talk to "
    "first today, and how much of the week's risk lies in the fixtures."
)
_NOT_FOR: Final = (
    "Deciding on selection, contracts or return to play by itself.",
    "Saying what would prevent an injury: it learned who is injured, not what helps.",
    "Athletes of another sport, or of an age or level that it did not learn from.",
)
#: Injuries to learn from below which a model says little but what was known beforehand.
_FEW_TO_LEARN: Final = 50


def card_of(
    evaluation: Evaluation,
    audit: LeakAudit,
    *,
    model: InjuryRiskModel | None,
    made_on: str,
    is_simulated: bool,
    version: str = "",
    provenance: ProvenanceRef | None = None,
    status: tuple[Told, ...] = (),
) -> ModelCard:
    """The card of an evaluation.

    Args:
        evaluation, audit: of `evaluate`.
        model: fitted on the whole history; None where only the way of fitting was judged.
        made_on: ISO day.
        is_simulated: says so across the page.
        version: in the registry; "" where it is in none.
        provenance: what it is a function of.
        status: drift and calibration as they stand.
    """
    return ModelCard(
        title=TITLE,
        model=NAME,
        version=version,
        made_on=made_on,
        is_simulated=is_simulated,
        summary=_SUMMARY,
        for_whom=_FOR_WHOM,
        not_for=_NOT_FOR,
        headlines=evaluation_headlines(evaluation, audit),
        tables=(evaluation_table(evaluation), difference_table(evaluation)),
        pictures=(*draw_evaluation(evaluation), leak_picture(audit)),
        data=(*evaluation_data(evaluation), *_learned_from(model), Told("Simple rule", rule.WORDS)),
        status=status,
        limits=(*_limits(evaluation), *evaluation_limits(evaluation, is_simulated=is_simulated)),
        parameters=_parameters(model),
        provenance=provenance,
    )


def _learned_from(model: InjuryRiskModel | None) -> tuple[Told, ...]:
    if model is None:
        return ()
    return (
        Told(
            "Learned from",
            f"{model.injuries} injuries of {model.athletes} athletes, {model.first_day} to "
            f"{model.last_day}",
        ),
    )


def _parameters(model: InjuryRiskModel | None) -> tuple[Told, ...]:
    if model is None:
        return ()
    told = {**model.settings, "trees_weight": str(model.trees_weight)}
    return tuple(Told(name.replace("_", " "), value) for name, value in sorted(told.items()))


def _limits(evaluation: Evaluation) -> tuple[str, ...]:
    """What a history of this length can and cannot support."""
    told = []
    most = max((point.events for point in evaluation.learning_curve), default=0.0)
    if most < _FEW_TO_LEARN:
        told.append(
            "Two or three seasons of one squad hold 60 to 100 injuries. They support the level of "
            "the risk, and that a recent return, injuries before and crowded weeks raise it, which "
            "was known from other squads. They do not support effects of load ratios or answers of "
            "a size that is seen in practice, nor a difference between two models of 0.03 in AUC."
        )
    if evaluation.learning_curve:
        last = evaluation.learning_curve[-1]
        told.append(
            f"Learned from about {last.events:.0f} injuries, the same way of fitting ranks other "
            f"athletes of the last season anywhere from {last.roc_auc.low:.2f} to "
            f"{last.roc_auc.high:.2f} (AUC, eight of ten draws): that much is luck."
        )
    return tuple(told)
