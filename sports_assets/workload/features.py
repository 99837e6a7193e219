"""Point-in-time features of each athlete and day: their definition, and how they are put together.

Belongs here: what there is, with unit, meaning and sign. Does not belong here: the formulas, which
stand by family in `load_features`, `plan_features`, `wellness_features`, `availability_features`.

A feature of day t uses athlete-days up to t, and fixtures that had been published by t. Nothing
else: a test changes all that comes after and finds every value the same, to the bit.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from resources.workload_features import FEATURES
from sports_assets.workload.athlete_days import check_complete
from sports_assets.workload.availability_features import availability_features
from sports_assets.workload.fixtures import check_fixtures
from sports_assets.workload.grid import Block, Grid
from sports_assets.workload.load_features import (
    MATCH_TO_TRAINING,
    Start,
    load_features,
    minutes_features,
)
from sports_assets.workload.plan_features import TeamDays, team_days
from sports_assets.workload.wellness_features import wellness_features

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

#: Names of what a model may take in, in order.
INPUTS: Final = tuple(feature.name for feature in FEATURES if feature.is_input)


def workload_features(
    days: "pd.DataFrame", fixtures: "pd.DataFrame", start: Start | None = None
) -> "pd.DataFrame":
    """Features of every athlete and day.

    Args:
        days: athlete-days of `as_athlete_days`, of one team or many; ids are unique over teams.
        fixtures: team, day, known_from: the published plan, or `fixtures_of(days)`.
        start: what is assumed before an athlete's first day; `start_of` makes it of training data.

    Returns:
        athlete_id, team, day, and `FEATURES` as float64, NaN where `null_means` says; rows and
        index of `days`.

    Raises:
        AthleteDaysError, FixturesError: the frames are not what they must be.
    """
    import pandas as pd

    check_complete(days)
    check_fixtures(fixtures)
    start = start or Start()
    grid = Grid(days)
    teams = team_days(grid, fixtures, start)
    values = np.empty((len(FEATURES), len(days)))
    for block in grid.blocks():
        made = _of_block(block, teams, start)
        for row, feature in enumerate(FEATURES):
            values[row, block.rows] = made[feature.name][block.inside]
    features = pd.DataFrame(values.T, columns=[f.name for f in FEATURES], index=days.index)
    for place, name in enumerate(("athlete_id", "team", "day")):
        features.insert(place, name, days[name])
    return features


def _of_block(block: Block, teams: TeamDays, start: Start) -> dict[str, FloatArray]:
    place = teams.place(block.team, block.day)
    made = {
        **{name: values[place] for name, values in teams.features.items()},
        **load_features(block, start),
        **minutes_features(block, teams.is_fixture[place], start),
        **wellness_features(block),
        **availability_features(block, teams.injury_rate[place]),
    }
    match = made["fixtures_next_7d"] * made["minutes_per_fixture"]
    made["expected_match_minutes_7d"] = match
    weighed = made["expected_training_minutes_7d"] + MATCH_TO_TRAINING * match
    # A quarter of an hour more, so that a week off has a logarithm.
    made["log_exposure_7d"] = np.log((weighed + 15.0) / 60.0)
    return made
