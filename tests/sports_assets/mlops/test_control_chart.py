import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.control_chart import (
    deviation,
    fit_chart,
    score_at,
    standard_error,
)


def test_limits_by_hand():
    # 1, -1, 1, -1 ...: mean 0, SD with 7 degrees of freedom sqrt(8/7), no positive autocorrelation.
    chart = fit_chart([1.0, -1.0] * 4, [1.0] * 8, floor=0.01)
    assert chart is not None
    assert (chart.middle, chart.autocorrelation, chart.per_match) == (0.0, 0.0, 0.0)
    assert chart.spread == pytest.approx(math.sqrt(8 / 7))
    # A mean of two weeks: variance s²/2 + s²/8.
    assert standard_error(chart, 2) == pytest.approx(math.sqrt(8 / 7 * (1 / 2 + 1 / 8)))
    found = deviation(chart, [6.0], [1.0], charts=1, weeks=1)
    assert found is not None
    assert found.score == pytest.approx(6 / math.sqrt(8 / 7 * (1 + 1 / 8)))
    # Eight looks (two sides, four windows) at Student's t with 7 degrees of freedom.
    from scipy.stats import t

    assert found.by_chance == pytest.approx(8 * t.sf(found.score, 7))
    assert score_at(chart, found.by_chance, charts=1, weeks=1) == pytest.approx(found.score)


def test_matches_of_the_week_are_taken_out():
    matches = [1.0, 1.0, 2.0] * 10
    rng = np.random.default_rng(1)
    series = [0.3 * count + rng.normal(0, 0.01) for count in matches]
    chart = fit_chart(series, matches, floor=0.001)
    assert chart is not None
    assert chart.per_match == pytest.approx(0.3, abs=0.01)
    planned = deviation(chart, [0.6], [2.0], charts=10)
    unplanned = deviation(chart, [0.6], [1.0], charts=10)
    assert planned is not None
    assert unplanned is not None
    assert abs(planned.score) < 3 < unplanned.score


def test_too_few_weeks_have_no_chart():
    assert fit_chart([0.1, math.nan, 0.2, 0.1, 0.0, 0.3], [1.0] * 6, floor=0.1) is None


def test_weeks_that_never_move_have_the_floor_for_a_spread():
    chart = fit_chart([0.98] * 10, [1.0] * 10, floor=0.05)
    assert chart is not None
    assert (chart.spread, chart.autocorrelation) == (0.05, 0.0)


def test_a_week_without_a_value_is_not_judged():
    chart = fit_chart([0.0, 0.1] * 5, [1.0] * 10, floor=0.05)
    assert chart is not None
    assert deviation(chart, [0.1, math.nan], [1.0, 1.0], charts=1) is None


@given(
    st.lists(st.floats(-1, 1), min_size=6, max_size=40),
    st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    st.floats(-10, 10),
    st.floats(0.1, 50),
)
def test_unit_and_zero_of_a_column_do_not_matter(reference, judged, zero, unit):
    def answer(scale: float, shift: float):
        chart = fit_chart(
            [scale * value + shift for value in reference],
            [1.0] * len(reference),
            floor=0.05 * scale,
        )
        assert chart is not None
        return deviation(
            chart, [scale * value + shift for value in judged], [1.0] * len(judged), charts=20
        )

    plain, other = answer(1.0, 0.0), answer(unit, zero)
    assert plain is not None
    assert other is not None
    assert other.score == pytest.approx(plain.score, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_alarms_by_chance_are_no_more_than_promised(phi):
    # 150 pairs of a reference of 40 weeks and a stable season of 45: one chart alone, one alarm in
    # a season allowed.
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(150):
        noise = rng.normal(size=200)
        series = np.zeros(200)
        for at in range(1, 200):
            series[at] = phi * series[at - 1] + noise[at]
        chart = fit_chart(list(series[100:140]), [1.0] * 40, floor=0.01)
        assert chart is not None
        hits = [
            found.by_chance < 1
            for at in range(141, 185)
            if (found := deviation(chart, list(series[max(141, at - 5) : at + 1]),
                                   [1.0] * len(series[max(141, at - 5) : at + 1]), charts=1))
        ]  # fmt: skip
        alarms += sum(b and not a for a, b in zip([False, *hits], hits, strict=False))
    assert alarms / 150 < 1.0
