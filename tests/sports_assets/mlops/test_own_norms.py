import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.own_norms import monday, own_shifts

MONDAY = date(2026, 8, 3)


def days(count: int) -> np.ndarray:
    return np.datetime64(MONDAY) + np.arange(count)


def test_two_athletes_by_hand():
    # Two weeks at 10 and at 20, then a week at 13 and at 21: both above their norm, by 3 and by 1.
    athlete = ["a"] * 21 + ["b"] * 21
    values = np.array([10.0] * 14 + [13.0] * 7 + [20.0] * 14 + [21.0] * 7)
    found = own_shifts(athlete, np.tile(days(21), 2), values)
    third = found[MONDAY + timedelta(days=14)]
    assert third.athletes == 2
    assert third.shift == pytest.approx(2.0)
    assert third.shift_sd == pytest.approx(math.sqrt(2))
    assert third.share_up == 1.0
    assert third.day_shifts == pytest.approx((2.0,) * 7)
    # One week is no norm yet.
    assert found[MONDAY + timedelta(days=7)].athletes == 0
    assert math.isnan(found[MONDAY + timedelta(days=7)].shift)


def test_who_leaves_does_not_move_the_squad():
    # The athlete with the high level is gone in the third week: the mean of rows falls by 5.
    athlete = ["a"] * 21 + ["b"] * 14
    values = np.array([10.0] * 21 + [20.0] * 14)
    day = np.concatenate([days(21), days(14)])
    third = own_shifts(athlete, day, values)[MONDAY + timedelta(days=14)]
    assert (third.athletes, third.shift) == (1, 0.0)


def test_one_athlete_who_goes_wild_is_no_drift():
    athlete = np.repeat([f"a{number}" for number in range(20)], 21)
    values = np.tile(np.repeat([1.0, 1.0, 1.0], 7), 20)
    values[14:21] = 1000.0
    third = own_shifts(athlete, np.tile(days(21), 20), values)[MONDAY + timedelta(days=14)]
    assert third.shift == 0.0


def test_missing_answers_are_counted_against_the_own_past():
    values = np.array([1.0] * 14 + [np.nan] * 5 + [1.0] * 2)
    third = own_shifts(["a"] * 21, days(21), values)[MONDAY + timedelta(days=14)]
    assert third.missing_shift == pytest.approx(5 / 7)


def test_a_week_of_nothing_but_missing_values_still_counts_as_missing():
    values = np.array([1.0] * 14 + [np.nan] * 7)
    third = own_shifts(["a"] * 21, days(21), values)[MONDAY + timedelta(days=14)]
    assert third.athletes == 0
    assert third.missing_shift == 1.0


def test_unusual_weeks_are_left_out_of_norms():
    values = np.array([10.0] * 14 + [0.0] * 7 + [10.0] * 7)
    break_week = MONDAY + timedelta(days=14)
    after = MONDAY + timedelta(days=21)
    assert own_shifts(["a"] * 28, days(28), values, [break_week])[after].shift == 0.0
    assert own_shifts(["a"] * 28, days(28), values)[after].shift > 3


@given(
    st.lists(st.floats(-100, 100), min_size=28, max_size=28),
    st.floats(-50, 50),
    st.integers(1, 3),
)
def test_levels_of_athletes_do_not_matter_and_order_of_rows_neither(values, level, athletes):
    one = np.array(values)
    athlete = np.repeat([f"a{number}" for number in range(athletes)], 28)
    day = np.tile(days(28), athletes)
    same = np.tile(one, athletes)
    lifted = same + level * np.repeat(np.arange(athletes), 28)
    week = MONDAY + timedelta(days=21)
    plain = own_shifts(athlete, day, same)[week]
    order = np.random.default_rng(0).permutation(len(day))
    moved = own_shifts(athlete[order], day[order], lifted[order])[week]
    assert moved.shift == pytest.approx(plain.shift, abs=1e-6)
    assert plain.shift == pytest.approx(one[21:].mean() - one[:21].mean(), abs=1e-6)


def test_the_week_begins_on_monday():
    assert monday(date(2026, 11, 29)) == date(2026, 11, 23)


def test_no_rows_have_no_weeks():
    assert own_shifts([], np.array([], "datetime64[D]"), np.array([])) == {}
