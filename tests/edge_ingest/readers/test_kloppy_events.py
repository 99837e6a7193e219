"""Every events vendor by way of kloppy, on its real files, against kloppy's own transformation."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kloppy import datafactory, impect, metrica, opta, sportec, statsbomb, statsperform
from kloppy.domain import Point
from kloppy.domain.models.pitch import NormalizedPitchDimensions, OptaPitchDimensions

from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import SessionIdentity
from edge_ingest.readers import READERS, load_reader, read_recording
from edge_ingest.readers.kloppy_objects import to_metres
from edge_ingest.recording import Recording, Told
from edge_ingest.records import EVENT_TYPES
from tests.edge_ingest.readers import second_opinion

pytestmark = pytest.mark.slow

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
SHOOT_OUT = 5
#: Cases that read a second file of a form that another case has.
ALIKE = ("statsbomb, a second match", "impect without names")


@dataclass(frozen=True)
class Case:
    source: str
    files: dict[str, str]
    events: int
    start: datetime
    is_told: bool = False
    score: tuple[int | None, int | None] = (None, None)


CASES = {
    "statsbomb": Case(
        "statsbomb",
        {"match": "statsbomb_15986_lineup.json", "events": "statsbomb_15986_event.json"},
        4067, START, is_told=True,
    ),
    "statsbomb, a second match": Case(
        "statsbomb",
        {"match": "statsbomb_3788741_lineup.json", "events": "statsbomb_3788741_event.json"},
        3911, START, is_told=True,
    ),
    "opta F24": Case(
        "opta", {"match": "opta_f7.xml", "events": "opta_f24.xml"},
        36, datetime(2018, 9, 23, 14, 2, 13, 608_000, tzinfo=UTC), score=(2, 1),
    ),
    "opta F73": Case(
        "opta", {"match": "opta_f7.xml", "events": "opta_f73.xml"},
        36, datetime(2018, 9, 23, 14, 2, 13, 608_000, tzinfo=UTC), score=(2, 1),
    ),
    "statsperform": Case(
        "statsperform_events",
        {"match": "statsperform_event_ma1.json", "events": "statsperform_event_ma3.json"},
        1643, datetime(2021, 9, 11, 18, 30, 6, 787_000, tzinfo=UTC), score=(2, 1),
    ),
    "statsperform as XML": Case(
        "statsperform_events",
        {"match": "statsperform_event_ma1.xml", "events": "statsperform_event_ma3.xml"},
        1643, datetime(2021, 9, 11, 18, 30, 6, 787_000, tzinfo=UTC),
    ),
    "sportec": Case(
        "sportec_events", {"match": "sportec_meta.xml", "events": "sportec_events.xml"},
        29, datetime(2020, 6, 5, 18, 30, 0, 210_000, tzinfo=UTC), score=(1, 0),
    ),
    "datafactory": Case(
        "datafactory", {"events": "datafactory_events.json"},
        1027, datetime(2011, 11, 11, 9, 0, 13, tzinfo=UTC), score=(4, 2),
    ),
    "metrica": Case(
        "metrica_events", {"match": "epts_metrica_metadata.xml", "events": "metrica_events.json"},
        3594, START, is_told=True,
    ),
    "impect": Case(
        "impect",
        {"match": "impect_lineups.json", "events": "impect_events.json",
         "squads": "impect_squads.json", "players": "impect_players.json"},
        3321, datetime(2020, 1, 1, tzinfo=UTC),
    ),
    "impect without names": Case(
        "impect", {"match": "impect_lineups.json", "events": "impect_events.json"},
        3321, datetime(2020, 1, 1, tzinfo=UTC),
    ),
}  # fmt: skip


LOADERS: dict[str, Callable[..., Any]] = {
    "statsbomb": lambda match, events: statsbomb.load(events, match, coordinates="statsbomb"),
    "opta": lambda match, events: opta.load(match, events, coordinates="opta"),
    "statsperform_events": lambda match, events: statsperform.load_event(
        match, events, coordinates="opta"
    ),
    "sportec_events": lambda match, events: sportec.load_event(
        events, match, coordinates="sportec"
    ),
    "datafactory": lambda events: datafactory.load(events, coordinates="datafactory"),
    "metrica_events": lambda match, events: metrica.load_event(
        events, match, coordinates="metrica"
    ),
    "impect": lambda match, events, squads=None, players=None: impect.load(
        events, match, squads, players, coordinates="impect"
    ),
}


def _kloppy(source: str, files: dict[str, Path]) -> Any:
    return LOADERS[source](**files)


def _read(case: Case, folder: Path) -> tuple[Recording, dict[str, Path]]:
    files = {part: folder / name for part, name in case.files.items()}
    told = Told(started_at_utc=START) if case.is_told else Told()
    return read_recording(case.source, files, told), files


def _end(event: Any) -> Any:
    names = ("receiver_coordinates", "end_coordinates", "result_coordinates")
    return next((at for name in names if (at := getattr(event, name, None))), None)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in ALIKE else name for name in CASES],
)
def test_kloppy_reads_the_same(kloppy_files: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    match, files = _read(case, kloppy_files)
    rows = match.tables["events"].to_pylist()
    assert len(rows) == case.events
    assert len({row["source_event_id"] for row in rows}) == len(rows)
    assert match.session.started_at_utc == case.start
    assert (match.session.home_score, match.session.away_score) == case.score

    dataset = _kloppy(case.source, files)
    # kloppy knows no direction in a shoot-out or of nobody's event, and fails.
    plain = [
        event for event in dataset.records
        if event.period.id != SHOOT_OUT and event.timestamp < timedelta(hours=4)
        and (event.team is not None or case.source == "sportec_events")
    ]  # fmt: skip
    dataset.records[:] = plain
    is_turned = True if case.source == "metrica_events" else None  # see below
    other = second_opinion.in_our_axes(
        dataset, match.session.field_length_m, match.session.field_width_m, is_turned=is_turned
    )
    mine = [
        row for row in rows
        if row["period_id"] != SHOOT_OUT
        and (row["team_side"] is not None or case.source == "sportec_events")
    ]  # fmt: skip
    for row, event in zip(mine, other.records, strict=True):
        assert row["source_event_id"].startswith(str(event.event_id))
        assert row["team_side"] == (str(event.team.ground) if event.team else None)
        assert row["source_athlete_id"] == (event.player.player_id if event.player else None)
        assert row["period_time_s"] == pytest.approx(event.timestamp.total_seconds())
        for (x, y), point in (
            ((row["x_m"], row["y_m"]), event.coordinates),
            ((row["end_x_m"], row["end_y_m"]), _end(event)),
        ):
            assert (x is None) == (point is None)
            if point is not None:
                assert (x, y) == pytest.approx((point.x, point.y), abs=1e-9)

    identity = SessionIdentity("2024-05-04_football_home-away", None)
    assert pack(match, tmp_path, identity, START).manifest.kind == "events"


# The shots of Opta's sample are made up.
@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("opta")])
def test_shots_are_taken_in_the_other_half(kloppy_files: Path, name: str) -> None:
    """Metrica's sample events come with the metadata of another clip, which has the sides wrong."""
    match, _ = _read(CASES[name], kloppy_files)
    shots = [
        (1 if (row["team_side"] == "home") == (row["period_id"] % 2 == 1) else -1) * row["x_m"]
        for row in match.tables["events"].to_pylist()
        if row["event_type"] == "shot" and row["x_m"] is not None
        and row["outcome"] != "own_goal"
    ]  # fmt: skip
    assert shots
    assert sum(x > 0 for x in shots) / len(shots) > 0.9


def test_kinds_equal_counts_made_from_the_raw_file(kloppy_files: Path) -> None:
    case = CASES["statsbomb"]
    match, files = _read(case, kloppy_files)
    rows = match.tables["events"].to_pylist()
    raw = json.loads(files["events"].read_text())
    words = Counter(event["type"]["name"] for event in raw)
    goals = [e for e in raw if e.get("shot", {}).get("outcome", {}).get("name") == "Goal"]
    kinds = Counter(row["event_type"] for row in rows)

    assert kinds["shot"] == words["Shot"] == 27
    assert kinds["carry"] == words["Carry"] == 985
    assert kinds["pressure"] == words["Pressure"] == 355
    assert sum(row["outcome"] == "goal" for row in rows) == len(goals) == 4
    assert {row["source_event_id"] for row in rows} >= {event["id"] for event in raw}
    for row in rows:
        assert row["event_type"] in EVENT_TYPES


@pytest.mark.parametrize(
    ("name", "event_id", "expected"),
    [
        # A pass of StatsBomb's first seconds, by its own numbers.
        ("statsbomb", "ee6d9c82-1a49-4d98-925e-19d70fe92c85",
         {"event_type": "pass", "source_event_type": "Pass", "team_side": "home"}),
        ("statsperform", "2328590577", {"event_type": "pass", "source_event_type": "1",
                                        "period_id": 1}),
        ("datafactory", "22094469", {"event_type": "pass", "source_event_type": "180",
                                     "team_side": "away", "source_athlete_id": "50700",
                                     "period_time_s": 20.0}),
        ("metrica", "7", {"event_type": "carry", "source_event_type": "CARRY",
                          "team_side": "home"}),
        ("impect", "6", {"event_type": "carry", "source_event_type": "DRIBBLE"}),
        ("sportec", "17364900000043", {"event_type": "other", "source_event_type":
                                       "OtherBallAction", "team_side": "away",
                                       "source_athlete_id": "DFL-OBJ-002G1Q"}),
    ],
)  # fmt: skip
def test_events_checked_by_hand(
    kloppy_files: Path, name: str, event_id: str, expected: dict[str, object]
) -> None:
    match, _ = _read(CASES[name], kloppy_files)
    rows = {row["source_event_id"]: row for row in match.tables["events"].to_pylist()}
    assert {key: rows[event_id][key] for key in expected} == expected


def test_what_kloppy_derives_has_an_id_of_its_own(kloppy_files: Path) -> None:
    match, _ = _read(CASES["datafactory"], kloppy_files)
    rows = match.tables["events"].to_pylist()
    derived = [row for row in rows if row["source_event_id"].endswith("-ball_out")]
    assert len(derived) == match.rows_by_rule["derived"] == 71
    assert {row["event_type"] for row in derived} == {"ball_out"}


def test_nobodys_event_has_no_place_and_a_shoot_out_has_one_goal(kloppy_files: Path) -> None:
    match, _ = _read(CASES["impect"], kloppy_files)
    nobody = [r for r in match.tables["events"].to_pylist() if r["team_side"] is None]
    assert len(nobody) == 21
    assert all(row["x_m"] is None for row in nobody)


def test_an_event_of_another_year_is_left_out_and_counted(kloppy_files: Path) -> None:
    match, _ = _read(CASES["opta F24"], kloppy_files)
    assert match.rows_by_rule["impossible_time"] == 3
    assert match.session.ended_at_utc.year == 2018


def test_half_time_is_added_where_the_clock_leaves_it_out(kloppy_files: Path) -> None:
    match, files = _read(CASES["statsbomb"], kloppy_files)
    second = _kloppy("statsbomb", files).metadata.periods[1]
    row = next(r for r in match.tables["events"].to_pylist() if r["period_id"] == 2)
    expected = START + second.start_timestamp + timedelta(minutes=15)
    assert row["captured_at_utc"] == expected + timedelta(seconds=row["period_time_s"])


@pytest.mark.realdata
def test_real_events_of_idsse(real_data: Path) -> None:
    folder = real_data / "tracking_events"
    match = read_recording(
        "sportec_events",
        {"match": folder / "idsse_j03wmx_info.xml", "events": folder / "idsse_j03wmx_events.xml"},
    )
    rows = match.tables["events"].to_pylist()
    raw = (folder / "idsse_j03wmx_events.xml").read_text()
    plain = {row["source_event_id"] for row in rows if row["event_type"] != "ball_out"}
    assert plain == set(re.findall(r'EventId="(\d+)"', raw))
    kick_off = rows[0]
    # Bayern (away) kick off from the spot at 15:30:12.230+02:00.
    assert (kick_off["x_m"], kick_off["y_m"], kick_off["team_side"]) == (0, 0, "away")
    assert kick_off["captured_at_utc"] == datetime(2023, 5, 27, 13, 30, 12, 230_000, tzinfo=UTC)
    assert rows[2]["captured_at_utc"] > kick_off["captured_at_utc"]


@pytest.mark.parametrize("name", CASES)
def test_damage_is_refused_in_words(kloppy_files: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    files = {part: kloppy_files / file for part, file in case.files.items()}
    told = Told(started_at_utc=START) if case.is_told else Told()
    for part, file in files.items():
        copy = tmp_path / file.name
        for text in (b"{", b"<", b"\x00\xff", b"null", file.read_bytes()[:-300]):
            copy.write_bytes(text)
            with pytest.raises(SourceError):
                read_recording(case.source, {**files, part: copy}, told)


def test_a_start_that_nobody_knows_must_be_told(kloppy_files: Path) -> None:
    files = {part: kloppy_files / name for part, name in CASES["statsbomb"].files.items()}
    with pytest.raises(SourceError, match="give the start") as caught:
        read_recording("statsbomb", files)
    assert caught.value.rule == "incomplete"


def test_a_period_beyond_all_numbers_costs_no_memory(kloppy_files: Path, tmp_path: Path) -> None:
    files = {part: kloppy_files / name for part, name in CASES["statsbomb"].files.items()}
    copy = tmp_path / "events.json"
    copy.write_text(
        re.sub(r'"period" : 2', '"period" : 2000000000000', files["events"].read_text())
    )
    with pytest.raises(SourceError, match=r"period 2000000000000|does not read"):
        read_recording("statsbomb", {**files, "events": copy}, Told(started_at_utc=START))


def test_every_part_of_a_vendor_is_one_of_kloppys_arguments() -> None:
    for source in {case.source for case in CASES.values()}:
        vendor: Any = load_reader(READERS[source])
        assert set(READERS[source].parts) == set(vendor.arguments)


@given(st.floats(-20, 120), st.floats(-20, 120), st.sampled_from(["opta", "shares"]))
def test_places_are_stretched_as_kloppy_stretches_them(x: float, y: float, system: str) -> None:
    dimensions = {
        "opta": OptaPitchDimensions(),
        "shares": NormalizedPitchDimensions(
            x_dim=OptaPitchDimensions().x_dim, y_dim=OptaPitchDimensions().y_dim,
            pitch_length=100, pitch_width=60,
        ),
    }[system]  # fmt: skip
    length, width = (105.0, 68.0) if system == "opta" else (100.0, 60.0)
    expected = dimensions.to_metric_base(Point(x, y), length, width)
    found = to_metres(dimensions, np.array([x]), np.array([y]), is_y_down=False)
    assert found[0][0] + length / 2 == pytest.approx(expected.x, abs=1e-9)
    assert found[1][0] + width / 2 == pytest.approx(expected.y, abs=1e-9)


def test_the_penalty_spot_by_hand() -> None:
    """11.5 of Opta's 100 is the spot, 11 m from the line; y runs down in no case here."""
    x, y = to_metres(OptaPitchDimensions(), np.array([11.5]), np.array([50.0]), is_y_down=True)
    assert (x[0], y[0]) == pytest.approx((-52.5 + 11, 0))
