import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sports_assets.models.readiness import answers, calibration
from sports_assets.models.readiness.errors import ModelTextError, ReadinessError
from sports_assets.models.readiness.features import readiness_rows
from sports_assets.models.readiness.fit import fit
from sports_assets.models.readiness.model import INPUTS, ReadinessModel
from sports_assets.models.readiness.predict import (
    NO_ANSWERS,
    PREDICTED,
    TOO_FEW,
    TOO_OLD,
    predict,
)
from sports_assets.models.readiness.reasons import FAMILIES, effects_of
from tests.sports_assets.models.readiness_squad import QUICK, squad

NUMBERS = ["readiness", "readiness_mean", "low", "high"]
CHANCES = arrays(np.float64, (4, 9), elements=st.floats(0, 1))


@pytest.fixture(scope="module")
def model():
    return fit(squad(), QUICK, seed=1)


def test_answers_of_a_distribution_by_hand():
    # Chances: 6 with 0.2, 7 with 0.5, 8 with 0.3.
    above = np.array([[1, 1, 1, 1, 1, 0.8, 0.3, 0, 0.0]])
    np.testing.assert_allclose(answers.chances(above)[0, 5:8], [0.2, 0.5, 0.3])
    assert answers.mean_answer(above) == pytest.approx([7.1])
    assert answers.median_answer(above).tolist() == [7]
    np.testing.assert_allclose(answers.mass_before(above)[0, 5:8], [0.8, 0, 0.5])
    assert [int(end[0]) for end in answers.interval(above, 0.5)] == [7, 7]
    assert [int(end[0]) for end in answers.interval(above, 0.7)] == [7, 8]
    assert [int(end[0]) for end in answers.interval(above, 0.9)] == [6, 8]


def test_answers_with_decimals_by_hand():
    told = np.array([6.0, 6.3, 6.5, 6.7, 7.5, np.nan])
    # How many of the nine steps an answer is above: one less than the answer; halves to even.
    assert answers.above_steps(told)[:-1].sum(axis=1).tolist() == [5, 5, 5, 6, 7]
    assert np.isnan(answers.above_steps(told)[-1]).all()
    six = np.full(6, 6.0)
    assert answers.is_within(told, six, six).tolist() == [True, True, True, False, False, False]
    # Chances: 6 with 0.2, 7 with 0.5, 8 with 0.3; the half between 6 and 7 is held with the 7.
    above = np.array([[1, 1, 1, 1, 1, 0.8, 0.3, 0, 0.0]] * 6)
    np.testing.assert_allclose(
        calibration.scores_of(above, told), [0.8, 0.8, 0, 0, 0, np.nan], atol=1e-12
    )


@given(CHANCES, st.lists(st.floats(1, 10), min_size=4, max_size=4), st.floats(0.01, 0.99))
def test_a_score_below_the_share_is_an_answer_within(told, given_answers, share):
    above, came = answers.in_order(told), np.array(given_answers)
    low, high = answers.interval(above, share)
    scores = calibration.scores_of(above, came)
    assert ((scores < share) <= answers.is_within(came, low, high)).all()


def test_chances_out_of_order_meet_in_the_middle():
    told = answers.in_order(np.array([[0.9, 0.4, 0.6, 0.1, 0.1, 0.1, 0, 0, 0]]))
    np.testing.assert_allclose(told[0, :4], [0.9, 0.5, 0.5, 0.1])


@given(CHANCES, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_an_interval_holds_its_share_and_the_median_and_grows_with_the_share(told, one, other):
    above = answers.in_order(told)
    assert (np.diff(above, axis=1) <= 1e-12).all()
    less, more = sorted((one, other))
    low, high = answers.interval(above, less)
    median, mass = answers.median_answer(above), answers.chances(above)
    assert ((low <= median) & (median <= high)).all()
    for row in range(len(above)):
        assert mass[row, low[row] - 1 : high[row]].sum() >= less - 1e-9
    wider_low, wider_high = answers.interval(above, more)
    assert ((wider_low <= low) & (high <= wider_high)).all()


def test_the_same_fit_gives_the_same_bytes_and_reads_back_as_itself(model):
    again = fit(squad(), QUICK, seed=1)
    assert again.to_json() == model.to_json()
    back = ReadinessModel.from_json(model.to_json())
    assert back == model
    frame = squad(seed=8)
    pd.testing.assert_frame_equal(predict(back, frame), predict(model, frame))
    assert fit(squad(), QUICK, seed=2).to_json() != model.to_json()


@pytest.mark.parametrize(
    "broken",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: json.dumps(json.loads(text) | {"version": 99}),
        lambda text: json.dumps(json.loads(text) | {"trees": json.loads(text)["trees"][:500]}),
    ],
)
def test_half_a_model_is_refused(model, broken):
    with pytest.raises(ModelTextError, match="fit it again"):
        ReadinessModel.from_json(broken(model.to_json()))


def test_a_hard_day_is_followed_by_a_lower_answer_than_rest(model):
    frame = squad(seed=11)
    today = frame["day"] == frame["day"].max()
    rest = predict(model, frame.assign(load_au=frame["load_au"].mask(today, 0.0)))
    hard = predict(model, frame.assign(load_au=frame["load_au"].mask(today, 900.0)))
    at = today.to_numpy() & (rest["outcome"] == PREDICTED).to_numpy()
    assert (hard["readiness_mean"][at] < rest["readiness_mean"][at]).all()


def test_answers_lie_on_the_scale_within_their_interval(model):
    told = predict(model, squad(seed=8))
    told = told[told["outcome"] == PREDICTED]
    assert len(told) > 400
    assert told["readiness"].isin(range(1, 11)).all()
    assert told["readiness_mean"].between(1, 10).all()
    assert ((told["low"] <= told["readiness"]) & (told["readiness"] <= told["high"])).all()
    assert (told["interval_level"] == 0.8).all()


def test_contributions_of_the_trees_are_exact(model):
    rows = readiness_rows(squad(seed=8)).scorable()
    booster = model.booster()
    parts = booster.predict(rows.design(), pred_contrib=True)
    raw = booster.predict(rows.design(), raw_score=True)
    np.testing.assert_allclose(parts.sum(axis=1), raw, atol=1e-8)
    effects = effects_of(model, rows)
    assert list(effects.columns) == list(FAMILIES)
    assert {name for names in FAMILIES.values() for name in names} < set(INPUTS)


def test_reasons_are_words_with_numbers(model):
    told = predict(model, squad(seed=8))["reasons"]
    assert told.map(len).max() == 3
    sentences = told.explode().dropna()
    assert sentences.str.fullmatch(r".+ \([+-]\d\.\d\)").all()
    assert sentences.str.contains(r"^load \d+ au today, \d+ (?:above|below) own mean").any()


def test_who_has_no_history_or_a_stale_one_is_told_so_and_gets_no_number(model):
    frame = squad(athletes=4, days=40).copy()
    name, day = frame["athlete_id"], (frame["day"] - frame["day"].min()).dt.days
    silent = (name == "squad-0") | ((name == "squad-1") & (day >= 30))
    silent |= (name == "squad-2") & (day < 38)
    told = predict(
        model, frame.assign(readiness=frame["readiness"].mask(silent)), day=frame["day"].max()
    )
    assert told["outcome"].tolist() == [NO_ANSWERS, TOO_OLD, TOO_FEW, PREDICTED]
    assert told[NUMBERS].notna().all(axis=1).tolist() == [False, False, False, True]
    assert told["reasons"].map(len).tolist()[:3] == [0, 0, 0]


@pytest.mark.parametrize("absent", [["load_au"], ["soreness", "sleep_duration_h"]])
def test_missing_columns_leave_a_model_that_answers(absent):
    frame = squad(athletes=4, days=80)
    for name in absent:
        frame[name] = np.nan
    told = predict(fit(frame, QUICK, seed=1), frame)
    assert (told["outcome"] == PREDICTED).sum() > 150
    assert not told["reasons"].explode().astype(str).str.contains("nan").any()


def test_a_model_with_load_answers_for_a_squad_without(model):
    told = predict(model, squad(seed=8).assign(load_au=np.nan))
    assert told.loc[told["outcome"] == PREDICTED, NUMBERS].notna().all(axis=None)


def test_one_athlete_alone_can_be_fitted_and_asked():
    frame = squad(athletes=1, days=250)
    told = predict(fit(frame, QUICK, seed=1), frame)
    assert (told["outcome"] == PREDICTED).sum() > 200


def test_too_little_to_fit_on_is_said():
    with pytest.raises(ReadinessError, match="at least 100"):
        fit(squad(athletes=1, days=60), QUICK, seed=1)


def test_intervals_hold_about_what_they_promise_for_athletes_not_fitted_on():
    model = fit(squad(athletes=12), QUICK, seed=1)
    frame = squad(athletes=12, seed=21)
    told = predict(model, frame).assign(target=readiness_rows(frame).rows["target"]).dropna()
    held = told["target"].between(told["low"], told["high"]).mean()
    assert 0.72 < held < 0.9
    wider = predict(replace(model, settings=replace(QUICK, interval_level=0.95)), frame)
    assert (wider["high"] - wider["low"]).mean() > (told["high"] - told["low"]).mean()


def test_the_share_of_an_interval_by_hand():
    # Everybody's scores lie evenly in 0..1, as 30; level 0.8. Alone: 0.8. With ten own scores of
    # 0.9: 30·q below q < 0.9 has to reach 0.8·40 = 32, so only from 0.9 on, where 27 + 10 do.
    everybody = calibration.quantiles_of(np.linspace(0, 1, 1001))
    days = np.datetime64("2025-01-01") + np.arange(11)
    told = calibration.shares_of(
        np.array([0.9] * 10 + [np.nan]), np.array(["a"] * 11), days, everybody, 0.8
    )
    assert told[0] == pytest.approx(0.8, abs=0.006)
    assert told[10] == pytest.approx(0.9, abs=0.006)
    late = calibration.shares_of(
        np.array([0.9, np.nan]), np.array(["a", "a"]), days[0] + np.array([0, 91]), everybody, 0.8
    )
    assert late[1] == told[0], "what is longer ago than 90 days does not count"


@given(arrays(np.float64, 20, elements=st.floats(0, 1)), st.integers(1, 19))
def test_the_share_of_a_day_does_not_know_later_answers(scores, day):
    everybody = calibration.quantiles_of(np.linspace(0, 1, 50))
    days, name = np.datetime64("2025-01-01") + np.arange(20), np.array(["a"] * 20)
    other = scores.copy()
    other[day:] = 0.999
    mine = calibration.shares_of(scores, name, days, everybody, 0.8)
    theirs = calibration.shares_of(other, name, days, everybody, 0.8)
    np.testing.assert_array_equal(mine[: day + 1], theirs[: day + 1])


def test_one_day_is_answered_as_it_is_among_all_days(model):
    frame = squad(seed=8)
    day = frame["day"].min() + pd.Timedelta(days=70)
    every = predict(model, frame)
    alone = predict(model, frame, day=day)
    on_it = every[every["day"] == day].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.reset_index(drop=True), on_it)
