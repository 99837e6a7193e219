import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.readiness_model import team_a
from sports_assets.mlops.bootstrap import Interval
from sports_assets.models.readiness.__main__ import app
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.models.readiness.evaluate import evaluate, evaluate_teams
from sports_assets.models.readiness.features import readiness_rows
from sports_assets.models.readiness.held_out import splits_of
from sports_assets.models.readiness.model import ReadinessSettings
from sports_assets.models.readiness.scores import (
    HALF_AND_HALF,
    MEAN_TYPE,
    METHODS,
    PERSISTENCE,
    SCREEN,
    held_by,
    scores_of,
)
from tests.sports_assets.models.readiness_squad import QUICK, squad


def test_scores_by_hand():
    told = pd.DataFrame(
        {
            "athlete_id": ["a", "a", "b", "b"],
            "target": [6.0, 8, 5, 5],
            "persistence": [7.0, 7, 5, 9],
            "half_and_half": [6.0, 6, 6, 7],
            "readiness_mean": [6.5, 7.5, 5, 6],
            "readiness": [6.0, 8, 5, 6],
            "low": [6.0, 6, 5, 6],
            "high": [7.0, 7, 5, 8],
        }
    )
    score = {one.method: one for one in scores_of(told, seed=0, replicates=50)}
    assert list(score) == list(METHODS)
    assert score[PERSISTENCE].mae.value == pytest.approx(6 / 4)
    assert score[PERSISTENCE].rmse.value == pytest.approx(np.sqrt(18 / 4))
    assert score[HALF_AND_HALF].mae.value == pytest.approx(5 / 4)
    assert score[SCREEN].mae_difference.value == pytest.approx(1 / 4 - 5 / 4)
    # Athlete a: errors of 1 and 1 beside 0 and 2; a tie is not nearer.
    assert score[PERSISTENCE].athletes_better == 0
    assert score[SCREEN].athletes_better == 2
    held = held_by(told, 0.8, seed=0, replicates=50)
    assert held.coverage.value == pytest.approx(0.5)
    assert held.width == pytest.approx(1.0)


def test_athletes_are_held_out_and_the_model_is_nearer_than_the_rules():
    told = evaluate(squad(athletes=8), QUICK, seed=1, folds=2)
    assert told.athletes == 8
    assert told.of(SCREEN).mae.value < told.of(HALF_AND_HALF).mae.value
    assert told.of(MEAN_TYPE).rmse.value < told.of(HALF_AND_HALF).rmse.value
    assert told.of(MEAN_TYPE).rmse_difference.high < 0
    assert told.verdicts()["the mean-type answer is nearer than half and half (RMSE)"] == "holds"
    assert json.loads(told.to_json())["rows"] == told.rows


@pytest.mark.parametrize(
    ("coverage", "verdict"),
    [
        (Interval(0.80, 0.70, 0.90), "holds"),
        (Interval(0.87, 0.84, 0.90), "too few to tell"),
        (Interval(0.88, 0.86, 0.90), "fails"),
        (Interval(0.70, 0.66, 0.74), "fails"),
        (Interval(0.70), "too few to tell"),
    ],
)
def test_a_coverage_fails_only_where_its_interval_leaves_no_doubt(coverage, verdict):
    told = evaluate(squad(athletes=5, days=80), QUICK, folds=2, replicates=5)
    other = replace(told, held=replace(told.held, coverage=coverage))
    assert other.verdicts()["intervals hold 75-85 % of answers"] == verdict


def test_months_too_leaves_the_tested_days_out_of_the_fit():
    rows = readiness_rows(squad(athletes=5, days=130)).scorable()
    splits = splits_of(rows, folds=5, seed=0, months_too=True)
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested) == list(range(len(rows)))
    for split in splits:
        for name in ("athlete_id", "day"):
            values = rows.rows[name].to_numpy()
            assert not set(values[split.fit]) & set(values[split.test])


def test_one_athlete_is_judged_forward_in_time_and_told_so():
    told = evaluate(squad(athletes=1, days=260), QUICK)
    assert told.design.startswith("one athlete only: forward in time, from 2025-")
    assert np.isnan(told.of(SCREEN).mae.low)
    assert set(told.verdicts().values()) == {"too few to tell"}
    assert any("One athlete" in note for note in told.notes)
    assert json.loads(told.to_json())["scores"][0]["mae"]["low"] is None


def test_teams_are_fitted_and_tested_apart():
    both = pd.concat([squad(5, team="A"), squad(4, team="B", seed=9)], ignore_index=True)
    told = evaluate_teams(both, "A", "B", QUICK)
    assert told.athletes == 4
    assert told.design == "fitted on A (5 athletes), tested on B"
    with pytest.raises(ReadinessError, match="no team C in this file: it has A, B"):
        evaluate_teams(both, "A", "C", QUICK)
    with pytest.raises(ReadinessError, match="are both A"):
        evaluate_teams(both, "A", "A", QUICK)


def test_athletes_of_both_teams_are_not_fitted_on():
    moved = squad(5, team="A")
    late = (moved["athlete_id"] == "A-0") & (moved["day"] >= "2025-02-20")
    moved["team"] = moved["team"].mask(late, "B")
    both = pd.concat([moved, squad(3, team="B", seed=9)], ignore_index=True)
    told = evaluate_teams(
        both.sort_values(["athlete_id", "day"], ignore_index=True), "A", "B", QUICK
    )
    assert told.design.startswith("fitted on A (4 athletes)")
    assert "1 athletes of both teams were left out of the fit." in told.notes


def test_a_model_for_a_team_without_load_is_fitted_without_load():
    other = squad(4, team="B", seed=9).assign(load_au=np.nan)
    told = evaluate_teams(
        pd.concat([squad(5, team="A"), other], ignore_index=True), "A", "B", QUICK
    )
    assert "Fitted without load_au, which B does not tell of." in told.notes


def test_a_team_that_answers_nothing_else_is_judged_all_the_same():
    frame = squad(5, days=80).assign(load_au=np.nan, soreness=np.nan, sleep_duration_h=np.nan)
    told = evaluate(frame, QUICK)
    assert "Nothing is told of load_au, fatigue, soreness" in told.notes[0]
    assert np.isfinite(told.of(SCREEN).mae.value)


def test_decimals_are_rounded_not_raised_and_told_of():
    whole = squad(8)
    between = whole.assign(readiness=(whole["readiness"] + 0.3).clip(1, 10))
    told, as_whole = evaluate(between, QUICK, seed=1), evaluate(whole, QUICK, seed=1)
    # An answer of 6.3 is a 6 that is foretold 0.3 too low, and no 7.
    answered = whole["readiness"].count()
    assert f"of {answered} answers have decimals" in told.notes[-1]
    assert not any("decimals" in note for note in as_whole.notes)
    assert told.of(MEAN_TYPE).rmse.value == pytest.approx(
        np.hypot(as_whole.of(MEAN_TYPE).rmse.value, 0.3), rel=0.03
    )
    assert told.held.coverage.value == pytest.approx(as_whole.held.coverage.value, abs=0.03)


def test_nothing_to_test_is_said():
    frame = squad(3, days=60)
    frame["readiness"] = frame["readiness"].where(frame["day"].dt.day_of_week == 0)
    with pytest.raises(ReadinessError, match="nothing can be tested"):
        evaluate(frame, QUICK)


@pytest.fixture
def export(tmp_path):
    frame = squad(5, days=80).rename(columns={"day": "date", "sleep_duration_h": "sleep_duration"})
    path = tmp_path / "club.parquet"
    columns = ["athlete_id", "date", "team", "readiness", "sleep_duration", "load_au"]
    frame[columns].to_parquet(path)
    return path


@pytest.mark.slow
def test_the_command_prints_the_table_and_writes_the_card(export, tmp_path):
    card, figures = tmp_path / "card.html", tmp_path / "figures.json"
    ran = CliRunner().invoke(
        app,
        ["evaluate", "--athlete-days", export, "--card", card, "--json", figures, "--folds", "2"],
    )
    assert ran.exit_code == 0, ran.output
    for name in METHODS:
        assert name in ran.stdout
        assert name in card.read_text()
    assert "80% interval: holds" in ran.stdout
    assert json.loads(figures.read_text())["athletes"] == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--train-team", "A"], "neither"),
        (["--train-team", "squad", "--test-team", "B"], "no team B"),
    ],
)
def test_the_command_says_what_is_wrong_in_a_line(export, tmp_path, arguments, told):
    card = tmp_path / "card.html"
    ran = CliRunner().invoke(
        app, ["evaluate", "--athlete-days", str(export), "--card", str(card), *arguments]
    )
    assert ran.exit_code == 2
    assert told in ran.stderr
    assert not card.exists()


def test_the_command_refuses_what_is_no_file(tmp_path):
    ran = CliRunner().invoke(app, ["evaluate", "--athlete-days", str(tmp_path / "x.parquet")])
    assert ran.exit_code == 2
    assert "no such file" in ran.stderr


@pytest.mark.realdata
@pytest.mark.slow
def test_team_a_is_foretold_nearer_than_the_published_figures(real_data):
    frame = team_a(real_data / "wellness" / "soccermon_team_a.csv")
    quick = ReadinessSettings(rounds=60, learning_rate=0.12, calibration_folds=2)
    told = evaluate(frame, quick, seed=0)
    assert told.rows == 10739
    for method, mae, rmse in ((PERSISTENCE, 0.842, 1.306), (HALF_AND_HALF, 0.762, 1.088)):
        assert told.of(method).mae.value == pytest.approx(mae, abs=5e-4)
        assert told.of(method).rmse.value == pytest.approx(rmse, abs=5e-4)
    assert told.of(MEAN_TYPE).rmse.value <= 0.945
    assert told.of(SCREEN).mae.value <= 0.62
    assert 0.75 <= told.held.coverage.value <= 0.85
