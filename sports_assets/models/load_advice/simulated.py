"""Simulated clubs as frames, and the models fitted on them: for the test bed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_ingest.simulate import club, tables
from sports_assets.models.injury_risk.features import matrix
from sports_assets.models.injury_risk.fit import fit as fit_injury_risk
from sports_assets.models.injury_risk.model import InjuryRiskModel
from sports_assets.models.load_advice.fit import fit as fit_advice
from sports_assets.models.load_advice.model import LoadAdviceModel, Settings
from sports_assets.workload.athlete_days import as_athlete_days
from sports_assets.workload.features import workload_features
from sports_assets.workload.labels import injury_within, is_scored
from sports_assets.workload.load_features import start_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Fitted:
    """Two models of the same clubs, under their own plans."""

    injury_risk: InjuryRiskModel
    load_advice: LoadAdviceModel


def frames_of(clubs: club.Clubs) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Athlete-days, and the published plan."""
    fixtures = tables.fixtures(clubs).to_pandas()
    for name in ("day", "known_from"):
        fixtures[name] = fixtures[name].astype("datetime64[us]")
    return as_athlete_days(tables.athlete_days(clubs).to_pandas()), fixtures


def fit_simulated(settings: club.Settings, rules: Settings | None = None) -> Fitted:
    """Fit both models on clubs that train as they plan.

    Args:
        settings: of the clubs; their seed may be none of those that are judged.
        rules: of the advice.
    """
    days, fixtures = frames_of(club.simulate(settings))
    start = start_of(days)
    features = workload_features(days, fixtures, start)
    labels = injury_within(days)
    rows = (is_scored(days) & labels.notna()).to_numpy(bool)
    taken = features[rows]
    injury_risk = fit_injury_risk(
        matrix(taken), labels[rows].to_numpy(), taken["athlete_id"].to_numpy(),
        taken["day"].to_numpy(), start=start,
    )  # fmt: skip
    return Fitted(injury_risk, fit_advice(days, features, injury_risk, settings=rules))
