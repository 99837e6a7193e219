import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.profiler import Profile
from resources.profiler_datasketches import DatasketchesProfiler
from resources.profiler_whylogs import WhylogsProfiler
from sports_assets.mlops.sketch_distances import Mixture, ks, psi

PROFILERS = (WhylogsProfiler(), DatasketchesProfiler())


def profile(values, profiler=PROFILERS[1]) -> Profile:
    return profiler.profile(pa.table({"x": pa.array(values, pa.float64())}))


def mixture(*weeks, profiler=PROFILERS[1]) -> Mixture:
    return Mixture([profile(week, profiler) for week in weeks], "x")


def test_psi_by_hand():
    # Ten bins of one value each; the second side has all 20 rows in the highest two.
    before, after = mixture(list(range(1, 11))), mixture([9.0] * 10 + [10.0] * 10)
    p = np.full(10, 1.5 / 15)
    q = np.array([0.5] * 8 + [10.5] * 2) / 25
    assert psi(before, after) == pytest.approx(((q - p) * np.log(q / p)).sum())


def test_ks_by_hand():
    assert ks(mixture([1, 2, 3, 4]), mixture([3, 4, 5, 6])) == 0.5


def test_a_column_of_one_value():
    assert psi(mixture([0.0] * 50), mixture([0.0] * 30)) < 0.01
    assert psi(mixture([0.0] * 50), mixture([1.0] * 50)) > 1


def test_nothing_known_has_no_distance():
    assert math.isnan(psi(mixture([None]), mixture([1.0])))
    assert math.isnan(ks(mixture([1.0]), mixture([])))


def test_weeks_weigh_by_their_rows():
    assert list(mixture([0.0] * 3, [1.0]).cdf([0.0, 1.0])) == [0.75, 1.0]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=80),
    st.lists(st.floats(-100, 100), min_size=1, max_size=80),
)
def test_both_are_none_for_equal_data_and_ks_is_that_of_the_rows(left, right):
    points = np.array(left + right)
    below = [(np.array(side)[:, None] <= points).mean(axis=0) for side in (left, right)]
    assert psi(mixture(left), mixture(left)) == pytest.approx(0, abs=1e-9)
    assert ks(mixture(left), mixture(right)) == pytest.approx(
        np.abs(below[0] - below[1]).max(), abs=0.02
    )
    assert psi(mixture(left), mixture(right)) >= 0


def test_both_profilers_tell_the_same_distance():
    rng = np.random.default_rng(6)
    before, after = rng.normal(size=40_000), rng.normal(0.5, 1, 2000)
    first, second = (
        (mixture(before, profiler=one), mixture(after, profiler=one)) for one in PROFILERS
    )
    assert psi(*first) == pytest.approx(psi(*second), abs=0.02)
    assert ks(*first) == pytest.approx(ks(*second), abs=0.01)
    # Of two normal distributions half an SD apart, 2 Φ(1/4) − 1.
    assert ks(*first) == pytest.approx(0.197, abs=0.03)
