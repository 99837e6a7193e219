"""The whole evaluation, beside what it must beat."""

from dataclasses import replace

import numpy as np
import pytest

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.evaluate import Comparator, evaluate_binary
from sports_assets.mlops.evaluation import PREVALENCE, RANDOM, Evaluation, LearningPoint
from sports_assets.mlops.metrics import expit
from sports_assets.mlops.rows import EvaluationError, count_events


def season(athletes=20, days=120, seed=2, spread=1.0):
    rng = np.random.default_rng(seed)
    who = np.repeat([f"a{k:02d}" for k in range(athletes)], days)
    day = np.tile(np.datetime64("2025-07-01") + np.arange(days), athletes)
    risk = expit(-3 + spread * rng.normal(size=who.size))
    return who, day, (rng.random(who.size) < risk).astype(float), risk


@pytest.fixture(scope="module")
def evaluation():
    who, day, y, risk = season()
    rule = Comparator("simple rule", np.round(10 * risk), is_probability=False)
    curve = (LearningPoint(10.0, Interval(0.6, 0.5, 0.7), Interval(0.8), 5),)
    return evaluate_binary(
        target="an injury within seven days", athlete_id=who, day=day, y=y, p=risk,
        splits="the truth", seed=1, comparators=[rule], replicates=60, learning_curve=curve,
    )  # fmt: skip


def test_the_true_risk_is_calibrated_and_beats_prevalence_and_chance(evaluation):
    metrics = evaluation.model.metrics
    for name in ("calibration_slope", "observed_expected"):
        assert metrics[name].low < 1 < metrics[name].high, name
    assert metrics["brier_skill"].low > 0
    prevalence, chance = evaluation.scores(PREVALENCE), evaluation.scores(RANDOM)
    assert prevalence.difference["roc_auc"].low > 0
    assert prevalence.difference["brier"].high < 0
    assert chance.difference["precision"].low > 0
    assert prevalence.metrics["brier_skill"].value == pytest.approx(0)
    assert "calibration_slope" not in prevalence.metrics


def test_a_mere_score_is_judged_by_its_ranks_only(evaluation):
    assert set(evaluation.scores("simple rule").metrics) == {
        "roc_auc", "pr_auc", "precision", "day_recall",
    }  # fmt: skip
    with pytest.raises(KeyError, match="no such line"):
        evaluation.scores("nobody")


def test_bins_and_periods_hold_all_rows(evaluation):
    assert sum(one.rows for one in evaluation.reliability) == evaluation.rows == 2400
    assert sum(one.positives for one in evaluation.reliability) == evaluation.positives
    assert sum(one.observed for one in evaluation.over_time) == evaluation.positives
    assert (evaluation.over_time[0].first_day, evaluation.over_time[-1].last_day) == (
        evaluation.first_day, evaluation.last_day,
    )  # fmt: skip
    assert evaluation.roc[0].x == 0
    assert (evaluation.roc[-1].x, evaluation.roc[-1].y, evaluation.pr[-1].x) == (1, 1, 1)


def test_an_evaluation_comes_back_from_its_text(evaluation):
    text = evaluation.to_json()
    again = Evaluation.from_json(text)
    assert again.to_json() == text
    assert again.model.metrics == evaluation.model.metrics
    assert np.isnan(again.learning_curve[0].calibration_slope.low)
    assert replace(again, learning_curve=()) == replace(evaluation, learning_curve=())


def test_the_same_seed_gives_the_same_text():
    who, day, y, risk = season(athletes=4, days=30)
    made = [
        evaluate_binary(
            target="t", athlete_id=who, day=day, y=y, p=risk, splits="s", seed=7, replicates=10
        ).to_json()
        for _ in range(2)
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize("athletes", [1, 5])
def test_without_an_injury_there_is_an_evaluation_that_says_so(athletes):
    who, day, y, risk = season(athletes=athletes, days=30)
    found = evaluate_binary(
        target="t", athlete_id=who, day=day, y=np.zeros_like(y), p=risk, splits="s", seed=1,
        replicates=10,
    )  # fmt: skip
    assert (found.events, found.positives, found.roc) == (0, 0, ())
    assert np.isnan(found.model.metrics["roc_auc"].value)
    assert Evaluation.from_json(found.to_json()).to_json() == found.to_json()


def test_seven_positive_days_tell_of_one_injury():
    days = np.datetime64("2025-07-01") + np.array([0, 1, 2, 5, 0, 1])
    assert count_events(["a", "a", "a", "a", "b", "b"], days, [1, 1, 1, 1, 1, 0]) == 3


def test_no_rows_and_two_lines_of_one_name_are_refused():
    with pytest.raises(EvaluationError, match="nothing to judge"):
        evaluate_binary(target="t", athlete_id=[], day=[], y=[], p=[], splits="s", seed=1)
    who, day, y, risk = season(athletes=3, days=20)
    with pytest.raises(EvaluationError, match="name them apart"):
        evaluate_binary(
            target="t", athlete_id=who, day=day, y=y, p=risk, splits="s", seed=1,
            comparators=[Comparator("model", risk)],
        )  # fmt: skip
