"""Predictions that mean what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.metrics import expit, logit, observed_expected
from sports_assets.mlops.recalibration import Calibrator, level_shift
from sports_assets.mlops.rows import EvaluationError


def test_a_line_worked_by_hand():
    # Logit 0 goes to -ln 3, which is the logit of 1/4; logit of 0.8 is ln 4, half of it ln 2.
    assert Calibrator("platt", (-np.log(3), 1.0), 60).apply([0.5]) == pytest.approx([0.25])
    assert Calibrator("platt", (0.0, 0.5), 60).apply([0.8]) == pytest.approx([2 / 3])
    assert list(Calibrator("identity", (), 3).apply([0.0, 0.2, 1.0])) == [0.0, 0.2, 1.0]


@given(st.floats(-8, 8), st.floats(0.1, 5))
def test_the_order_of_athletes_stays_and_text_brings_it_back(intercept, slope):
    made = Calibrator("platt", (intercept, slope), 60)
    calibrated = made.apply(np.linspace(0, 1, 50))
    assert (np.diff(calibrated) >= 0).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()
    assert Calibrator.from_json(made.to_json()) == made


def test_a_level_worked_by_hand():
    # One of four at predictions of 1/2 each: logit 0 goes to logit of 1/4, which is -ln 3.
    assert level_shift(np.array([1.0, 0, 0, 0]), np.full(4, 0.5)) == pytest.approx(-np.log(3))
    with pytest.raises(EvaluationError, match="no level to calibrate to"):
        level_shift(np.zeros(2), np.array([0.1, 0.2]))


@given(st.integers(0, 100), st.floats(-4, 4))
def test_at_the_level_as_much_is_expected_as_was_observed(seed, off):
    rng = np.random.default_rng(seed)
    x = rng.normal(-3, 0.8, 3000)
    y, p = (rng.random(3000) < expit(x)).astype(float), expit(x + off)
    assert observed_expected(y, expit(logit(p) + level_shift(y, p))) == pytest.approx(1, abs=1e-6)
