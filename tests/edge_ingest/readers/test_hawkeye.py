"""Hawk-Eye's minutes as one match: two real ones, beside kloppy, and copies at other minutes."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from kloppy import hawkeye

from edge_ingest.errors import SourceError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told
from tests.edge_ingest.readers import second_opinion
from tests.edge_ingest.readers.fuzz_seeds import hawkeye_minutes

#: As the vendor says in the first file.
STARTS = {1: datetime(2024, 9, 22, 21, 0, 49, 383_000, tzinfo=UTC),
          2: datetime(2024, 9, 22, 22, 3, 13, 540_000, tzinfo=UTC)}  # fmt: skip

Folder = dict[str, Path]


@pytest.fixture(scope="module")
def real(kloppy_files: Path) -> dict[str, bytes]:
    return hawkeye_minutes(kloppy_files)


@pytest.fixture
def folder(real: dict[str, bytes], tmp_path: Path) -> Folder:
    """Two minutes in a folder, as parts."""
    for name, data in real.items():
        (tmp_path / name).write_bytes(data)
    match = tmp_path / "hawkeye_meta.json"
    return {"ball": tmp_path, "tracking": tmp_path, "match": match}


@pytest.fixture
def put(folder: Folder) -> Callable[[str, int, int], None]:
    """Copy the second minute to another minute and half."""

    def copying(name: str, half: int, minute: int) -> None:
        for kind in ("ball", "centroids"):
            path = folder["ball"] / f"hawkeye_2_46.football.samples.{kind}"
            told = json.loads(path.read_text())
            told["sequences"] = {"segment": half, "match-minute": minute}
            if half == 1:  # a quarter of an hour before, when nobody had changed ends yet
                began = datetime.fromisoformat(told["time"]["startUTC"])
                told["time"]["startUTC"] = (began - timedelta(minutes=15)).isoformat()
                samples = told["samples"]
                for one in (
                    *samples.get("ball", ()),
                    *(
                        centroid
                        for person in samples.get("people", ())
                        for centroid in person["centroid"]
                    ),
                ):
                    one["pos"][:2] = [-one["pos"][0], -one["pos"][1]]
            (folder["ball"] / f"{name}.samples.{kind}").write_text(json.dumps(told))

    return copying


def _in_kloppys_frames(match: Recording) -> second_opinion.Places:
    """Our places by kloppy's numbers: fiftieths of a second of the match clock, the last counts."""
    names = ("period_id", "period_time_s", "object_kind", "source_athlete_id", "x_m", "y_m")
    begins_s = {1: 0, 2: 45 * 60}
    rows = zip(*(match.tables["positions"][name].to_pylist() for name in names), strict=True)
    return {
        (period, int((begins_s[period] + time_s) * 50 + 1e-6), athlete): (x_m, y_m)
        for period, time_s, kind, athlete, x_m, y_m in sorted(rows, key=lambda row: row[:2])
        if x_m is not None and kind != "official"
    }


def _assert_is_as_kloppy_reads_it(parts: dict[str, Path]) -> Recording:
    match = read_recording("hawkeye", parts)
    dataset = hawkeye.load(
        str(parts["ball"]), str(parts["tracking"]), parts["match"], coordinates="hawkeye"
    )
    is_turned = bool(match.filter_settings["is_turned"])
    theirs, sides = second_opinion.theirs(dataset, match, is_turned=is_turned)
    second_opinion.assert_equal(_in_kloppys_frames(match), theirs)
    assert second_opinion.sides_of(match) == sides
    assert match.session.source_session_id == dataset.metadata.game_id
    assert match.session.sampling_rate_hz == dataset.metadata.frame_rate
    shirts = {player.player_id: player.jersey_no
              for team in dataset.metadata.teams for player in team.players}  # fmt: skip
    squads = match.tables["athletes"].to_pylist()
    assert {one["source_athlete_id"]: one["shirt_number"] for one in squads} == shirts
    return match


def test_two_minutes_are_one_match_as_kloppy_reads_them(folder: Folder) -> None:
    match = _assert_is_as_kloppy_reads_it(folder)
    assert set(match.tables["positions"]["period_id"].to_pylist()) == {1, 2}


@pytest.mark.slow
def test_a_whole_real_minute_is_as_kloppy_reads_it(kloppy_files: Path) -> None:
    name = "hawkeye_2_46.football.samples"
    match = _assert_is_as_kloppy_reads_it(
        {"ball": kloppy_files / f"{name}.ball", "tracking": kloppy_files / f"{name}.centroids",
         "match": kloppy_files / "hawkeye_meta.xml"}
    )  # fmt: skip
    # Counted in the file: 3,001 instants, 22 players, three referees, 82 instants without a ball.
    rows = match.tables["positions"]
    kinds = Counter(rows["object_kind"].to_pylist())
    assert kinds == {"ball": 3001, "athlete": 22 * 3001, "official": 3 * 3001}
    assert match.rows_by_rule["not_seen"] == 82
    assert rows["frame_id"].to_numpy().max() == 3000
    assert (match.session.field_length_m, match.session.field_width_m) == (106, 69)


def _of(match: Recording, period: int) -> tuple[list[datetime], list[int]]:
    """Instants and frame numbers of a period."""
    rows = match.tables["positions"].filter(pc.field("period_id") == period)
    return rows["captured_at_utc"].to_pylist(), rows["frame_id"].to_pylist()


def test_each_minute_bears_its_own_instants(folder: Folder) -> None:
    """Kick-off of the second half as its own file has it: that of the first is 22 ms later."""
    match = read_recording("hawkeye", folder)
    second = STARTS[2] - timedelta(milliseconds=22)
    assert min(_of(match, 1)[0]) == STARTS[1] + timedelta(microseconds=80)
    assert min(_of(match, 2)[0]) == second + timedelta(microseconds=80)
    assert match.session.started_at_utc == STARTS[1]
    assert match.session.field_length_m == 104
    assert (match.clock.source, match.clock.uncertainty_s) == ("device", 1)


def test_added_time_is_not_overwritten_by_the_second_half(
    folder: Folder, put: Callable[[str, int, int], None]
) -> None:
    """Minute 46 is played twice: after 45 minutes of the first half, and first in the second."""
    before = read_recording("hawkeye", folder).tables["positions"].num_rows
    put("hawkeye_1_46.football", half=1, minute=46)
    match = read_recording("hawkeye", folder)
    rows = match.tables["positions"]
    # A minute has 30 frames, six of them with 22 players and three referees.
    assert rows.num_rows == before + 30 + 6 * 25
    times = rows.filter(pc.field("period_id") == 1)["period_time_s"].to_pylist()
    assert max(times) == pytest.approx(45 * 60 + 29 / 50, abs=0.01)
    first, second = set(_of(match, 1)[1]), set(_of(match, 2)[1])
    assert (min(first), max(first), min(second), max(second)) == (0, 59, 60, 89)


def test_a_minute_twice_is_none(folder: Folder, put: Callable[[str, int, int], None]) -> None:
    put("again", half=2, minute=46)
    with pytest.raises(SourceError, match="holds minute 46 of period 2 twice"):
        read_recording("hawkeye", folder)


def test_a_minute_that_begins_before_the_one_before_it_ends_is_none(
    folder: Folder, put: Callable[[str, int, int], None]
) -> None:
    put("early", half=2, minute=47)  # the instants of minute 46
    with pytest.raises(SourceError, match="minute 47 of period 2 begins before minute 46") as told:
        read_recording("hawkeye", folder)
    assert told.value.rule == "clock_backwards"


def test_a_field_that_the_match_data_lack_is_said_to_be_assumed(
    folder: Folder, tmp_path: Path
) -> None:
    assert "assumed_field" not in read_recording("hawkeye", folder).filter_settings
    told = json.loads(Path(folder["match"]).read_bytes().removeprefix(b"\xef\xbb\xbf"))
    (tmp_path / "bare.json").write_text(json.dumps({"MatchId": told["MatchId"]}))
    bare = read_recording("hawkeye", {**folder, "match": tmp_path / "bare.json"})
    assert bare.filter_settings["assumed_field"] == "105x68 m"
    assert bare.session.source_session_id == str(told["MatchId"])


def test_a_told_start_moves_all_minutes_alike(folder: Folder) -> None:
    start = datetime(2024, 9, 22, 19, 0, tzinfo=UTC)
    plain = read_recording("hawkeye", folder).tables["positions"]["captured_at_utc"].to_numpy()
    match = read_recording("hawkeye", folder, Told(started_at_utc=start))
    moved = match.tables["positions"]["captured_at_utc"].to_numpy()
    shift = np.timedelta64(start - STARTS[1], "us").astype("timedelta64[us]")
    assert set((moved - plain).tolist()) == {shift.item()}
    assert match.clock.source == "operator"


def test_a_minute_without_its_other_file_is_asked_for(folder: Folder) -> None:
    (folder["ball"] / "hawkeye_1_1.football.samples.ball").unlink()
    with pytest.raises(SourceError, match=r"centroids has no hawkeye_1_1\S*ball beside") as caught:
        read_recording("hawkeye", folder)
    assert caught.value.rule == "incomplete"


def test_a_folder_without_minutes_is_told(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"holds 0 files that end in .samples.ball") as caught:
        read_recording("hawkeye", folder | {"ball": tmp_path / "empty"})
    assert caught.value.rule == "incomplete"


def test_two_matches_in_one_folder_are_refused(
    folder: Folder, put: Callable[[str, int, int], None]
) -> None:
    put("other_1_2", half=1, minute=2)
    for path in folder["ball"].glob("other*"):
        path.write_text(path.read_text().replace("1888600", "1888699"))
    with pytest.raises(SourceError, match="holds 1 minutes of another match than the first"):
        read_recording("hawkeye", folder)


def test_one_minute_may_be_told_by_its_files(folder: Folder) -> None:
    alone = {
        "ball": folder["ball"] / "hawkeye_2_46.football.samples.ball",
        "tracking": folder["ball"] / "hawkeye_2_46.football.samples.centroids",
    }
    match = read_recording("hawkeye", alone)
    assert set(match.tables["positions"]["period_id"].to_pylist()) == {2}
    assert match.session.source_session_id == "142925"


def test_a_link_is_no_folder(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(SourceError) as caught:
        read_recording("hawkeye", folder | {"ball": tmp_path / "link"})
    assert caught.value.rule == "symlink"
