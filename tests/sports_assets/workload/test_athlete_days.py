"""A club's own export becomes the frame, whatever its spelling; what cannot be is said in words."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.workload.athlete_days import (
    COLUMNS,
    INJURY_COLUMNS,
    READINESS_COLUMNS,
    as_athlete_days,
    check_complete,
    read_athlete_days,
)
from sports_assets.workload.errors import AthleteDaysError
from tests.sports_assets.workload.made_club import made_club

TWO_DAYS = {
    "athlete_id": ["a", "a"],
    "date": ["2026-01-01", "2026-01-02"],
    "load_au": [0.0, 300.0],
    "minutes": [0.0, 60.0],
    "is_match": [False, True],
    "injury_start": [False, False],
    "is_injured": [False, False],
}


#: 23:30 of the first and 0:30 of the second day, by the club's clock.
BERLIN = [dt.datetime(2026, 1, 1, 22, 30), dt.datetime(2026, 1, 1, 23, 30)]  # noqa: DTZ001


def export(tmp_path, **columns):
    path = tmp_path / "days.parquet"
    pq.write_table(pa.table({**TWO_DAYS, **columns}), path)
    return path


def refusal(tmp_path, **columns):
    with pytest.raises(AthleteDaysError) as refused:
        read_athlete_days(export(tmp_path, **columns))
    message = str(refused.value)
    assert "days.parquet" in message
    return message


def test_the_frame_has_its_columns_and_types_whatever_the_export_has(tmp_path):
    days = read_athlete_days(export(tmp_path, sleep_duration=[8, None], shoe_size=[43, 43]))
    assert list(days.columns) == [column.name for column in COLUMNS]
    assert days["day"].tolist() == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")]
    assert days["team"].tolist() == ["squad", "squad"]
    assert days["is_match"].dtype == bool
    assert days["sleep_duration_h"].tolist()[0] == 8
    assert np.isnan(days["sleep_duration_h"].tolist()[1])
    assert days["readiness"].isna().all()
    check_complete(days)


@pytest.mark.parametrize(
    "dates",
    [
        ["2026-01-01", "2026-01-02"],
        ["2026-01-01T00:00:00", "2026-01-02 23:59:59"],
        [dt.date(2026, 1, 1), dt.date(2026, 1, 2)],
        [dt.datetime(2026, 1, 1, 9), dt.datetime(2026, 1, 2, 22)],  # noqa: DTZ001
        [20260101, 20260102],
        pa.array(["2026-01-01", "2026-01-02"]).dictionary_encode(),
        pa.array(BERLIN, pa.timestamp("us", tz="Europe/Berlin")),
    ],
    ids=["text", "instants", "dates", "timestamps", "numbers", "dictionary", "zone"],
)
def test_days_are_read_however_they_are_written(tmp_path, dates):
    days = read_athlete_days(export(tmp_path, date=dates))
    assert days["day"].tolist() == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")]


@pytest.mark.parametrize("other", [["Thu", "Fri"], [1, 2], ["1990-05-05", "1990-05-06"]])
def test_a_day_beside_the_date_is_another_column(tmp_path, other):
    days = read_athlete_days(export(tmp_path, day=other))
    assert days["day"].tolist() == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")]


@pytest.mark.parametrize(
    "flags",
    [
        [False, True],
        [0, 1],
        [0.0, 1.0],
        [None, True],
        ["false", "TRUE"],
        ["0", "1"],
        ["no", "Yes"],
        pa.array(["f", "t"]).dictionary_encode(),
        pa.array([0, 1], pa.int8()),
    ],
)
def test_yes_and_no_are_read_however_they_are_written(tmp_path, flags):
    days = read_athlete_days(export(tmp_path, is_match=flags))
    assert days["is_match"].tolist() == [False, True]


@pytest.mark.parametrize("ids", [[7, 7], [7.0, 7.0], ["7", " 7 "]])
def test_an_id_is_the_same_as_number_and_as_text(tmp_path, ids):
    assert read_athlete_days(export(tmp_path, athlete_id=ids))["athlete_id"].tolist() == ["7", "7"]


def test_teams_that_are_numbers_with_gaps_are_the_numbers(tmp_path):
    dates = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-01"]
    path = tmp_path / "days.parquet"
    teams = {"athlete_id": ["a", "a", "a", "b"], "date": dates, "team": [None, 2.0, None, None]}
    pd.DataFrame(teams).to_parquet(path)
    # What lies before the first team told is of it; who never tells one is of the squad.
    assert read_athlete_days(path, ())["team"].tolist() == ["2", "2", "2", "squad"]


def club_of_absences(tmp_path, lengths, marked):
    """One athlete; absences of so many days, of which the first `marked` bear the mark."""
    away, onset = [], []
    for days in lengths:
        away += [False] * 10 + [True] * days
        onset += [False] * 10 + [day < marked for day in range(days)]
    count = len(away)
    columns = {"load_au": [300.0] * count, "minutes": [60.0] * count, "is_match": [False] * count}
    dates = list(pd.date_range("2026-01-01", periods=count).strftime("%Y-%m-%d"))
    ids = {"athlete_id": ["a"] * count, "date": dates}
    return export(tmp_path, **ids, **columns, injury_start=onset, is_injured=away)


def test_absent_days_marked_as_onsets_are_refused(tmp_path):
    path = club_of_absences(tmp_path, [5, 3, 1, 4], marked=99)
    with pytest.raises(AthleteDaysError) as refused:
        read_athlete_days(path)
    assert "9 of 13 marked rows, of 1 athletes" in str(refused.value)
    assert "mark the first day of an injury alone" in str(refused.value)


def test_hurt_again_on_the_day_after_is_no_mistake(tmp_path):
    marked_twice = read_athlete_days(club_of_absences(tmp_path, [1] * 9 + [2], marked=2))
    assert marked_twice["injury_start"].sum() == 11
    assert (
        read_athlete_days(club_of_absences(tmp_path, [5, 3], marked=1))["injury_start"].sum() == 2
    )


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e20, 2.0**53])
def test_a_number_that_names_nobody_is_refused(tmp_path, number):
    assert "2^53" in refusal(tmp_path, athlete_id=[1.0, number])
    assert "2^53" in refusal(tmp_path, team=[1.0, number])


@pytest.mark.parametrize(
    "loads",
    [
        ["0", "300.0"],
        pa.array([0, 300], pa.int16()),
        pa.array(["0", "300"]).cast(pa.large_string()),
        pa.array(["0", "300"]).cast(pa.decimal128(6, 2)),
        pa.array(["0", "300"]).dictionary_encode(),
    ],
)
def test_numbers_are_read_however_they_are_written(tmp_path, loads):
    assert read_athlete_days(export(tmp_path, load_au=loads))["load_au"].tolist() == [0, 300]


def test_an_index_that_pandas_wrote_is_a_column_again(tmp_path):
    path = tmp_path / "days.parquet"
    pd.DataFrame(TWO_DAYS).set_index(["athlete_id", "date"]).to_parquet(path)
    assert read_athlete_days(path)["athlete_id"].tolist() == ["a", "a"]


def test_a_missing_column_is_named_with_its_meaning_and_what_is_there(tmp_path):
    path = tmp_path / "days.parquet"
    pq.write_table(pa.table({"player": [1], "date": ["2026-01-01"]}), path)
    with pytest.raises(AthleteDaysError, match=r"athlete_id \(the athlete\).*player, date"):
        read_athlete_days(path, READINESS_COLUMNS)


def test_each_evaluation_says_what_it_cannot_do_without(tmp_path):
    path = tmp_path / "days.parquet"
    pq.write_table(pa.table({"athlete_id": [1], "date": ["2026-01-01"], "readiness": [7]}), path)
    assert read_athlete_days(path, READINESS_COLUMNS)["readiness"].tolist() == [7]
    with pytest.raises(AthleteDaysError, match="injury_start"):
        read_athlete_days(path, INJURY_COLUMNS)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"load_au": [0.0, -5.0]}, ["load_au", "row 1", '"-5.0"', "between 0 and"]),
        ({"load_au": [0.0, np.inf]}, ["load_au", "row 1", '"inf"']),
        ({"load_au": ["0", "much"]}, ["load_au", '"much"', "number"]),
        ({"minutes": [0.0, 1441.0]}, ["minutes", "1440 min"]),
        ({"date": ["2026-01-01", "02.01.2026"]}, ["date", '"02.01.2026"', "2026-11-29"]),
        ({"date": ["2026-01-01", "2026-02-30"]}, ["date", '"2026-02-30"']),
        ({"date": ["2026-01-01", None]}, ["date", "row 1"]),
        ({"date": ["2026-01-01", "1026-01-02"]}, ["date", '"1026-01-02', "1990"]),
        ({"date": [1, 2]}, ["date", '"1"']),
        ({"date": ["2026-01-01", "2026-01-01"]}, ["athlete_id a", "2026-01-01", "one row"]),
        ({"date": ["1999-01-01", "2026-01-01"]}, ["athlete_id a", "20 years"]),
        ({"athlete_id": ["a", None]}, ["athlete_id", "row 1"]),
        ({"is_match": ["no", "perhaps"]}, ["is_match", '"perhaps"', "true or false"]),
        ({"load_au": [[1.0], [2.0]]}, ["load_au", "list", "one number"]),
        ({"athlete_id": [b"a", b"a"]}, ["athlete_id", "binary", "text"]),
        ({"date": pa.array([10**7, 0], pa.date32())}, ["mistyped year"]),
        ({"load_au": pa.array([1, 2], pa.duration("s"))}, ["load_au", "numbers are wanted"]),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_column_and_remedy(tmp_path, columns, words):
    message = refusal(tmp_path, **columns)
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("readiness", 977.0, "977"),
        ("readiness", "dreadful", "dreadful"),
        ("resting_heart_rate_bpm", 19.5, "19.5"),
        ("is_injured", "hamstring", "hamstring"),
        ("sleep_duration", 26.25, "26.25"),
    ],
)
def test_no_message_quotes_an_athletes_health(tmp_path, name, value, hidden):
    message = refusal(tmp_path, **{name: [None, value]})
    assert name in message
    assert "row 1" in message
    assert hidden not in message


def test_what_is_no_parquet_is_said(tmp_path):
    path = tmp_path / "days.parquet"
    with pytest.raises(AthleteDaysError, match="no such file"):
        read_athlete_days(path)
    path.write_bytes(b"athlete_id,date\n1,2026-01-01\n")
    with pytest.raises(AthleteDaysError, match=r"days\.parquet is not a Parquet file"):
        read_athlete_days(path)
    whole = export(tmp_path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AthleteDaysError, match=r"days\.parquet is not a Parquet file"):
        read_athlete_days(path)


def test_no_row_and_a_double_column_are_said(tmp_path):
    path = tmp_path / "days.parquet"
    pq.write_table(pa.table(TWO_DAYS).slice(0, 0), path)
    with pytest.raises(AthleteDaysError, match="no row"):
        read_athlete_days(path)
    names = [*TWO_DAYS, "load_au"]
    pq.write_table(pa.Table.from_arrays([*TWO_DAYS.values(), [1.0, 2.0]], names=names), path)
    with pytest.raises(AthleteDaysError, match="load_au is there more than once"):
        read_athlete_days(path)


def test_a_day_between_is_put_in_with_nothing_told_of_it():
    frame = pd.DataFrame(
        {
            "athlete_id": ["b", "a", "a"],
            "day": pd.to_datetime(["2026-01-09", "2026-01-05", "2026-01-02"]),
            "team": ["B", "A", "A"],
            "load_au": [1.0, 200.0, 100.0],
            "is_match": [True, True, True],
            "is_injured": [False, False, True],
            "injury_start": [False, False, True],
            "injury_kind": [None, None, "muscle"],
            "readiness": [1.0, 2.0, 3.0],
            "age_years": [20.0, 30.0, 30.0],
        }
    )
    days = as_athlete_days(frame)
    assert days["athlete_id"].tolist() == ["a", "a", "a", "a", "b"]
    assert days["day"].dt.day.tolist() == [2, 3, 4, 5, 9]
    between = days.iloc[1:3]
    assert between[["load_au", "readiness", "injury_kind"]].isna().all(axis=None)
    assert not between[["is_match", "injury_start"]].any(axis=None)
    # Nobody said that he is back.
    assert between["is_injured"].all()
    assert between["team"].tolist() == ["A", "A"]
    assert between["age_years"].tolist() == [30, 30]


def test_the_day_of_onset_belongs_to_the_absence():
    frame = pd.DataFrame({**TWO_DAYS, "injury_start": [True, False], "is_injured": [False, True]})
    assert as_athlete_days(frame)["is_injured"].tolist() == [True, True]


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), kept=st.floats(0.2, 1.0))
def test_the_frame_is_complete_and_its_own_fixed_point(seed, kept):
    export = made_club(seed, athletes=3, days=20).sample(frac=kept, random_state=seed)
    before = export.copy()
    days = as_athlete_days(export)
    pd.testing.assert_frame_equal(export, before)
    check_complete(days)
    pd.testing.assert_frame_equal(as_athlete_days(days), days)
    span = export.groupby("athlete_id")["date"].agg(lambda day: (day.max() - day.min()).days + 1)
    assert len(days) == span.sum()
    assert days["load_au"].sum() == pytest.approx(export["load_au"].sum())


def test_features_refuse_a_frame_with_gaps():
    days = as_athlete_days(made_club(1, athletes=2, days=10))
    for wrong in (days.drop(index=5), days.iloc[::-1], pd.concat([days, days.tail(1)])):
        with pytest.raises(AthleteDaysError, match="as_athlete_days"):
            check_complete(wrong)
    with pytest.raises(AthleteDaysError, match="no column mood"):
        check_complete(days.drop(columns="mood"))
