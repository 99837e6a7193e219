"""The Sportec reader on kloppy's files, on a real stretch of a match, and on damaged copies."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from kloppy import sportec as kloppy_sportec

from edge_ingest.drops.drop import pack
from edge_ingest.errors import SourceError
from edge_ingest.identity import SessionIdentity
from edge_ingest.readers import read_recording, sportec_frames
from edge_ingest.recording import Recording
from edge_ingest.records import Quality
from tests.edge_ingest.readers import second_opinion

Damage = Callable[[bytes, bytes], dict[str, Path]]


@pytest.fixture
def parts(kloppy_files: Path) -> dict[str, Path]:
    return {
        "match": kloppy_files / "sportec_meta.xml",
        "tracking": kloppy_files / "sportec_positional_w_referee.xml",
    }


@pytest.fixture
def damaged(parts: dict[str, Path], tmp_path: Path) -> Damage:
    """The files with some bytes replaced, wherever they stand."""

    def write(old: bytes, new: bytes) -> dict[str, Path]:
        copies = {}
        found = 0
        for name, path in parts.items():
            text = path.read_bytes()
            found += text.count(old)
            copies[name] = tmp_path / path.name
            copies[name].write_bytes(text.replace(old, new, 1))
        assert found, old
        return copies

    return write


@pytest.fixture(scope="module")
def real_parts(real_data: Path) -> dict[str, Path]:
    folder = real_data / "tracking_events"
    return {
        "match": folder / "idsse_j03wmx_info.xml",
        "tracking": folder / "idsse_j03wmx_positions.xml",
    }


@pytest.fixture(scope="module")
def real(real_parts: dict[str, Path]) -> Recording:
    return read_recording("sportec", real_parts)


def _kloppy(parts: dict[str, Path]) -> object:
    return kloppy_sportec.load_tracking(
        meta_data=parts["match"], raw_data=parts["tracking"], coordinates="sportec"
    )


@pytest.mark.parametrize("name", ["sportec_positional.xml", "sportec_positional_w_referee.xml"])
def test_kloppy_reads_the_same(parts: dict[str, Path], kloppy_files: Path, name: str) -> None:
    files = {**parts, "tracking": kloppy_files / name}
    match = read_recording("sportec", files)
    mine = second_opinion.ours(match)
    other, sides = second_opinion.theirs(_kloppy(files), match)

    # Three frames stand there without the ball: kloppy leaves those out.
    balls = {(period, frame) for period, frame, athlete in mine if athlete is None}
    assert {key[:2] for key in mine} - balls == {(2, 100_101), (2, 100_102), (2, 100_103)}
    second_opinion.assert_equal({k: v for k, v in mine.items() if k[:2] in balls}, other)
    assert second_opinion.sides_of(match) == sides


def test_the_session_is_as_the_match_information_says(parts: dict[str, Path]) -> None:
    match = read_recording("sportec", parts)

    assert match.session.started_at_utc == datetime(2020, 6, 5, 18, 30, 0, 210_000, tzinfo=UTC)
    assert match.session.source_session_id == "DFL-MAT-003BN1"
    assert (match.session.home_score, match.session.away_score) == (1, 0)
    assert (match.session.field_length_m, match.session.field_width_m) == (100.0, 68.0)
    assert match.session.site == "Schwarzwald-Stadion"
    assert match.clock.source == "device"
    assert match.tables["athletes"].num_rows == 40


def test_rows_checked_by_hand(parts: dict[str, Path]) -> None:
    match = read_recording("sportec", parts)
    rows = match.tables["positions"].to_pylist()
    ball = next(r for r in rows if r["object_kind"] == "ball" and r["frame_id"] == 10_001)

    # <Frame N="10001" T="2020-06-05T20:29:57.880+02:00" X="3.41" Y="0.26" Z="0.08" …/>
    assert (ball["x_m"], ball["y_m"], ball["z_m"]) == (3.41, 0.26, 0.08)
    assert ball["captured_at_utc"] == datetime(2020, 6, 5, 18, 29, 57, 880_000, tzinfo=UTC)
    assert ball["period_time_s"] == 0.04
    assert ball["team_side"] is None
    officials = [row for row in rows if row["object_kind"] == "official"]
    assert {row["source_athlete_id"] for row in officials} == {"DFL-OBJ-000123"}
    assert len(officials) == 645 - 490  # rows beyond those of the file without the referee


@pytest.mark.realdata
def test_a_real_stretch_is_as_kloppy_reads_it(real: Recording, real_parts: dict[str, Path]) -> None:
    assert real.tables["positions"].num_rows == 17_273  # <Frame> in the file, counted by grep
    other, sides = second_opinion.theirs(_kloppy(real_parts), real)
    second_opinion.assert_equal(second_opinion.ours(real), other)
    assert second_opinion.sides_of(real) == sides
    assert real.filter_settings["is_turned"]
    assert not any(real.rows_by_rule.values())


@pytest.mark.realdata
def test_a_real_stretch_is_as_published_at_half_the_rate(real: Recording, real_data: Path) -> None:
    """Third opinion: the published frames at 12.5 Hz, their origin at a corner."""
    table = pq.read_table(real_data / "tracking_events" / "idsse_j03wmx_frames.parquet")
    table = table.filter(pc.less_equal(table["frame_id"], 10_750))
    published = {
        (row["frame_id"], None if row["is_ball"] else row["player_id"]): (row["x"], row["y"])
        for row in table.to_pylist()
    }
    mine = {key[1:]: place for key, place in second_opinion.ours(real).items()}
    shared = [key for key in published if key in mine]
    # Theirs are from the left corner, home attacking +x: so are ours, from the centre.
    off = np.array([
        (mine[key][0] - published[key][0] + 52.5, mine[key][1] - published[key][1] + 34)
        for key in shared
    ])  # fmt: skip

    assert len(shared) > 8_000
    assert len(shared) == len(published)
    assert np.median(np.abs(off)) < 0.01
    assert np.abs(off).max() < 0.01


@pytest.mark.realdata
def test_the_slow_way_gives_the_same_columns(real_parts: dict[str, Path]) -> None:
    fast = sportec_frames.read_frame_sets(real_parts["tracking"])
    slow = list(sportec_frames._by_element(real_parts["tracking"]))
    assert len(fast) == len(slow) == 23
    for one, other in zip(fast, slow, strict=True):
        assert one.attributes == other.attributes
        for name in ("frame_id", "captured", "x_m", "y_m", "z_m"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'X="2.69" Y="0.26"', b'Y="0.26" X="2.69"'),  # another order in one line
        (b'N="10000"', b"N='10000'"),  # another quotation mark
        (b"<FrameSet ", b"<!-- <FrameSet> --><FrameSet "),  # a comment
        (b"/>\n", b"/>"),  # two frames in a line
        (b'X="2.69"', b'X="2.69&#48;"'),  # a character reference
        (b'M="1" BallPossession="2" BallStatus="0"/>', b'M="1"></Frame>'),
    ],
)
def test_whatever_xml_allows_is_read_alike(
    parts: dict[str, Path], damaged: Damage, old: bytes, new: bytes
) -> None:
    expected = read_recording("sportec", parts).tables["positions"]
    assert read_recording("sportec", damaged(old, new)).tables["positions"].equals(expected)


def test_frames_without_line_ends_are_read_fast(
    parts: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_recording("sportec", parts).tables["positions"]
    text = parts["tracking"].read_text()
    copy = tmp_path / "compact.xml"
    copy.write_text("".join(line.strip() for line in text.splitlines()))
    monkeypatch.setattr(sportec_frames, "_by_element", None)

    found = read_recording("sportec", {**parts, "tracking": copy}).tables["positions"]
    assert found.equals(expected)


def test_blocks_may_end_anywhere(parts: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_recording("sportec", parts).tables["positions"]
    monkeypatch.setattr(sportec_frames, "_BLOCK", 777)
    monkeypatch.setattr(sportec_frames, "_by_element", None)
    assert read_recording("sportec", parts).tables["positions"].equals(expected)


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        (b"<PutDataRequest", b"<!DOCTYPE a><PutDataRequest", "entities", "document type"),
        (b"</PutDataRequest>", b"", "malformed", "no sound XML"),
        (b'N="10000"', b'N="x"', "malformed", "without number"),
        (b"20:29:57.840+02:00", b"20:29:57.840", "malformed", "instant with its zone"),
        (b"20:29:57.920+02:00", b"20:29:57.820+02:00", "clock_backwards", "no later"),
        (b'N="10001"', b'N="10000"', "duplicate_athlete", "twice in a frame"),
        (b'MatchId="DFL-MAT-003BN1" TeamId', b'MatchId="DFL-MAT-1" TeamId', "malformed",
         "of match DFL-MAT-1"),
        (b'PersonId="DFL-OBJ-0027WP"', b'PersonId="DFL-OBJ-00001D"', "duplicate_athlete",
         "1 athletes"),
        (b'Role="guest"', b'Role="home"', "malformed", "one home and one guest"),
        (b'PitchX="100.0"', b"", "incomplete", "size of the field"),
        (b"<MatchInformation>", b"<MatchInformation", "malformed", "no sound XML"),
    ],
)  # fmt: skip
def test_a_damaged_file_says_why(
    damaged: Damage, old: bytes, new: bytes, rule: str, words: str
) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read_recording("sportec", damaged(old, new))
    assert caught.value.rule == rule


def test_centimetres_for_metres_are_absurd(parts: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "positions.xml"
    text = parts["tracking"].read_text()
    copy.write_text(text.replace(' X="', ' X="9').replace(' Y="', ' Y="9'))
    copy.write_text(copy.read_text().replace('"9-', '"-9').replace('="9', '="99'))
    with pytest.raises(SourceError) as caught:
        read_recording("sportec", {**parts, "tracking": copy})
    assert caught.value.rule == "absurd_values"


def test_no_number_is_not_seen_and_a_stranger_is_flagged(damaged: Damage) -> None:
    match = read_recording("sportec", damaged(b'X="2.69"', b'X="NaN"'))
    (row,) = [row for row in match.tables["positions"].to_pylist() if row["x_m"] is None]
    assert (row["object_kind"], row["missing_reason"]) == ("ball", "not_seen")

    match = read_recording("sportec", damaged(b'PersonId="DFL-OBJ-002G5S"', b'PersonId="DFL-X"'))
    rows = match.tables["positions"].to_pylist()
    strangers = {row["source_athlete_id"] for row in rows if row["quality"]}
    assert strangers
    assert {row["quality"] for row in rows} == {0, Quality.UNIDENTIFIED}
    athletes = match.tables["athletes"]
    assert athletes.filter(pa.compute.invert(athletes["is_identified"])).num_rows == len(strangers)


def test_every_early_end_is_refused(parts: dict[str, Path], tmp_path: Path) -> None:
    text = parts["tracking"].read_bytes().rstrip()
    copy = tmp_path / "cut.xml"
    for end in range(1, len(text), 4_001):
        copy.write_bytes(text[:end])
        with pytest.raises(SourceError):
            read_recording("sportec", {**parts, "tracking": copy})


def test_it_packs(parts: dict[str, Path], tmp_path: Path) -> None:
    match = read_recording("sportec", parts)
    identity = SessionIdentity("2020-06-05_football_freiburg-gladbach", None)
    now = match.session.started_at_utc + timedelta(hours=3)
    assert pack(match, tmp_path, identity, now).manifest.source == "sportec"
