"""What so many injuries can teach."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sports_assets.mlops.learning_curve import learning_curve
from sports_assets.mlops.rows import EvaluationError
from tests.sports_assets.mlops.conftest import make_squad


def curve(counts, seed=3, repeats=6, pool_of=None):
    frame = make_squad(5, athletes=60, days=400).frame
    x, y = frame[["load", "age"]].to_numpy(), frame["y"].to_numpy()
    number = frame["athlete_id"].str[1:].astype(int).to_numpy()
    return learning_curve(
        lambda fit, test: LogisticRegression().fit(x[fit], y[fit]).predict_proba(x[test])[:, 1],
        pool=np.flatnonzero(number < (pool_of or 30)), test=np.flatnonzero(number >= 30),
        unit_id=frame["athlete_id"], events=frame["injury_start"], y=y, counts=counts,
        repeats=repeats, seed=seed,
    )  # fmt: skip


def test_more_injuries_teach_more_and_luck_matters_less():
    few, many = curve([3, 60])
    assert few.events < 12
    assert 60 <= many.events < 80
    assert many.roc_auc.value > few.roc_auc.value
    spread = [point.roc_auc.high - point.roc_auc.low for point in (few, many)]
    assert spread[1] < spread[0]
    slopes = [point.calibration_slope.value for point in (few, many)]
    assert abs(slopes[1] - 1) < abs(slopes[0] - 1)


def test_counts_that_the_pool_does_not_have_are_left_out():
    assert len(curve([10, 100_000], repeats=1)) == 1


def test_the_same_seed_draws_the_same():
    assert curve([10], repeats=2) == curve([10], repeats=2)


def test_rows_of_the_pool_are_not_tested():
    with pytest.raises(EvaluationError, match="hold out"):
        curve([10], pool_of=40)
