"""The recovery model as the lakehouse trains, judges and asks it."""

from typing import TYPE_CHECKING, Final

import numpy as np

from resources.model_contracts import PREDICTION_RECOVERY
from sports_assets.models.shape import (
    Judgement,
    NotTrainableError,
    Serving,
    Trained,
    is_simulated,
)

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.workload.history import Squads

#: Fewer returns carry no model: the prior that the club would get anyway needs no registry.
LEAST_RETURNS: Final = 5
_LONGEST_ROW: Final = 1000.0


class RecoveryKind:
    """See `shape.ModelKind`."""

    name = "recovery"
    contract = PREDICTION_RECOVERY
    #: The answer is the days themselves; nothing is asked of a later day.
    horizon_d = 0
    is_of_trees = False
    #: It reads injuries, and no feature.
    watched: tuple[str, ...] = ()
    question = "How many days until an injured athlete is back in full training?"

    def train(self, squads: "Squads", champion: Serving | None, seed: int) -> Trained:
        """Fit on every injury, open ones as open; judge on athletes held out."""
        from sports_assets.models.recovery.card import card_of
        from sports_assets.models.recovery.compare import beside
        from sports_assets.models.recovery.evaluate import evaluate
        from sports_assets.models.recovery.fit import fit
        from sports_assets.models.recovery.held_out import HELD_OUT
        from sports_assets.models.recovery.model import RecoverySettings

        if squads.days.empty:
            raise NotTrainableError("nobody has told of a day yet: send load and injuries")
        injuries = _injuries(squads)
        returns = int(injuries["return_day"].notna().sum())
        if returns < LEAST_RETURNS or injuries["athlete_id"].nunique() < 2:  # noqa: PLR2004
            raise NotTrainableError(
                f"{returns} returns from injury of {injuries['athlete_id'].nunique()} athletes: at "
                f"least {LEAST_RETURNS} of two athletes teach anything; tell returns, too"
            )
        settings = RecoverySettings()
        model = fit(injuries, settings)
        evaluation = evaluate(injuries, settings, seed=seed)
        score, median = (
            evaluation.of(HELD_OUT, method=method) for method in ("model", "overall_median")
        )
        comparison = beside(champion, injuries, settings, seed) if champion else None
        metrics = {
            "events": float(score.returns),
            "mae": score.mae_d,
            "skill": 1 - score.mae_d / median.mae_d,
            "coverage": score.coverage.value,
            "log_width": score.log_width,
            "log_width_pooled": median.log_width,
        }
        last = squads.days["day"].max().date()
        return Trained(
            payload=model.to_json().encode(),
            trained_through=last,
            judgement=Judgement(metrics, comparison, champion.version if champion else None),
            card=card_of(evaluation, model, made_on=str(last), is_simulated=is_simulated(squads)),
            params=settings.to_dict(),
            dataset={"injuries": len(injuries), "returns": returns},
        )

    def check(self, payload: bytes) -> None:
        """See `shape.ModelKind`."""
        from sports_assets.models.recovery.model import RecoveryModel

        RecoveryModel.from_json(payload.decode())

    def predict(self, payload: bytes, squads: "Squads", first: "pd.Timestamp") -> "pd.DataFrame":
        """Everyone who is away, on each day; of two open injuries the longer one counts."""
        import pandas as pd

        from sports_assets.models.recovery.features import known_as_of
        from sports_assets.models.recovery.model import RecoveryModel
        from sports_assets.models.recovery.predict import predict

        model = RecoveryModel.from_json(payload.decode())
        injuries = _injuries(squads)
        told = [
            predict(model, known_as_of(injuries, day), day)
            for day in pd.date_range(first, squads.days["day"].max())
        ]
        rows = pd.concat(told, ignore_index=True)
        rows = rows[rows["basis"] != "none"].sort_values("remaining_d", kind="stable")
        rows = rows.drop_duplicates(["athlete_id", "day"], keep="last")
        for name in ("remaining_d", "remaining_d_low", "remaining_d_high"):
            rows[name] = rows[name].clip(0, _LONGEST_ROW)
        kept = ["athlete_id", "day", "remaining_d", "remaining_d_low", "remaining_d_high",
                "interval_level", "reason"]  # fmt: skip
        return (
            rows[kept]
            .assign(source=rows["team"], horizon_d=np.int32(self.horizon_d))
            .reset_index(drop=True)
        )


def _injuries(squads: "Squads") -> "pd.DataFrame":
    """Injuries of athletes whose days are told, as this model's frame."""
    from sports_assets.models.recovery.features import as_injuries

    known = squads.injuries["athlete_id"].isin(squads.days["athlete_id"].unique())
    newest = squads.days.groupby("athlete_id")["day"].max()
    frame = squads.injuries[known].copy()
    through = frame["athlete_id"].map(newest)
    # Whoever told after the return was followed at least so long.
    frame["observed_through"] = through.where(through >= frame["day"], frame["day"])
    late = frame["return_day"] > frame["observed_through"]
    frame.loc[late, "observed_through"] = frame.loc[late, "return_day"]
    return as_injuries(frame)
