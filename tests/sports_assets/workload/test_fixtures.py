"""The plan as it was known on each day, and the one that is derived where a club gives none."""

import numpy as np
import pandas as pd
import pytest

from sports_assets.workload.athlete_days import as_athlete_days
from sports_assets.workload.errors import FixturesError
from sports_assets.workload.fixtures import check_fixtures, fixtures_of, plan_of
from tests.sports_assets.workload.made_club import made_club


def fixtures(*rows):
    return pd.DataFrame(
        [(team, pd.Timestamp(day), pd.Timestamp(known)) for team, day, known in rows],
        columns=["team", "day", "known_from"],
    )


def plan(frame, first, last):
    begin, end = (int(np.datetime64(day, "D").astype(int)) for day in (first, last))
    return plan_of(frame, "A", begin, end, 14)


def test_a_fixture_is_seen_from_the_day_on_which_it_was_published():
    known = plan(fixtures(("A", "2026-01-10", "2026-01-07")), "2026-01-05", "2026-01-12")
    seen = [int(day) for day in np.flatnonzero(known.is_fixture[1:].any(axis=0))]
    assert seen == [2, 3, 4]
    assert known.is_fixture[3, 2]
    assert known.is_fixture[0].tolist() == [False] * 5 + [True] + [False] * 2
    assert known.is_published.tolist() == [False] * 2 + [True] * 6


def test_of_two_notices_the_earlier_counts_and_other_teams_do_not():
    frame = fixtures(
        ("A", "2026-01-10", "2026-01-09"),
        ("A", "2026-01-10", "2026-01-06"),
        ("B", "2026-01-08", "2026-01-01"),
    )
    known = plan(frame, "2026-01-05", "2026-01-09")
    assert known.is_fixture.sum(axis=0).tolist() == [0, 1, 1, 1, 1]


def test_a_fixture_told_after_it_was_played_is_known_on_its_day():
    known = plan(fixtures(("A", "2026-01-10", "2026-02-01")), "2026-01-09", "2026-01-11")
    assert known.is_fixture.sum(axis=0).tolist() == [0, 1, 0]


def test_derived_fixtures_are_the_days_on_which_anybody_played():
    days = as_athlete_days(pd.concat([made_club(1, team="A"), made_club(2, team="B")]))
    derived = fixtures_of(days, known_days_ahead=10)
    played = days[days["is_match"]].groupby("team")["day"].unique()
    for team in ("A", "B"):
        own = derived[derived["team"] == team]
        assert sorted(own["day"]) == sorted(played[team])
        assert ((own["day"] - own["known_from"]).dt.days == 10).all()


def test_nobodys_own_matches_are_a_plan():
    # Who is hurt does not play: with one athlete, coming matches would tell that he stays well.
    assert fixtures_of(as_athlete_days(made_club(1, athletes=1))).empty
    days = as_athlete_days(made_club(1, athletes=9))
    own = days["athlete_id"] == "A0"
    without = days.copy()
    without.loc[own, "is_match"] = False
    others_played = days[~own].groupby("day")["is_match"].any()
    assert len(fixtures_of(without)) == others_played.sum()


def test_a_plan_that_lacks_something_is_refused_in_words():
    sound = fixtures(("A", "2026-01-10", "2026-01-06"))
    check_fixtures(sound)
    with pytest.raises(FixturesError, match="known_from"):
        check_fixtures(sound.drop(columns="known_from"))
    with pytest.raises(FixturesError, match="empty cells in day"):
        check_fixtures(sound.assign(day=pd.NaT))
