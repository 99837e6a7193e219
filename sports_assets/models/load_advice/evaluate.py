"""Does the advice do what it promises? Clubs it never saw, played under it and under others.

Each policy decides every week of the same clubs. Causality is real here, and only here: the
simulator's law is known, and its injuries follow from the loads that the advice asked for. That
the advice holds in this world is needed, and no proof that it holds in another.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np

from edge_ingest.simulate.club import Settings, simulate
from sports_assets.mlops.bootstrap import Draws, Interval, draw_by_athlete
from sports_assets.mlops.nan_json import without_nan
from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.load_advice.closed_loop import (
    Advised,
    Policy,
    Ramp,
    Steering,
    as_last_week,
    as_much_as_possible,
)
from sports_assets.models.load_advice.features import FloatArray
from sports_assets.models.load_advice.model import LoadAdviceModel
from sports_assets.models.load_advice.outcomes import FIGURES, Outcome, outcome_of
from sports_assets.models.load_advice.simulated import Fitted, fit_simulated
from sports_assets.workload.load_features import Start

ADVICE: Final = "advice"
SAME: Final = "same as last week"
RAMP: Final = "ramp, +10 % a week"
#: Beside them, for scale: how clubs train by themselves, and with no regard to injuries.
OWN: Final = "the club's own plan"
MOST: Final = "all that can be trained"
CHAMPION: Final = "the champion's advice"
#: What the advice must beat.
BASELINES: Final = (SAME, RAMP)
_LEAST_CLUBS: Final = 2
_REPLICATES: Final = 1000


@dataclass(frozen=True)
class Beside:
    """The advice less another policy, paired by club, 95 % intervals over clubs."""

    other: str
    fitness_au: Interval
    injuries_per_1000_h: Interval
    expected_per_1000_h: Interval


@dataclass(frozen=True)
class Champion:
    """The advice that serves, and what its features assume before a history."""

    model: LoadAdviceModel
    start: Start


@dataclass(frozen=True)
class Evaluation:
    """The closed-loop comparison.

    Attributes:
        figures: by policy and by name of `FIGURES`, with intervals over clubs.
        beside: the advice beside each other policy.
        clubs, athletes, seasons, dial, seed: that were played.
        silent_share: of athlete-weeks on which the model abstained, and last week was repeated.
        load_r2: how well the response repeats the injury model.
        injury_model_sha256: of it.
    """

    figures: dict[str, dict[str, Interval]]
    beside: tuple[Beside, ...]
    clubs: int
    athletes: int
    seasons: int
    dial: float
    seed: int
    silent_share: float
    load_r2: float
    injury_model_sha256: str

    def verdicts(self) -> dict[str, str]:
        """What must hold beside each baseline: "holds", or "fails" with the figure.

        The rate is judged by the hazard that was met, not by the luck of who was hurt: with a few
        hundred injuries a policy, luck alone moves the rate by five per cent.
        """
        told = {}
        for one in self.beside:
            if one.other in BASELINES:
                gain, rate = one.fitness_au.value, one.expected_per_1000_h.value
                told[f"fitness above {one.other}"] = (
                    "holds" if gain > 0 else f"fails by {-gain:.0f} au"
                )
                told[f"injury rate no higher than {one.other}"] = (
                    "holds" if rate <= 0 else f"fails by {rate:.2f} per 1,000 h"
                )
        return told

    def to_json(self) -> str:
        """Canonical text, NaN as null."""
        told = {**asdict(self), "verdicts": self.verdicts()}
        return json.dumps(without_nan(told), sort_keys=True, allow_nan=False)


def evaluate(
    unseen: Settings,
    fitted: Fitted | None = None,
    *,
    fit_on: Settings | None = None,
    champion: Champion | None = None,
) -> Evaluation:
    """Play unseen clubs under each policy.

    Args:
        unseen: clubs to play.
        fitted: models of other clubs; fitted on `fit_on` where None.
        fit_on: clubs to fit on; where None 16 clubs over two seasons of another seed.
        champion: plays the same clubs, too.

    Raises:
        EvaluationError: the clubs are those that were fitted on, or too few for an interval.
    """
    if unseen.clubs < _LEAST_CLUBS:
        raise EvaluationError(f"{unseen.clubs} club: play at least {_LEAST_CLUBS} for an interval")
    if fitted is None:
        fit_on = fit_on or replace(unseen, seed=unseen.seed + 1, clubs=16, seasons=2)
        if fit_on.seed == unseen.seed:
            raise EvaluationError(f"seed {unseen.seed} is fitted on and played: choose another")
        fitted = fit_simulated(fit_on)
    model = fitted.load_advice
    advised = Advised(model)
    policies: dict[str, Policy] = {
        ADVICE: advised, SAME: as_last_week, RAMP: Ramp(), MOST: as_much_as_possible
    }  # fmt: skip
    start = fitted.injury_risk.start
    steered = {name: Steering(policy, model, start) for name, policy in policies.items()}
    if champion is not None:
        advice = Advised(champion.model)
        steered[CHAMPION] = Steering(advice, champion.model, champion.start)
    outcomes = {
        name: outcome_of(simulate(unseen, policy), model) for name, policy in steered.items()
    }
    outcomes[OWN] = outcome_of(simulate(unseen), model)
    draws = _draws(outcomes, unseen)
    return Evaluation(
        figures={
            policy: {name: draws.interval(f"{policy}/{name}") for name in FIGURES}
            for policy in outcomes
        },
        beside=tuple(
            Beside(other, *(
                draws.difference(f"{ADVICE}/{name}", f"{other}/{name}")
                for name in ("fitness_au", "injuries_per_1000_h", "expected_per_1000_h")
            ))
            for other in outcomes if other != ADVICE
        ),
        clubs=unseen.clubs,
        athletes=unseen.athletes,
        seasons=unseen.seasons,
        dial=unseen.dial,
        seed=unseen.seed,
        silent_share=advised.silent / max(advised.asked, 1),
        load_r2=model.response.load_r2,
        injury_model_sha256=model.injury_model_sha256,
    )  # fmt: skip


def _draws(outcomes: dict[str, Outcome], unseen: Settings) -> Draws:
    """All figures of all policies, clubs drawn together."""

    def measure(weights: FloatArray) -> dict[str, float]:
        return {
            f"{policy}/{name}": figure
            for policy, outcome in outcomes.items()
            for name, figure in outcome.figures(weights).items()
        }

    return draw_by_athlete(
        measure, np.arange(unseen.clubs), seed=unseen.seed, replicates=_REPLICATES
    )
