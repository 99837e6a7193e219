"""The numeric routines under the recovery model, each worked by hand once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.models.recovery.distribution import Absence, remaining
from sports_assets.models.recovery.kaplan_meier import curve
from sports_assets.models.recovery.likelihood import log_bounds, log_likelihood


def phi(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def log_normal(median: float, sigma: float, rows: int = 1) -> Absence:
    """A law without any doubt about its parameters."""
    return Absence(np.full((rows, 1), math.log(median)), np.full((rows, 1), sigma), np.array([1.0]))


def test_a_whole_day_is_an_interval_and_an_open_absence_has_no_end() -> None:
    days = np.array([1.0, 10.0, 3.0, 0.0])
    lower, upper = log_bounds(days, np.array([True, True, False, False]))
    assert lower == pytest.approx([-math.inf, math.log(9.5), math.log(3.5), -math.inf])
    assert upper == pytest.approx([math.log(1.5), math.log(10.5), math.inf, math.inf])


def test_likelihood_by_hand() -> None:
    lower, upper = log_bounds(np.array([10.0, 3.0, 0.0]), np.array([True, False, False]))
    found = log_likelihood(lower, upper, np.full(3, math.log(10)), np.full(3, math.log(0.5)))
    back = phi(math.log(1.05) / 0.5) - phi(math.log(0.95) / 0.5)
    away = 1 - phi(math.log(0.35) / 0.5)
    assert found.value == pytest.approx([math.log(back), math.log(away), 0.0], abs=1e-12)


observations = st.tuples(st.integers(1, 400), st.booleans(), st.floats(0, 5), st.floats(-1.2, 0.8))


@given(observations)
def test_derivatives_are_those_of_the_likelihood(observed: tuple) -> None:
    days, is_returned, location, spread = observed
    bounds = log_bounds(np.array([float(days)]), np.array([is_returned]))
    step = 1e-5

    def at(d_location: float, d_spread: float) -> object:
        return log_likelihood(
            *bounds, np.array([location + d_location]), np.array([spread + d_spread])
        )

    here = at(0, 0)
    right, left, up, down = at(step, 0), at(-step, 0), at(0, step), at(0, -step)
    pairs = [
        (here.by_location, right.value - left.value),
        (here.by_spread, up.value - down.value),
        (here.by_location_twice, right.by_location - left.by_location),
        (here.by_both, up.by_location - down.by_location),
        (here.by_spread_twice, up.by_spread - down.by_spread),
    ]
    for exact, difference in pairs:
        assert exact[0] == pytest.approx(difference[0] / (2 * step), rel=1e-3, abs=1e-3)


@given(st.floats(0, 4), st.floats(-1, 0.5))
def test_some_day_must_come(location: float, spread: float) -> None:
    days = np.append(np.arange(1.0, 61.0), 60.0)
    bounds = log_bounds(days, np.arange(61) < 60)
    each = log_likelihood(*bounds, np.full(61, location), np.full(61, spread))
    assert np.exp(each.value).sum() == pytest.approx(1.0)


def test_kaplan_meier_by_hand() -> None:
    found = curve(np.array([1.0, 2, 3, 4, 5]), np.array([True, True, False, True, False]))
    assert found.days.tolist() == [1, 2, 4]
    assert found.remaining == pytest.approx([0.8, 0.6, 0.3])
    assert found.median() == 4
    assert found.at(np.array([0.0, 2, 3.9, 4])) == pytest.approx([1, 0.6, 0.6, 0.3])
    assert found.before(np.array([1.0, 4])) == pytest.approx([1, 0.6])


def test_no_median_where_fewer_than_half_came_back() -> None:
    assert math.isnan(curve(np.array([1.0, 9, 9]), np.array([True, False, False])).median())
    assert math.isnan(curve(np.array([]), np.array([], bool)).median())


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_where_all_came_back_the_median_is_the_plain_one(days: list[int]) -> None:
    found = curve(np.array(days, float), np.ones(len(days), bool))
    assert found.median() == np.median(days)


def test_whole_days_by_hand() -> None:
    # Median 12.8, σ 0.9: P(D < 5) = Φ(ln(4.5/12.8)/0.9) = 0.123 is nearer to 0.1 than
    # P(D < 4) = 0.075, which leaves 0.077 above: P(D > 46) = 0.076; half are back by day 13.
    found = remaining(log_normal(12.8, 0.9), np.zeros(1), 0.1)
    assert (found.low[0], found.median[0], found.high[0]) == (5, 13, 46)


def test_days_gone_are_days_that_cannot_come_again() -> None:
    draws = np.rint(12.8 * np.exp(0.9 * np.random.default_rng(1).standard_normal(400_000)))
    left = draws[draws > 10] - 10
    found = remaining(log_normal(12.8, 0.9), np.array([10.0]), 0.1)
    assert found.median[0] == pytest.approx(np.median(left), abs=1)
    assert found.low[0] == pytest.approx(np.quantile(left, 0.1), abs=1)
    within = (left >= found.low[0]) & (left <= found.high[0])
    assert within.mean() == pytest.approx(0.8, abs=0.01)
    assert found.share_away[0] == pytest.approx((draws > 10).mean(), abs=0.005)


@given(
    median=st.floats(1, 200), sigma=st.floats(0.2, 2.0), gone=st.integers(0, 300),
    tail=st.floats(0.02, 0.25),
)  # fmt: skip
def test_an_interval_is_whole_days_ahead_around_its_median(
    median: float, sigma: float, gone: int, tail: float
) -> None:
    found = remaining(log_normal(median, sigma), np.array([float(gone)]), tail)
    low, middle, high = found.low[0], found.median[0], found.high[0]
    assert 1 <= low <= middle <= high < math.inf
    assert all(value == int(value) for value in (low, middle, high))
