"""When is an injured athlete back? The model on injuries of which the law is known."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sports_assets.mlops.rows import EvaluationError
from sports_assets.models.recovery.__main__ import app
from sports_assets.models.recovery.evaluate import COVERAGE, evaluate
from sports_assets.models.recovery.features import (
    InjuriesError,
    as_injuries,
    days_lost,
    known_as_of,
)
from sports_assets.models.recovery.fit import fit
from sports_assets.models.recovery.held_out import BOTH, HELD_OUT, Split, answer, answers
from sports_assets.models.recovery.learning_curve import learning_curve
from sports_assets.models.recovery.model import RecoveryModel, RecoverySettings
from sports_assets.models.recovery.predict import COLUMNS, predict
from tests.sports_assets.models.injury_law import (
    FIRST,
    KINDS,
    LOG_SDS,
    MEDIANS_D,
    POOLED_LOG_WIDTH,
    drawn_injuries,
    injury,
    raw_injuries,
)

EMPTY = as_injuries(raw_injuries(0, athletes=1, seed=1))


@pytest.fixture(scope="module")
def squad() -> pd.DataFrame:
    return drawn_injuries(65, athletes=25, seed=11)


@pytest.fixture(scope="module")
def clubs() -> pd.DataFrame:
    return drawn_injuries(1300, athletes=500, seed=12)


@pytest.fixture(scope="module")
def model(clubs: pd.DataFrame) -> RecoveryModel:
    return fit(clubs)


def day(number: int) -> pd.Timestamp:
    return FIRST + pd.Timedelta(days=number)


def days_of(*rows: dict) -> pd.DataFrame:
    return as_injuries(pd.DataFrame(list(rows)))


def open_today(model: RecoveryModel, kind: str, gone: int, **told: object) -> pd.Series:
    """The answer for one injury of which so many days are gone."""
    through = {"observed_through": day(gone), **told}
    frame = days_of(injury(1, kind, None, **through))
    return predict(model, frame, day(gone)).iloc[0]


# What must hold


def test_on_unseen_athletes_the_answer_is_no_worse_and_the_interval_honest(
    clubs: pd.DataFrame,
) -> None:
    rows = answers(clubs, HELD_OUT, RecoverySettings())
    assert_must_holds(rows)
    within = rows["days"].between(rows["model_low"], rows["model_high"])
    for kind in KINDS:
        chosen = rows["is_returned"] & (rows["kind"] == kind)
        assert 0.72 <= within[chosen].mean() <= 0.88, kind


def test_so_it_is_later_in_time() -> None:
    injuries = drawn_injuries(700, athletes=250, seed=23)
    assert_must_holds(answers(injuries, BOTH, RecoverySettings(), folds=2))


def test_two_seasons_of_one_squad_support_it_on_average() -> None:
    unseen = drawn_injuries(800, athletes=800, seed=30, leave=0.0)
    rows = [
        answer(Split(drawn_injuries(65, athletes=25, seed=seed), unseen), RecoverySettings())
        for seed in range(31, 37)
    ]
    assert_must_holds(pd.concat(rows, ignore_index=True).assign(weight=1.0))


def assert_must_holds(rows: pd.DataFrame) -> None:
    weight = rows["weight"] / rows["weight"].sum()
    error = {
        method: (weight * (rows["days"] - rows[f"{method}_d"]).abs()).sum()
        for method in ("model", "overall_median")
    }
    assert error["model"] <= error["overall_median"]
    within = rows["days"].between(rows["model_low"], rows["model_high"])
    assert COVERAGE[0] <= (weight * within).sum() <= COVERAGE[1]
    width = np.log(rows["model_high"] / rows["model_low"]).mean()
    assert width < np.log(rows["overall_median_high"] / rows["overall_median_low"]).mean()
    assert width < POOLED_LOG_WIDTH - 0.5


def test_the_interval_is_honest_also_days_later(clubs: pd.DataFrame) -> None:
    rows = answers(clubs, HELD_OUT, RecoverySettings(), gone=10, folds=2)
    back = rows[rows["is_returned"]]
    within = back["days"].between(back["model_low"], back["model_high"])
    assert COVERAGE[0] <= np.average(within, weights=back["weight"]) <= COVERAGE[1]


# The law


def test_the_law_is_found_through_censoring(model: RecoveryModel) -> None:
    injuries = days_of(*(injury(at, kind, None) for at, kind in enumerate(KINDS)))
    found = predict(model, injuries, FIRST).set_index("kind")
    for kind, median, sigma in zip(KINDS, MEDIANS_D, LOG_SDS, strict=True):
        assert found.loc[kind, "remaining_d"] == pytest.approx(median, rel=0.15)
        width = np.log(found.loc[kind, "remaining_d_high"] / found.loc[kind, "remaining_d_low"])
        assert width == pytest.approx(2 * 1.2816 * sigma, abs=0.45)


def test_an_open_absence_counts_as_longer_than_it_was_seen(clubs: pd.DataFrame) -> None:
    ended = clubs.assign(return_day=clubs["return_day"].fillna(clubs["observed_through"]))
    told = open_today(fit(clubs), "ligament", 0)
    believed = open_today(fit(ended), "ligament", 0)
    assert believed["remaining_d"] < told["remaining_d"]


def test_two_bones_neither_speak_alone_nor_not_at_all(squad: pd.DataFrame) -> None:
    bones = days_of(injury(1, "bone", 90), injury(2, "bone", 110))
    model = fit(pd.concat([squad, bones], ignore_index=True))
    bone, muscle = open_today(model, "bone", 0), open_today(model, "muscle", 0)
    assert muscle["remaining_d"] < bone["remaining_d"] < 90
    width = {
        one["kind"]: np.log(one["remaining_d_high"] / one["remaining_d_low"])
        for one in (bone, muscle)
    }
    assert width["bone"] > width["muscle"]
    assert "bone: 2 returns in this club" in bone["reason"]
    assert "weigh in" in bone["reason"]


def test_body_parts_that_mean_nothing_change_little(model: RecoveryModel) -> None:
    thigh = open_today(model, "muscle", 0, body_part="thigh")
    knee = open_today(model, "muscle", 0, body_part="knee")
    assert thigh["remaining_d"] == pytest.approx(knee["remaining_d"], rel=0.25)


def test_the_same_history_in_another_order_gives_the_same_bytes() -> None:
    raw = raw_injuries(65, athletes=25, seed=5)
    shuffled = raw.sample(frac=1, random_state=3)
    assert fit(as_injuries(raw)).to_json() == fit(as_injuries(shuffled)).to_json()


def test_a_model_is_its_text(model: RecoveryModel, squad: pd.DataFrame) -> None:
    again = RecoveryModel.from_json(model.to_json())
    assert again == model
    assert again.to_json() == model.to_json()
    pd.testing.assert_frame_equal(predict(again, squad, day(300)), predict(model, squad, day(300)))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "no recovery model"),
        (lambda text: text.replace("recovery-1", "recovery-0"), "of format"),
        (lambda text: "[]", "no recovery model"),
        (lambda text: re.sub(r'"mean":\[[^,]+,', '"mean":[', text), "another size"),
    ],
)
def test_a_half_written_model_is_refused(
    model: RecoveryModel, damage: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RecoveryModel.from_json(damage(model.to_json()))


# Answers in words, and none


def test_an_answer_says_what_it_rests_on(squad: pd.DataFrame) -> None:
    model = fit(squad)
    told = open_today(model, "muscle", 10)
    history = model.of_kind("muscle")
    assert told["reason"] == (
        f"muscle: {history.returns} returns in this club, median {history.median_d:g} days; "
        "10 days gone"
    )
    assert (told["basis"], told["interval_level"], told["gone_d"]) == ("kind", 0.8, 10)
    assert 1 <= told["remaining_d_low"] <= told["remaining_d"] <= told["remaining_d_high"]


@pytest.mark.parametrize("kind", ["tendon", None])
def test_a_kind_that_never_came_is_judged_by_all(squad: pd.DataFrame, kind: str | None) -> None:
    model = fit(squad)
    told, muscle = open_today(model, kind, 0), open_today(model, "muscle", 0)
    assert told["basis"] == "all kinds"
    assert "whatever the kind; injured today" in told["reason"]
    assert told["remaining_d_high"] > muscle["remaining_d_high"]


@pytest.mark.parametrize(
    "history",
    [
        EMPTY,
        days_of(injury(1, "muscle", 14)),
        days_of(*(injury(at, "muscle", None, at=-at) for at in range(9))),
    ],
    ids=["empty", "one", "all open"],
)
def test_too_little_history_gives_the_prior_and_says_so(history: pd.DataFrame) -> None:
    told = open_today(fit(history), "muscle", 3)
    assert told["basis"] == "prior"
    assert told["reason"].startswith("prior: ")
    assert np.log(told["remaining_d_high"] / told["remaining_d_low"]) > 2.5


def test_who_left_or_was_forgotten_gets_no_answer(model: RecoveryModel) -> None:
    left = open_today(model, "muscle", 30, observed_through=day(12))
    forgotten = open_today(model, "contusion", 200)
    assert (left["basis"], forgotten["basis"]) == ("none", "none")
    assert left["reason"] == "not followed for the last 18 days: no answer"
    assert "check kind and return" in forgotten["reason"]
    assert left[["remaining_d", "remaining_d_low", "remaining_d_high"]].isna().all()


def test_only_who_is_away_is_answered_and_nothing_later_counts(model: RecoveryModel) -> None:
    rows = [
        injury(1, "muscle", 5),
        injury(2, "muscle", 30),
        injury(3, "muscle", None, at=20),
        injury(4, "muscle", 10, at=15),
    ]
    told = predict(model, days_of(*rows), day(10))
    assert told["injury_id"].tolist() == ["i2"]
    later = [rows[0], injury(2, "muscle", None), injury(3, "bone", 300, at=20)]
    pd.testing.assert_frame_equal(told, predict(model, days_of(*later), day(10)))


def test_nobody_away_is_an_empty_answer(model: RecoveryModel) -> None:
    told = predict(model, EMPTY, FIRST)
    assert told.empty
    assert tuple(told.columns) == COLUMNS


# The frame


def test_defaults_recurrence_and_days_lost() -> None:
    frame = days_of(
        injury(1, " Muscle", 0, athlete_id="a", body_part="Thigh"),
        injury(2, "muscle", 9, at=40, athlete_id="a", body_part="thigh"),
        injury(3, "muscle", None, at=150, athlete_id="a", body_part="thigh"),
        injury(4, None, 3, at=41, athlete_id="b"),
    )
    assert frame["injury_id"].tolist() == ["i1", "i2", "i4", "i3"]
    assert frame["kind"].tolist() == ["muscle", "muscle", "unknown", "muscle"]
    assert frame["is_recurrence"].tolist() == [False, True, False, False]
    days, is_returned = days_lost(frame)
    assert days.tolist() == [1, 9, 3, 0]
    assert is_returned.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"injury_id": "x"}], "without the columns"),
        ([injury(1, "muscle", -3)], "a return before the onset"),
        ([injury(1, "muscle", 3), injury(1, "muscle", 3)], "make ids unique"),
        ([injury(1, "muscle", 9, observed_through=day(5))], "a return after observed_through"),
        ([injury(1, "muscle", None, observed_through=day(-5))], "followed to before the onset"),
        ([injury(1, "muscle", 3) | {"day": None}], "give its day"),
        ([injury(1, "muscle", 3) | {"athlete_id": None}], "no athlete_id"),
        ([injury(1, "muscle", 3) | {"return_day": "soon"}], "return_day: row 0 cannot be used"),
        ([injury(1, "muscle", 3) | {"day": 3}], "day: row 0 cannot be used"),
        ([injury(1, "muscle", 3) | {"return_day": "9999-12-31"}], "return_day: row 0 cannot be"),
    ],
)
def test_a_frame_that_cannot_be_is_refused(rows: list[dict], message: str) -> None:
    with pytest.raises(InjuriesError, match=message):
        days_of(*rows)


def test_what_was_known_on_a_day() -> None:
    frame = days_of(injury(1, "muscle", 5), injury(2, "muscle", 30), injury(3, "bone", 9, at=11))
    known = known_as_of(frame, day(10))
    assert known["injury_id"].tolist() == ["i1", "i2"]
    assert known["return_day"].isna().tolist() == [False, True]
    assert (known["observed_through"] <= day(10)).all()


@pytest.mark.parametrize(
    ("onset", "back"),
    [
        ([20240103, 20240105], [20240110, None]),
        (["2024-01-03", "2024-01-05T18:00:00"], ["2024-01-10", ""]),
        (pd.to_datetime(["2024-01-03", "2024-01-05"]).tz_localize("Europe/Berlin"),
         pd.to_datetime(["2024-01-10", None]).tz_localize("Europe/Berlin")),
    ],
)  # fmt: skip
def test_days_are_read_however_they_are_written(onset: object, back: object) -> None:
    told = pd.DataFrame({"injury_id": [1, 2], "athlete_id": [1, 2]})
    found = as_injuries(told.assign(day=onset, return_day=back))
    assert found["day"].tolist() == [pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-05")]
    assert found["return_day"][0] == pd.Timestamp("2024-01-10")
    assert pd.isna(found["return_day"][1])


# The evaluation


@pytest.mark.slow
def test_the_command_prints_the_table_and_writes_the_card(tmp_path: Path) -> None:
    raw_injuries(130, athletes=50, seed=41).to_parquet(tmp_path / "injuries.parquet")
    told = run(
        "evaluate", tmp_path, "--card", tmp_path / "card.html", "--json", tmp_path / "e.json"
    )
    assert told.exit_code == 0, told.output
    assert "athletes held out, forward in time" in told.output
    assert "overall median" in (tmp_path / "card.html").read_text()
    verdicts = json.loads((tmp_path / "e.json").read_text())["verdicts"]
    assert len(verdicts) == 9
    assert "fails" not in verdicts.values()


def test_one_athlete_is_judged_in_time_alone() -> None:
    found = evaluate(drawn_injuries(9, athletes=1, seed=2), replicates=5)
    assert {score.design.split(",")[0] for score in found.scores} == {"forward in time"}
    assert set(found.verdicts().values()) == {"too few to tell"}


def test_no_return_and_no_injury_are_clear_outcomes(tmp_path: Path) -> None:
    still_open = days_of(*(injury(at, "muscle", None, at=-at) for at in range(9)))
    found = evaluate(still_open, replicates=5, folds=2)
    assert set(found.verdicts().values()) == {"too few to tell"}
    assert json.loads(found.to_json())["scores"][0]["mae_d"] is None
    with pytest.raises(EvaluationError, match="no injuries"):
        evaluate(EMPTY)
    EMPTY.to_parquet(tmp_path / "injuries.parquet")
    told = run("evaluate", tmp_path)
    assert (told.exit_code, "error: no injuries" in told.output) == (2, True)
    assert run("evaluate", tmp_path / "nowhere").exit_code == 2


def test_more_injuries_narrow_the_interval(clubs: pd.DataFrame) -> None:
    few, many = learning_curve(clubs, sizes=(5, 260, 10_000), repeats=2)
    assert (few.injuries, many.injuries) == (5, 260)
    assert many.log_width < few.log_width
    assert many.mae_d < many.overall_median_mae_d


def run(command: str, folder: Path, *more: object) -> object:
    told = ["--injuries", folder / "injuries.parquet", *more]
    return CliRunner().invoke(app, [command, *map(str, told)])
