"""What would a model claim if rows were split carelessly?"""

import lightgbm
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.leak_audit import LEAST_EVENTS, LeakAudit, audit_leaks
from sports_assets.mlops.rows import EvaluationError
from sports_assets.mlops.splits import time_cuts
from tests.sports_assets.mlops.conftest import make_squad

SMALL = {
    "num_leaves": 4, "min_data_in_leaf": 300, "learning_rate": 0.05, "lambda_l2": 20.0,
    "monotone_constraints": [1, 1],
}  # fmt: skip
DEEP = {"num_leaves": 127, "min_data_in_leaf": 2, "learning_rate": 0.3}


def trees(frame, columns, settings, rounds):
    x, y = frame[columns].to_numpy(float), frame["y"].to_numpy()
    fixed = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 1,
             "deterministic": True, "force_row_wise": True}  # fmt: skip

    def fit_predict(fit, test):
        data = lightgbm.Dataset(x[fit], y[fit])
        return lightgbm.train({**fixed, **settings}, data, rounds).predict(x[test])

    return fit_predict


def line(frame, columns):
    x, y = frame[columns].to_numpy(float), frame["y"].to_numpy()

    def fit_predict(fit, test):
        if not 0 < y[fit].sum() < fit.size:
            return np.full(test.size, y[fit].mean())
        return LogisticRegression(C=0.1).fit(x[fit], y[fit]).predict_proba(x[test])[:, 1]

    return fit_predict


def audit(frame, fit_predict, **told):
    return audit_leaks(
        fit_predict, athlete_id=frame["athlete_id"], day=frame["day"], y=frame["y"],
        cuts=time_cuts(frame["day"], parts=2), folds=3, seed=1, replicates=100, **told,
    )  # fmt: skip


def test_small_monotone_trees_of_load_and_age_pass(squad):
    found = audit(squad.frame, trees(squad.frame, ["load", "age"], SMALL, 80))
    assert found.verdict == "passed", found
    assert "within the limit" in found.reason
    assert found.honest.value > 0.6


def test_deep_trees_that_know_who_and_when_are_blocked(squad):
    columns = ["load", "age", "number", "since"]
    found = audit(squad.frame, trees(squad.frame, columns, DEEP, 30))
    assert found.verdict == "blocked", found
    assert found.row_random.value > 0.85
    assert found.grouped.value < 0.7
    assert "remembers" in found.reason


def test_ten_injuries_do_not_block_by_noise_alone():
    # These are squads in which a line through the two true causes shows a gap.
    verdicts = []
    for seed in (103, 104, 105):
        frame = make_squad(seed, athletes=20, days=330, level=-7.5).frame
        found = audit(frame, line(frame, ["load", "age"]))
        assert found.events < LEAST_EVENTS
        assert found.gap.value > found.limit
        verdicts.append(found.verdict)
    assert set(verdicts) == {"undecided"}


def test_a_careless_claim_is_blocked_though_the_gap_is_small(squad):
    fit_predict = line(squad.frame, ["load", "age"])
    honest = audit(squad.frame, fit_predict)
    assert audit(squad.frame, fit_predict, claimed=honest.honest.value + 0.01).verdict == "passed"
    careless = audit(squad.frame, fit_predict, claimed=0.95)
    assert careless.verdict == "blocked"
    assert "report the honest figure" in careless.reason


def test_all_designs_are_scored_on_the_same_rows_and_fitted_on_as_many(squad):
    seen = []

    def fit_predict(fit, test):
        seen.append(fit.size)
        return np.zeros(test.size)

    found = audit(squad.frame, fit_predict)
    assert found.rows == (squad.frame["day"] >= time_cuts(squad.frame["day"], parts=2)[0]).sum()
    assert max(seen) == found.fit_rows
    assert found.gap.value == 0


def interval(value, low=np.nan, high=np.nan):
    return Interval(value, low, high)


@pytest.mark.parametrize(
    ("gap", "verdict"),
    [
        (interval(0.05, 0.02, 0.08), "passed"),
        (interval(0.06, 0.01, 0.11), "blocked"),
        (interval(0.2, -0.01, 0.4), "undecided"),
        (interval(0.2), "undecided"),
        (interval(np.nan), "undecided"),
        (interval(-0.1, -0.2, 0.0), "passed"),
    ],
)
def test_the_verdict_by_the_gap_and_its_interval(gap, verdict):
    any_figure = interval(0.6, 0.5, 0.7)
    found = LeakAudit(
        "ROC AUC", any_figure, any_figure, any_figure, any_figure, gap, np.nan, 100, 40, 50
    )
    assert found.verdict == verdict
    again = LeakAudit.from_json(found.to_json())
    assert (again.verdict, again.to_json()) == (verdict, found.to_json())


def test_one_athlete_cannot_be_audited():
    frame = make_squad(1, athletes=1).frame
    with pytest.raises(EvaluationError, match="one athlete"):
        audit(frame, line(frame, ["load"]))
