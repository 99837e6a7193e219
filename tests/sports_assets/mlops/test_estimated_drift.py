from datetime import date, timedelta

import numpy as np

from sports_assets.mlops.estimated_drift import judge_estimates
from sports_assets.mlops.estimated_performance import estimate_performance

MONDAY = date(2026, 1, 5)
WEEKS = [MONDAY + timedelta(days=7 * at) for at in range(24)]


def estimates(last_factor: float):
    rng = np.random.default_rng(3)
    return {
        week: estimate_performance(
            np.clip(rng.beta(2, 60, 175) * (last_factor if week == WEEKS[-1] else 1), 0, 1)
        )
        for week in WEEKS
    }


def judged(last_factor: float, reference=WEEKS[:20]):
    return {
        one.subject: one
        for one in judge_estimates(
            estimates(last_factor), model="injury_risk", week=WEEKS[-1], reference=reference,
            plan=None,
        )
    }  # fmt: skip


def test_a_week_like_others_is_ok():
    assert {one.verdict for one in judged(1.0).values()} == {"ok"}


def test_twice_as_much_risk_said_is_watched_and_never_more():
    found = judged(2.0)
    assert (found["rate"].verdict, found["rate"].kind) == ("watch", "shift")
    assert "if the probabilities are calibrated" in found["rate"].reason
    assert {one.verdict for one in found.values()} <= {"ok", "watch"}


def test_too_little_to_compare_with_is_said():
    assert "less than 6 reference weeks" in judged(2.0, WEEKS[:4])["auc"].reason


def test_a_week_without_predictions_has_no_estimate():
    assert judge_estimates({}, model="x", week=MONDAY, reference=[], plan=None) == []
