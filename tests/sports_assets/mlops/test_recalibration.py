"""Predictions that mean what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sports_assets.mlops.recalibration import Calibrator


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
