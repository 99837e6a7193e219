"""The recovery model as the lakehouse trains, judges and asks it."""

import math
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from resources.model_contracts import PREDICTION_RECOVERY
from sports_assets.mlops.model_card import CardCell, CardRow, CardTable, ModelCard, Told
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.models.shape import (
    Judgement,
    NotTrainableError,
    Serving,
    Trained,
    is_simulated,
)

if TYPE_CHECKING:
    import pandas as pd

    from sports_assets.models.recovery.evaluate import Evaluation
    from sports_assets.models.recovery.model import RecoveryModel
    from sports_assets.models.recovery.scores import Score
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
        from sports_assets.models.recovery.evaluate import evaluate
        from sports_assets.models.recovery.fit import fit
        from sports_assets.models.recovery.held_out import HELD_OUT
        from sports_assets.models.recovery.model import RecoveryModel, RecoverySettings

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
        comparison = None
        if champion is not None:
            served = RecoveryModel.from_json(champion.payload.decode())
            comparison = _beside(served, injuries, settings, seed)
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
            card=_card(evaluation, model, last, made_up=is_simulated(squads)),
            params=settings.to_dict(),
            dataset={"injuries": len(injuries), "returns": returns},
        )

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


def _beside(
    champion: "RecoveryModel", injuries: "pd.DataFrame", settings: object, seed: int
) -> PairedDifference:
    """Challenger minus champion, MAE in days, on returns of athletes whom the challenger never saw.

    The champion may have seen them: that is to its advantage, and small for a law of few numbers.
    """
    import pandas as pd

    from sports_assets.mlops.bootstrap import paired_difference
    from sports_assets.mlops.metrics import prepare_ratio
    from sports_assets.models.recovery.distribution import remaining
    from sports_assets.models.recovery.features import days_lost
    from sports_assets.models.recovery.held_out import HELD_OUT, answers, splits
    from sports_assets.models.recovery.model import RecoverySettings
    from sports_assets.models.recovery.predict import law_of

    assert isinstance(settings, RecoverySettings)
    rows = answers(injuries, HELD_OUT, settings, seed=seed)
    tested = pd.concat(
        [split.test for split in splits(injuries, HELD_OUT, folds=5, seed=seed) if len(split.fit)],
        ignore_index=True,
    )
    tested = tested[days_lost(tested)[0] > 0]
    said = remaining(law_of(champion, tested), np.zeros(len(tested)), champion.tail).median
    days, weight = rows["days"].to_numpy(np.float64), rows["weight"].to_numpy(np.float64)

    def missed(told: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.abs(days - told) * weight, np.float64)

    found = paired_difference(
        prepare_ratio(missed(rows["model_d"].to_numpy(np.float64)), weight),
        prepare_ratio(missed(said), weight),
        rows["athlete_id"].to_numpy(),
        seed=seed,
    )
    return PairedDifference("mae", found.value, found.low, found.high)


def _card(
    evaluation: "Evaluation", model: "RecoveryModel", last: date, *, made_up: bool
) -> ModelCard:
    from sports_assets.models.recovery.held_out import HELD_OUT
    from sports_assets.models.recovery.scores import EVERYTHING

    lines = [score for score in evaluation.scores if score.group == EVERYTHING]
    verdicts = evaluation.verdicts()
    return ModelCard(
        title="Recovery, days until full training",
        model="recovery",
        version="",
        made_on=str(last),
        is_simulated=made_up,
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


def _table(lines: "list[Score]") -> CardTable:
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
