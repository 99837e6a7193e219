"""Fits the model on a whole history, and judges the way it was fitted on what it never saw."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.provenance import ProvenanceRef
from sports_assets.mlops.evaluation import Evaluation
from sports_assets.mlops.leak_audit import LeakAudit
from sports_assets.mlops.model_card import ModelCard
from sports_assets.models.injury_risk.card import card_of
from sports_assets.models.injury_risk.evaluate import EvaluationSettings, evaluate
from sports_assets.models.injury_risk.features import matrix
from sports_assets.models.injury_risk.fit import FitSettings, fit
from sports_assets.models.injury_risk.history import history_of
from sports_assets.models.injury_risk.model import InjuryRiskModel

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trained:
    """A model, and what is known of it.

    Attributes:
        model: fitted on all rows whose labels have closed.
        evaluation: of the way it was fitted, on athletes and seasons that it never saw.
        audit: of leaks.
        card: for people.
    """

    model: InjuryRiskModel
    evaluation: Evaluation
    audit: LeakAudit
    card: ModelCard


def train(
    days: "pd.DataFrame",
    fixtures: "pd.DataFrame",
    *,
    made_on: str,
    is_simulated: bool,
    fit_settings: FitSettings | None = None,
    settings: EvaluationSettings | None = None,
    champion: InjuryRiskModel | None = None,
    version: str = "",
    provenance: ProvenanceRef | None = None,
) -> Trained:
    """Fit, evaluate, audit, and write down.

    Args:
        days: athlete-days of `as_athlete_days`, of one squad or several.
        fixtures: the published plan, or `fixtures_of(days)`.
        made_on: ISO day of the card.
        is_simulated: says so across the card.
        fit_settings: of every fit.
        settings: of the evaluation.
        champion: stands beside it in the evaluation; one that never saw these athletes.
        version, provenance: for the card.

    Raises:
        TooFewInjuriesError: one athlete only, or too few injuries to learn from.
        EvaluationError: the history is too short to be judged later than fitted.
    """
    history = history_of(days, fixtures)
    beside = None
    if champion is not None:
        beside = champion, matrix(history.features(days, fixtures, champion.start))
    evaluation, audit = evaluate(
        history, fit_settings=fit_settings, settings=settings, champion=beside
    )
    rows = history.rows
    model = fit(
        rows.values, rows.labels, history.athlete_id, rows.days,
        start=history.start, settings=fit_settings,
    )  # fmt: skip
    card = card_of(
        evaluation, audit, model=model, made_on=made_on, is_simulated=is_simulated,
        version=version, provenance=provenance,
    )  # fmt: skip
    return Trained(model, evaluation, audit, card)
