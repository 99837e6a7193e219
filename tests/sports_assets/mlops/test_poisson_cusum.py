import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.poisson_cusum import alarms_in, delay_d, limit_for, run_cusum

A_DAY = 0.75 / 7


def test_five_days_by_hand():
    # ln 2 for each onset, less one expected onset of 0.1 a day.
    course = run_cusum([0, 1, 1, 0, 1], [0.1] * 5, ratio=2.0, limit=1.2)
    gain = math.log(2)
    assert course.level[:2] == pytest.approx([0.0, gain - 0.1])
    assert course.level[2] == pytest.approx(2 * (gain - 0.1))
    assert course.level[3] == pytest.approx(2 * gain - 0.3)
    assert list(course.is_alarm) == [False, False, False, False, True]
    assert course.level[4] == pytest.approx(3 * gain - 0.4)


def test_after_an_alarm_it_starts_anew():
    course = run_cusum([3, 0, 0], [0.1] * 3, ratio=2.0, limit=1.0)
    assert list(course.is_alarm) == [True, False, False]
    assert course.level[1] == 0.0


def test_an_unknown_expectation_is_refused():
    with pytest.raises(ValueError, match="must be known"):
        run_cusum([0], [math.nan], ratio=2.0, limit=1.0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.floats(0.01, 1))
def test_the_level_is_the_largest_evidence_of_any_change_day(onsets, expected):
    course = run_cusum(onsets, [expected] * len(onsets), ratio=2.0, limit=1e9)
    gains = [count * math.log(2) - expected for count in onsets]
    for day in range(len(onsets)):
        best = max(0.0, *(sum(gains[start : day + 1]) for start in range(day + 1)))
        assert course.level[day] == pytest.approx(best, abs=1e-9)


def test_the_chain_counts_alarms_as_simulation_does():
    rng = np.random.default_rng(4)
    limit = limit_for(A_DAY, 2.0, 1.0)
    alarms = [
        run_cusum(rng.poisson(A_DAY, 315), [A_DAY] * 315, 2.0, limit).is_alarm.sum()
        for _ in range(800)
    ]
    assert np.mean(alarms) == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize(
    ("a_week", "false_alarms", "found_within"),
    # What the module's text says of 25 athletes, and of a squad nearly twice as large.
    [(0.75, 1.0, 29), (0.75, 2.0, 21), (0.75, 0.8, 32), (1.4, 1.0, 21)],
)
def test_how_soon_a_doubled_hazard_can_be_found(a_week, false_alarms, found_within):
    limit = limit_for(a_week / 7, 2.0, false_alarms)
    assert alarms_in(a_week / 7, 2.0, limit) == pytest.approx(false_alarms, rel=0.03)
    assert delay_d(a_week / 7, 2.0, limit, true_ratio=2.0) == pytest.approx(found_within, abs=1)


def test_a_lower_hazard_has_a_chart_too():
    limit = limit_for(A_DAY, 0.5, 0.1)
    assert alarms_in(A_DAY, 0.5, limit) == pytest.approx(0.1, abs=0.01)
    assert alarms_in(A_DAY, 0.5, limit, true_ratio=0.5) > 0.5
