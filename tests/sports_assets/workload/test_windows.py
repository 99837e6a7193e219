"""Windows over days that may be missing agree with pandas, and a norm is never part of itself."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sports_assets.workload.windows import (
    Norm,
    count_within,
    days_since,
    deviation,
    last_told,
    mean_and_sd,
    personal_norm,
)

PATCHY = arrays(np.float64, (2, 25), elements=st.one_of(st.floats(-50, 50), st.just(np.nan)))


@settings(deadline=None)
@given(values=PATCHY, window=st.integers(2, 30), least=st.integers(2, 5))
def test_mean_and_sd_are_those_of_pandas(values, window, least):
    mean, sd, number = mean_and_sd(values, window, least=least)
    for row in range(len(values)):
        rolled = [pd.Series(values[row, max(0, t + 1 - window) : t + 1]) for t in range(25)]
        enough = np.array([part.count() >= least for part in rolled])
        expected = np.where(enough, [part.mean() for part in rolled], np.nan)
        spread = np.where(enough, [part.std() for part in rolled], np.nan)
        np.testing.assert_allclose(mean[row], expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(sd[row], spread, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(number[row], [part.count() for part in rolled])


def test_equal_values_have_no_spread_at_all():
    _, sd, _ = mean_and_sd(np.full((1, 28), 5.1), 28, least=2)
    assert (sd[0, 1:] == 0).all()


def test_counts_and_days_gone_by_hand():
    marked = np.array([[False, True, False, False, True]])
    np.testing.assert_array_equal(count_within(marked, 3), [[0, 1, 1, 1, 1]])
    np.testing.assert_array_equal(days_since(marked), [[np.nan, 0, 1, 2, 0]])
    np.testing.assert_array_equal(days_since(marked, longest_d=1), [[np.nan, 0, 1, 1, 0]])


def test_an_old_answer_is_none():
    values = np.array([[np.nan, 4.0, np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(last_told(values, longest_d=2), [[np.nan, 4, 4, 4, np.nan]])


def test_a_spread_is_drawn_to_the_usual_one():
    # Two values 4 and 6: s² = 2 with one degree of freedom; the usual variance 1 counts three.
    mean, sd = personal_norm(np.array([[4.0, 6.0]]), Norm(28, 2, usual_sd=1.0, usual_weight=3))
    assert mean[0, 1] == 5
    assert sd[0, 1] == pytest.approx(np.sqrt((1 * 2 + 3 * 1) / (1 + 3)))


def test_what_is_compared_is_no_part_of_its_norm():
    values = np.array([[5.0, 5, 5, 9]])
    norm = Norm(28, 3, usual_sd=1.0, usual_weight=2)
    stands_off = deviation(values, values, norm, gap_d=1)
    assert np.isnan(stands_off[0, :3]).all()
    # The own variance is 0 with two degrees of freedom, and the usual one is worth two.
    assert stands_off[0, 3] == pytest.approx(4 / np.sqrt(0.5))


@settings(deadline=None)
@given(values=PATCHY, by=st.floats(-20, 20))
def test_a_norm_is_personal_a_shift_of_the_whole_scale_is_none(values, by):
    norm = Norm(28, 7, usual_sd=1.0)
    np.testing.assert_allclose(
        deviation(values + by, values + by, norm, gap_d=1),
        deviation(values, values, norm, gap_d=1),
        rtol=1e-6,
        atol=1e-6,
    )
