"""States of load: worked by hand, and what must hold of them for any history."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sports_assets.workload import load

HISTORIES = arrays(np.float64, (2, 30), elements=st.floats(0, 2000))
#: Of a load, one in three is not told.
PATCHY = arrays(
    np.float64, (2, 30), elements=st.one_of(st.floats(0, 2000), st.floats(0, 9), st.just(np.nan))
)


def test_weighted_average_by_hand():
    # λ = 2 / (3 + 1) = 0.5: 0.5·100 + 0.5·0 = 50, 0.5·50 + 0.5·200 = 125, 0.5·125 = 62.5
    average = load.ewma(np.array([[0.0, 200.0, 0.0]]), 3, start=100)
    np.testing.assert_array_equal(average, [[50, 125, 62.5]])


def test_a_start_that_is_worth_little_leaves_the_mean_of_the_days():
    # Weights 0.5 and 0.25 of two days, and 0.25 · 0.2 of the start.
    average = load.ewma(np.array([[100.0, 200.0]]), 3, start=400, start_weight=0.2)
    by_hand = (0.5 * 200 + 0.25 * 100 + 0.25 * 0.2 * 400) / (0.5 + 0.25 + 0.25 * 0.2)
    assert average[0, 1] == pytest.approx(by_hand)


def test_an_untold_day_leaves_the_level_where_it_is():
    told = np.array([[200.0, np.nan, np.nan, 0.0]])
    np.testing.assert_array_equal(load.held_ewma(told, 3, start=100), [[150, 150, 150, 75]])
    np.testing.assert_array_equal(load.fill_untold(told, 3, start=100), [[200, 150, 150, 0]])


@settings(deadline=None)
@given(first=HISTORIES, second=HISTORIES, span=st.integers(1, 120), share=st.floats(0, 1))
def test_the_average_is_linear_and_stays_between_what_there_was(first, second, span, share):
    def average(values, start):
        return load.ewma(values, span, start=start)

    mixed = average(share * first + (1 - share) * second, 230)
    apart = share * average(first, 230) + (1 - share) * average(second, 230)
    np.testing.assert_allclose(mixed, apart, rtol=1e-9, atol=1e-6)
    low = np.minimum.accumulate(np.minimum(first, 230), axis=1)
    high = np.maximum.accumulate(np.maximum(first, 230), axis=1)
    within = average(first, 230)
    assert (within >= low - 1e-6).all()
    assert (within <= high + 1e-6).all()


@settings(deadline=None)
@given(told=PATCHY)
def test_filled_days_feed_the_average_exactly_what_holds_it(told):
    filled = load.fill_untold(told, 28, start=230)
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[~np.isnan(told)], told[~np.isnan(told)])
    held = load.held_ewma(told, 28, start=230)
    fed = load.ewma(filled, 28, start=230)
    np.testing.assert_allclose(fed, held, rtol=1e-9, atol=1e-9)


def test_ratio_and_hinge_by_hand():
    acute, chronic = np.array([[280.0, 100.0]]), np.array([[180.0, 100.0]])
    ratio = load.log_ratio(acute, chronic)
    np.testing.assert_allclose(ratio, [[np.log(1.5), 0]])
    np.testing.assert_allclose(load.hinge(ratio, np.log(1.2)), [[np.log(1.25), 0]])


def test_the_uncoupled_ratio_leaves_the_acute_week_out():
    acute, chronic = np.full((1, 9), 300.0), np.array([[200.0, 10, 1, 1, 1, 1, 1, 1, 1]])
    ratio = load.acwr_uncoupled(acute, chronic)
    assert np.isnan(ratio[0, :7]).all()
    assert ratio[0, 7] == 1.5
    # After a break without load there is nothing to compare with.
    assert np.isnan(ratio[0, 8])
    assert np.isnan(load.acwr_uncoupled(acute[:, :3], chronic[:, :3])).all()


def test_monotony_and_strain_by_hand():
    # Mean 300; deviations 300, 100, -100, 0, 200, -200, -300 give SD √(280000 / 6) = 216.02
    week = np.array([[600.0, 400, 200, 300, 500, 100, 0]])
    monotony, strain = load.monotony_and_strain(week)
    assert np.isnan(monotony[0, :4]).all()
    assert monotony[0, 6] == pytest.approx(300 / np.sqrt(280_000 / 6))
    assert strain[0, 6] == pytest.approx(2100 * 300 / np.sqrt(280_000 / 6))


@pytest.mark.parametrize("level", [0.0, 100.0, 233.3, 0.1])
def test_a_week_without_spread_has_no_monotony_rather_than_an_endless_one(level):
    monotony, strain = load.monotony_and_strain(np.full((1, 20), level))
    assert np.isnan(monotony).all()
    assert np.isnan(strain).all()


def test_a_week_with_too_few_reports_has_no_monotony():
    week = np.array([[100.0, np.nan, 300, np.nan, 500, np.nan, 0, 200]])
    monotony, _ = load.monotony_and_strain(week)
    assert np.isnan(monotony).all()


@settings(deadline=None)
@given(history=HISTORIES, factor=st.floats(0.1, 10))
def test_monotony_has_no_unit_and_strain_that_of_load(history, factor):
    # Loads are whole: no spread is a rounding error that a factor would move over the limit.
    history = np.round(history)
    monotony, strain = load.monotony_and_strain(history)
    scaled_monotony, scaled_strain = load.monotony_and_strain(factor * history)
    np.testing.assert_allclose(scaled_monotony, monotony, rtol=1e-6)
    np.testing.assert_allclose(scaled_strain, factor * strain, rtol=1e-6)
    assert (monotony[~np.isnan(monotony)] > 0).all()


def test_fitness_and_fatigue_are_the_sums_of_their_definition():
    rng = np.random.default_rng(3)
    days = rng.uniform(0, 800, (2, 40))
    fitness, fatigue = load.fitness_and_fatigue(days, start=0)
    for state, constant in ((fitness, 42), (fatigue, 7)):
        decay = np.exp(-np.arange(40)[::-1] / constant)
        np.testing.assert_allclose(state[:, -1], days @ decay)


def test_a_steady_athlete_is_steady_from_the_first_day():
    fitness, fatigue = load.fitness_and_fatigue(np.full((1, 60), 230.0), start=230)
    np.testing.assert_allclose(fitness, 230 / (1 - np.exp(-1 / 42)))
    np.testing.assert_allclose(fatigue, 230 / (1 - np.exp(-1 / 7)))
