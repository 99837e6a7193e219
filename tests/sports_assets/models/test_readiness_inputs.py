import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sports_assets.models.readiness import history
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.models.readiness.evaluate import without_filled_loads
from sports_assets.models.readiness.features import ROW_INPUTS, STEP_INPUTS, readiness_rows
from sports_assets.workload.athlete_days import as_athlete_days
from tests.sports_assets.models.readiness_squad import squad

NAN = np.nan
HISTORIES = arrays(
    np.float64, (30, 3), elements=st.one_of(st.just(NAN), st.integers(1, 10).map(float))
)


def of_row(rows, at, name):
    return rows.inputs[at, ROW_INPUTS.index(name)]


def of_step(rows, at, step, name):
    return rows.step_inputs[at, step - 1, STEP_INPUTS.index(name)]


def one(readiness, **columns):
    days = pd.date_range("2025-01-06", periods=len(readiness))  # a Monday
    frame = pd.DataFrame({"athlete_id": "a", "day": days, "readiness": readiness, **columns})
    return as_athlete_days(frame)


def test_a_decayed_mean_passes_over_gaps():
    # Span 3: a day halves the weight. (8·¼ + 6·1)/(¼ + 1) = 6.4, and a gap changes nothing.
    told = history.decayed_mean(np.array([[8.0], [NAN], [6.0], [NAN]]), 3)
    np.testing.assert_allclose(told[:, 0], [8, 8, 6.4, 6.4])


def test_answers_after_days_alike_count_by_nearness_and_age():
    # Conditions 0, 0, 4: day 1 followed a day of 0, so on day 1 (condition 0) it is alike at
    # distance 0 and age 0; day 2 (condition 4, one width off) has days 1 and 2 to look at.
    told = history.alike_mean(
        np.array([[1.0], [1.0], [0.0]]),
        np.array([0.0, 0.0, 4.0]),
        np.full((3, 1), 0.5),
        width=4.0, memory_d=10.0, prior_weight=1.0,
    )  # fmt: skip
    near, older = np.exp(-0.5), np.exp(-0.1)
    expected = [0.5, (1 + 0.5) / 2, (near * older + 0.5) / (near * older + near + 1)]
    np.testing.assert_allclose(told[:, 0], expected)


def test_what_others_said_leaves_out_the_athlete():
    told = history.mean_of_others(np.array([[3.0, 1.0, NAN], [2.0, NAN, NAN]]), 1.0)
    np.testing.assert_allclose(told, [[0.5, 1.5, 4 / 3], [NAN, 1, 1]])


@settings(max_examples=30, deadline=None)
@given(HISTORIES, st.integers(0, 28))
def test_no_arithmetic_looks_ahead(values, day):
    changed = values.copy()
    changed[day + 1 :] = 99.0
    for work in (
        lambda x: history.decayed_mean(x, 7),
        history.mean_so_far,
        history.last_known,
        lambda x: history.days_since(np.isfinite(x)),
        lambda x: history.mean_of_others(x, 2.0),
        lambda x: history.same_weekday_mean(x, np.zeros_like(x), 3, 1.0),
        lambda x: history.alike_mean(
            x, x[:, 0], np.zeros_like(x), width=1.0, memory_d=9.0, prior_weight=1.0
        ),
    ):
        np.testing.assert_array_equal(work(values)[: day + 1], work(changed)[: day + 1])


@pytest.mark.parametrize("day", [20, 57])
def test_inputs_of_a_day_do_not_know_the_future(day):
    frame = squad(athletes=4, days=70)
    cut = frame["day"].min() + pd.Timedelta(days=day)
    other = frame.copy()
    generator = np.random.default_rng(1)
    later = other["day"] > cut
    for name in ("readiness", "load_au", "soreness"):
        other.loc[later, name] = generator.integers(1, 10, later.sum()).astype(float)
    known = ~later.to_numpy()
    mine, theirs = readiness_rows(frame).take(known), readiness_rows(other).take(known)
    np.testing.assert_array_equal(mine.inputs, theirs.inputs)
    np.testing.assert_array_equal(mine.step_inputs, theirs.step_inputs)
    facts = mine.rows.columns.drop("target")
    pd.testing.assert_frame_equal(mine.rows[facts], theirs.rows[facts])


def test_inputs_by_hand():
    rows = readiness_rows(one([6.0, 8.0, NAN, 7.0], load_au=[100.0, 0.0, 300.0, NAN]))
    assert rows.rows["target"].tolist()[:3] == pytest.approx([8, NAN, 7], nan_ok=True)
    assert rows.rows["mean_28d"].tolist() == [6, 7, 7, 7]
    assert rows.rows["days_since_report"].tolist() == [0, 0, 1, 0]
    assert of_row(rows, 2, "last_off") == pytest.approx(8 - 7)
    assert of_row(rows, 2, "load_3d_au") == 400
    # The day after Monday the 6th is a Tuesday.
    assert of_row(rows, 0, "weekday") == 1
    assert of_step(rows, 3, 6, "above_ever") == pytest.approx(2 / 3)
    assert of_step(rows, 3, 7, "above_last") == 0
    assert of_step(rows, 3, 9, "step_from_usual") == pytest.approx(2)
    # Span 3: 7 counts 1, 8 a quarter, 6 an eighth.
    assert of_step(rows, 3, 6, "above_3d") == pytest.approx(1.25 / 1.375)
    assert np.isnan(of_row(rows, 3, "team_off")), "there are no team-mates"


def test_a_weekday_of_which_no_load_was_told_is_no_rest_day():
    loads = [NAN, 300.0, NAN, NAN, NAN, NAN, NAN, 100.0]
    rows = readiness_rows(one([6.0] * 8, load_au=loads))
    told = [of_row(rows, at, "load_this_weekday_au") for at in range(8)]
    # Only from the second Monday on has a weekday of tomorrow, Tuesday, been told of.
    assert told == pytest.approx([NAN] * 7 + [300.0], nan_ok=True)


def test_team_mates_are_those_of_the_team():
    both = pd.concat([squad(3, team="A"), squad(3, team="B", seed=9)])
    apart = readiness_rows(squad(3, team="A"))
    together = readiness_rows(as_athlete_days(both))
    is_a = (together.rows["team"] == "A").to_numpy()
    at = [ROW_INPUTS.index(name) for name in ("team_off", "team_3d_off", "team_load_au")]
    np.testing.assert_allclose(together.take(is_a).inputs[:, at], apart.inputs[:, at])


@given(st.floats(0.1, 20), st.floats(-5, 5))
@settings(max_examples=10, deadline=None)
def test_the_scale_of_other_answers_does_not_matter(factor, shift):
    frame = squad(athletes=3, days=40)
    rescaled = frame.assign(soreness=frame["soreness"] * factor + shift)
    mine, theirs = readiness_rows(frame), readiness_rows(rescaled)
    np.testing.assert_allclose(mine.inputs, theirs.inputs, rtol=1e-6, atol=1e-6)


def test_another_team_in_the_file_changes_no_own_spread():
    one = squad(3, team="A")
    wide = squad(3, team="B", seed=9).assign(soreness=lambda rows: 20 * rows["soreness"])
    alone = readiness_rows(one)
    both = readiness_rows(pd.concat([one, wide], ignore_index=True))
    is_of = (both.rows["team"] == "A").to_numpy()
    for name in ("soreness_z", "spread"):
        at = ROW_INPUTS.index(name)
        assert alone.inputs[:, at] == pytest.approx(both.inputs[is_of, at], nan_ok=True)


def test_a_zero_load_where_nothing_was_answered_is_not_told():
    frame = without_filled_loads(one([6.0, NAN, NAN], load_au=[0.0, 0.0, 250.0]))
    assert frame["load_au"].tolist() == pytest.approx([0, NAN, 250], nan_ok=True)


def test_rows_need_an_answer_of_late_and_five_in_a_month():
    rows = readiness_rows(one([5.0] * 4 + [NAN] * 2 + [5.0] + [NAN] * 9))
    assert rows.enough_known().tolist() == [False] * 6 + [True] * 8 + [False] * 2


def test_no_readiness_and_another_scale_are_refused_without_an_answer_in_the_message():
    with pytest.raises(ReadinessError, match="nobody answered readiness"):
        readiness_rows(one([NAN, NAN]))
    with pytest.raises(ReadinessError, match="outside 1 to 10") as refused:
        readiness_rows(one([55.0, 72.0]))
    assert "55" not in str(refused.value)
