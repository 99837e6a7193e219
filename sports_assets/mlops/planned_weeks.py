"""What the fixture list says of a week: how many matches, and whether it is a week like others.

A break or a run of midweek matches moves loads by plan. That is no drift; it is what the plan said.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from sports_assets.mlops.own_norms import WEEK_D, monday

_WEEK: Final = timedelta(days=WEEK_D)
#: Weeks over which matches are counted for congestion.
CONGESTION_WEEKS: Final = 4


def matches_by_week(fixtures: Iterable[date], first: date, last: date) -> dict[date, int]:
    """Fixtures of one team in every week from that of `first` to that of `last`, by Monday."""
    counted = Counter(monday(day) for day in fixtures)
    weeks = []
    week = monday(first)
    while week <= last:
        weeks.append(week)
        week += _WEEK
    return {week: counted[week] for week in weeks}


def unusual_weeks(matches: Mapping[date, int]) -> frozenset[date]:
    """Weeks without a fixture: preseason, breaks, the time between seasons."""
    return frozenset(week for week, count in matches.items() if count == 0)


def weeks_since_break(matches: Mapping[date, int], week: date) -> int | None:
    """Weeks since the last break of two weeks or more ended; 0 within it, None of none before.

    A single week without a match moves little: it counts as a break only while it lasts.
    """
    if matches.get(week, 0) == 0:
        return 0
    before = sorted(one for one in matches if one <= week)
    for earlier, later in reversed(list(pairwise(before))):
        if matches[earlier] == 0 and matches[later] == 0:
            return (week - later).days // WEEK_D
    return None


def matches_of_late(matches: Mapping[date, int], week: date) -> int:
    """Matches in this week and the three before."""
    return sum(matches.get(week - ago * _WEEK, 0) for ago in range(CONGESTION_WEEKS))


def is_congested(matches: Mapping[date, int], week: date, reference: Sequence[date]) -> bool:
    """Whether there were more matches of late than in all but a twentieth of reference weeks."""
    counts = sorted(matches_of_late(matches, one) for one in reference)
    if not counts:
        return False
    return matches_of_late(matches, week) > counts[int(0.95 * (len(counts) - 1))]
