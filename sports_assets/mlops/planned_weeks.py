"""What the fixture list says of a week: how many matches, and whether it is a week like others.

A break or a run of midweek matches moves loads by plan. That is no drift; it is what the plan said.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from sports_assets.mlops.own_norms import WEEK_D, monday

_WEEK: Final = timedelta(days=WEEK_D)
#: Weeks over which matches are counted for congestion.
CONGESTION_WEEKS: Final = 4
#: Days in a row without a fixture that make weeks unusual (a weekend is left out), and those after
#: which the weeks that follow still show it (a winter break, preseason).
_PAUSE_D: Final = 13
_BREAK_D: Final = 17
#: Days of a week within such a stretch that make the week unusual.
_MOST_OF_A_WEEK_D: Final = 4


@dataclass(frozen=True)
class WeekPlan:
    """One team's weeks, by their Mondays.

    Attributes:
        matches: fixtures of each week.
        unusual: weeks that lie mostly in a stretch of 13 days or more without a fixture.
        breaks: those of them that lie in a stretch of 17 days or more.
    """

    matches: Mapping[date, int]
    unusual: frozenset[date]
    breaks: frozenset[date]

    def is_usual(self, week: date) -> bool:
        """Whether a week may be compared with others."""
        return week in self.matches and week not in self.unusual

    def weeks_since_break(self, week: date) -> int | None:
        """Weeks since the last week of a break; 0 within one, None of none before."""
        ended = [one for one in self.breaks if one <= week]
        return (week - max(ended)).days // WEEK_D if ended else None

    def matches_of_late(self, week: date) -> int:
        """Matches in this week and the three before."""
        return sum(self.matches.get(week - ago * _WEEK, 0) for ago in range(CONGESTION_WEEKS))

    def is_congested(self, week: date, reference: Sequence[date]) -> bool:
        """Whether there were more matches of late than in all but a twentieth of these weeks."""
        counts = sorted(self.matches_of_late(one) for one in reference)
        return bool(counts) and self.matches_of_late(week) > counts[int(0.95 * (len(counts) - 1))]


def plan_weeks(fixtures: Iterable[date], first: date, last: date) -> WeekPlan:
    """The weeks of one team's fixture list.

    Args:
        fixtures: days of matches, in any order; also those planned after `last`, which tell
            whether a pause is one.
        first, last: days between which weeks are told, inclusive.
    """
    days = sorted(set(fixtures))
    counted = Counter(monday(day) for day in days)
    weeks = []
    week = monday(first)
    while week <= last:
        weeks.append(week)
        week += _WEEK
    far = timedelta(days=10 * _BREAK_D)
    ends = [monday(first) - far, *days, last + far]
    pauses = [
        (before, after) for before, after in pairwise(ends) if (after - before).days > _PAUSE_D
    ]
    breaks = [(before, after) for before, after in pauses if (after - before).days > _BREAK_D]
    return WeekPlan(
        {week: counted[week] for week in weeks},
        _mostly_in(weeks, pauses),
        _mostly_in(weeks, breaks),
    )


def _mostly_in(weeks: Sequence[date], pauses: Sequence[tuple[date, date]]) -> frozenset[date]:
    """Weeks of which most days lie between two neighbouring fixtures of these."""
    return frozenset(
        week
        for week in weeks
        for before, after in pauses
        if (min(week + _WEEK, after) - max(week, before + timedelta(days=1))).days
        >= _MOST_OF_A_WEEK_D
    )
