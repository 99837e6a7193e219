"""Intervals by athlete."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.mlops.bootstrap import (
    Interval,
    draw_by_athlete,
    paired_difference,
    together,
)
from sports_assets.mlops.metrics import Metric, prepare_mean, prepare_roc_auc, roc_auc


def interval_of(metric: Metric, who: npt.ArrayLike, *, seed: int) -> Interval:
    return draw_by_athlete(together(metric=metric), who, seed=seed).interval("metric")


def test_a_draw_is_worth_the_rows_of_the_athletes_drawn():
    rng = np.random.default_rng(0)
    who = np.repeat(list("abcde"), 20)
    y, p = rng.random(100) < 0.3, rng.random(100)
    drawn = draw_by_athlete(together(auc=prepare_roc_auc(y, p)), who, seed=3, replicates=5)
    times = np.random.default_rng(3).multinomial(5, np.full(5, 0.2))
    rows = np.concatenate(
        [np.tile(np.flatnonzero(who == name), n) for name, n in zip("abcde", times, strict=True)]
    )
    assert drawn.draws["auc"][0] == pytest.approx(roc_auc(y[rows], p[rows]))


def test_days_of_one_athlete_are_no_independent_evidence():
    who = np.repeat(np.arange(25), 400)
    values = np.random.default_rng(4).normal(size=25)[who]
    by_athlete = interval_of(prepare_mean(values), who, seed=1)
    by_row = interval_of(prepare_mean(values[:500]), np.arange(500), seed=1)
    assert by_athlete.high - by_athlete.low > 3 * (by_row.high - by_row.low)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_the_same_predictions_differ_by_nothing(seed):
    rng = np.random.default_rng(seed)
    y, p, who = rng.random(60) < 0.4, rng.random(60), rng.integers(0, 6, 60)
    metric = prepare_roc_auc(y, p)
    difference = paired_difference(metric, metric, who, seed=seed, replicates=20)
    assert difference == Interval(0.0, 0.0, 0.0)


def test_a_paired_difference_is_surer_than_either():
    rng = np.random.default_rng(5)
    who = np.repeat(np.arange(40), 50)
    x = rng.normal(size=2000)
    y = rng.random(2000) < 1 / (1 + np.exp(2 - x + rng.normal(size=40)[who]))
    good, worse = prepare_roc_auc(y, x), prepare_roc_auc(y, x + rng.normal(size=2000))
    alone = interval_of(good, who, seed=2)
    difference = paired_difference(good, worse, who, seed=2)
    assert difference.low > 0
    assert difference.high - difference.low < alone.high - alone.low


def test_one_athlete_has_a_figure_and_no_interval():
    found = interval_of(prepare_roc_auc([0, 1], [0.1, 0.2]), ["a", "a"], seed=0)
    assert found.value == 1
    assert np.isnan(found.low)


def test_no_injury_at_all_has_neither():
    found = interval_of(prepare_roc_auc([0, 0], [0.1, 0.2]), ["a", "b"], seed=0)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_the_same_seed_gives_the_same_interval():
    rng = np.random.default_rng(6)
    y, p, who = rng.random(200) < 0.3, rng.random(200), rng.integers(0, 10, 200)
    first, again, other = (interval_of(prepare_roc_auc(y, p), who, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first != other
