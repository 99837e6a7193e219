"""The SkillCorner reader, on the whole real match and on damaged copies of small ones."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from edge_ingest.drops.arrival import read_table
from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import SessionIdentity
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told
from edge_ingest.records import Quality

KICK_OFF = datetime(2019, 11, 9, 17, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def match_parts(kloppy_files: Path) -> dict[str, Path]:
    return {
        "match": kloppy_files / "skillcorner_match_data.json",
        "tracking": kloppy_files / "skillcorner_structured_data.json",
    }


@pytest.fixture(scope="module")
def match(match_parts: dict[str, Path]) -> Recording:
    return read_recording("skillcorner", match_parts)


def _by_kind(recording: Recording, kind: str) -> pa.Table:
    positions = recording.tables["positions"]
    return positions.filter(pc.equal(positions["object_kind"], kind))


@pytest.mark.slow
def test_the_whole_match_is_there(match: Recording) -> None:
    positions = match.tables["positions"]

    # Counted by hand in the file: frames with a period and data, rows by kind.
    assert len(np.unique(positions["frame_id"].to_numpy())) == 17_885 + 16_898
    assert positions.num_rows == 522_465
    assert set(positions["object_kind"].unique().to_pylist()) == {"athlete", "ball", "official"}
    assert _by_kind(match, "official")["source_athlete_id"].unique().to_pylist() == ["246"]
    assert (
        _by_kind(match, "ball")["source_athlete_id"].null_count == _by_kind(match, "ball").num_rows
    )
    assert match.session.home_score == 4
    assert match.session.field_length_m == 105


@pytest.mark.slow
def test_the_whole_match_is_read_back_from_its_drop_within_5_mm(
    match: Recording, tmp_path: Path
) -> None:
    identity = SessionIdentity("2019-11-09_football_bayern-dortmund", None)
    drop = pack(match, tmp_path, identity, KICK_OFF)
    (file,) = [file for file in drop.manifest.files if file.table == "positions"]
    back = read_table(drop.manifest, file, lambda name: (drop.folder / name).read_bytes())
    keys = ["object_kind", "source_athlete_id", "period_id", "frame_id"]
    order = [(key, "ascending") for key in keys]
    sent, got = match.tables["positions"].sort_by(order), back.sort_by(order)
    for key in keys:
        assert sent[key].cast(got[key].type).equals(got[key])
    for axis in ("x_m", "y_m", "z_m"):
        assert sent[axis].is_null().equals(got[axis].is_null())
        off = pc.max(pc.abs(pc.subtract(sent[axis], got[axis]))).as_py()
        assert off < 0.005


def test_instants_run_with_the_broadcast_from_the_scheduled_kick_off(match: Recording) -> None:
    positions = match.tables["positions"]
    frame = positions["frame_id"].to_numpy()
    since_kick_off = (
        positions["captured_at_utc"].to_numpy() - np.datetime64(KICK_OFF.replace(tzinfo=None))
    ) / np.timedelta64(1, "s")
    second_half = positions["period_id"].to_numpy() == 2

    # Play begins at frame 1,411 and again at 39,979, in one unbroken count at 10 Hz.
    assert match.session.started_at_utc == KICK_OFF
    np.testing.assert_allclose(since_kick_off, (frame - 1411) / 10, atol=1e-6)
    np.testing.assert_allclose(
        positions["period_time_s"].to_numpy(),
        (frame - np.where(second_half, 39_979, 1411)) / 10,
        atol=1e-6,
    )
    assert match.clock.source == "scheduled_start"
    assert match.clock.uncertainty_s == 300


def test_a_told_kick_off_moves_every_instant_and_the_clock_says_so(
    kloppy_files: Path,
) -> None:
    parts = {
        "match": kloppy_files / "skillcorner_meta_data.json",
        "tracking": kloppy_files / "skillcorner_v3_raw_data.jsonl",
    }
    start = datetime(2023, 8, 11, 18, 2, 5, tzinfo=UTC)

    scheduled = read_recording("skillcorner", parts)
    told = read_recording("skillcorner", parts, Told(started_at_utc=start))

    shift = pc.subtract(
        told.tables["positions"]["captured_at_utc"],
        scheduled.tables["positions"]["captured_at_utc"],
    )
    assert set(shift.to_pylist()) == {timedelta(minutes=2, seconds=5)}
    assert told.clock.source == "operator"


def test_tracks_without_a_name_are_kept_flagged_and_listed(match: Recording) -> None:
    athletes = match.tables["athletes"]
    anonymous = set(
        athletes.filter(pc.invert(athletes["is_identified"]))["source_athlete_id"].to_pylist()
    )
    positions = match.tables["positions"]
    flagged = pc.not_equal(pc.bit_wise_and(positions["quality"], int(Quality.UNIDENTIFIED)), 0)

    tracked = set(positions.filter(flagged)["source_athlete_id"].to_pylist())
    assert tracked == anonymous
    assert len(anonymous) == 413
    assert match.rows_by_rule["unidentified"] == pc.sum(flagged).as_py() == 9_673


def test_version_three_keeps_what_was_extrapolated_apart(kloppy_files: Path) -> None:
    recording = read_recording(
        "skillcorner",
        {
            "match": kloppy_files / "skillcorner_meta_data.json",
            "tracking": kloppy_files / "skillcorner_v3_raw_data.jsonl",
        },
    )

    positions = recording.tables["positions"]
    assert positions.num_rows == 6 * (22 + 1)
    assert recording.rows_by_rule["estimated"] > 0
    assert _by_kind(recording, "ball")["z_m"].null_count < 6


def test_the_timestamp_flavour_equals_the_time_flavour(
    kloppy_files: Path, match: Recording
) -> None:
    short = read_recording(
        "skillcorner",
        {
            "match": kloppy_files / "skillcorner_match_data.json",
            "tracking": kloppy_files / "skillcorner_structured_data_timestamp.json",
        },
    )

    whole, part = match.tables["positions"], short.tables["positions"]
    assert part.num_rows > 200_000
    assert whole.slice(0, part.num_rows).equals(part)


def _tracking(frames: list[dict]) -> str:
    return json.dumps([{"possession": {"group": None}, "period": 1, **frame} for frame in frames])


def _seen(home_x: float, away_x: float) -> list[dict]:
    return [
        {"x": home_x, "y": 1.0, "trackable_object": 10, "track_id": 1},
        {"x": away_x, "y": -1.0, "trackable_object": 20, "track_id": 2},
    ]


def _small(tmp_path: Path, frames: list[dict]) -> dict[str, Path]:
    match = {
        "id": 1, "date_time": "2024-01-01T12:00:00Z", "pitch_length": 100, "pitch_width": 60,
        "home_team": {"id": 1, "name": "Home"}, "away_team": {"id": 2, "name": "Away"},
        "ball": {"trackable_object": 55}, "referees": [],
        "players": [
            {"id": 100, "trackable_object": 10, "team_id": 1, "number": 4},
            {"id": 200, "trackable_object": 20, "team_id": 2, "number": 5},
        ],
    }  # fmt: skip
    (tmp_path / "match.json").write_text(json.dumps(match))
    (tmp_path / "tracking.json").write_text(_tracking(frames))
    return {"match": tmp_path / "match.json", "tracking": tmp_path / "tracking.json"}


def test_home_is_turned_to_attack_right_and_left_alone_where_it_does(tmp_path: Path) -> None:
    right = read_recording(
        "skillcorner",
        _small(tmp_path, [{"frame": 0, "time": "0:00.00", "data": _seen(20.0, -20.0)}]),
    )
    assert right.tables["positions"]["x_m"].to_pylist() == [-20.0, 20.0]
    assert right.tables["positions"]["y_m"].to_pylist() == [-1.0, 1.0]

    left = read_recording(
        "skillcorner",
        _small(tmp_path, [{"frame": 0, "time": "0:00.00", "data": _seen(-20.0, 20.0)}]),
    )
    assert left.tables["positions"]["x_m"].to_pylist() == [-20.0, 20.0]
    assert left.tables["positions"]["y_m"].to_pylist() == [1.0, -1.0]


@pytest.mark.parametrize(("home_x", "turned"), [(20.0, False), (-20.0, True)])
def test_a_file_of_the_second_half_alone_shows_home_attacking_left(
    tmp_path: Path, home_x: float, turned: bool
) -> None:
    frame = {"frame": 9, "period": 2, "time": "45:00.00", "data": _seen(home_x, -home_x)}

    recording = read_recording("skillcorner", _small(tmp_path, [frame]))

    # Who attacks left stands on the right.
    assert recording.tables["positions"]["x_m"].to_pylist() == [20.0, -20.0]
    assert recording.filter_settings["is_turned"] is turned


def test_not_seen_far_out_unknown_and_named_twice(tmp_path: Path) -> None:
    data = [
        *_seen(-20.0, 20.0),
        {"x": 0.0, "y": 0.0, "z": -10.0, "trackable_object": 55, "track_id": 3},
        {"x": 56.0, "y": 0.0, "trackable_object": 77, "track_id": 4},
        {"x": -21.0, "y": 1.0, "trackable_object": 10, "track_id": 1},
    ]

    recording = read_recording(
        "skillcorner", _small(tmp_path, [{"frame": 7, "time": "0:00.70", "data": data}])
    )

    rows = {row["source_athlete_id"]: row for row in recording.tables["positions"].to_pylist()}
    assert rows[None]["x_m"] is None
    assert rows[None]["missing_reason"] == "not_seen"
    assert rows["object_77"]["quality"] == Quality.UNIDENTIFIED | Quality.OUT_OF_FIELD
    assert rows["object_77"]["team_side"] is None
    assert rows["100"]["x_m"] == -21.0
    assert recording.rows_by_rule == {
        "not_seen": 1, "out_of_range": 0, "estimated": 0, "unidentified": 1, "out_of_field": 1,
        "duplicate_object": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "no JSON from start to end"),
        ("[]", "no frames of SkillCorner"),
        ('[{"a": 1}]', "no frames of SkillCorner"),
        (_tracking([{"frame": 0, "time": None, "period": None, "data": []}]), "no frame of play"),
        (_tracking([{"frame": 0, "time": "0:00", "data": [{"x": 1.0}]}]), "does not read"),
        (_tracking([{"frame": 0, "time": "0:00", "data": _seen(1.0, 1.0)}]), "which way"),
        (_tracking([{"frame": 0, "time": "0:0", "period": 9, "data": _seen(1, 2)}]), "period 9"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str, words: str) -> None:
    parts = _small(tmp_path, [])
    parts["tracking"].write_text(text)

    with pytest.raises(SourceError, match=words):
        read_recording("skillcorner", parts)


@pytest.mark.slow
def test_the_whole_match_equals_kloppy(match: Recording, match_parts: dict[str, Path]) -> None:
    """Second implementation: every position, ball and identity of kloppy's own loader."""
    from kloppy import skillcorner

    expected = skillcorner.load(
        meta_data=str(match_parts["match"]),
        raw_data=str(match_parts["tracking"]),
        coordinates="skillcorner",
        include_empty_frames=False,
    ).transform(to_orientation="HOME_AWAY")
    ours: dict[int, dict[str | None, tuple]] = defaultdict(dict)
    positions = match.tables["positions"]
    columns = ("frame_id", "object_kind", "source_athlete_id", "team_side", "period_id",
               "period_time_s", "x_m", "y_m", "z_m")  # fmt: skip
    for frame, kind, athlete, *rest in zip(
        *(positions[c].to_pylist() for c in columns), strict=True
    ):
        if kind != "official":
            ours[frame][athlete] = tuple(rest)

    assert {frame.frame_id for frame in expected.records} == set(ours)
    compared = 0
    for frame in expected.records:
        theirs = {
            player.player_id: (
                str(player.team.ground),
                data.coordinates.x,
                data.coordinates.y,
                None,
            )
            for player, data in frame.players_data.items()
        }
        if (ball := frame.ball_coordinates) is not None:
            theirs[None] = (None, ball.x, ball.y, getattr(ball, "z", None))
        mine = ours[frame.frame_id]
        assert mine.keys() == theirs.keys()
        for athlete, (side, *place) in theirs.items():
            my_side, period, time, *my_place = mine[athlete]
            assert my_side == side
            assert period == frame.period.id
            assert time == pytest.approx(frame.timestamp.total_seconds(), abs=1e-6)
            for expected_m, found_m in zip(place, my_place, strict=True):
                assert (expected_m is None) == (found_m is None)
                assert expected_m is None or abs(expected_m - found_m) < 1e-3
            compared += 1
    assert compared == positions.num_rows - _by_kind(match, "official").num_rows
