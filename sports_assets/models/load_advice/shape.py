"""The load advice as the lakehouse trains, judges and asks it."""

import json
from typing import TYPE_CHECKING

from resources.model_contracts import PREDICTION_LOAD_ADVICE
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

    from sports_assets.models.load_advice.evaluate import Champion, Evaluation
    from sports_assets.models.load_advice.model import LoadAdviceModel
    from sports_assets.workload.history import Squads
    from sports_assets.workload.load_features import Start

#: What it is judged on: simulated clubs that nothing was fitted on, at the signal of real squads.
_CLUBS, _SEED, _DIAL = 20, 9000, 0.5


class LoadAdviceKind:
    """See `shape.ModelKind`."""

    name = "load_advice"
    contract = PREDICTION_LOAD_ADVICE
    horizon_d = 7
    is_of_trees = False
    watched: tuple[str, ...] = (
        "load_acute_au", "load_chronic_au", "load_long_au", "minutes_chronic", "fixtures_next_7d",
    )  # fmt: skip
    question = "How much load should next week hold?"

    def train(self, squads: "Squads", champion: Serving | None, seed: int) -> Trained:
        """Ask an injury model of the squads' own history; judge by playing unseen clubs."""
        from edge_ingest.simulate.club import Settings
        from sports_assets.mlops.rows import EvaluationError
        from sports_assets.models.injury_risk.features import matrix
        from sports_assets.models.injury_risk.fit import FitSettings, TooFewInjuriesError
        from sports_assets.models.injury_risk.fit import fit as fit_injury_risk
        from sports_assets.models.injury_risk.history import history_of
        from sports_assets.models.load_advice.card import card_of
        from sports_assets.models.load_advice.evaluate import evaluate
        from sports_assets.models.load_advice.fit import TooLittleDataError, fit
        from sports_assets.models.load_advice.simulated import Fitted
        from sports_assets.workload.features import workload_features

        if squads.days.empty:
            raise NotTrainableError("nobody has told of a day yet: send load and injuries")
        newest = squads.days["day"].max().date()
        try:
            history = history_of(squads.days, squads.fixtures)
            features = workload_features(squads.days, squads.fixtures, history.start)
            risk = fit_injury_risk(
                matrix(features[history.kept]), history.rows.labels, history.athlete_id,
                history.rows.days, start=history.start, settings=FitSettings(seed=seed),
            )  # fmt: skip
            model = fit(squads.days, features, risk)
            unseen = Settings(seed=_SEED, clubs=_CLUBS, seasons=1, dial=_DIAL)
            evaluation = evaluate(unseen, Fitted(risk, model), champion=_champion(champion))
        except (TooFewInjuriesError, TooLittleDataError, EvaluationError) as error:
            raise NotTrainableError(str(error)) from error
        payload = json.dumps(
            {"advice": model.to_json(), "start": vars(history.start)},
            sort_keys=True, separators=(",", ":"),
        )  # fmt: skip
        return Trained(
            payload=payload.encode(),
            trained_through=newest,
            judgement=Judgement(
                _metrics(evaluation),
                _beside(evaluation),
                champion.version if champion else None,
            ),
            card=card_of(evaluation, made_on=str(newest), is_simulated=is_simulated(squads)),
            params={name: str(value) for name, value in vars(model.settings).items()},
            dataset={
                "rows": model.rows,
                "athletes": model.athletes,
                "first_day": model.first_day,
                "last_day": model.last_day,
            },
        )

    def check(self, payload: bytes) -> None:
        """See `shape.ModelKind`."""
        _read(payload)

    def predict(self, payload: bytes, squads: "Squads", first: "pd.Timestamp") -> "pd.DataFrame":
        """Next week's load of everyone for whom it can be told, on each day."""
        from sports_assets.models.load_advice.predict import predict
        from sports_assets.workload.features import workload_features

        model, start = _read(payload)
        features = workload_features(squads.days, squads.fixtures, start)
        asked = features[squads.days["day"] >= first]
        advised = predict(model, asked).advised
        return advised.assign(source=asked["team"].loc[advised.index]).reset_index(drop=True)


def _read(payload: bytes) -> "tuple[LoadAdviceModel, Start]":
    from sports_assets.models.load_advice.model import LoadAdviceModel
    from sports_assets.workload.load_features import Start

    told = json.loads(payload)
    return LoadAdviceModel.from_json(told["advice"]), Start(**told["start"])


def _champion(serving: Serving | None) -> "Champion | None":
    from sports_assets.models.load_advice.evaluate import Champion

    return None if serving is None else Champion(*_read(serving.payload))


def _beside(evaluation: "Evaluation") -> PairedDifference | None:
    """Challenger minus champion, fitness in au, club by club."""
    from sports_assets.models.load_advice.evaluate import CHAMPION

    for one in evaluation.beside:
        if one.other == CHAMPION:
            found = one.fitness_au
            return PairedDifference("fitness", found.value, found.low, found.high)
    return None


def _metrics(evaluation: "Evaluation") -> dict[str, float]:
    """By the names of `promotion.toml`: gain and rate beside the stronger of the baselines."""
    from sports_assets.models.load_advice.evaluate import ADVICE, BASELINES

    own = evaluation.figures[ADVICE]
    beside = [one for one in evaluation.beside if one.other in BASELINES]
    expected = "expected_per_1000_h"
    return {
        "events": float(evaluation.clubs),
        "fitness": own["fitness_au"].value,
        "fitness_gain": min(one.fitness_au.value for one in beside),
        "injury_ratio": max(
            own[expected].value / evaluation.figures[one.other][expected].value for one in beside
        ),
        "silent_share": evaluation.silent_share,
    }
