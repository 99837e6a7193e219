"""Metrics: worked by hand, against scikit-learn, and what must hold of any."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.mlops.metrics import (
    brier_score,
    brier_skill,
    calibration_line,
    expit,
    logit,
    observed_expected,
    prepare_calibration_line,
    prepare_pr_auc,
    prepare_roc_auc,
    roc_auc,
    running_base_rate,
)
from sports_assets.mlops.rows import EvaluationError

ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 3)), min_size=2, max_size=60
)


def test_curves_of_four_rows_worked_by_hand():
    # Pairs of a positive and a negative: 0.8 > 0.1, 0.8 > 0.4, 0.4 > 0.1, and a tie: 3.5 of 4.
    assert roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8]) == pytest.approx(3.5 / 4)
    # Half the recall at precision 1, the rest at 2 of 3.
    average = prepare_pr_auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])(np.ones(4))
    assert average == pytest.approx(0.5 + 0.5 * 2 / 3)


@settings(deadline=None)
@given(ROWS)
def test_weighted_curves_agree_with_scikit_learn(rows):
    from sklearn.metrics import average_precision_score, roc_auc_score

    y, p, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    has_both = weights[y == 1].sum() > 0 and weights[y == 0].sum() > 0
    found = prepare_roc_auc(y, p)(weights)
    assert np.isfinite(found) == has_both
    if has_both:
        assert found == pytest.approx(roc_auc_score(y, p, sample_weight=weights))
        theirs = average_precision_score(y, p, sample_weight=weights)
        assert prepare_pr_auc(y, p)(weights) == pytest.approx(theirs)


@settings(deadline=None)
@given(ROWS)
def test_weights_are_worth_what_copies_of_the_rows_are(rows):
    y, p, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    times = weights.astype(int)
    copied = roc_auc(np.repeat(y, times), np.repeat(p, times))
    assert prepare_roc_auc(y, p)(weights) == pytest.approx(copied, nan_ok=True)


def test_the_line_of_calibration_is_that_of_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(1)
    x = rng.normal(-3, 1, 4000)
    y = rng.random(4000) < expit(0.4 + 0.6 * x)
    line = calibration_line(y, expit(x))
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(x[:, None], y)
    assert line.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert line.intercept == pytest.approx(theirs.intercept_[0], rel=1e-3)


@settings(deadline=None)
@given(st.floats(0.3, 3.0), st.floats(-2.0, 2.0))
def test_stretching_predictions_is_undone_by_the_slope(stretch, shift):
    rng = np.random.default_rng(2)
    x = rng.normal(-1, 1, 500)
    y = rng.random(500) < expit(x)
    plain, bent = calibration_line(y, expit(x)), calibration_line(y, expit(shift + stretch * x))
    assert bent.slope * stretch == pytest.approx(plain.slope, rel=1e-3)
    assert bent.intercept + bent.slope * shift == pytest.approx(plain.intercept, abs=1e-2)


def test_two_risks_give_the_line_through_their_observed_odds():
    # Predicted 0.2 and 0.5; observed 1 of 4 and 3 of 4: logits -1.386, 0 to -1.0986, 1.0986.
    line = calibration_line([1, 0, 0, 0, 1, 1, 1, 0], [0.2] * 4 + [0.5] * 4)
    assert line.slope == pytest.approx(2 * np.log(3) / np.log(4))
    assert line.intercept == pytest.approx(np.log(3))


@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([0, 0, 0], [0.1, 0.2, 0.3]),
        ([0, 1, 1], [0.2, 0.2, 0.2]),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
    ],
)
def test_there_is_no_line_of_one_class_of_one_risk_or_of_separated_ones(y, p):
    assert np.isnan(calibration_line(y, p).slope)


def test_a_draw_without_positives_has_no_line():
    measure = prepare_calibration_line([0, 1, 0, 1, 0], [0.1, 0.2, 0.3, 0.2, 0.4])
    assert np.isnan(measure(np.array([1.0, 0, 1, 0, 1])).slope)


def test_observed_expected_and_brier_worked_by_hand():
    assert observed_expected([1, 0, 0, 1], [0.5, 0.25, 0.25, 0.5]) == pytest.approx(2 / 1.5)
    assert brier_score([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    assert brier_skill([1, 0], [0.8, 0.4], [0.5, 0.5]) == pytest.approx(1 - 0.1 / 0.25)
    assert np.isnan(observed_expected([0, 0], [0.0, 0.0]))


def test_the_base_rate_counts_labels_only_once_they_are_closed():
    days = np.array(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"])
    rate = running_base_rate(days, [1, 0, 0, 0, 1], horizon_d=2, prior_rate=0.25, prior_rows=4)
    # Of day 4 the label of day 1 has closed (it told of days 2 and 3), of day 5 those of 1 and 2.
    assert rate == pytest.approx([0.25, 0.25, 0.25, 2 / 5, 2 / 6])


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=30, max_size=30), st.integers(0, 29))
def test_no_base_rate_knows_the_future(labels, cut):
    days = np.datetime64("2026-01-01") + np.arange(30)
    settings = {"horizon_d": 7, "prior_rate": 0.1}
    before = running_base_rate(days, labels, **settings)
    changed = [label if at + 7 < cut else not label for at, label in enumerate(labels)]
    assert running_base_rate(days, changed, **settings)[: cut + 1] == pytest.approx(
        before[: cut + 1]
    )


def test_open_labels_and_missing_predictions_are_refused_in_words():
    with pytest.raises(EvaluationError, match="label is open"):
        roc_auc([0, np.nan], [0.1, 0.2])
    with pytest.raises(EvaluationError, match="not scored"):
        roc_auc([0, 1], [0.1, np.nan])
    with pytest.raises(EvaluationError, match="one of each"):
        roc_auc([0, 1], [0.1])


def test_logits_stay_finite():
    assert np.isfinite(logit([0.0, 1.0])).all()
