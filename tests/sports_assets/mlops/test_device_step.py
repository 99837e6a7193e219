import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.device_step import find_step, share_that_moved

MONDAY = date(2026, 8, 3)


def test_a_step_by_hand():
    found = find_step(MONDAY, [0.0] * 10 + [3.0] * 8)
    assert found is not None
    assert (found.day, found.height) == (MONDAY + timedelta(days=10), 3.0)
    assert found.is_sharp


def test_a_slow_change_is_not_sharp():
    found = find_step(MONDAY, [*np.zeros(10), *np.linspace(0, 3, 21), *np.full(10, 3.0)])
    assert found is not None
    assert not found.is_sharp


def test_too_few_days_have_no_step():
    assert find_step(MONDAY, [0.0, 0.0, 3.0, 3.0, math.nan, math.nan]) is None


@given(st.integers(5, 20), st.floats(0.5, 5), st.integers(0, 100))
def test_a_step_in_noise_is_found_where_it_is(before, height, seed):
    rng = np.random.default_rng(seed)
    days = np.concatenate([np.zeros(before), np.full(12, height)])
    found = find_step(MONDAY, list(days + rng.normal(0, 0.02, len(days))))
    assert found is not None
    assert found.day == MONDAY + timedelta(days=before)
    assert found.height == pytest.approx(height, abs=0.1)


def test_who_moved():
    assert share_that_moved(1.0, 0.0) == 1.0
    assert share_that_moved(0.0, 0.0) == 0.0
    assert share_that_moved(-1.0, 1.0) == pytest.approx(0.841, abs=1e-3)
    assert share_that_moved(1.0, math.nan) == 1.0
