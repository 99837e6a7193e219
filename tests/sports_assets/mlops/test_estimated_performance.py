import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.estimated_performance import estimate_performance


def test_two_rows_by_hand():
    # Concordant: the 0.8 is hurt and the 0.2 is not, 0.64; discordant: 0.04.
    found = estimate_performance([0.2, 0.8])
    assert found.auc == pytest.approx(0.64 / 0.68)
    assert found.brier == pytest.approx(0.16)
    assert found.rate == 0.5


def test_equal_probabilities_know_nothing():
    assert estimate_performance([0.3] * 5).auc == pytest.approx(0.5)


def test_certainty_has_no_pair():
    assert math.isnan(estimate_performance([1.0, 1.0]).auc)


@pytest.mark.parametrize("given_", [[], [1.2], [math.nan]])
def test_what_is_no_probability_is_refused(given_):
    with pytest.raises(ValueError, match=r"within 0\.\.1"):
        estimate_performance(given_)


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=30))
def test_as_over_all_pairs(probabilities):
    p = np.array(probabilities)
    higher = (p[:, None] > p[None, :]) + 0.5 * (p[:, None] == p[None, :])
    weight = p[:, None] * (1 - p[None, :])
    np.fill_diagonal(weight, 0.0)
    found = estimate_performance(probabilities)
    assert found.auc == pytest.approx((higher * weight).sum() / weight.sum())
    assert 0.5 - 1e-9 <= found.auc <= 1
    assert found.brier <= 0.25


def test_labels_drawn_from_the_probabilities_bear_it_out():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    p = rng.beta(1, 30, 60_000)
    y = rng.random(len(p)) < p
    found = estimate_performance(p)
    assert found.auc == pytest.approx(roc_auc_score(y, p), abs=0.015)
    assert found.rate == pytest.approx(y.mean(), rel=0.06)


def test_it_is_blind_to_a_doubled_hazard():
    p = np.full(100, 0.03)
    hurt_twice_as_often = estimate_performance(p)
    assert hurt_twice_as_often.rate == pytest.approx(0.03)
