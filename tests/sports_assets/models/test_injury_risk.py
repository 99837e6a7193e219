"""The injury model: what it is as data, what it must not do, and how a club judges it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_ingest.simulate.club import Settings, simulate
from edge_ingest.simulate.tables import athlete_days
from sports_assets.mlops.base_rate import BaseRateShift
from sports_assets.mlops.metrics import calibration_line, expit, logit, observed_expected, roc_auc
from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.injury_risk.__main__ import app
from sports_assets.models.injury_risk.calibrate import calibrate
from sports_assets.models.injury_risk.evaluate import EvaluationSettings, evaluate, out_of_fold
from sports_assets.models.injury_risk.features import INPUTS, MONOTONE, PRIOR, matrix
from sports_assets.models.injury_risk.fit import FitSettings, TooFewInjuriesError, fit
from sports_assets.models.injury_risk.history import History, history_of, in_usual_units
from sports_assets.models.injury_risk.model import InjuryRiskModel
from sports_assets.models.injury_risk.predict import predict
from sports_assets.models.injury_risk.reasons import WORDS, reasons
from sports_assets.models.injury_risk.rule import points
from sports_assets.models.injury_risk.seasons import in_season, said_in_season, season_starts
from sports_assets.models.injury_risk.shape import InjuryRiskKind
from sports_assets.models.injury_risk.train import train
from sports_assets.workload.athlete_days import ANSWERS, INJURY_COLUMNS, as_athlete_days
from sports_assets.workload.features import workload_features
from sports_assets.workload.fixtures import fixtures_of
from sports_assets.workload.history import Squads

#: Trees on as few injuries as a test has, and few of everything else.
WITH_TREES = FitSettings(
    folds=2, least_choice_injuries=5, trees=20, penalties=(8000.0,), trees_weights=(0.5,)
)
QUICK = EvaluationSettings(folds=2, audit_folds=2, curve_repeats=2, replicates=5)


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    played = simulate(Settings(seed=41, athletes=14, seasons=2, dial=1.0))
    return as_athlete_days(athlete_days(played).to_pandas())


@pytest.fixture(scope="module")
def history(days: pd.DataFrame) -> History:
    return history_of(days, fixtures_of(days))


@pytest.fixture(scope="module")
def features(days: pd.DataFrame, history: History) -> pd.DataFrame:
    return history.features(days, fixtures_of(days), history.start)


@pytest.fixture(scope="module")
def model(history: History) -> InjuryRiskModel:
    return fitted(history, WITH_TREES)


def fitted(history: History, how: FitSettings | None = None) -> InjuryRiskModel:
    rows = history.rows
    return fit(
        rows.values, rows.labels, history.athlete_id, rows.days, start=history.start, settings=how
    )


# The model as data


def test_the_same_rows_give_the_same_bytes_and_a_model_is_its_text(history, model, features):
    again = InjuryRiskModel.from_json(fitted(history, WITH_TREES).to_json())
    assert again.to_json() == model.to_json()
    assert again.trees
    pd.testing.assert_frame_equal(predict(again, features), predict(model, features))


def test_a_model_of_another_format_is_refused(model):
    told = json.loads(model.to_json()) | {"format": 0}
    with pytest.raises(ValueError, match="fit it again"):
        InjuryRiskModel.from_json(json.dumps(told))


@pytest.mark.parametrize("inputs", [INPUTS[:-1], (*INPUTS[:-1], "shoe_size"), INPUTS[::-1]])
def test_a_model_of_other_inputs_is_refused(model, inputs):
    told = json.loads(model.to_json()) | {"inputs": list(inputs)}
    with pytest.raises(ValueError, match="other inputs than this version"):
        InjuryRiskModel.from_json(json.dumps(told))


def test_contributions_sum_to_the_log_odds(model, history):
    values = history.rows.values[::50]
    adds = model.contributions(values).sum(axis=1)
    told = logit(model.uncorrected(values))
    # Both start from the average row: what is left is the same for all.
    assert told - adds == pytest.approx(np.full(adds.size, (told - adds)[0]), abs=1e-6)


@pytest.mark.parametrize("name", [n for n, sign in zip(INPUTS, MONOTONE, strict=True) if sign])
def test_the_trees_never_move_against_what_is_known(model, history, name):
    at, sign = INPUTS.index(name), MONOTONE[INPUTS.index(name)]
    values = np.nan_to_num(history.rows.values[::400])
    told = []
    for value in np.nanquantile(history.rows.values[:, at], np.linspace(0, 1, 12)):
        values[:, at] = value
        told.append(model.booster.predict(values, raw_score=True))
    assert (sign * np.diff(told, axis=0) >= -1e-12).all()


def test_with_few_injuries_it_says_what_is_known_beforehand(model, history):
    few = fitted(history, replace(WITH_TREES, least_choice_injuries=10_000, penalties=(1e9,)))
    assert not few.trees
    per_unit = np.array(few.linear.coefficients) / np.array(few.linear.sd)
    known = [PRIOR.get(name, 0.0) for name in INPUTS]
    assert per_unit == pytest.approx(known, abs=0.01)


def test_intervals_hold_the_risk_and_are_wider_where_less_is_known(model, features):
    told = predict(model, features)
    assert told["probability"].between(told["probability_low"], told["probability_high"]).all()
    usual = features.iloc[[100]]
    far = usual.assign(load_today_au=3000.0, load_acute_au=2000.0, age_years=60.0)
    width = [
        float((logit(one["probability_high"]) - logit(one["probability_low"]))[0])
        for one in (predict(model, usual), predict(model, far))
    ]
    assert width[1] > width[0]


# Calibration


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.floats(0.3, 3.0))
def test_a_calibrated_slope_lies_between_the_prior_and_the_data(seed, slope):
    rng = np.random.default_rng(seed)
    told = rng.normal(-3, 1, 3000)
    labels = (rng.random(3000) < expit(slope * (told + 3) - 3)).astype(float)
    free = calibration_line(labels, expit(told)).slope
    found = {
        events: calibrate(labels, told, events).parameters[1]
        for events in (20, int(labels.sum()))
    }  # fmt: skip
    low, high = sorted((1.0, free))
    for value in found.values():
        assert low - 1e-3 <= value <= high + 1e-3
    assert abs(found[20] - 1) <= abs(found[int(labels.sum())] - 1) + 1e-9
    calibrated = calibrate(labels, told, 20).apply(expit(told))
    assert observed_expected(labels, calibrated) == pytest.approx(1, abs=1e-3)


def test_what_was_calibrated_at_half_is_right_at_true_prevalence():
    def bent(seed):
        """Of a model calibrated at 50 % while the truth is 5 %, and too sure of itself."""
        rng = np.random.default_rng(seed)
        x = rng.normal(-3, 0.8, 40_000)
        return (rng.random(40_000) < expit(x)).astype(float), 3 + 1.5 * x

    labels, told = bent(1)
    found = calibrate(labels, told, int(labels.sum()))
    labels, told = bent(2)
    calibrated = found.apply(expit(told))
    assert observed_expected(labels, expit(told)) < 0.3
    assert observed_expected(labels, calibrated) == pytest.approx(1, abs=0.06)
    assert calibration_line(labels, calibrated).slope == pytest.approx(1, abs=0.06)


def test_predictions_that_rank_the_wrong_way_come_near_the_base_rate():
    rng = np.random.default_rng(3)
    told = rng.normal(-3, 1, 4000)
    labels = (rng.random(4000) < expit(-3 - 2 * (told + 3))).astype(float)
    found = calibrate(labels, told, int(labels.sum()))
    assert found.parameters[1] == pytest.approx(0.1)
    assert np.ptp(found.apply(expit([-4.0, -2.0]))) < 0.03


def test_fewer_than_ten_injuries_calibrate_nothing_nor_does_one_class():
    assert calibrate(np.array([1.0, 0, 0, 0]), np.zeros(4), 9).kind == "identity"
    assert calibrate(np.zeros(4), np.arange(4.0), 10).kind == "identity"


# Reasons


def test_every_input_has_its_words():
    assert set(WORDS) == set(INPUTS)
    assert all(WORDS[name](value) for name in INPUTS for value in (0.0, 0.5, 1.0, 200.0))


def test_reasons_read_as_a_physio_speaks():
    told = {
        "matches_14d": (3.0, 0.3), "return_recency": (float(np.exp(-12 / 21)), 0.5),
        "days_since_return": (12.0, 0.2), "age_years": (30.0, -0.2), "sleep_z": (np.nan, 0.9),
    }  # fmt: skip
    values, adds = np.zeros((1, len(INPUTS))), np.zeros((1, len(INPUTS)))
    for name, (value, add) in told.items():
        values[0, INPUTS.index(name)], adds[0, INPUTS.index(name)] = value, add
    # Of odds × 1.65 at a risk of 20 % the risk itself is × 1.5: 0.2 / 0.1317.
    assert reasons(values, adds, np.array([0.2])) == [
        (
            "back from injury 12 days ago (risk × 1.5); 3 matches played in 14 days (risk × 1.3); "
            "age 30 (risk × 0.9)"
        )
    ]
    assert reasons(values, np.zeros_like(adds), np.array([0.2])) == [None]


# What is missing


def test_missing_columns_and_a_new_athlete_get_a_risk(model, days, features):
    bare = features[["athlete_id", "team", "day", "return_recency"]]
    told = predict(model, bare)
    assert told["probability"].between(1e-4, 0.2).all()
    newcomer = as_athlete_days(
        pd.DataFrame({"athlete_id": ["new"], "team": "club-01", "day": [days["day"].max()]})
    )
    told = predict(model, workload_features(newcomer, fixtures_of(days), model.start))
    assert 0 < told["probability"].iloc[0] < 0.2
    assert told["probability_low"].iloc[0] < told["probability_high"].iloc[0]


def test_without_any_answer_it_is_fitted_and_judged(days):
    bare = days.assign(**dict.fromkeys((*ANSWERS, "ln_rmssd", "resting_heart_rate_bpm"), np.nan))
    trained = train(
        bare, fixtures_of(bare), made_on="2026-11-29", is_simulated=True, settings=QUICK
    )
    assert np.isfinite(trained.evaluation.model.metrics["roc_auc"].value)
    assert trained.card.is_simulated


def test_one_athlete_no_injury_and_a_short_history_are_told_in_words(days, history):
    one = days[days["athlete_id"] == days["athlete_id"].iloc[0]]
    with pytest.raises(TooFewInjuriesError, match="one athlete only"):
        history_of(one, fixtures_of(one))
    nobody = days.assign(injury_start=False)
    with pytest.raises(TooFewInjuriesError, match="no time-loss injuries"):
        history_of(nobody, fixtures_of(nobody))
    often = days.assign(injury_start=days["day"].dt.day_of_year % 30 == 0)
    short = often[often["day"] < days["day"].min() + pd.Timedelta(days=60)]
    with pytest.raises(EvaluationError, match="60 days: at least 90"):
        history_of(short.reset_index(drop=True), fixtures_of(short))
    rows = history.rows
    with pytest.raises(TooFewInjuriesError, match="0 time-loss injuries"):
        fit(rows.values, np.zeros(rows.labels.size), history.athlete_id, rows.days)
    with pytest.raises(TooFewInjuriesError, match="one athlete only"):
        fit(rows.values, rows.labels, np.full(rows.labels.size, "a"), rows.days)


# Which rows count


def test_rows_between_seasons_and_with_open_labels_do_not_count(days, history):
    kept = history.kept
    place = (days["day"] - days["day"].min()).dt.days.to_numpy()
    assert not kept[(place > 335) & (place < 360)].any()
    assert not kept[place > place.max() - 7].any()
    assert not kept[days["is_injured"].to_numpy()].any()
    assert history.cuts == (np.datetime64(days["day"].min() + pd.Timedelta(days=363), "D"),)
    assert history.onset.sum() == pytest.approx(days["injury_start"].sum(), abs=6)


def test_seasons_by_hand():
    matches = pd.to_datetime(["2024-05-01", "2024-05-20", "2024-08-10", "2024-08-17"])
    plan = pd.DataFrame({"team": "a", "day": matches})
    calendar = pd.date_range("2024-05-01", "2024-08-20")
    rows = pd.DataFrame({"team": "a", "day": calendar, "minutes": np.nan})
    rows["load_au"] = np.where(calendar < "2024-07-05", 0.0, 300.0)
    rows.loc[calendar < "2024-06-01", "load_au"] = 300.0
    found = rows.loc[in_season(rows, plan), "day"]
    # The squad trained up to 31 May, and is asked for until two weeks after its last match; in the
    # next season from its first session, as that is less than six weeks before the first match.
    first = [*pd.date_range("2024-05-01", "2024-06-03"), *pd.date_range("2024-07-05", "2024-08-20")]
    assert list(found) == first
    # Fifteen days after the one match and 42 before the other: the later of them.
    assert list(season_starts(plan)) == [np.datetime64("2024-06-29")]
    nothing = pd.DataFrame({"team": [], "day": pd.to_datetime([])})
    assert in_season(rows.assign(load_au=np.nan), nothing).all()


def test_risks_between_seasons_are_said_and_teach_no_level(days):
    plan = fixtures_of(days)
    start = days["day"].min()
    before = days[days["day"] < start + pd.Timedelta(days=280)].reset_index(drop=True)
    champion = fitted(history_of(before, plan))
    squads = Squads(days, plan, pd.DataFrame(), {})
    told = InjuryRiskKind().predict(
        champion.to_json().encode(), squads, start + pd.Timedelta(days=300)
    )
    rest = days[~in_season(days, plan) & (days["day"] > start + pd.Timedelta(days=300))]
    between = np.unique(rest.loc[~rest["is_injured"], "day"])
    assert np.isin(between, told["day"]).all()
    features = workload_features(days, plan, champion.start)
    said = told.merge(features, on=["athlete_id", "day"])
    shift = logit(said["probability"]) - logit(champion.uncorrected(matrix(said)))
    # Eight days after the season its last labels have closed, and the level stays what it was.
    quiet = said["day"].isin(between[8:]) & (said["day"] < start + pd.Timedelta(days=363))
    assert quiet.any()
    assert np.ptp(shift[quiet]) < 1e-9
    assert np.ptp(shift) > 0.01
    kept = said_in_season(told, days, plan)
    assert 0 < len(kept) < len(told)
    assert not kept["day"].isin(between).any()


def test_loads_in_other_units_come_out_the_same(days):
    other = days.assign(load_au=days["load_au"] * 8)
    again = in_usual_units(other)["load_au"]
    near = in_usual_units(days)["load_au"]
    pd.testing.assert_series_equal(near, days["load_au"])
    assert (again / days["load_au"]).std() == pytest.approx(0, abs=1e-9)
    assert in_usual_units(days.assign(load_au=np.nan))["load_au"].isna().all()


def test_the_rule_counts_on_fingers():
    told = pd.DataFrame(
        {"injuries_before": [0.0, 2.0], "fixtures_next_7d": [np.nan, 2.0],
         "days_since_return": [np.nan, 10.0]}
    )  # fmt: skip
    assert points(told).tolist() == [0.0, 6.0]


# The evaluation


@pytest.mark.slow
def test_the_future_changes_no_judged_prediction(history):
    # A fold an athlete: folds that are dealt by labels would change with them.
    how, plain = replace(QUICK, folds=99), FitSettings(least_injuries=0)
    told = out_of_fold(history, plain, how)
    rows = history.rows
    assert (np.isfinite(told.model) == (rows.days >= history.cuts[0])).all()
    from_then = rows.days > rows.days.max() - np.timedelta64(60, "D")
    labels = np.where(from_then, 1 - rows.labels, rows.labels)
    changed = out_of_fold(replace(history, rows=replace(rows, labels=labels)), plain, how)
    assert changed.unfollowed == pytest.approx(told.unfollowed, nan_ok=True)
    # The level follows labels once they are closed.
    before = rows.days <= rows.days.max() - np.timedelta64(53, "D")
    assert changed.model[before] == pytest.approx(told.model[before], nan_ok=True)
    assert not np.allclose(changed.model, told.model, equal_nan=True)


def test_the_rule_has_the_level_of_the_squad_also_after_few_injuries(history):
    rows = history.rows
    before = rows.days < history.cuts[0]
    # Of the injuries before the first cut those of three athletes are left.
    hurt = np.unique(rows.athlete[before & (rows.labels > 0)])[:3]
    labels = np.where(before & ~np.isin(rows.athlete, hurt), 0.0, rows.labels)
    few = replace(history, rows=replace(rows, labels=labels))
    assert 0 < few.rows.at(before).injuries < 10
    told = out_of_fold(few, FitSettings(least_injuries=0), QUICK)
    judged = np.isfinite(told.rule)
    assert 0 < told.rule[judged].mean() < 2 * labels[before].mean()


def test_a_champion_stands_beside_it(days, history, model):
    evaluation, audit = evaluate(history, settings=QUICK, champion=(model, history.rows.values))
    names = [scores.name for scores in evaluation.comparators]
    assert names == [
        "prevalence only", "simple rule", "trees alone", "previous champion", "random flags",
    ]  # fmt: skip
    assert audit.verdict in {"passed", "undecided"}
    assert evaluation.learning_curve


@pytest.mark.slow
def test_squads_it_never_saw_are_ranked_and_calibrated():
    def club(seed: int) -> tuple[History, np.ndarray]:
        played = simulate(Settings(seed=seed, clubs=5, seasons=2, dial=1.0))
        squads = as_athlete_days(athlete_days(played).to_pandas())
        found = history_of(squads, fixtures_of(squads))
        return found, found.rows.values

    (first, _), (second, values) = club(51), club(52)
    told = fitted(first).probability(values)
    labels = second.rows.labels
    assert roc_auc(labels, told) > 0.68
    assert observed_expected(labels, told) == pytest.approx(1, abs=0.2)
    assert calibration_line(labels, told).slope == pytest.approx(1, abs=0.2)


# The command


def write(days: pd.DataFrame, path: Path) -> Path:
    days.rename(columns={"day": "date"}).to_parquet(path)
    return path


def run(path: Path, *more: str) -> object:
    return CliRunner().invoke(app, ["evaluate", "--athlete-days", str(path), *more])


@pytest.mark.slow
def test_the_command_prints_the_table_and_writes_the_card(days, tmp_path):
    path = write(days[["athlete_id", "day", *INJURY_COLUMNS]], tmp_path / "squad.parquet")
    told = run(path, "--simulated", "--json", str(tmp_path / "figures.json"))
    assert told.exit_code == 0, told.output
    for words in ("ROC AUC", "prevalence", "simple rule", "Leak audit", "Model card:"):
        assert words in told.output
    page = (tmp_path / "squad.injury_risk.html").read_text()
    assert "simulated" in page
    assert "Two or three seasons of one squad" in page
    again = run(path, "--simulated", "--json", str(tmp_path / "again.json"))
    assert again.exit_code == 0
    figures = [(tmp_path / name).read_bytes() for name in ("figures.json", "again.json")]
    assert figures[0] == figures[1]


def test_what_cannot_be_judged_is_said_in_one_line(days, tmp_path):
    (tmp_path / "text.parquet").write_text("no Parquet")
    cases = {
        "no such file": tmp_path / "nowhere.parquet",
        "not a Parquet file": tmp_path / "text.parquet",
        "a column is missing: minutes": write(
            days.drop(columns="minutes"), tmp_path / "column.parquet"
        ),
        "one athlete only": write(
            days[days["athlete_id"] == days["athlete_id"].iloc[0]], tmp_path / "one.parquet"
        ),
        "no time-loss injuries": write(
            days.assign(injury_start=False), tmp_path / "nobody.parquet"
        ),
    }  # fmt: skip
    for words, path in cases.items():
        told = run(path)
        assert told.exit_code == 2, told.output
        assert told.output.count("\n") == 1
        assert words in told.output


def test_the_help_documents_the_columns():
    told = CliRunner().invoke(app, ["evaluate", "--help"]).output
    for name in ("athlete_id", "date", *INJURY_COLUMNS, "sleep_duration"):
        assert name in told


def test_a_new_model_shifts_nothing(model):
    assert model.shift == BaseRateShift(model.shift.settings)
    assert 0 < model.shift.settings.prior_events < model.injuries
