"""The Wyscout reader on two whole matches, checked against the raw files."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_ingest.errors import SourceError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told

KICK_OFF = datetime(2017, 9, 23, 16, 30, tzinfo=UTC)
TOLD = Told(started_at_utc=KICK_OFF, home_team_id="1631", site="King Power Stadium")


@pytest.fixture(scope="module")
def raw(kloppy_files: Path) -> dict[int, dict]:
    events = json.loads((kloppy_files / "wyscout_events_v2.json").read_text())["events"]
    return {event["id"]: event for event in events}


@pytest.fixture(scope="module")
def match(kloppy_files: Path) -> Recording:
    return read_recording("wyscout", {"events": kloppy_files / "wyscout_events_v2.json"}, TOLD)


@pytest.fixture(scope="module")
def rows(match: Recording) -> dict[str, dict]:
    return {row["source_event_id"]: row for row in match.tables["events"].to_pylist()}


def test_the_session_is_the_one_that_was_told(match: Recording) -> None:
    assert match.session.home_team_name == "Leicester City FC"
    assert match.session.away_team_name == "Liverpool FC"
    assert (match.session.home_score, match.session.away_score) == (2, 3)
    assert match.session.started_at_utc == KICK_OFF
    assert match.session.source_session_id == "2499773"
    assert match.clock.source == "operator"


def test_every_raw_event_is_there_once(raw: dict[int, dict], rows: dict[str, dict]) -> None:
    plain = {event_id for event_id in rows if event_id.isdigit()}

    assert plain == {str(event_id) for event_id in raw}
    assert len(raw) == 1770
    # Cards and interceptions stand in tags of another event: rows of their own.
    assert Counter(event_id.partition("-")[0] for event_id in set(rows) - plain) == {
        "card": 6, "interception": 68,
    }  # fmt: skip


def test_kinds_and_outcomes_equal_counts_made_from_the_raw_file(
    raw: dict[int, dict], rows: dict[str, dict]
) -> None:
    def tagged(event: dict, *tags: int) -> bool:
        return any(tag["id"] in tags for tag in event["tags"])

    passes = [
        event for event in raw.values()
        if event["eventName"] == 8 or event["subEventName"] in (30, 31, 32, 34, 36)
    ]  # fmt: skip
    shots = [
        event for event in raw.values()
        if event["eventName"] == 10 or event["subEventName"] in (33, 35)
    ]  # fmt: skip
    duels = [event for event in raw.values() if event["eventName"] == 1]
    # A duel that was an interception is one interception.
    kept = [event for event in duels if not tagged(event, 1401)]
    expected = {
        ("pass", None): len(passes),
        ("pass", "success"): sum(tagged(event, 1801) for event in passes),
        ("shot", None): len(shots),
        ("shot", "goal"): sum(tagged(event, 101) for event in shots),
        ("shot", "blocked"): sum(tagged(event, 2101) for event in shots),
        ("duel", None): len(kept),
        ("duel", "won"): sum(tagged(event, 703) for event in kept),
        ("duel", "lost"): sum(tagged(event, 701) for event in kept),
        ("interception", None): sum(tagged(event, 1401) for event in raw.values()),
        ("foul", None): sum(event["eventName"] == 2 for event in raw.values()),
        ("card", "yellow_card"): sum(tagged(event, 1702) for event in raw.values()),
        ("ball_out", None): sum(event["subEventName"] == 50 for event in raw.values()),
        ("goalkeeper", None): sum(event["eventName"] in (4, 9) for event in raw.values()),
    }

    found: Counter[tuple[str, str | None]] = Counter()
    for row in rows.values():
        found[row["event_type"], None] += 1
        if row["outcome"]:
            found[row["event_type"], row["outcome"]] += 1
    assert {key: found[key] for key in expected} == expected
    assert ("recovery", None) not in found  # Wyscout tells none


@pytest.mark.parametrize(
    ("event_id", "expected"),
    [
        # Kick-off by Liverpool (away, attacking −x): from the spot to 29/41 in their eyes.
        ("190078343", {"event_type": "pass", "outcome": "success", "team_side": "away",
                       "source_athlete_id": "116", "period_id": 1, "x_m": 0.0, "y_m": 0.0}),
        # Leicester's goals: one in each half, close to goal.
        ("190079820", {"event_type": "shot", "outcome": "goal", "team_side": "home",
                       "period_id": 1, "source_event_type": "Shot"}),
        ("190080050", {"event_type": "shot", "outcome": "goal", "team_side": "home",
                       "period_id": 2}),
        # The penalty that was saved.
        ("190080069", {"event_type": "shot", "outcome": "saved", "team_side": "home",
                       "period_id": 2, "source_event_type": "Penalty"}),
    ],
)  # fmt: skip
def test_events_checked_by_hand(
    rows: dict[str, dict], event_id: str, expected: dict[str, object]
) -> None:
    row = rows[event_id]
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_home_attacks_right_first_and_left_then(rows: dict[str, dict]) -> None:
    for row in rows.values():
        if row["event_type"] == "shot":
            is_right = (row["team_side"] == "home") == (row["period_id"] == 1)
            assert row["x_m"] > 10 if is_right else row["x_m"] < -10
    # The penalty spot lies 11 m from the goal line: 89 % of the length, taken in period 2.
    assert rows["190080069"]["x_m"] == pytest.approx(-(52.5 - 11), abs=1.0)
    assert rows["190080069"]["y_m"] == pytest.approx(0, abs=0.5)


def test_places_equal_plain_percentages_within_the_stretch(
    raw: dict[int, dict], rows: dict[str, dict]
) -> None:
    """Second implementation: percent of 105 × 68 m, without kloppy's stretching of the boxes."""
    for event_id, event in raw.items():
        row = rows[str(event_id)]
        if row["x_m"] is None:
            continue
        place = event["positions"][0]
        sign = 1 if (row["team_side"] == "home") == (row["period_id"] == 1) else -1
        assert row["x_m"] == pytest.approx(sign * (float(place["x"]) - 50) / 100 * 105, abs=1.6)
        assert row["y_m"] == pytest.approx(sign * (50 - float(place["y"])) / 100 * 68, abs=1.6)


def test_a_corner_flag_that_stands_for_no_place_is_none(
    raw: dict[int, dict], rows: dict[str, dict], match: Recording
) -> None:
    nowhere = [row for row in rows.values() if row["x_m"] is None]

    assert {row["event_type"] for row in nowhere} == {"goalkeeper"}
    assert match.rows_by_rule["placeholder_position"] == len(nowhere) == 19


def test_instants_run_on_over_half_time(raw: dict[int, dict], rows: dict[str, dict]) -> None:
    first_half_s = max(e["eventSec"] for e in raw.values() if e["matchPeriod"] == "1H")
    row = rows["190080050"]

    expected = KICK_OFF + timedelta(seconds=first_half_s + 15 * 60 + raw[190080050]["eventSec"])
    assert abs(row["captured_at_utc"] - expected) < timedelta(milliseconds=1)
    assert row["period_time_s"] == pytest.approx(raw[190080050]["eventSec"])


def test_version_three_tells_its_own_day_and_sides(kloppy_files: Path) -> None:
    match = read_recording("wyscout", {"events": kloppy_files / "wyscout_events_v3.json"})

    assert match.session.started_at_utc == datetime(2020, 9, 20, 18, 45, tzinfo=UTC)
    assert (match.session.home_team_name, match.session.home_score) == ("Juventus FC", 3)
    assert match.session.away_score == 0
    assert match.tables["events"].num_rows == 1896
    assert match.clock.source == "scheduled_start"
    shots = [row for row in match.tables["events"].to_pylist() if row["event_type"] == "shot"]
    for row in shots:
        is_right = (row["team_side"] == "home") == (row["period_id"] == 1)
        assert row["x_m"] > 0 if is_right else row["x_m"] < 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told(), "does not say when it was played: give the start"),
        (Told(started_at_utc=KICK_OFF), r"give home_team_id, one of 1612 \(Liverpool FC\), 1631"),
        (Told(started_at_utc=KICK_OFF, home_team_id="9"), r"no team 9: home_team_id is one of"),
    ],
)
def test_what_the_file_does_not_say_must_be_told(
    kloppy_files: Path, told: Told, words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        read_recording("wyscout", {"events": kloppy_files / "wyscout_events_v2.json"}, told)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[]", "needs events, teams and players"),
        ('{"events": [], "teams": {}, "players": {}}', "holds no event"),
        ('{"events": [{"eventName": 8}], "teams": {"1631": {"team": {}}}, "players": {}}',
         "does not read as Wyscout"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "events.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=words):
        read_recording("wyscout", {"events": path}, TOLD)
