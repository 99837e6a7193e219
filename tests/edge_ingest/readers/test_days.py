"""Days and athletes by a column mapping: real files, and files with every fault."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_ingest.athletes import read_athletes_file, replace_athletes, write_crosswalk
from edge_ingest.cli import app
from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.identity import read_athletes
from edge_ingest.readers import read_source
from edge_ingest.readers.mapping import ColumnMapping, packaged_mappings, read_mapping
from edge_ingest.recording import DayRecords, Told
from edge_ingest.records import DAY_TABLES

WELLNESS = """version = 1
kind = "wellness"
source = "diary"
athlete_id = "who"
day = { from = "day", format = "%d.%m.%Y" }
[columns]
soreness = { from = "pain", scale_from = [0, 4], reversed = true }
sleep_duration_h = { from = "slept_min", multiply = 0.016666666666666666 }
session_load_au = { from = "load", filled_with = 0 }
"""
INJURIES = """version = 1
kind = "injuries"
source = "physio"
athlete_id = "who"
injury_id = ["case"]
delimiter = ";"
missing = ["", "-"]
day = { from = "since" }
[columns]
kind = { from = "what", values = { Zerrung = "muscle" } }
return_day = { from = "back" }
is_contact = { from = "contact", values = { ja = true, nein = false } }
[constants]
is_time_loss = true
"""
FIXTURES = """version = 1
kind = "fixtures"
source = "league"
fixture_id = ["round", "opponent"]
day = { from = "date", format = "%d.%m.%Y" }
[columns]
team = { from = "side" }
known_from = { from = "published", format = "%d.%m.%Y" }
is_withdrawn = { from = "state", values = { moved = true, off = true, on = false } }
[constants]
competition = "league"
"""
ATHLETES = """version = 1
kind = "athletes"
source = "belt"
athlete_id = "belt"
[columns]
athlete_id = { from = "id" }
display_name = { from = "name" }
max_heart_rate_bpm = { from = "hrmax" }
sex = { from = "sex", values = { f = "female", m = "male" } }
"""
BORN = """birth_date = { from = "hrmax", format = "%d.%m.%Y" }
"""

Read = Callable[..., DayRecords]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a table of these lines by this mapping."""

    def reading(lines: str, mapping: str = WELLNESS, told: Told | None = None) -> DayRecords:
        kind = next(kind for kind in DAY_TABLES if f'kind = "{kind}"' in mapping)
        (tmp_path / "table.csv").write_text(lines)
        (tmp_path / "mapping.toml").write_text(mapping)
        parts = {"table": tmp_path / "table.csv", "mapping": tmp_path / "mapping.toml"}
        found = read_source(kind, parts, told)
        assert isinstance(found, DayRecords)
        for name, rows in found.tables.items():
            assert DAY_TABLES[name].violations(rows) == []
        return found

    return reading


def test_answers_come_out_on_our_scale(read: Read) -> None:
    """By hand: pain 1 of 0..4, turned round, is 1 + 9 × 3/4 = 7.75; 450 minutes are 7.5 h."""
    records = read("day,who,pain,slept_min,load\n04.05.2024,7,1,450,300\n")
    (row,) = records.tables["wellness"].to_pylist()
    assert (row["source"], row["source_athlete_id"], row["day"]) == (
        "diary", "7", date(2024, 5, 4),
    )  # fmt: skip
    assert row["soreness"] == 7.75
    assert row["sleep_duration_h"] == pytest.approx(7.5)
    assert row["session_load_au"] == 300
    assert row["readiness"] is None
    assert records.rows_by_rule == {}


def test_what_cannot_be_true_is_null_and_counted(read: Read) -> None:
    records = read(
        "day,who,pain,slept_min,load\n"
        "04.05.2024,7,5,450,nan\n"  # beyond the scale; not finite
        "05.05.2024,7,much,2000,1_0\n"  # a word; 33 hours; no number as anyone writes it
        "06.05.2024,,1,450,3\n"  # nobody
        "07.05.2024,8,,,\n"  # nothing
        "08.05.2024,8,,,0\n"  # filled in by the source
        "09.05.2024,8,4,,0\n"  # a day of rest
        "09.05.2024,8,0,,0\n"  # the same day, told again
        ",,,,\n"
    )
    rows = records.tables["wellness"].to_pylist()
    assert [(row["day"].day, row["soreness"], row["session_load_au"]) for row in rows] == [
        (4, None, None), (9, 10, 0),
    ]  # fmt: skip
    assert rows[0]["sleep_duration_h"] == pytest.approx(7.5)
    assert records.rows_by_rule == {
        "filled_in_by_source": 1,
        "not_a_number": 3,
        "nothing_told": 3,
        "out_of_range": 2,
        "told_again_later": 1,
        "without_athlete": 1,
    }
    # The file speaks of the days on which nothing was told, too.
    assert (records.first_day, records.last_day) == (date(2024, 5, 4), date(2024, 5, 9))


SCALED = """version = 1
kind = "wellness"
source = "diary"
athlete_id = "who"
day = { from = "day" }
[columns]
soreness = { from = "pain", scale_from = [0, 4], reversed = true, filled_with = 0 }
mood = { from = "mood", scale_from = [1, 5], filled_with = 0 }
sleep_duration_h = { from = "slept_min", multiply = 0.016666666666666666, filled_with = 60 }
readiness = { from = "ready", scale_from = [1, 10] }
"""


def test_what_a_source_fills_in_is_told_in_its_own_scale_and_unit(read: Read) -> None:
    records = read(
        "day,who,pain,mood,slept_min,ready\n"
        "2024-05-04,7,0,0,60,\n"  # all of it filled in: they do not vouch for each other
        "2024-05-05,7,0,0,60,4\n"  # no pain, an hour of sleep; 0 is no mood on any day
        "2024-05-06,7,2,0,450,\n"  # two answers
        "2024-05-07,7,9,3,,\n",  # beyond the scale and no filler
        SCALED,
    )
    rows = records.tables["wellness"].to_pylist()
    names = ("soreness", "mood", "readiness")
    assert [(row["day"].day, *(row[name] for name in names)) for row in rows] == [
        (5, 10, None, 4), (6, 5.5, None, None), (7, None, 5.5, None),
    ]  # fmt: skip
    assert [row["sleep_duration_h"] for row in rows] == [pytest.approx(1), pytest.approx(7.5), None]
    assert records.rows_by_rule == {
        "filled_in_by_source": 5, "nothing_told": 1, "out_of_range": 1,
    }  # fmt: skip


def test_minutes_come_in_minutes_and_within_a_day(read: Read) -> None:
    """By hand: 1.5 h are 90 min; 1441 min are more than a day has."""
    mapping = WELLNESS + (
        'session_minutes = { from = "hours", multiply = 60 }\nmatch_minutes = { from = "match" }\n'
    )
    records = read(
        "day,who,pain,slept_min,load,hours,match\n"
        "04.05.2024,7,1,450,300,1.5,90\n05.05.2024,7,1,450,0,0,1441\n",
        mapping,
    )
    rows = records.tables["wellness"].to_pylist()
    assert [(row["session_minutes"], row["match_minutes"]) for row in rows] == [(90, 90), (0, None)]
    assert records.rows_by_rule == {"out_of_range": 1}


@given(
    answer=st.floats(-2, 12, allow_nan=False),
    low=st.integers(-2, 3),
    width=st.integers(1, 100),
    is_reversed=st.booleans(),
)
def test_a_scale_keeps_order_ends_and_bounds(
    answer: float, low: int, width: int, is_reversed: bool, tmp_path_factory: Any
) -> None:
    from edge_ingest.readers.csv_text import CsvText
    from edge_ingest.readers.day_csv import DayTable

    mapping = ColumnMapping.model_validate(
        {
            "version": 1, "kind": "wellness", "source": "s", "athlete_id": "w",
            "day": {"from": "d"},
            "columns": {"mood": {"from": "m", "scale_from": [low, low + width],
                                 "reversed": is_reversed}},
        }
    )  # fmt: skip
    columns = {column.name: column for column in DAY_TABLES["wellness"].columns}

    def ours(value: float) -> Any:
        text = CsvText(Path("t"), f"w,d,m\n1,2024-05-04,{value!r}\n", ",", ["w", "d", "m"])
        return DayTable.of(text, mapping).values(columns)["mood"].to_pylist()[0]

    assert {ours(low), ours(low + width)} == {1.0, 10.0}
    assert ours(low) == (10.0 if is_reversed else 1.0)
    found = ours(answer)
    assert (found is None) == (not low <= answer <= low + width)
    if found is not None:
        back = (found - 1) / 9 * width
        assert (low + width - back if is_reversed else low + back) == pytest.approx(
            answer, abs=1e-9
        )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("day,who,pain,slept_min,load\n04.05.2024,7,1,1,1\n2024-05-05,7,1,1,1\n", "line 3: day is"),
        ("day,who,pain,slept_min,load\n04.05.0202,7,1,1,1\n", "line 2: day is"),
        ("day,who,pain,slept_min,load\n04.05.2024,7,1\n", "line 2 has 3 cells"),
        ('day,who,pain,slept_min,load\n04.05.2024,"7\n', "is not CSV"),
        ("day,who,pain,load\n04.05.2024,7,1,1\n", "no column slept_min"),
        ("day,who,pain,slept_min,load,who\n", "names the column who twice"),
        ("\n\n", "has no header"),
        ("day,who,pain,slept_min,load\n\ufeff04.05.2024,7,1,1,1\n", "line 2: day is"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_not_quoted(
    read: Read, lines: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as raised:
        read(lines)
    assert "2024-05-05" not in str(raised.value)


def test_a_table_of_no_lines_holds_nothing(read: Read) -> None:
    with pytest.raises(NothingRecordedError):
        read("day,who,pain,slept_min,load\n")


def test_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("day,who\n1,Müller\n".encode("latin-1"))
    with pytest.raises(SourceError, match=r"is not UTF-8 \(byte 11\)"):
        read_source("wellness", {"table": tmp_path / "t.csv"})


def test_a_device_of_ones_own_keeps_two_teams_apart(read: Read) -> None:
    records = read(
        "day,who,pain,slept_min,load\n04.05.2024,7,1,450,300\n", told=Told(device_id="Under 19")
    )
    assert (records.source, records.device_id) == ("diary", "under-19")


@pytest.mark.parametrize(
    ("covers", "days"),
    [
        ("file", (date(2024, 2, 3), date(2024, 2, 9))),
        ("month", (date(2024, 2, 1), date(2024, 2, 29))),
        ("year", (date(2024, 1, 1), date(2024, 12, 31))),
    ],
)
def test_a_mapping_says_which_days_a_file_speaks_for(read: Read, covers: str, days: Any) -> None:
    lines = "day,who,pain,slept_min,load\n09.02.2024,7,1,450,3\n03.02.2024,7,1,450,3\n"
    records = read(lines, WELLNESS.replace("[columns]", f'covers = "{covers}"\n[columns]'))
    assert (records.first_day, records.last_day) == days


def test_a_filler_that_is_believed_is_not_counted(read: Read) -> None:
    records = read("day,who,pain,slept_min,load\n04.05.2024,7,1,450,0\n")
    assert records.rows_by_rule == {}


def test_injuries_come_out_in_our_words(read: Read) -> None:
    records = read(
        "case;who;since;back;what;contact\n"
        "1;7;2024-05-04;2024-06-01;Zerrung;nein\n"
        "2;8;2024-05-05;-;bone;ja\n"
        "3;9;2024-05-06;2024-05-01;Hexenschuss;vielleicht\n"
        "4;9;2024-05-07;soon;-;-\n",
        INJURIES,
    )
    rows = records.tables["injuries"].to_pylist()
    assert [(row["kind"], row["return_day"], row["is_contact"]) for row in rows] == [
        ("muscle", date(2024, 6, 1), False),
        ("bone", None, True),
        ("other", None, None),
        ("other", None, None),
    ]
    assert {row["is_time_loss"] for row in rows} == {True}
    assert records.rows_by_rule == {
        "not_a_day": 1, "returned_before_onset": 1, "unknown_word": 2,
    }  # fmt: skip


def test_a_plan_says_what_was_known_when(read: Read) -> None:
    """A match moved from 4 to 8 May, as was known on 2 May: three lines, and a day told twice."""
    records = read(
        "round,opponent,date,side,published,state\n"
        "1,City,04.05.2024,first,10.04.2024,on\n"
        "1,City,04.05.2024,first,02.05.2024,moved\n"
        "1,City,08.05.2024,first,02.05.2024,on\n"
        "2,Town,11.05.2024,,,perhaps\n"
        "2,Town,11.05.2024,under 19,soon,\n",
        FIXTURES,
    )
    told = ("source_fixture_id", "day", "team", "known_from", "is_withdrawn", "competition")
    assert [
        tuple(row[name] for name in told) for row in records.tables["fixtures"].to_pylist()
    ] == [
        ("1/City", date(2024, 5, 4), "first", date(2024, 4, 10), False, "league"),
        ("1/City", date(2024, 5, 4), "first", date(2024, 5, 2), True, "league"),
        ("1/City", date(2024, 5, 8), "first", date(2024, 5, 2), False, "league"),
        ("2/Town", date(2024, 5, 11), "under 19", None, False, "league"),
    ]
    assert records.rows_by_rule == {"not_a_day": 1, "told_again_later": 1, "unknown_word": 1}
    assert (records.first_day, records.last_day) == (date(2024, 5, 4), date(2024, 5, 11))


def test_a_plan_of_days_alone_withdraws_nothing(read: Read) -> None:
    mapping = FIXTURES.partition("[columns]")[0].replace('"round", ', "") + "[columns]\n"
    rows = read("date,opponent\n04.05.2024,City\n", mapping).tables["fixtures"].to_pylist()
    assert [(row["source_fixture_id"], row["is_withdrawn"], row["known_from"]) for row in rows] == [
        ("City", False, None)
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('fixture_id = ["round", "opponent"]\n', ""), "fixtures need `fixture_id`"),
        (("[columns]", 'athlete_id = "who"\n[columns]'), "fixtures are of a team: leave out"),
        (("team =", "body_part ="), "fixtures has no column body_part: it has team, known_from"),
        (('kind = "fixtures"', 'kind = "wellness"'), "wellness has no column team"),
    ],
)
def test_a_plans_mapping_that_cannot_be_is_refused(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    (tmp_path / "m.toml").write_text(FIXTURES.replace(*change))
    with pytest.raises(SourceError, match=words):
        read_mapping(tmp_path / "m.toml", "fixtures")


def test_days_may_be_counted(read: Read) -> None:
    mapping = WELLNESS.replace('format = "%d.%m.%Y"', "first_day = 2024-02-28")
    records = read("day,who,pain,slept_min,load\n3,7,1,450,300\n", mapping)
    assert records.first_day == date(2024, 3, 1)  # a leap year


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("version = 1", "version = 2"), "mapping of version 2"),
        (('source = "diary"', 'source = "My Diary"'), "source"),
        (("pain", "pain"), None),
        (("soreness", "happiness"), "wellness has no column happiness"),
        (("[0, 4]", "[4, 0]"), "lowest answer and then the highest"),
        (("scale_from = [0, 4], ", ""), "reversed needs scale_from"),
        (('sleep_duration_h = { from = "slept_min"',
          'sleep_duration_h = { from = "slept_min", scale_from = [1, 5]'), "has no scale"),
        (('day = { from = "day", format = "%d.%m.%Y" }', ""), "need `day`"),
        (("version = 1", "version = 1\nspeed = 3"), "speed"),
        (("[columns]", "[columns"), "is no TOML"),
        # The key, what stands there, and what to do.
        (('athlete_id = "who"\n', ""), "m.toml .*: athlete_id is missing: add it"),
        (("filled_with = 0", "filed_with = 0"),
         "columns.session_load_au.filed_with means nothing there: .* how it is spelt"),
        (("filled_with = 0", 'filled_with = "none"'),
         "columns.session_load_au.filled_with is 'none': .*valid number"),
        (("filled_with = 0", "filled_with = nan"), "filled_with is nan: .*finite"),
        (("[0, 4]", "[0, inf]"), "columns.soreness.scale_from.1 is inf: .*finite"),
        (("[0, 4]", "[4, 4]"), "columns.soreness: scale_from is 4, 4: name the lowest"),
        (("reversed = true", "multiply = 2"), "soreness: scale_from makes 1 to 10 .*leave out mul"),
        (('"load", filled', '"load", values = { no = "0" }, filled'),
         "session_load_au holds a number: leave out values"),
        (("%d.%m.%Y", "%d.%m."), "day.format: '%d.%m.' does not read whole days: write one such"),
        (("%d.%m.%Y", "%Q"), "day.format: '%Q' does not read whole days"),
        (("[columns]", "[constants]\nreadiness = 11\n[columns]"),
         "constants.readiness is 11: write a number from 1 to 10"),
        (("[columns]", '[constants]\nmood = "good"\n[columns]'),
         "constants.mood is 'good': write a number from 1 to 10"),
        (('kind = "wellness"', 'kind = "injuries"'), "injuries has no column soreness: it has "),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_is_refused_by_place(
    tmp_path: Path, change: tuple[str, str], words: str | None
) -> None:
    path = tmp_path / "m.toml"
    path.write_text(WELLNESS.replace(*change))
    if words is None:
        read_mapping(path, "wellness")
        return
    with pytest.raises(SourceError, match=words) as raised:
        read_mapping(path, "wellness")
    assert raised.value.rule == ("future_version" if "version 2" in words else "malformed")


def test_an_unknown_header_asks_for_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="give a column mapping") as raised:
        read_source("wellness", {"table": tmp_path / "t.csv"})
    assert raised.value.rule == "incomplete"


def test_packaged_mappings_are_sound() -> None:
    assert {name: mapping.kind for name, mapping in packaged_mappings()} == {
        "hamstring": "injuries", "soccermon": "wellness",
    }  # fmt: skip


@pytest.mark.realdata
def test_soccermon_by_a_second_implementation(real_data: Path) -> None:
    """Counted by pandas; and every scale points the same way: up is better."""
    import pandas as pd

    path = real_data / "wellness" / "soccermon_team_a.csv"
    records = read_source("wellness", {"table": path})
    assert isinstance(records, DayRecords)
    ours = records.tables["wellness"].to_pandas().set_index(["source_athlete_id", "day"])
    theirs = pd.read_csv(path, parse_dates=["date"])
    theirs["date"] = theirs["date"].dt.date
    theirs = theirs.set_index(["player_id", "date"])
    answers = ["fatigue", "mood", "readiness", "sleep_duration", "sleep_quality", "soreness",
               "stress"]  # fmt: skip
    answered = theirs[answers].notna().any(axis=1)
    told = theirs[answered | (theirs["daily_load"] > 0)]
    assert (len(theirs), len(told)) == (19_737, 12_193)
    assert len(ours) == len(told)
    assert records.rows_by_rule == {"filled_in_by_source": 7_544, "nothing_told": 7_544}
    assert (records.first_day, records.last_day) == (date(2020, 1, 1), date(2021, 12, 31))
    same = ours.loc[told.index]
    for name in ("fatigue", "mood", "soreness", "stress", "sleep_quality"):
        expected = (told[name] - 1) * 9 / 4 + 1
        pd.testing.assert_series_equal(same[name], expected, check_names=False)
        assert same[name].corr(same["readiness"]) > 0.2
    pd.testing.assert_series_equal(same["readiness"], told["readiness"], check_names=False)
    pd.testing.assert_series_equal(same["session_load_au"], told["daily_load"], check_names=False)
    assert (same["session_load_au"] == 0).sum() == 2_594


@pytest.mark.realdata
def test_hamstring_injuries_by_hand(real_data: Path) -> None:
    path = real_data / "injuries" / "hamstring_raw.csv"
    records = read_source("injuries", {"table": path})
    assert isinstance(records, DayRecords)
    rows = records.tables["injuries"].to_pylist()
    with path.open() as handle:
        hurt = [line for line in csv.DictReader(handle) if line["Injury.Location"]]
    assert [row["source_athlete_id"] for row in rows] == [line["Player.Name"] for line in hurt]
    assert len(rows) == 6
    assert {(row["kind"], row["body_part"]) for row in rows} == {("muscle", "Hamstring")}
    # Day 57 of a season that begins on 1 January of a leap year: 31 + 26.
    assert rows[0]["day"] == date(2016, 2, 26)
    # All days of the table are spoken for, most of them without an injury.
    assert (records.first_day, records.last_day) == (date(2016, 1, 1), date(2017, 10, 20))


@pytest.fixture
def club(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """A club's file of athletes with its mapping."""

    def files(lines: str) -> tuple[Path, Path]:
        table, mapping = tmp_path / "club.csv", tmp_path / "club.toml"
        table.write_text(f"id,belt,name,hrmax,sex\n{lines}")
        mapping.write_text(ATHLETES)
        return table, mapping

    return files


def test_athletes_replace_those_of_their_source_and_no_other(tmp_path: Path, club: Any) -> None:
    landing = tmp_path / "landing"
    (landing / "identity").mkdir(parents=True)
    crosswalk = landing / "identity" / "athletes.csv"
    crosswalk.write_text(
        "source,source_athlete_id,athlete_id\nwyscout,77,anna\nbelt,b9,gone\nbelt,b1,old\n"
    )
    written = write_crosswalk(*club("anna,b1,Anna,191,f\nbo,b2,Bo,30,x\n"), landing)
    assert (written.athletes, written.athletes_before) == (2, 2)
    assert written.rows_by_rule == {"out_of_range": 1, "unknown_word": 1}
    rows = read_athletes(crosswalk).to_pylist()
    assert [(row["source"], row["source_athlete_id"], row["athlete_id"]) for row in rows] == [
        ("belt", "b1", "anna"), ("belt", "b2", "bo"), ("wyscout", "77", "anna"),
    ]  # fmt: skip
    assert (rows[0]["max_heart_rate_bpm"], rows[0]["sex"]) == (191, "female")
    assert (rows[1]["max_heart_rate_bpm"], rows[1]["sex"]) == (None, None)
    assert [path.name for path in crosswalk.parent.iterdir()] == ["athletes.csv"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("anna,b1,Anna,191,f\nbo,b1,Bo,190,m\n", "lines 2 and 3 give one id in belt"),
        ("anna,b1,Anna,191,f\nanna,b2,Annika,190,f\n", "lines 2 and 3 give one athlete_id"),
    ],
)
def test_two_athletes_with_one_id_are_refused_and_nothing_is_written(
    tmp_path: Path, club: Any, lines: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as raised:
        write_crosswalk(*club(lines), tmp_path / "landing")
    assert raised.value.rule == "duplicate_athlete"
    assert "Ann" not in str(raised.value)
    assert not (tmp_path / "landing").exists()


def test_one_athlete_may_have_two_belts_and_stand_there_twice(tmp_path: Path, club: Any) -> None:
    rows, counts = read_athletes_file(
        *club("anna,b1,Anna,191,f\nanna,b1,Anna,191,f\nanna,b2,Anna,191,f\n")
    )
    assert rows["source_athlete_id"].to_pylist() == ["b1", "b2"]
    assert counts == {}


def test_a_date_of_birth_is_read_as_the_mapping_says_and_kept(tmp_path: Path, club: Any) -> None:
    """It may lie further back than any day that a diary tells of."""
    table, mapping = club("anna,b1,Anna,30.04.1971,f\nbo,b2,Bo,30.04.1871,m\ncy,b3,Cy,,m\n")
    mapping.write_text(
        mapping.read_text().replace('max_heart_rate_bpm = { from = "hrmax" }\n', BORN)
    )
    written = write_crosswalk(table, mapping, tmp_path / "landing")
    assert written.rows_by_rule == {"out_of_range": 1}
    assert "1971-04-30" in written.path.read_text()
    rows = read_athletes(written.path)
    assert rows["birth_date"].to_pylist() == [date(1971, 4, 30), None, None]


def test_athletes_can_be_put_there_without_a_file(tmp_path: Path, club: Any) -> None:
    rows, _ = read_athletes_file(*club("anna,b1,Anna,191,f\n"))
    written = replace_athletes(rows, tmp_path / "landing")
    assert read_athletes(written.path).equals(rows)
    assert not replace_athletes(rows, tmp_path / "landing").rows_by_rule


def test_a_file_without_athletes_empties_nothing(tmp_path: Path, club: Any) -> None:
    with pytest.raises(SourceError, match="would empty the crosswalk"):
        write_crosswalk(*club(""), tmp_path / "landing")


def test_a_killed_command_leaves_the_old_crosswalk(
    tmp_path: Path, club: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = tmp_path / "landing"
    write_crosswalk(*club("anna,b1,Anna,191,f\n"), landing)
    before = (landing / "identity" / "athletes.csv").read_bytes()

    def killed(*_: Any) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_crosswalk(*club("bo,b2,Bo,190,m\n"), landing)
    assert (landing / "identity" / "athletes.csv").read_bytes() == before


def test_the_commands_do_it(tmp_path: Path, club: Any) -> None:
    table, mapping = club("anna,b1,Anna,191,f\n")
    landing = str(tmp_path / "landing")
    done = CliRunner().invoke(
        app, ["athletes", str(table), "--mapping", str(mapping), "--into", landing]
    )
    assert done.exit_code == 0
    assert "1 athletes of belt" in done.stdout
    (tmp_path / "w.toml").write_text(WELLNESS)
    (tmp_path / "w.csv").write_text("day,who,pain,slept_min,load\n04.05.2024,7,9,450,3\n")
    packing = ["pack", "wellness", f"table={tmp_path}/w.csv", f"mapping={tmp_path}/w.toml",
               "--into", landing]  # fmt: skip
    packed = CliRunner().invoke(app, packing)
    assert packed.exit_code == 0
    assert "packed: 1 wellness of 2024-05-04 to 2024-05-04" in packed.stdout
    assert "out_of_range 1" in packed.stdout
    assert "nothing new" in CliRunner().invoke(app, packing).stdout
