"""Uncertainty: intervals and spreads."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.reports.spread import known, mean_and_sd, median, wilson


def test_the_interval_of_half_of_ten_worked_by_hand():
    # (0.5 + 3.8415/20) / (1 + 3.8415/10) = 0.5; 1.96/1.38415 * sqrt(0.025 + 0.0096036) = 0.26341
    share = wilson(5, 10)
    assert (share.low, share.high) == (
        pytest.approx(0.23659, abs=1e-4),
        pytest.approx(0.76341, abs=1e-4),
    )


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_stays_within_the_unit(pair):
    share = wilson(*pair)
    assert 0 <= share.low <= share.share + 1e-12
    assert share.share - 1e-12 <= share.high <= 1
    assert share.high > share.low


def test_a_share_of_nothing_is_none():
    assert wilson(0, 0) is None
    assert wilson(3, 2) is None


def test_gaps_count_nothing():
    values = [1.0, None, math.nan, 3.0]
    assert known(values) == [1.0, 3.0]
    assert median(values) == 2.0
    assert mean_and_sd(values) == (2.0, pytest.approx(math.sqrt(2)))
    assert median([None]) is None
    assert mean_and_sd([1.0]) is None
