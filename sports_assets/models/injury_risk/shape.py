"""The injury model as the lakehouse trains, judges and asks it."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from resources.model_contracts import PREDICTION_INJURY_RISK
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.models.injury_risk.features import INPUTS
from sports_assets.models.shape import (
    Judgement,
    Leak,
    NotTrainableError,
    Serving,
    Trained,
    is_simulated,
)

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.mlops.evaluation import Evaluation
    from sports_assets.models.injury_risk.evaluate import EvaluationSettings
    from sports_assets.models.injury_risk.fit import FitSettings
    from sports_assets.workload.history import Squads

#: Of the evaluation, by the names of `promotion.toml`.
_METRICS = (
    "roc_auc", "pr_auc", "calibration_slope", "observed_expected", "brier", "brier_skill",
    "precision", "day_recall",
)  # fmt: skip


class InjuryRiskKind:
    """See `shape.ModelKind`."""

    name = "injury_risk"
    contract = PREDICTION_INJURY_RISK
    horizon_d = 7
    is_of_trees = True
    watched: tuple[str, ...] = INPUTS
    question = "How likely is a time-loss injury within seven days?"

    def train(self, squads: "Squads", champion: Serving | None, seed: int) -> Trained:
        """Fit on every closed label; judge on athletes and seasons that it never saw."""
        from sports_assets.mlops.rows import EvaluationError
        from sports_assets.models.injury_risk.evaluate import EvaluationSettings
        from sports_assets.models.injury_risk.fit import FitSettings, TooFewInjuriesError
        from sports_assets.models.injury_risk.model import InjuryRiskModel
        from sports_assets.models.injury_risk.train import train

        if squads.days.empty:
            raise NotTrainableError("nobody has told of a day yet: send load and injuries")
        served = None
        if champion and not champion.has_seen:
            served = InjuryRiskModel.from_json(champion.payload.decode())
        newest = squads.days["day"].max().date()
        settings = FitSettings(seed=seed)
        how = EvaluationSettings(seed=seed)
        try:
            done = train(
                squads.days,
                squads.fixtures,
                made_on=str(newest),
                is_simulated=is_simulated(squads),
                fit_settings=settings,
                settings=how,
                champion=served,
            )
        except (TooFewInjuriesError, EvaluationError) as error:
            raise NotTrainableError(str(error)) from error
        metrics = {name: done.evaluation.model.metrics[name].value for name in _METRICS}
        return Trained(
            payload=done.model.to_json().encode(),
            # Labels of later days were open: what is said of them is news.
            trained_through=date.fromisoformat(done.model.last_day),
            judgement=Judgement(
                metrics={"events": float(done.evaluation.events), **metrics},
                comparison=_beside(champion, squads, done.evaluation, settings, how),
                compared_with=champion.version if champion else None,
                leak=Leak(done.audit.verdict, done.audit.reason),
            ),
            card=done.card,
            params=settings.to_dict(),
            dataset={
                "rows": done.model.rows,
                "athletes": done.model.athletes,
                "injuries": done.model.injuries,
                "first_day": done.model.first_day,
                "last_day": done.model.last_day,
            },
        )

    def check(self, payload: bytes) -> None:
        """See `shape.ModelKind`."""
        from sports_assets.models.injury_risk.model import InjuryRiskModel

        InjuryRiskModel.from_json(payload.decode())

    def predict(self, payload: bytes, squads: "Squads", first: "pd.Timestamp") -> "pd.DataFrame":
        """The risk of everyone who is available, on each day, at the level that labels closed since
        the fit speak for: where the base rate moved, calibration follows.

        A risk is said between seasons, too, but teaches no level there: nobody is exposed, and the
        evaluation counts no such day.
        """
        import pandas as pd

        from sports_assets.mlops.base_rate import follow_base_rate
        from sports_assets.models.injury_risk.features import matrix
        from sports_assets.models.injury_risk.history import closed_rows
        from sports_assets.models.injury_risk.model import InjuryRiskModel
        from sports_assets.models.injury_risk.predict import INTERVAL_LEVEL, predict
        from sports_assets.models.injury_risk.seasons import in_season
        from sports_assets.workload.features import workload_features
        from sports_assets.workload.labels import injury_within, is_scored

        model = InjuryRiskModel.from_json(payload.decode())
        features = workload_features(squads.days, squads.fixtures, model.start)
        begins = min(first, pd.Timestamp(model.last_day) + pd.Timedelta(days=1))
        at = (squads.days["day"] >= begins) & is_scored(squads.days)
        since = features[at]
        labels = injury_within(squads.days).to_numpy(np.float64)
        counts = closed_rows(squads.days, labels) & in_season(squads.days, squads.fixtures)
        followed = follow_base_rate(
            model.uncorrected(matrix(since)),
            np.where(counts, labels, np.nan)[at.to_numpy(bool)],
            since["day"].to_numpy(),
            start=model.shift,
        )
        is_asked = (since["day"] >= first).to_numpy(bool)
        asked = since[is_asked]
        told = predict(model, asked, followed[is_asked])
        return told.assign(
            source=asked["team"],
            athlete_id=asked["athlete_id"],
            day=asked["day"],
            horizon_d=np.int32(self.horizon_d),
            interval_level=INTERVAL_LEVEL,
        ).reset_index(drop=True)


def _beside(
    champion: Serving | None,
    squads: "Squads",
    evaluation: "Evaluation",
    fit_settings: "FitSettings",
    settings: "EvaluationSettings",
) -> PairedDifference | None:
    from sports_assets.models.injury_risk.compare import beside
    from sports_assets.models.injury_risk.evaluate import CHAMPION
    from sports_assets.models.injury_risk.history import history_of

    if champion is None:
        return None
    if champion.has_seen:
        history = history_of(squads.days, squads.fixtures)
        return beside(history, champion.trained_through, fit_settings, settings)
    found = evaluation.scores(CHAMPION).difference.get("roc_auc")
    return PairedDifference("roc_auc", found.value, found.low, found.high) if found else None
