"""Names of sessions, the calendar and the crosswalk."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_ingest.errors import SourceError
from edge_ingest.identity import (
    ATHLETES_SCHEMA,
    CalendarEntry,
    mint_session_id,
    read_athletes,
    read_calendar,
    slugify,
)
from edge_ingest.manifest import SessionGuess

HEADER = "starts_at_utc,site,sport,slug,name,home_team,away_team\n"
KICK_OFF = datetime(2019, 11, 9, 17, 30, tzinfo=UTC)
FIRST = datetime(2000, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MATCH = CalendarEntry(KICK_OFF, "football", "bayern-dortmund", "Allianz Arena")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Allianz Arena", "allianz-arena"),
        ("  Łódź – Großer Platz №2 ", "lodz-grosser-platz-no2"),
        ("Ærø & Ñandú", "aero-nandu"),
        ("東京", ""),
        ("", ""),
    ],
)
def test_slugs_are_plain_letters_and_hyphens(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_calendar_is_read_in_order_of_start_and_blanks_are_none() -> None:
    entries = read_calendar(
        "\ufeff" + HEADER
        + "2020-01-02T10:00:00+01:00,,running,tempo,,,\n\n"
        + '2019-11-09T17:30:00Z,Allianz Arena,football,bayern-dortmund,"A, B",A,B\n'
    )  # fmt: skip

    assert [entry.slug for entry in entries] == ["bayern-dortmund", "tempo"]
    assert entries[0].name == "A, B"
    assert entries[1] == CalendarEntry(datetime(2020, 1, 2, 9, tzinfo=UTC), "running", "tempo")


def test_a_calendar_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_calendar(tmp_path / "sessions.csv") == ()
    assert read_athletes(tmp_path / "athletes.csv").num_rows == 0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2019-11-09 17:30,,football,a,,,", r"line 2: starts_at_utc is '2019-11-09 17:30': add Z"),
        ("soon,,football,a,,,", r"line 2: starts_at_utc is 'soon', which is no instant"),
        ("2019-11-09T17:30Z,,footbal,a,,,", r"line 2: sport is 'footbal'; use one of football"),
        ("2019-11-09T17:30Z,,football,A B,,,", r"line 2: slug is 'A B'.*such as 'a-b'"),
        ("2019-11-09T17:30Z,,football,,,,", "line 2: slug is blank"),
        ("2019-11-09T17:30Z,,football,a,b,c,d,e", "line 2: more values than columns"),
    ],
)
def test_a_bad_line_is_named_with_its_value(row: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_calendar(HEADER + row + "\n")


def test_one_session_stands_in_the_calendar_once() -> None:
    row = "2019-11-09T17:30:00Z,,football,a,,,\n"
    with pytest.raises(SourceError, match="line 3: 'a' at this start stands there already"):
        read_calendar(HEADER + row + row)


@pytest.mark.parametrize("text", ["", "starts_at_utc,sport\n", HEADER.replace("site", "sites")])
def test_wrong_columns_are_told_with_the_right_ones(text: str) -> None:
    with pytest.raises(SourceError, match=r"line 1.*the columns are starts_at_utc, site"):
        read_calendar(text)


def test_the_crosswalk_is_typed_and_ordered() -> None:
    table = read_athletes(
        "source,source_athlete_id,athlete_id,display_name,max_heart_rate_bpm,"
        "resting_heart_rate_bpm,sex\nfit,2,b,,,,\nfit,1,a,Anna,185.5,48,female\n"
    )

    assert table.schema == ATHLETES_SCHEMA
    assert table.column("athlete_id").to_pylist() == ["a", "b"]
    assert table.to_pylist()[0]["max_heart_rate_bpm"] == 185.5
    assert table.to_pylist()[1]["sex"] is None
    # The file is older than the column.
    assert table.column("birth_date").to_pylist() == [None, None]


def test_a_date_of_birth_is_a_day() -> None:
    table = read_athletes(
        "source,source_athlete_id,athlete_id,birth_date\nfit,1,a,1971-02-28\nfit,2,b,\n"
    )
    assert table.schema == ATHLETES_SCHEMA
    assert table.column("birth_date").to_pylist() == [date(1971, 2, 28), None]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("fit,1,a,,fast,,", "line 2: max_heart_rate_bpm must be a number from 80 to 250"),
        ("fit,1,a,,nan,,", "line 2: max_heart_rate_bpm must be a number from 80 to 250"),
        ("fit,1,a,,77,,", "line 2: max_heart_rate_bpm must be a number from 80 to 250"),
        ("fit,1,a,,,,f", "line 2: sex must be one of female, male"),
        ("fit,1,a,,,,,30.04.1977", "line 2: birth_date must be a day such as 1998-04-30"),
        ("fit,1,a,,,,,1877-04-30", "line 2: birth_date must be a day such as 1998-04-30"),
        ("fit,,a,,,,", "line 2: source_athlete_id is blank"),
        ("fit,1,a,,,,\nfit,1,b,,,,", "line 3: this source_athlete_id of 'fit' stands there"),
    ],
)
def test_a_bad_line_about_an_athlete_is_named_and_its_value_is_not(row: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as error:
        read_athletes(",".join(ATHLETES_SCHEMA.names) + "\n" + row + "\n")
    assert "77" not in str(error.value)
    assert "'f'" not in str(error.value)


def test_two_devices_at_one_match_agree() -> None:
    broadcast = mint_session_id(KICK_OFF, "Europe/Berlin", "football", "Allianz Arena", [MATCH])
    vest = mint_session_id(
        KICK_OFF - timedelta(minutes=40), "Europe/Berlin", "football", None, [MATCH]
    )

    assert broadcast.session_id == vest.session_id == "2019-11-09_football_bayern-dortmund"
    assert broadcast.entry == MATCH


def test_without_a_fitting_entry_site_and_local_time_name_the_session() -> None:
    def mint(**changes: object) -> str:
        given = {"at": KICK_OFF, "sport": "football", "site": "Elland Road"} | changes
        return mint_session_id(
            given["at"], "Europe/Berlin", given["sport"], given["site"], [MATCH]
        ).session_id

    late = KICK_OFF + timedelta(hours=3, seconds=1)
    assert mint() == "2019-11-09_football_elland-road-1830"
    assert mint(site="Allianz Arena", at=late) == "2019-11-09_football_allianz-arena-2130"
    assert mint(site=None, sport="running") == "2019-11-09_running_session-1830"
    # The club's day, not the day in UTC.
    assert mint(site=None, at=KICK_OFF + timedelta(hours=6)) == "2019-11-10_football_session-0030"


def test_the_nearest_entry_wins_and_midnight_does_not_split_a_session() -> None:
    first = CalendarEntry(datetime(2024, 1, 1, 22, 50, tzinfo=UTC), "running", "late")
    second = CalendarEntry(datetime(2024, 1, 1, 23, 30, tzinfo=UTC), "running", "later")

    def mint(minute: int) -> str:
        at = datetime(2024, 1, 1, 22, tzinfo=UTC) + timedelta(minutes=minute)
        return mint_session_id(at, "Europe/Berlin", "running", None, [second, first]).session_id

    assert mint(60) == "2024-01-01_running_late"
    assert mint(75) == "2024-01-02_running_later"


@pytest.mark.parametrize(
    ("at", "zone", "sport", "words"),
    [
        (KICK_OFF.replace(tzinfo=None), "Europe/Berlin", "football", "has no time zone"),
        (KICK_OFF, "Berlin", "football", "'Berlin' is no IANA time zone"),
        (KICK_OFF, "Europe/Berlin", "chess", "sport is 'chess'"),
    ],
)
def test_what_cannot_be_named_is_refused(at: datetime, zone: str, sport: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        mint_session_id(at, zone, sport, None, [])


@given(
    at=st.datetimes(FIRST, FIRST.replace(year=2100), timezones=st.just(UTC)),
    zone=st.sampled_from(["Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "UTC"]),
    site=st.none() | st.text(max_size=30),
    offsets=st.lists(st.integers(-400, 400), max_size=5, unique=True),
)
def test_every_minted_name_fits_the_manifest_and_does_not_hang_on_order(
    at: datetime, zone: str, site: str | None, offsets: list[int]
) -> None:
    calendar = [
        CalendarEntry(at + timedelta(minutes=offset), "football", f"s{index}")
        for index, offset in enumerate(offsets)
    ]

    identity = mint_session_id(at, zone, "football", site, calendar)

    SessionGuess(session_id=identity.session_id, sport="football", started_at_utc=at)
    assert mint_session_id(at, zone, "football", site, calendar[::-1]) == identity
    assert (identity.entry is None) == (not any(abs(offset) <= 180 for offset in offsets))
    if identity.entry is not None:
        distance = abs(identity.entry.starts_at_utc - at)
        assert distance == min(abs(entry.starts_at_utc - at) for entry in calendar)
