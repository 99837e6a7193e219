"""The TRACAB reader on every pair of kloppy's files, and on damaged copies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kloppy import tracab as kloppy_tracab

from edge_ingest.errors import SourceError
from edge_ingest.readers import read_recording, tracab_frames
from edge_ingest.recording import Told
from tests.edge_ingest.readers import second_opinion

SHAPES = ("tracab_meta.json", "tracab_meta.xml", "tracab_meta_2.xml", "tracab_meta_3.xml",
          "tracab_meta_4.xml")  # fmt: skip
WITHOUT_SQUADS = SHAPES[2:4]


@pytest.fixture
def parts(kloppy_files: Path) -> dict[str, Path]:
    return {
        "match": kloppy_files / "tracab_meta.json",
        "tracking": kloppy_files / "tracab_raw.dat",
    }


@pytest.fixture
def changed(parts: dict[str, Path], tmp_path: Path) -> Callable[..., dict[str, Path]]:
    """The files with one part rewritten."""

    def write(part: str, rewrite: Callable[[bytes], bytes]) -> dict[str, Path]:
        copy = tmp_path / parts[part].name
        copy.write_bytes(rewrite(parts[part].read_bytes()))
        return {**parts, part: copy}

    return write


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("frames", ["tracab_raw.dat", "tracab_raw.json"])
def test_kloppy_reads_the_same(kloppy_files: Path, shape: str, frames: str) -> None:
    parts = {"match": kloppy_files / shape, "tracking": kloppy_files / frames}
    match = read_recording("tracab", parts)
    if shape in WITHOUT_SQUADS and frames.endswith("json"):
        shape = "tracab_meta.xml"  # kloppy needs squads for JSON
    dataset = kloppy_tracab.load(
        meta_data=kloppy_files / shape, raw_data=parts["tracking"], coordinates="tracab"
    )
    mine = second_opinion.ours(match)
    other, sides = second_opinion.theirs(dataset, match)
    if parts["match"].name in WITHOUT_SQUADS and frames.endswith("json"):
        shirts = {
            player.player_id: f"{team.ground}_{player.jersey_no}"
            for team in dataset.metadata.teams
            for player in team.players
        }
        other = {(*key[:2], shirts.get(key[2])): place for key, place in other.items()}
        sides = {shirts[player]: side for player, side in sides.items()}

    second_opinion.assert_equal(mine, other)
    assert second_opinion.sides_of(match) == sides
    assert len({key[:2] for key in mine}) == 7
    assert match.rows_by_rule["outside_of_play"] == 12


def test_rows_checked_by_hand(parts: dict[str, Path]) -> None:
    match = read_recording("tracab", parts)
    rows = match.tables["positions"].to_pylist()
    first = [row for row in rows if row["frame_id"] == 1_848_508]

    # 0,2,19,-1947,2020: away, shirt 19. Home keeps goal at +x, so the match is turned.
    away_19 = next(row for row in first if row["x_m"] == 19.47)
    assert (away_19["y_m"], away_19["team_side"]) == (-20.2, "away")
    shirts = {
        row["source_athlete_id"]: row["shirt_number"]
        for row in match.tables["athletes"].to_pylist()
    }
    assert shirts[away_19["source_athlete_id"]] == 19
    ball = next(row for row in first if row["object_kind"] == "ball")
    assert (ball["x_m"], ball["y_m"], ball["z_m"]) == (-27.1, -37.22, 0.11)
    officials = {row["source_athlete_id"] for row in first if row["object_kind"] == "official"}
    assert officials == {"official_0", "official_1", "official_2"}
    assert ball["captured_at_utc"] == datetime(2023, 12, 15, 20, 32, 20, tzinfo=UTC)
    second = min((row for row in rows if row["period_id"] == 2), key=lambda row: row["frame_id"])
    assert second["period_time_s"] == (second["frame_id"] - 1_942_114) / 25


def test_a_kick_off_without_zone_is_uncertain_until_it_is_told(parts: dict[str, Path]) -> None:
    assert read_recording("tracab", parts).clock.uncertainty_s == 14 * 3600
    start = datetime(2023, 12, 15, 19, 32, 21, tzinfo=UTC)
    match = read_recording("tracab", parts, Told(started_at_utc=start))
    assert match.clock.source == "operator"
    assert match.tables["positions"]["captured_at_utc"][0].as_py() == start


@pytest.mark.parametrize(
    ("kick_off", "zone", "start", "clock"),
    [
        # Frame 1,848,508 at 25 Hz is 20:32:20.32 since midnight: the clock's own, in its zone.
        ("2023-12-15 20:32:20", "Europe/Warsaw", "2023-12-15T19:32:20", ("device", 1, -3600)),
        ("2023-07-15 20:32:20", "Europe/Warsaw", "2023-07-15T18:32:20", ("device", 1, -7200)),
        ("2023-12-15T20:32:20+01:00", None, "2023-12-15T19:32:20", ("device", 1, 0)),
        ("2023-12-15T20:32:20+01:00", "Asia/Tokyo", "2023-12-15T19:32:20", ("device", 1, 0)),
        # A day alone is no measured kick-off, though nought is nought.
        ("2023-12-15", "Europe/Warsaw", "2023-12-14T23:00:00", ("scheduled_start", 300, -3600)),
        # As scheduled.
        ("2023-12-15 20:30:00", "Europe/Warsaw", "2023-12-15T19:30:00",
         ("scheduled_start", 300, -3600)),
    ],
)  # fmt: skip
def test_a_kick_off_in_its_zone(
    changed: Callable[..., dict[str, Path]],
    kick_off: str,
    zone: str | None,
    start: str,
    clock: tuple[str, float, float],
) -> None:
    parts = changed("match", lambda file: file.replace(b"2023-12-15 20:32:20", kick_off.encode()))
    match = read_recording("tracab", parts, Told(clock_timezone=zone))
    assert match.session.started_at_utc == datetime.fromisoformat(start).replace(tzinfo=UTC)
    told = match.clock
    assert (told.source, told.uncertainty_s, told.offset_s) == clock
    rows = match.tables["positions"]["captured_at_utc"]
    assert rows[0].as_py() == match.session.started_at_utc


@pytest.mark.parametrize("kick_off", ["2023-10-29 02:30:00", "2023-03-26 02:30:00"])
def test_a_kick_off_in_an_hour_that_is_two_or_none_is_asked_for(
    changed: Callable[..., dict[str, Path]], kick_off: str
) -> None:
    parts = changed("match", lambda file: file.replace(b"2023-12-15 20:32:20", kick_off.encode()))
    with pytest.raises(SourceError, match="started_at_utc") as caught:
        read_recording("tracab", parts, Told(clock_timezone="Europe/Warsaw"))
    assert caught.value.rule == "incomplete"


def test_names_are_unescaped(kloppy_files: Path, parts: dict[str, Path]) -> None:
    match = read_recording("tracab", {**parts, "match": kloppy_files / "tracab_meta_4.xml"})
    assert match.session.home_team_name == "Widzew Łódź"


@pytest.mark.parametrize("name", ["tracab_raw.dat", "tracab_raw.json"])
def test_blocks_may_end_anywhere(
    kloppy_files: Path, parts: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    files = {**parts, "tracking": kloppy_files / name}
    expected = read_recording("tracab", files).tables["positions"]
    monkeypatch.setattr(tracab_frames, "_BLOCK", 5_003)
    assert read_recording("tracab", files).tables["positions"].equals(expected)


def _json(**changes: object) -> Callable[[bytes], bytes]:
    return lambda text: json.dumps({**json.loads(text), **changes}).encode()


@pytest.mark.parametrize(
    ("part", "rewrite", "rule", "words"),
    [
        ("match", _json(PitchLongSide=None), "malformed", "lacks something"),
        ("match", _json(PitchLongSide=1), "malformed", "a field that is none"),
        ("match", _json(FrameRate=0), "malformed", "no period or no frame rate"),
        ("match", _json(Kickoff=None), "incomplete", "give the start"),
        ("match", _json(Phase2StartFrame=1_848_600), "malformed", "overlaps"),
        ("match", _json(Phase1StartFrame=1, Phase1EndFrame=2, Phase2StartFrame=3,
                        Phase2EndFrame=4), "empty", "no frame of play"),
        ("match", lambda text: b"<!DOCTYPE a><a/>", "entities", "document type"),
        ("match", lambda text: text.replace(b"8302", b"8216", 1), "duplicate_athlete",
         "1 athletes"),
        ("match", lambda text: text.replace(b'"JerseyNo": 2,', b'"JerseyNo": 1,', 1),
         "duplicate_athlete", "shirt 1 of the home side to 2 players"),
        ("tracking", lambda text: text.replace(b"0,2,19,", b"0,2,9,", 1), "duplicate_athlete",
         "twice in a frame"),
        ("tracking", lambda text: text.replace(b"1848509:", b"1848508:", 1), "clock_backwards",
         "stand still"),
        ("tracking", lambda text: text.replace(b"0,1,9,", b"7,1,9,", 1), "malformed", "of team 7"),
        ("tracking", lambda text: text.replace(b",2020,", b",x,", 1), "malformed", "does not read"),
        ("tracking", lambda text: text.replace(b"1848509:", b"1848509", 1), "malformed",
         "not read"),
        ("tracking", lambda text: b"\x00" * 99, "malformed", "does not read"),
        ("tracking", lambda text: b"\n\n", "empty", "holds no frame"),
    ],
)  # fmt: skip
def test_a_damaged_file_says_why(
    changed: Callable[..., dict[str, Path]],
    part: str,
    rewrite: Callable[[bytes], bytes],
    rule: str,
    words: str,
) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read_recording("tracab", changed(part, rewrite))
    assert caught.value.rule == rule


@pytest.mark.parametrize("name", ["tracab_raw.dat", "tracab_raw.json"])
def test_every_early_end_is_refused(
    kloppy_files: Path, parts: dict[str, Path], tmp_path: Path, name: str
) -> None:
    text = (kloppy_files / name).read_bytes().rstrip()
    copy = tmp_path / name
    for end in range(1, len(text) - 2, 797):
        copy.write_bytes(text[:end])
        if text[:end].endswith(b":\n"):
            continue  # whole lines are sound
        with pytest.raises(SourceError):
            read_recording("tracab", {**parts, "tracking": copy})


def test_no_value_of_an_athlete_stands_in_an_error(
    changed: Callable[..., dict[str, Path]],
) -> None:
    files = changed("tracking", lambda text: text.replace(b"-1947", b"-19x47", 1))
    with pytest.raises(SourceError) as caught:
        read_recording("tracab", files)
    assert "19x47" not in str(caught.value)
