"""The readiness model as the lakehouse trains, judges and asks it."""

from typing import TYPE_CHECKING

import numpy as np

from resources.model_contracts import PREDICTION_READINESS
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

    from sports_assets.mlops.rows import FloatArray, IntArray
    from sports_assets.models.readiness.features import ReadinessRows
    from sports_assets.models.readiness.model import ReadinessSettings
    from sports_assets.workload.history import Squads

#: Tomorrow's answer so far below the own mean of 28 days is a poor day: what the leak audit ranks.
_POOR_BELOW = 1.0
_AUDIT_FOLDS = 2
_AUDITED_EVERY_D = 3


class ReadinessKind:
    """See `shape.ModelKind`."""

    name = "readiness"
    contract = PREDICTION_READINESS
    horizon_d = 1
    is_of_trees = True
    watched: tuple[str, ...] = (
        "readiness_z", "fatigue_z", "soreness_z", "stress_z", "mood_z", "sleep_quality_z",
        "sleep_duration_z", "answers_7d", "load_acute_au", "load_chronic_au",
    )  # fmt: skip
    question = "How ready will the athlete say they are tomorrow?"

    def train(self, squads: "Squads", champion: Serving | None, seed: int) -> Trained:
        """Fit on every answer; judge on athletes held out."""
        from sports_assets.mlops.rows import EvaluationError
        from sports_assets.models.readiness.card import card_of
        from sports_assets.models.readiness.compare import beside
        from sports_assets.models.readiness.errors import ReadinessError
        from sports_assets.models.readiness.evaluate import evaluate
        from sports_assets.models.readiness.features import readiness_rows
        from sports_assets.models.readiness.fit import fit_rows
        from sports_assets.models.readiness.held_out import FOLDS, held_out_answers, splits_of
        from sports_assets.models.readiness.model import ReadinessSettings
        from sports_assets.models.readiness.scores import HALF_AND_HALF, MEAN_TYPE, SCREEN

        if squads.days.empty:
            raise NotTrainableError("nobody has told of a day yet: send wellness answers")
        settings, newest = ReadinessSettings(), squads.days["day"].max().date()
        try:
            rows = readiness_rows(squads.days).scorable()
            model = fit_rows(rows, settings, seed=seed)
            splits = splits_of(rows, folds=FOLDS, seed=seed, months_too=False)
            answers = held_out_answers(rows, splits, settings, seed=seed)
            evaluation = evaluate(squads.days, settings, seed=seed, answers=answers)
        except (ReadinessError, EvaluationError) as error:
            raise NotTrainableError(str(error)) from error
        mean, rule = evaluation.of(MEAN_TYPE), evaluation.of(HALF_AND_HALF)
        made_up = is_simulated(squads)
        return Trained(
            payload=model.to_json().encode(),
            trained_through=newest,
            judgement=Judgement(
                metrics={
                    "events": float(evaluation.rows),
                    "rmse": mean.rmse.value,
                    "mae": evaluation.of(SCREEN).mae.value,
                    "skill": 1 - mean.rmse.value / rule.rmse.value,
                    "coverage": evaluation.held.coverage.value,
                },
                comparison=beside(champion, rows, answers, seed) if champion else None,
                compared_with=champion.version if champion else None,
                leak=_audit(rows, settings, seed),
            ),
            card=card_of(evaluation, model=model, made_on=str(newest), is_simulated=made_up),
            params={name: str(value) for name, value in vars(settings).items()},
            dataset={
                "rows": model.fitted_on.rows,
                "athletes": model.fitted_on.athletes,
                "first_day": model.fitted_on.first_day,
                "last_day": model.fitted_on.last_day,
            },
        )

    def check(self, payload: bytes) -> None:
        """See `shape.ModelKind`."""
        from sports_assets.models.readiness.errors import ModelTextError
        from sports_assets.models.readiness.model import ReadinessModel

        try:
            ReadinessModel.from_json(payload.decode())
        except ModelTextError as error:
            raise ValueError(str(error)) from error

    def predict(self, payload: bytes, squads: "Squads", first: "pd.Timestamp") -> "pd.DataFrame":
        """Tomorrow's answer of everyone of whom enough is known, on each day."""
        from sports_assets.models.readiness.model import ReadinessModel
        from sports_assets.models.readiness.predict import PREDICTED, predict

        model = ReadinessModel.from_json(payload.decode())
        told = predict(model, squads.days, since=first)
        told = told[told["outcome"] == PREDICTED]
        return told.assign(
            source=told["team"],
            horizon_d=np.int32(self.horizon_d),
            readiness_low=told["low"],
            readiness_high=told["high"],
            reason=told["reasons"].map(lambda one: "; ".join(one) or None),
        )[
            ["source", "athlete_id", "day", "horizon_d", "readiness", "readiness_low",
             "readiness_high", "interval_level", "reason"]
        ].reset_index(drop=True)  # fmt: skip


def _audit(rows: "ReadinessRows", settings: "ReadinessSettings", seed: int) -> Leak | None:
    """Whether the way of fitting remembers whom and when it saw, by how it ranks poor days."""
    from sports_assets.mlops.leak_audit import audit_leaks
    from sports_assets.mlops.rows import EvaluationError
    from sports_assets.mlops.splits import time_cuts
    from sports_assets.models.readiness.answers import mean_answer
    from sports_assets.models.readiness.fit import chances_above, grown

    # Every third day: neighbouring days tell the same, and the audit fits eight times.
    every = rows.rows["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
    rows = rows.take(np.asarray(every % _AUDITED_EVERY_D == 0, np.bool_))

    def fit_predict(fit: "IntArray", test: "IntArray") -> "FloatArray":
        told = rows.at(test)
        mean = mean_answer(chances_above(grown(rows.at(fit), settings, seed), told))
        return np.asarray(told.rows["mean_28d"].to_numpy(np.float64) - mean, np.float64)

    gone = rows.rows["mean_28d"].to_numpy(np.float64) - rows.rows["target"].to_numpy(np.float64)
    day = rows.rows["day"].to_numpy().astype("datetime64[D]")
    try:
        audit = audit_leaks(
            fit_predict,
            athlete_id=rows.rows["athlete_id"].to_numpy(),
            day=day,
            y=(gone >= _POOR_BELOW).astype(np.float64),
            cuts=time_cuts(day, parts=1),
            horizon_d=1,
            folds=_AUDIT_FOLDS,
            seed=seed,
        )
    except EvaluationError:
        return None
    return Leak(audit.verdict, audit.reason)
