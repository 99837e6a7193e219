"""Which days of a history count, and where one season ends and the next begins.

A risk is asked for where a session or a match of the squad is to be expected. Between two seasons
nobody is exposed: such rows would be easy to get right, and would flatter every figure.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: A season reaches from so many days before a match to so many after one, d.
BEFORE_MATCH_D: Final = 42
AFTER_MATCH_D: Final = 14
#: The squad has done something in so many days, today included.
ACTIVE_D: Final = 7
#: So many days without a match part two seasons; winter breaks are shorter.
GAP_D: Final = 35


def in_season(days: "pd.DataFrame", fixtures: "pd.DataFrame") -> BoolArray:
    """Whether each row lies in a season of its team.

    Somebody of the team has told load or minutes above 0 in the last `ACTIVE_D` days, and a fixture
    is at most `AFTER_MATCH_D` days ago or `BEFORE_MATCH_D` ahead. This decides which rows are
    judged, and is no input. A team without any fixture, or that never told what it did, is judged
    by the other condition alone.

    Args:
        days: athlete-days, complete and sorted.
        fixtures: team, day.
    """
    day = days["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
    done = ((days["load_au"] > 0) | (days["minutes"] > 0)).to_numpy(bool)
    team, plan = days["team"].to_numpy(), fixtures["day"].to_numpy().astype("datetime64[D]")
    within = np.ones(len(days), bool)
    for one in np.unique(team):
        own = team == one
        matches = np.unique(plan[(fixtures["team"] == one).to_numpy(bool)].astype(np.int64))
        if matches.size:
            ago, ahead = _distances(day[own], matches)
            within[own] &= (ago <= AFTER_MATCH_D) | (ahead <= BEFORE_MATCH_D)
        active = np.unique(day[own & done])
        if active.size:
            ago, _ = _distances(day[own], active)
            within[own] &= ago < ACTIVE_D
    return within


def said_in_season(
    predictions: "pd.DataFrame", days: "pd.DataFrame", fixtures: "pd.DataFrame"
) -> "pd.DataFrame":
    """Predictions of days in season alone: between seasons none is judged.

    Args:
        predictions: athlete_id, day, and whatever else.
        days: athlete-days, complete and sorted.
        fixtures: see `in_season`.
    """
    played = days.loc[in_season(days, fixtures), ["athlete_id", "day"]]
    return predictions.merge(played, on=["athlete_id", "day"])


def season_starts(fixtures: "pd.DataFrame") -> npt.NDArray[np.datetime64]:
    """First days of the seasons after the first, as the fixtures of all teams part them."""
    matches = np.unique(fixtures["day"].to_numpy().astype("datetime64[D]"))
    at = np.flatnonzero(np.diff(matches) >= np.timedelta64(GAP_D, "D"))
    after = matches[at] + np.timedelta64(AFTER_MATCH_D + 1, "D")
    before = matches[at + 1] - np.timedelta64(BEFORE_MATCH_D, "D")
    return np.maximum(after, before)


def _distances(day: IntArray, marked: IntArray) -> tuple[IntArray, IntArray]:
    """Days since the last of the marked ones, today included, and until the next."""
    never = 1_000_000
    at = np.searchsorted(marked, day, side="right")
    ago = np.where(at > 0, day - marked[np.maximum(at - 1, 0)], never)
    at = np.searchsorted(marked, day, side="left")
    ahead = np.where(at < marked.size, marked[np.minimum(at, marked.size - 1)] - day, never)
    return ago, ahead
