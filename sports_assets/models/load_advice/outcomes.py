"""What came of a policy: fitness, injuries, days lost, club by club, of the simulator's truth."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from edge_ingest.simulate.club import Clubs, in_season
from edge_ingest.simulate.law import START_LOAD_AU
from sports_assets.models.load_advice.features import FloatArray
from sports_assets.models.load_advice.model import LoadAdviceModel
from sports_assets.workload import load

#: Performance is fitness less so many times fatigue; the customary weight (Banister, Morton 1990).
FATIGUE_WEIGHT: Final = 2.0
_PER_H: Final = 1000.0


@dataclass(frozen=True)
class Outcome:
    """Sums of each club, (clubs,), over the seasons.

    Attributes:
        athlete_days: season days of all athletes, those who were away included.
        fitness, fatigue: Banister's states summed over them, from the loads that were done, au.
        hours: exposure to the team's sessions, h.
        injuries: that happened.
        expected_injuries: the hazard that was met, summed: the same without the luck of the draw.
        days_lost: days on which an athlete was away with an injury.
        days_unseen: with a long average of load above what the model was fitted on.
        days_a_season: season days of an athlete and season, the same for each club.
    """

    athlete_days: FloatArray
    fitness: FloatArray
    fatigue: FloatArray
    hours: FloatArray
    injuries: FloatArray
    expected_injuries: FloatArray
    days_lost: FloatArray
    days_unseen: FloatArray
    days_a_season: FloatArray

    def figures(self, weights: FloatArray) -> dict[str, float]:
        """Figures over clubs that count so many times, (clubs,), by name; see `FIGURES`."""
        total = {one.name: float(weights @ getattr(self, one.name)) for one in fields(self)}
        days, hours = total["athlete_days"], total["hours"]
        seasons = days / float(self.days_a_season[0])
        fitness, fatigue = total["fitness"] / days, total["fatigue"] / days
        return {
            "fitness_au": fitness,
            "performance_au": fitness - FATIGUE_WEIGHT * fatigue,
            "injuries_per_1000_h": _PER_H * total["injuries"] / hours,
            "expected_per_1000_h": _PER_H * total["expected_injuries"] / hours,
            "injuries_a_season": total["injuries"] / seasons,
            "days_lost_a_season": total["days_lost"] / seasons,
            "hours_a_season": hours / seasons,
            "unseen_share": total["days_unseen"] / days,
        }


#: What each figure is, for the head of a table.
FIGURES: Final[Mapping[str, str]] = {
    "fitness_au": "fitness au",
    "performance_au": "performance au",
    "injuries_per_1000_h": "injuries / 1,000 h",
    "expected_per_1000_h": "expected / 1,000 h",
    "injuries_a_season": "injuries a season",
    "days_lost_a_season": "days lost",
    "hours_a_season": "hours",
    "unseen_share": "load never seen",
}


def outcome_of(clubs: Clubs, model: LoadAdviceModel) -> Outcome:
    """What came of the clubs' training."""
    done = clubs.truth.load
    days, squads, athletes = done.shape
    flat = done.reshape(days, -1).T
    inside = in_season(days)
    fitness, fatigue = load.fitness_and_fatigue(flat, start=START_LOAD_AU)
    long = load.ewma(flat, load.LONG_D, start=START_LOAD_AU)
    unseen = long > model.ranges["load_long_au"][1]

    def by_club(of: FloatArray) -> FloatArray:
        total = of[:, inside].sum(axis=1).reshape(squads, athletes).sum(axis=1)
        return np.asarray(total, np.float64)

    onset = np.zeros(squads)
    for injury in clubs.injuries:
        onset[injury.club] += 1
    season_days = float(inside.sum())
    return Outcome(
        athlete_days=np.full(squads, season_days * athletes),
        fitness=by_club(fitness),
        fatigue=by_club(fatigue),
        hours=clubs.hours.sum(axis=(0, 2)),
        injuries=onset,
        expected_injuries=clubs.truth.hazard.sum(axis=(0, 2)),
        days_lost=by_club(clubs.is_injured.reshape(days, -1).T.astype(np.float64)),
        days_unseen=by_club(unseen.astype(np.float64)),
        days_a_season=np.full(squads, season_days / clubs.settings.seasons),
    )
