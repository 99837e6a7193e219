"""A feature of day t knows nothing of what comes after: change all of it, and no bit differs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.workload.athlete_days import ANSWERS, as_athlete_days
from sports_assets.workload.features import FEATURES, workload_features
from sports_assets.workload.fixtures import fixtures_of
from tests.sports_assets.workload.made_club import FIRST, made_club

NAMES = [feature.name for feature in FEATURES]
SEEDS = st.integers(0, 2**31)


def two_teams(seed):
    """Two teams, of which one athlete changes sides, and a plan of its own for each."""
    frame = pd.concat([made_club(seed), made_club(seed + 1, team="B", days=70)])
    frame.loc[(frame["athlete_id"] == "A3") & (frame["date"] > frame["date"].median()), "team"] = (
        "B"
    )
    days = as_athlete_days(frame)
    rng = np.random.default_rng(seed)
    fixtures = fixtures_of(days)
    ahead = pd.to_timedelta(rng.integers(0, 20, len(fixtures)), unit="D")
    fixtures["known_from"] = fixtures["day"] - ahead
    return days, fixtures


def with_another_future(days, fixtures, cut, seed):
    """The same up to `cut`; afterwards other loads, answers, injuries, matches and fixtures."""
    rng = np.random.default_rng(seed)
    changed = days.copy()
    later = (days["day"] > cut).to_numpy()
    count = int(later.sum())
    for name in ("load_au", "minutes", *ANSWERS, "resting_heart_rate_bpm", "ln_rmssd"):
        values = np.where(rng.random(count) < 0.5, np.nan, rng.uniform(0, 2000, count))
        changed.loc[later, name] = values
    for name in ("is_match", "injury_start", "is_injured"):
        changed.loc[later, name] = rng.random(count) < 0.5
    changed.loc[later, "age_years"] = np.nan
    changed.loc[later, "prior_injuries"] = 2.0
    changed.loc[later, "team"] = rng.choice(["A", "B", "C"], count)
    known = fixtures[fixtures["known_from"] <= cut]
    day = cut + pd.to_timedelta(rng.integers(1, 40, 30), unit="D")
    told = cut + pd.to_timedelta(rng.integers(1, 20, 30), unit="D")
    told = told.where(told <= day, day)
    news = pd.DataFrame({"team": rng.choice(["A", "B"], 30), "day": day, "known_from": told})
    return changed, pd.concat([known, news]).sample(frac=1, random_state=seed)


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(seed=SEEDS, day=st.integers(0, 88))
def test_another_future_changes_no_feature_up_to_the_day(seed, day):
    days, fixtures = two_teams(seed)
    cut = FIRST + pd.Timedelta(days=day)
    before = workload_features(days, fixtures)
    after = workload_features(*with_another_future(days, fixtures, cut, seed + 7))
    upto = (days["day"] <= cut).to_numpy()
    pd.testing.assert_frame_equal(after[upto], before[upto], check_exact=True)


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS, day=st.integers(0, 88))
def test_features_made_on_the_day_are_those_made_long_after(seed, day):
    days, fixtures = two_teams(seed)
    cut = FIRST + pd.Timedelta(days=day)
    upto = days["day"] <= cut
    then = workload_features(
        days[upto].reset_index(drop=True), fixtures[fixtures["known_from"] <= cut]
    )
    after = workload_features(days, fixtures)[upto].reset_index(drop=True)
    pd.testing.assert_frame_equal(then, after, check_exact=True)


def test_every_feature_moves_with_another_past():
    """So none of them is the same above for being constant."""
    before, after = (workload_features(*two_teams(seed)) for seed in (5, 6))
    still = [name for name in NAMES if after[name].equals(before[name])]
    assert still == ["history_days"]


def test_a_fixture_that_had_been_published_counts():
    days, fixtures = two_teams(5)
    cut = FIRST + pd.Timedelta(days=40)
    news = {"team": "A", "day": cut + pd.Timedelta(days=2), "known_from": cut}
    fixtures = fixtures[~((fixtures["team"] == "A") & (fixtures["day"] > cut))]
    with_news = pd.concat([fixtures, pd.DataFrame([news])])
    row = (days["day"] == cut) & (days["team"] == "A") & (days["athlete_id"] == "A1")
    before = workload_features(days, fixtures)[row].iloc[0]
    after = workload_features(days, with_news)[row].iloc[0]
    assert (before["fixtures_next_7d"], before["days_to_next_fixture"]) == (0, 29)
    assert (after["fixtures_next_7d"], after["days_to_next_fixture"]) == (1, 2)
    assert (after["fixtures_next_2d"], after["is_fixture_tomorrow"]) == (1, 0)
    assert after["expected_match_minutes_7d"] == after["minutes_per_fixture"]
