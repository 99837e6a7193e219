import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from sports_assets.mlops.performance import (
    DailyOnsets,
    charts_of,
    daily_onsets,
    judge_performance,
    poisson_interval,
)
from sports_assets.mlops.performance import PerformanceSettings as Settings

MONDAY = date(2026, 8, 3)


def course(rate: np.ndarray, seed: int, expected: float = 0.75 / 7) -> DailyOnsets:
    rng = np.random.default_rng(seed)
    days = tuple(MONDAY + timedelta(days=at) for at in range(len(rate)))
    return DailyOnsets(
        days, rng.poisson(rate).astype(float), np.full(len(rate), expected, np.float64)
    )


def test_an_onset_counts_on_its_day_against_the_evening_before():
    predictions = pd.DataFrame(
        {
            "athlete_id": ["a", "b", "a", "b"],
            "day": [MONDAY, MONDAY, MONDAY + timedelta(days=1), MONDAY + timedelta(days=1)],
            "probability": [0.07, 0.14, 0.07, 0.0],
        }
    )
    onsets = pd.DataFrame(
        {
            # `c` had no prediction, and `a` was hurt before the first one told anything.
            "athlete_id": ["b", "c", "a"],
            "day": [MONDAY + timedelta(days=1), MONDAY + timedelta(days=1), MONDAY],
        }
    )
    daily = daily_onsets(predictions, onsets, last_day=MONDAY + timedelta(days=3))
    assert daily.days == tuple(MONDAY + timedelta(days=at) for at in (1, 2, 3))
    assert list(daily.onsets) == [1.0, 0.0, 0.0]
    first = -(math.log(0.93) + math.log(0.86)) / 7
    assert list(daily.expected) == pytest.approx([first, -math.log(0.93) / 7, 0.0])


def test_nothing_predicted_is_nothing_judged():
    none = pd.DataFrame({"athlete_id": [], "day": [], "probability": []})
    daily = daily_onsets(none, none[["athlete_id", "day"]], MONDAY)
    assert daily.days == ()
    assert judge_performance(daily, model="injury_risk") == []


def test_a_certain_injury_is_refused():
    sure = pd.DataFrame({"athlete_id": ["a"], "day": [MONDAY], "probability": [1.0]})
    with pytest.raises(ValueError, match="below 1"):
        daily_onsets(sure, sure[["athlete_id", "day"]], MONDAY)


def test_the_interval_of_a_count():
    # Garwood's table: of 3 events 0.619 to 8.767, of none 0 to 3.689.
    assert poisson_interval(3) == pytest.approx((0.6187, 8.7673), abs=1e-3)
    assert poisson_interval(0) == pytest.approx((0.0, 3.6889), abs=1e-3)


def test_a_doubled_hazard_is_decay_and_says_so():
    daily = course(np.repeat([0.75 / 7, 1.5 / 7], [200, 100]), seed=8)
    act, _, _ = charts_of(daily, Settings())
    alarm = int(np.flatnonzero(act.is_alarm[200:])[0]) + 201
    daily = DailyOnsets(daily.days[:alarm], daily.onsets[:alarm], daily.expected[:alarm])
    found = {one.subject: one for one in judge_performance(daily, model="injury_risk")}
    assert (found["cusum_up"].verdict, found["cusum_up"].kind) == ("act", "decay")
    assert found["cusum_up"].value >= found["cusum_up"].threshold
    assert "injuries in 84 days where 9.0 were expected" in found["cusum_up"].reason
    assert "for a hazard 2 times the expected one" in found["cusum_up"].reason
    assert found["cusum_down"].verdict == "ok"
    assert found["observed_expected"].value > 1
    assert found["observed_expected"].verdict == "ok"


def test_seasons_with_and_without_a_doubled_hazard():
    settings = Settings()
    false, watches, delays, seen = [], [], [], []
    for seed in range(150):
        stable = course(np.full(315, 0.75 / 7), seed)
        act, watch, down = charts_of(stable, settings)
        false.append(act.is_alarm.sum() + down.is_alarm.sum())
        watches.append(watch.is_alarm.sum())
        doubled = course(np.repeat([0.75 / 7, 1.5 / 7], [126, 189]), seed + 1000)
        act, watch, _ = charts_of(doubled, settings)
        for one, found in ((act, delays), (watch, seen)):
            late = np.flatnonzero(one.is_alarm[126:])
            found.append(late[0] + 1 if len(late) else 999)
    assert np.mean(false) < 0.6
    assert np.mean(watches) < 2.2
    assert np.median(seen) <= 23
    assert np.median(delays) <= 55
