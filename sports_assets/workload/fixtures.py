"""The published plan: which days a team plays, and from when that was known.

Belongs here: fixtures of a team, and what the plan told on each day. Does not belong here: whether
an athlete plays. His own coming matches are no part of the plan: who is injured is not picked, so
they would tell the label.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload.day_calendar import day_numbers
from sports_assets.workload.errors import FixturesError

if TYPE_CHECKING:
    import pandas as pd

#: For an export without a plan: leagues fix their dates at least so long before.
KNOWN_DAYS_AHEAD: Final = 14
#: Athletes that a team must have on a day, for their playing to tell the plan and not their health.
LEAST_SQUAD: Final = 8
COLUMNS: Final = ("team", "day", "known_from")

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


def fixtures_of(days: "pd.DataFrame", known_days_ahead: int = KNOWN_DAYS_AHEAD) -> "pd.DataFrame":
    """The plan of an export that has none: the days on which somebody of the team played.

    Make it of the whole squad, never of some of its athletes: with few of them the days on which
    they play say who is fit. Days with fewer than `LEAST_SQUAD` athletes give no fixture.

    Args:
        days: athlete-days.
        known_days_ahead: days from which on a fixture was known before it was played.

    Returns:
        team str, day and known_from datetime64, one row a team and fixture, sorted.
    """
    import pandas as pd

    squads = days.groupby(["team", "day"])["is_match"].agg(["sum", "size"])
    played = squads[(squads["sum"] > 0) & (squads["size"] >= LEAST_SQUAD)]
    fixtures = played.index.to_frame(index=False)
    fixtures["known_from"] = fixtures["day"] - pd.Timedelta(days=known_days_ahead)
    return fixtures


@dataclass(frozen=True)
class Plan:
    """What each team's plan told, by day.

    Attributes:
        first_day: of the arrays, days since 1970.
        is_fixture: (horizon + 1, days): on day t it was known that day t + j has a fixture; row 0
            is the day itself.
        is_published: (days,) some fixture had been published by then. Before it, no coming fixture
            is not the same as none planned.
    """

    first_day: int
    is_fixture: BoolArray
    is_published: BoolArray


def plan_of(fixtures: "pd.DataFrame", team: str, first: int, last: int, horizon_d: int) -> Plan:
    """One team's plan over a range of days.

    Args:
        fixtures: columns of `COLUMNS`; a day may be there twice, the earliest `known_from` counts.
            Where there is a column `withdrawn_from`, the plan told of a fixture until that day.
        first, last: days since 1970, inclusive.
        horizon_d: how far ahead to look, days.
    """
    own = fixtures.loc[(fixtures["team"] == team).to_numpy(bool)]
    day, known = day_numbers(own["day"]), day_numbers(own["known_from"])
    until = np.full(day.size, np.iinfo(np.int64).max)
    if "withdrawn_from" in own:
        withdrawn = own["withdrawn_from"].notna().to_numpy(bool)
        until[withdrawn] = day_numbers(own.loc[withdrawn, "withdrawn_from"])
    count = last - first + 1
    is_fixture = np.zeros((horizon_d + 1, count), bool)
    for ahead in range(horizon_d + 1):
        seen_from = day - ahead
        told = (seen_from >= np.minimum(known, day)) & (seen_from >= first) & (seen_from <= last)
        told &= seen_from < until
        is_fixture[ahead, seen_from[told] - first] = True
    start = int(np.minimum(known, day).min()) if day.size else last + 1
    return Plan(first, is_fixture, np.arange(first, last + 1) >= start)


def check_fixtures(fixtures: "pd.DataFrame") -> None:
    """Refuse a plan that lacks a column or a value.

    Raises:
        FixturesError: what is missing.
    """
    if missing := [name for name in COLUMNS if name not in fixtures.columns]:
        raise FixturesError(
            f"fixtures have no column {', '.join(missing)}: give team, day and known_from, or make "
            "them with fixtures_of"
        )
    if empty := [name for name in COLUMNS if fixtures[name].isna().any()]:
        raise FixturesError(
            f"fixtures have empty cells in {', '.join(empty)}: a fixture needs its team, its day "
            "and the day from which it was known"
        )
