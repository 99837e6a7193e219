"""Who may learn from whom."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.mlops.rows import EvaluationError
from sports_assets.mlops.splits import (
    athlete_folds,
    out_of_fold,
    split_chronological,
    split_disjoint_and_forward,
    split_grouped,
    split_row_random,
    time_cuts,
)

ATHLETES, DAYS = 6, 60
WHO = np.repeat([f"a{k}" for k in range(ATHLETES)], DAYS)
DAY = np.tile(np.datetime64("2025-01-01") + np.arange(DAYS), ATHLETES)
CUTS = (np.datetime64("2025-01-31"), np.datetime64("2025-02-10"))


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(2, 8), st.integers(0, 10))
def test_nobody_is_tested_who_was_seen_and_no_day_that_was_known(seed, folds, embargo):
    splits = split_disjoint_and_forward(WHO, DAY, CUTS, folds=folds, embargo_d=embargo, seed=seed)
    for split in splits:
        assert not set(WHO[split.fit]) & set(WHO[split.test])
        assert (DAY[split.fit].max() - DAY[split.test].min()).astype(int) < -embargo
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested) == list(np.flatnonzero(CUTS[0] <= DAY))


def test_the_last_label_fitted_on_closes_before_the_first_day_tested():
    split = split_chronological(DAY, CUTS, 7)[0]
    # Day + 7 < 31 January: the 23rd is the last; its label ends on the 30th.
    assert DAY[split.fit].max() == np.datetime64("2025-01-23")
    assert DAY[split.test].max() == np.datetime64("2025-02-09")


@settings(deadline=None)
@given(st.integers(0, 50))
def test_the_leaky_designs_test_every_row_once(seed):
    for splits in (split_row_random(WHO.size, 5, seed), split_grouped(WHO, 5, seed)):
        tested = np.concatenate([split.test for split in splits])
        assert sorted(tested) == list(range(WHO.size))
        for split in splits:
            assert not set(split.fit) & set(split.test)
    for split in split_grouped(WHO, 5, seed):
        assert not set(WHO[split.fit]) & set(WHO[split.test])


@settings(deadline=None)
@given(st.integers(0, 200))
def test_positives_are_dealt_evenly(seed):
    y = np.isin(WHO, ["a0", "a1", "a2"]) & (np.datetime64("2025-01-06") == DAY)
    fold = athlete_folds(WHO, 3, seed, y)
    assert [int(y[fold == k].sum()) for k in range(3)] == [1, 1, 1]


def test_cuts_are_the_starts_of_seasons_with_enough_before_them():
    starts = ["2025-01-01", "2025-01-05", "2025-02-01"]
    assert [str(cut) for cut in time_cuts(DAY, starts)] == ["2025-02-01"]


def test_one_season_is_cut_in_its_second_half():
    cuts = time_cuts(DAY, ["2025-01-01"])
    assert len(cuts) == 3
    assert cuts[0] == np.datetime64("2025-01-31")
    assert all(a < b for a, b in pairwise(cuts))


def test_what_cannot_be_split_is_refused_in_words():
    with pytest.raises(EvaluationError, match="one athlete"):
        split_grouped(["a", "a"], 5, 0)
    with pytest.raises(EvaluationError, match="one day only"):
        time_cuts(["2025-01-01", "2025-01-01"])
    with pytest.raises(EvaluationError, match="longer history"):
        split_chronological(DAY[:20], CUTS, 7)


def test_rows_out_of_every_test_stay_unpredicted():
    splits = split_chronological(DAY, CUTS, 7)
    predicted = out_of_fold(lambda fit, test: np.full(test.size, float(fit.size)), splits, DAY.size)
    assert np.isnan(predicted[CUTS[0] > DAY]).all()
    assert np.isfinite(predicted[CUTS[0] <= DAY]).all()
