from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.planned_weeks import plan_weeks

MONDAY = date(2026, 8, 3)


def week(number: int) -> date:
    return MONDAY + timedelta(days=7 * number)


def saturdays(*numbers: int) -> list[date]:
    return [week(number) + timedelta(days=5) for number in numbers]


def test_fixtures_are_counted_from_monday_to_sunday():
    sunday, next_monday = MONDAY + timedelta(days=6), week(1)
    found = plan_weeks([sunday, next_monday], MONDAY, week(2) + timedelta(days=3))
    assert found.matches == {week(0): 1, week(1): 1, week(2): 0}


def test_a_weekend_left_out_makes_its_two_weeks_unusual_and_no_break():
    found = plan_weeks(saturdays(*range(5), 6, 7, 8), MONDAY, week(8))
    # From Sunday of week 4 to Friday of week 6 nobody plays.
    assert found.unusual == {week(0), week(5), week(6)}
    assert not found.is_usual(week(5))
    assert found.weeks_since_break(week(7)) == 7
    assert found.breaks == {week(0)}


def test_a_winter_break_need_not_begin_on_a_monday():
    # The last match is on a Saturday, the next one three weeks later.
    found = plan_weeks(saturdays(*range(-1, 11), 13, 14, 15), MONDAY, week(15))
    assert found.unusual == found.breaks == {week(11), week(12), week(13)}
    assert found.weeks_since_break(week(10)) is None
    assert found.weeks_since_break(week(12)) == 0
    assert found.weeks_since_break(week(15)) == 2


def test_more_midweek_matches_than_ever_is_congestion():
    wednesdays = [week(at) + timedelta(days=2) for at in (2, 7, 12, 17, 20, 21, 22, 23)]
    found = plan_weeks([*saturdays(*range(24)), *wednesdays], MONDAY, week(23))
    reference = [week(at) for at in range(20)]
    assert found.matches_of_late(week(23)) == 8
    assert found.is_congested(week(23), reference)
    assert not found.is_congested(week(19), reference)
    assert not found.is_congested(week(23), [])


def test_without_fixtures_no_week_is_usual():
    assert plan_weeks([], MONDAY, week(1)).breaks == {week(0), week(1)}


@given(st.sets(st.integers(0, 200), max_size=60))
def test_every_fixture_is_in_one_week_and_breaks_are_unusual(offsets):
    days = [MONDAY + timedelta(days=offset) for offset in offsets]
    found = plan_weeks(days, MONDAY, MONDAY + timedelta(days=200))
    assert sum(found.matches.values()) == len(offsets)
    assert found.breaks <= found.unusual
