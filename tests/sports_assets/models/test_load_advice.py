"""Load advice: the arithmetic of a week, the rule, its silences, and the closed loop."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.signal  # noqa: F401 - the first import takes longer than a property may
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_ingest.simulate.club import Settings as Club
from edge_ingest.simulate.club import simulate
from sports_assets.mlops.metrics import logit
from sports_assets.mlops.model_card import write_model_card
from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.load_advice.__main__ import app
from sports_assets.models.load_advice.advice import Limit, Silence, advise
from sports_assets.models.load_advice.card import card_of
from sports_assets.models.load_advice.closed_loop import features_of
from sports_assets.models.load_advice.evaluate import (
    ADVICE,
    BASELINES,
    CHAMPION,
    Champion,
    evaluate,
)
from sports_assets.models.load_advice.features import (
    INPUTS,
    Conversion,
    after_week,
    last_week,
    maintaining_week,
    steady_week,
    values_of,
)
from sports_assets.models.load_advice.fit import TooLittleDataError, fit
from sports_assets.models.load_advice.model import LoadAdviceModel, Settings
from sports_assets.models.load_advice.predict import COLUMNS, predict
from sports_assets.models.load_advice.response import EXPOSURE, Response, fit_response
from sports_assets.models.load_advice.simulated import fit_simulated, frames_of
from sports_assets.workload import load
from sports_assets.workload.features import workload_features

_BY = Conversion(match_au_per_min=7.5, training_au_per_min=4.0, usual_load_au=230.0)
_LOADS = st.floats(60, 450)


def _athlete(**other: float) -> dict[str, np.ndarray]:
    """One athlete at a steady 230 au a day, a starter with a match next week."""
    steady = {
        "load_acute_au": 230.0, "load_chronic_au": 230.0, "load_long_au": 230.0,
        "load_fitness_au": 230 / (1 - np.exp(-1 / 42)),
        "load_fatigue_au": 230 / (1 - np.exp(-1 / 7)), "load_monotony_7d": 2.0,
        "load_strain_7d_au": 2.0 * 7 * 230, "load_missing_28d": 0.0, "minutes_per_fixture": 80.0,
        "fixtures_next_7d": 1.0, "injuries_before": 1.0, "injury_tendency": 0.0,
        "return_recency": 0.0, "age_years": 25.0, "is_absent": 0.0, "history_days": 100.0,
    }  # fmt: skip
    return {name: np.array([float(other.get(name, value))]) for name, value in steady.items()}


def _model(settings: Settings | None = None, **load_terms: float) -> LoadAdviceModel:
    terms = {
        "load_acute_to_long": 0.6, "load_chronic_to_long": -0.7, "load_log_ratio": 0.0,
        "load_log_ratio_hinge": 1.7, EXPOSURE: 0.5,
    }  # fmt: skip
    level = {
        "injuries_before": 0.35, "injury_tendency": 0.0, "return_recency": 1.1,
        "age_years": 0.06,
    }  # fmt: skip
    usual = {"injuries_before": 1.0, "injury_tendency": 0.0, "return_recency": 0.0,
             "age_years": 25.0}  # fmt: skip
    return LoadAdviceModel(
        injury_model_sha256="0" * 64,
        response=Response(-4.5, level, usual, terms | load_terms, 0.9, 0.7),
        conversion=_BY,
        ranges={"load_acute_au": (20, 480), "load_chronic_au": (50, 400),
                "load_long_au": (90, 330), "age_years": (17, 38), "week_au": (100, 3400)},
        reach={"load_acute_au": 450, "load_chronic_au": 390, "load_long_au": 310,
               "age_years": 37, "week_au": 3300},
        rows=3000, athletes=400, first_day="2023-07-31", last_day="2025-05-01",
        settings=settings or Settings(),
    )  # fmt: skip


def test_a_steady_week_leaves_everything_as_it_was() -> None:
    athlete = _athlete()
    assert steady_week(athlete)[0] == pytest.approx(1610)
    assert maintaining_week(athlete)[0] == pytest.approx(1610)
    assert last_week(athlete)[0] == pytest.approx(1610)
    week = after_week(athlete, np.array([[1610.0]]), _BY)
    for name in ("load_acute_au", "load_chronic_au", "load_long_au", "load_fitness_au"):
        assert week.states[name][0, 0] == pytest.approx(athlete[name][0])
    # 80 min of match weigh 720; (1610 − 600) au are 252.5 min of training; 15 are added.
    assert week.hours[0, 0] == pytest.approx((252.5 + 720 + 15) / 60)


def test_a_harder_week_by_hand() -> None:
    week = after_week(_athlete(), np.array([[7 * 300.0]]), _BY)
    acute = 230 * 0.75**7 + 300 * (1 - 0.75**7)
    chronic = 230 * (27 / 29) ** 7 + 300 * (1 - (27 / 29) ** 7)
    assert week.states["load_acute_au"][0, 0] == pytest.approx(acute)
    assert week.states["load_chronic_au"][0, 0] == pytest.approx(chronic)
    ratio = np.log((acute + 20) / (chronic + 20))
    assert week.states["load_log_ratio"][0, 0] == pytest.approx(ratio)
    assert week.states["load_log_ratio_hinge"][0, 0] == 0


@given(past=st.lists(_LOADS, min_size=3, max_size=60), total=st.floats(0, 3500))
def test_a_week_goes_by_the_formulas_of_the_workload(past: list[float], total: float) -> None:
    history = np.array([past])
    longer = np.hstack([history, np.full((1, 7), total / 7)])
    athlete = _athlete()
    for name, span in (("load_acute_au", 7), ("load_chronic_au", 28), ("load_long_au", 120)):
        athlete[name] = load.ewma(history, span, start=230)[:, -1]
        athlete[f"{name}_after"] = load.ewma(longer, span, start=230)[:, -1]
    fitness, fatigue = load.fitness_and_fatigue(history, start=230)
    athlete["load_fitness_au"], athlete["load_fatigue_au"] = fitness[:, -1], fatigue[:, -1]
    week = after_week(athlete, np.array([[total]]), _BY)
    for name in ("load_acute_au", "load_chronic_au", "load_long_au"):
        assert week.states[name][0, 0] == pytest.approx(athlete[f"{name}_after"][0])
    after = load.fitness_and_fatigue(longer, start=230)
    assert week.states["load_fitness_au"][0, 0] == pytest.approx(after[0][0, -1])
    assert week.states["load_fatigue_au"][0, 0] == pytest.approx(after[1][0, -1])


@given(seed=st.integers(0, 10_000))
def test_more_load_is_never_told_to_be_less_risk(seed: int) -> None:
    rng = np.random.default_rng(seed)
    many = {name: np.repeat(told, 30) for name, told in _athlete().items()}
    for name in ("load_acute_au", "load_chronic_au", "load_long_au"):
        many[name] = rng.uniform(150, 350, 30)
    totals = steady_week(many)[:, None] * np.linspace(0.5, 1.5, 9)
    week = after_week(many, totals, _BY)
    slope = rng.normal(0, 1)
    answers = logit(np.clip(rng.uniform(0.01, 0.1, (30, 9)), 1e-3, 1)) + slope * totals / 1000
    response = fit_response(many, week, answers, steady=4)
    assert (np.diff(response.of_load(week), axis=1) >= -1e-9).all()


def test_a_response_of_that_form_is_found_again() -> None:
    rng = np.random.default_rng(3)
    many = {name: np.repeat(told, 300) for name, told in _athlete().items()}
    for name in ("load_acute_au", "load_chronic_au", "load_long_au"):
        many[name] = rng.uniform(150, 350, 300)
    many["age_years"] = rng.uniform(18, 34, 300)
    many["injuries_before"] = rng.integers(0, 4, 300).astype(float)
    many["return_recency"] = rng.uniform(0, 1, 300)
    many["injury_tendency"] = rng.normal(0, 0.4, 300)
    week = after_week(many, steady_week(many)[:, None] * np.linspace(0.5, 1.5, 9), _BY)
    truth = _model().response
    answers = truth.of_level(many)[:, None] + truth.of_load(week)
    found = fit_response(many, week, answers, steady=4)
    for name, coefficient in truth.load.items():
        assert found.load[name] == pytest.approx(coefficient, abs=1e-4)
    for name, coefficient in truth.level.items():
        assert found.level[name] == pytest.approx(coefficient, abs=1e-4)
    assert found.load_r2 == pytest.approx(1)
    assert found.level_r2 == pytest.approx(1)


@given(
    acute=_LOADS, chronic=st.floats(80, 380), long=st.floats(100, 300),
    recency=st.floats(0, 1), fixtures=st.integers(0, 2), before=st.integers(0, 3),
)  # fmt: skip
def test_what_is_advised_keeps_to_the_rules(  # noqa: PLR0917
    acute: float, chronic: float, long: float, recency: float, fixtures: int, before: int
) -> None:
    model = _model()
    athlete = _athlete(
        load_acute_au=acute, load_chronic_au=chronic, load_long_au=long, return_recency=recency,
        fixtures_next_7d=fixtures, injuries_before=before,
    )  # fmt: skip
    advice = advise(model, athlete)
    if advice.silence[0] != Silence.NONE:
        assert advice.silence[0] == Silence.NO_CANDIDATE
        assert np.isnan([advice.total[0], advice.low[0], advice.high[0]]).all()
        return
    assert advice.low[0] <= advice.total[0] <= advice.high[0]
    rules = model.settings
    assert advice.risk[0] <= rules.aim_ratio * advice.steady_risk[0] * (1 + 1e-6)
    assert advice.high[0] <= rules.most_rise * steady_week(athlete)[0] * (1 + 1e-6)
    states = after_week(athlete, advice.high[:, None], _BY).states
    for name in ("load_acute_au", "load_chronic_au", "load_long_au"):
        assert states[name][0, 0] <= model.reach[name] * (1 + 1e-6)
    if recency > 0.5:
        assert advice.high[0] <= steady_week(athlete)[0] * (1 + 1e-6)


def test_a_tighter_cap_advises_less_and_a_recent_return_no_rise() -> None:
    free = advise(_model(), _athlete())
    tight = advise(_model(Settings(aim_ratio=1.01, most_ratio=1.01)), _athlete())
    assert 1610 < tight.total[0] < free.total[0]
    assert free.total[0] < free.high[0]
    assert tight.limit[0] == Limit.RISK
    back = advise(_model(), _athlete(return_recency=0.8))
    assert back.total[0] == back.high[0] == pytest.approx(1610)
    assert back.limit[0] == Limit.RETURN
    risky = advise(_model(Settings(most_risk=0.001)), _athlete())
    assert risky.total[0] == pytest.approx(1610)
    assert risky.limit[0] == Limit.HIGH_RISK


def test_the_range_of_the_data_and_the_rise_bind_where_risk_does_not() -> None:
    harmless = _model(load_acute_to_long=0.0, load_chronic_to_long=0.0, load_log_ratio_hinge=0.0)
    steep = advise(harmless, _athlete())
    assert steep.limit[0] == Limit.RISE
    assert steep.total[0] == pytest.approx(1.3 * 1610)
    trained = _athlete(load_acute_au=330, load_chronic_au=330, load_long_au=308)
    high = advise(harmless, trained)
    assert high.limit[0] == Limit.RANGE
    assert after_week(trained, high.total[:, None], _BY).states["load_long_au"][0, 0] <= 310


@pytest.mark.parametrize(
    ("other", "silence", "words"),
    [
        ({"is_absent": 1}, Silence.AWAY, "medical staff"),
        ({"history_days": 12}, Silence.SHORT_HISTORY, "12 days of history: at least 28"),
        ({"load_missing_28d": 20}, Silence.NO_LOAD, "20 are missing, at most 14"),
        ({"load_chronic_au": np.nan}, Silence.NO_LOAD, "load was not told"),
        ({"fixtures_next_7d": np.nan}, Silence.NO_PLAN, "matches are not known"),
        ({"load_long_au": 390}, Silence.OUT_OF_RANGE, "(au a day) 390, seen were 90 to 330"),
        ({"age_years": 15}, Silence.OUT_OF_RANGE, "age 15, seen were 17 to 38"),
        ({"fixtures_next_7d": 3, "load_chronic_au": 100}, Silence.NO_CANDIDATE, "matches' own"),
    ],
)
def test_it_abstains_with_the_reason_in_words(other, silence, words) -> None:
    athlete = _athlete(**other)
    assert advise(_model(), athlete).silence[0] == silence
    told = predict(_model(), _frame(athlete))
    assert told.advised.empty
    assert words in told.abstained["reason"].iloc[0]


def test_advice_in_words_and_numbers() -> None:
    both = pd.concat([_frame(_athlete()), _frame(_athlete(is_absent=1))], ignore_index=True)
    told = predict(_model(), both)
    assert tuple(told.advised.columns) == COLUMNS
    assert list(told.advised.index) == [0]
    assert list(told.abstained.index) == [1]
    row = told.advised.iloc[0]
    assert row["horizon_d"] == 7
    assert np.isnan(row["interval_level"])
    assert row["reason"].startswith("last week 1,610 au, last four weeks 1,610 au a week; up to ")
    assert "matches next week: 1 (about 600 au at the usual minutes)" in row["reason"]
    assert f"{row['advised_load_au_low']:,.0f} au keeps fitness as it is" in row["reason"]


def test_a_missing_age_or_an_absent_column_is_no_reason_for_silence() -> None:
    frame = _frame(_athlete()).drop(columns=["age_years"])
    assert len(predict(_model(), frame).advised) == 1


def test_the_model_is_its_text() -> None:
    model = _model()
    again = LoadAdviceModel.from_json(model.to_json())
    assert again == model
    assert again.to_json() == model.to_json()
    with pytest.raises(ValueError, match="fit it again"):
        LoadAdviceModel.from_json(json.dumps({**json.loads(model.to_json()), "format": 0}))


@pytest.mark.parametrize(
    "rules", [{"aim_ratio": 1.2}, {"most_ratio": 0.9}, {"most_rise": 1.0}, {"step": 0.0}]
)
def test_rules_that_contradict_each_other_are_refused(rules: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="use"):
        Settings(**rules)


@pytest.fixture(scope="module")
def fitted():
    return fit_simulated(Club(seed=501, clubs=3, athletes=15, seasons=1))


@pytest.fixture(scope="module")
def club():
    return simulate(Club(seed=31, clubs=2, athletes=15, seasons=1))


def test_the_same_data_give_the_same_bytes_and_too_little_is_refused(fitted, club) -> None:
    days, fixtures = frames_of(club)
    features = workload_features(days, fixtures, fitted.injury_risk.start)
    first, again = (fit(days, features, fitted.injury_risk).to_json() for _ in range(2))
    assert first == again
    few = days["athlete_id"] == "club-01-athlete-01"
    with pytest.raises(TooLittleDataError, match="at least 200 are needed"):
        fit(days[few].head(100), features[few].head(100), fitted.injury_risk)


def test_the_closed_loop_sees_what_the_workload_features_say(fitted) -> None:
    shown = []

    def asks(evening):
        shown.append(evening)
        return np.ones(evening.age.shape)

    played = simulate(Club(seed=31, clubs=2, athletes=15, seasons=1), asks)
    start = fitted.injury_risk.start
    days, fixtures = frames_of(played)
    features = workload_features(days, fixtures, start)
    for evening in shown[10::15]:
        seen = features_of(evening, start)
        rows = features[features["day"] == pd.Timestamp(played.days[evening.day])]
        told = values_of(rows)
        for name in INPUTS:
            np.testing.assert_allclose(seen[name], told[name], rtol=1e-9, err_msg=name)


def test_every_row_of_a_club_is_advised_or_told_why_not(fitted, club) -> None:
    days, fixtures = frames_of(club)
    features = workload_features(days, fixtures, fitted.injury_risk.start).iloc[::11]
    told = predict(fitted.load_advice, features)
    assert len(told.advised) + len(told.abstained) == len(features)
    assert told.advised["reason"].notna().all()
    assert told.abstained["reason"].str.len().gt(0).all()
    assert (told.advised["advised_load_au"] > 0).all()
    away = features.loc[told.advised.index, "is_absent"]
    assert (away == 0).all()


@pytest.mark.slow
def test_the_evaluation_is_a_function_of_its_seed(fitted, tmp_path) -> None:
    unseen = Club(seed=77, clubs=2, athletes=15, seasons=1)
    first, again = (evaluate(unseen, fitted) for _ in range(2))
    assert first.to_json() == again.to_json()
    assert set(first.figures) > {ADVICE, *BASELINES}
    assert len(first.verdicts()) == 4
    written = write_model_card(
        card_of(first, made_on="2026-01-01", is_simulated=True), tmp_path / "card.html"
    )
    card = written.read_text(encoding="utf-8")
    assert "observational" in card
    assert "ramp, +10 % a week" in card


@pytest.mark.slow
def test_a_champion_plays_the_same_clubs(fitted) -> None:
    unseen = Club(seed=77, clubs=2, athletes=15, seasons=1)
    start = fitted.injury_risk.start

    def gain_over(model) -> float:
        evaluation = evaluate(unseen, fitted, champion=Champion(model, start))
        (beside,) = (one for one in evaluation.beside if one.other == CHAMPION)
        return beside.fitness_au.value

    assert gain_over(fitted.load_advice) == 0
    careful = replace(fitted.load_advice.settings, aim_ratio=1.0, most_ratio=1.0)
    assert gain_over(replace(fitted.load_advice, settings=careful)) > 0


def test_clubs_that_were_fitted_on_are_no_test() -> None:
    seen = Club(seed=5, clubs=3, seasons=1)
    with pytest.raises(EvaluationError, match="seed 5 is fitted on and played"):
        evaluate(seen, fit_on=replace(seen, clubs=4))
    with pytest.raises(EvaluationError, match="at least 2"):
        evaluate(replace(seen, clubs=1))


def test_an_error_is_one_line() -> None:
    result = CliRunner().invoke(app, ["evaluate", "--seed", "501"])
    assert result.exit_code == 2
    assert result.output.startswith("error: seed 501 is fitted on and played")


@pytest.mark.slow
@pytest.mark.parametrize("dial", [1.0, 0.5])
def test_on_unseen_clubs_fitter_than_both_baselines_and_hurt_no_more_often(dial: float) -> None:
    fitted = fit_simulated(Club(seed=501, clubs=10, seasons=2, dial=dial))
    evaluation = evaluate(Club(seed=9000, clubs=10, seasons=1, dial=dial), fitted)
    assert set(evaluation.verdicts().values()) == {"holds"}
    for one in evaluation.beside:
        if one.other in BASELINES:
            assert one.fitness_au.low > 0


def _frame(athlete: dict[str, np.ndarray]) -> pd.DataFrame:
    frame = pd.DataFrame(athlete)
    frame.insert(0, "athlete_id", "A1")
    frame.insert(1, "day", pd.Timestamp("2026-11-29"))
    return frame
