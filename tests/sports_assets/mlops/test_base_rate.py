"""Base rates move between seasons, and calibration follows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.mlops.base_rate import (
    BaseRateSettings,
    BaseRateShift,
    follow_base_rate,
    shifts_as_of,
)
from sports_assets.mlops.metrics import brier_score, expit, observed_expected, roc_auc
from tests.sports_assets.mlops.conftest import make_squad

SEASON = 315


def two_seasons(second, athletes):
    """The model knows the risk of the first; in the second the hazard's level has moved."""
    first = make_squad(1, athletes=athletes, days=SEASON + 7)
    moved = make_squad(2, athletes=athletes, days=SEASON + 7, level=-5.3 + np.log(second))
    day = np.concatenate(
        [first.frame["day"], moved.frame["day"] + np.timedelta64(SEASON + 50, "D")]
    ).astype("datetime64[D]")
    y = np.concatenate([first.frame["y"], moved.frame["y"]])
    p = np.concatenate([first.risk, expit(np.log(moved.risk / (1 - moved.risk)) - np.log(second))])
    return day, y, p, day >= day.min() + np.timedelta64(SEASON + 50, "D")


def shift_as_of(p, y, day, *, as_of, start=None):
    (found,) = shifts_as_of(p, y, day, as_of=[as_of], start=start)
    return found


def test_a_rate_that_doubles_is_followed():
    day, y, p, is_second = two_seasons(2.0, athletes=200)
    shifted = follow_base_rate(p, y, day)
    assert observed_expected(y[~is_second], shifted[~is_second]) == pytest.approx(1, abs=0.1)
    assert observed_expected(y[is_second], p[is_second]) > 1.7
    assert observed_expected(y[is_second], shifted[is_second]) == pytest.approx(1, abs=0.1)
    assert brier_score(y[is_second], shifted[is_second]) < brier_score(y[is_second], p[is_second])


def test_a_squad_alone_is_followed_once_the_labels_leave_no_doubt():
    day, y, p, is_second = two_seasons(2.0, athletes=25)
    shifted = follow_base_rate(p, y, day)
    late = is_second & (day >= day[is_second].min() + np.timedelta64(150, "D"))
    assert observed_expected(y[late], p[late]) > 1.5
    assert observed_expected(y[late], shifted[late]) == pytest.approx(1, abs=0.25)


def test_a_level_that_stays_is_left_alone():
    day, y, p, _ = two_seasons(1.0, athletes=25)
    start = BaseRateShift(BaseRateSettings(prior_events=100))
    shifted = follow_base_rate(p, y, day, start=start)
    assert np.abs(np.log(shifted / p)).max() < 0.2
    assert roc_auc(y, shifted) == pytest.approx(roc_auc(y, p), abs=2e-3)
    assert shift_as_of(p, y, day, as_of=day.max(), start=start).changed_on == ""


def test_a_change_is_dated_and_the_level_counted_anew_from_there():
    day, y, p, is_second = two_seasons(2.0, athletes=200)
    found = shift_as_of(p, y, day, as_of=day.max())
    off = np.datetime64(found.changed_on) - day[is_second].min()
    assert abs(off) <= np.timedelta64(21, "D")
    assert found.level == pytest.approx(2.0, abs=0.25)
    assert found.first_days[0] == found.changed_on


def test_the_first_shift_worked_by_hand():
    # 14 rows at 1 % with seven positive: one injury, 0.02 expected; the prior is worth ten.
    days = np.full(14, np.datetime64("2025-01-01"))
    found = shift_as_of(
        np.full(14, 0.01), [1] * 7 + [0] * 7, days, as_of=np.datetime64("2025-01-09"),
        start=BaseRateShift(BaseRateSettings(prior_events=10)),
    )  # fmt: skip
    assert (found.observed, found.expected) == ((1.0,), (pytest.approx(0.02),))
    assert found.level == pytest.approx(11 / 10.02)
    # By hand for rare events; the logit's bend and the bins take the third digit.
    assert found.shift == pytest.approx(np.log(11 / 10.02), abs=5e-3)


def test_a_change_needs_its_evidence_worked_by_hand():
    # A week of 20 injuries where 5 were expected, after 100 at the model's own level: two levels
    # explain it better than one by 20 ln 4 + 100 ln 1 - 120 ln(120/105) = 27.7 - 16.0 = 11.7.
    days = np.datetime64("2025-01-01") + np.repeat(np.arange(7), 50)
    p, y = np.full(350, 0.1), np.tile(np.repeat([1.0, 0.0], [20, 30]), 7)
    found = {
        evidence: shift_as_of(
            p, y, days, as_of=np.datetime64("2025-02-01"),
            start=BaseRateShift(BaseRateSettings(prior_events=100, evidence=evidence)),
        )
        for evidence in (11.6, 11.8)
    }  # fmt: skip
    assert found[11.6].changed_on == "2025-01-01"
    assert found[11.6].level == pytest.approx(25 / 10)
    assert found[11.8].changed_on == ""
    assert found[11.8].level == pytest.approx(120 / 105)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 200), st.integers(0, 59))
def test_no_prediction_knows_the_future(seed, cut):
    rng = np.random.default_rng(seed)
    day = np.datetime64("2025-01-01") + np.arange(60)
    p, y = rng.uniform(0.01, 0.2, 60), (rng.random(60) < 0.1).astype(float)
    before = follow_base_rate(p, y, day)
    changed = np.where(np.arange(60) + 7 < cut, y, 1 - y)
    assert follow_base_rate(p, changed, day)[: cut + 1] == pytest.approx(before[: cut + 1])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 200), st.integers(1, 59))
def test_going_on_from_a_kept_state_is_as_good_as_from_the_beginning(seed, cut):
    rng = np.random.default_rng(seed)
    day = np.datetime64("2025-01-01") + np.repeat(np.arange(60), 3)
    p, y = rng.uniform(0.01, 0.2, 180), (rng.random(180) < 0.1).astype(float)
    order = rng.permutation(180)
    whole = shift_as_of(p[order], y[order], day[order], as_of=day[-1])
    part = shift_as_of(p, y, day, as_of=day[3 * cut])
    kept = BaseRateShift.from_json(part.to_json())
    assert shift_as_of(p, y, day, as_of=day[-1], start=kept).to_json() == pytest.approx(
        whole.to_json()
    )
    assert whole.apply(p[-3:]) == pytest.approx(follow_base_rate(p, y, day)[-3:])


def test_labels_that_never_come_change_nothing():
    day = np.datetime64("2025-01-01") + np.arange(30)
    p, y = np.full(30, 0.1), np.full(30, np.nan)
    assert follow_base_rate(p, y, day) == pytest.approx(p)


def test_without_any_injury_the_level_sinks_and_stays_finite():
    day = np.datetime64("2025-01-01") + np.arange(700)
    start = BaseRateShift(BaseRateSettings(prior_events=2))
    shifted = follow_base_rate(np.full(700, 0.3), np.zeros(700), day, start=start)
    assert 0 < shifted[-1] < 0.1
