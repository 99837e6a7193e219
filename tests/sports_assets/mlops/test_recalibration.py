"""Predictions that mean what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.mlops.metrics import calibration_line, expit, logit, observed_expected
from sports_assets.mlops.recalibration import LEAST_EVENTS, Calibrator, fit_calibrator
from sports_assets.mlops.rows import EvaluationError

KINDS = ("intercept", "platt", "beta", "isotonic")


def bent(n=40_000, seed=1):
    """A model calibrated at 50 % prevalence while the truth is 5 %, and too sure of itself."""
    rng = np.random.default_rng(seed)
    x = rng.normal(-3, 0.8, n)
    return (rng.random(n) < expit(x)).astype(float), expit(3 + 1.5 * x)


def test_a_level_worked_by_hand():
    # One of four at predictions of 1/2 each: logit 0 goes to logit of 1/4, which is -ln 3.
    found = fit_calibrator([1, 0, 0, 0], [0.5] * 4, events=10, kind="intercept")
    assert found.parameters == (pytest.approx(-np.log(3)),)
    assert found.apply([0.5]) == pytest.approx([0.25])


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_calibrated_at_half_is_right_at_true_prevalence(kind):
    y, p = bent()
    found = fit_calibrator(y, p, kind=kind)
    again_y, again_p = bent(seed=2)
    calibrated = found.apply(again_p)
    assert observed_expected(again_y, again_p) < 0.3
    assert observed_expected(again_y, calibrated) == pytest.approx(1, abs=0.06)
    if kind != "intercept":
        assert calibration_line(again_y, calibrated).slope == pytest.approx(1, abs=0.06)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(KINDS), st.integers(0, 100))
def test_the_order_of_athletes_stays_and_text_brings_it_back(kind, seed):
    y, p = bent(3000, seed)
    found = fit_calibrator(y, p, events=LEAST_EVENTS[kind], kind=kind)
    at = np.linspace(0, 1, 50)
    calibrated = found.apply(at)
    assert (np.diff(calibrated) >= -1e-12).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()
    assert Calibrator.from_json(found.to_json()) == found


def test_few_injuries_carry_few_parameters():
    y, p = bent(2000)
    assert [fit_calibrator(y, p, events=n).kind for n in (3, 20, 60, 5000)] == [
        "identity", "intercept", "platt", "platt",
    ]  # fmt: skip
    assert fit_calibrator(y, p, events=3).apply(p) == pytest.approx(p)
    with pytest.raises(EvaluationError, match="fewer parameters"):
        fit_calibrator(y, p, events=100, kind="beta")


def test_predictions_that_rank_the_wrong_way_become_the_base_rate():
    y, p = bent(4000)
    found = fit_calibrator(y, expit(-logit(p)))
    assert found.apply([0.01, 0.9]) == pytest.approx([y.mean(), y.mean()])


def test_no_injury_at_all_leaves_predictions_alone():
    assert fit_calibrator([0, 0], [0.1, 0.2]).kind == "identity"
