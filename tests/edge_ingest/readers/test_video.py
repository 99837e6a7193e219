"""Videos as recordings: the camera's file, one row, and what only the operator knows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_ingest.camera import Calibration
from edge_ingest.checksum import sha256_of
from edge_ingest.errors import SourceError
from edge_ingest.inputs import LARGEST_VIDEO
from edge_ingest.readers import READERS, read_recording
from edge_ingest.recording import Told
from edge_ingest.records import FOOTAGE
from tests.edge_ingest.footage_clips import drawn, encode

START = datetime(2024, 5, 4, 13, 30, tzinfo=UTC)
TOLD = Told(started_at_utc=START, sport="football")


@pytest.mark.realdata
def test_a_real_camera_is_one_row_and_the_file_as_it_is(real_data: Path) -> None:
    path = real_data / "footage" / "left_camera.mp4"
    found = read_recording("video", {"video": path}, TOLD)

    assert (found.source, found.device_id, found.kind) == ("video", "left-camera", "footage")
    assert found.media == {"left-camera.mp4": path}
    (row,) = found.tables["footage"].to_pylist()
    assert row == {
        "uri": "left-camera.mp4",
        "sha256": sha256_of(path),
        "bytes": 2_644_064,
        "codec": "hevc",
        "frame_rate_hz": 25.0,
        "is_variable_rate": False,
        "frame_count": 250,
        "duration_s": 10.0,
        "width_px": 3072,
        "height_px": 1728,
        "rotation_deg": 0,
        "camera": "left-camera",
        "started_at_utc": START,
        "source_start_s": 0.0,
        "clock_source": "operator",
        "clock_uncertainty_s": 60.0,
    }
    assert set(row) < set(FOOTAGE.schema.names)
    assert found.session.started_at_utc == START
    assert found.session.ended_at_utc == START + timedelta(seconds=10)
    assert (found.session.sport, found.session.sampling_rate_hz) == ("football", 25.0)


def test_the_camera_s_clock_counts_where_nobody_tells_the_start(tmp_path: Path) -> None:
    told = {"creation_time": "2024-05-04T13:29:07Z"}
    path = encode(tmp_path / "GX01 0042.MP4.mp4", drawn([("play", 1)]), metadata=told)
    found = read_recording("video", {"video": path}, Told(sport="cycling"))

    (row,) = found.tables["footage"].to_pylist()
    assert row["started_at_utc"] == datetime(2024, 5, 4, 13, 29, 7, tzinfo=UTC)
    assert (row["clock_source"], row["clock_uncertainty_s"]) == ("device", None)
    assert (row["camera"], row["uri"]) == ("gx01-0042-mp4", "gx01-0042-mp4.mp4")
    named = read_recording("video", {"video": path}, replace(TOLD, device_id="Main Stand"))
    assert list(named.media) == ["main-stand.mp4"]
    assert named.clock.source == "operator"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told(sport="football"), "does not say when it began: give started_at_utc"),
        (Told(started_at_utc=START), "does not tell the sport: give one of football"),
        (Told(started_at_utc=START, sport="soccer"), "the sport is 'soccer': give one of football"),
    ],
)
def test_what_no_camera_knows_is_asked_for(tmp_path: Path, told: Told, words: str) -> None:
    path = encode(tmp_path / "a.mp4", drawn([("play", 0.5)]))
    with pytest.raises(SourceError, match=words) as caught:
        read_recording("video", {"video": path}, told)
    assert caught.value.rule == "incomplete"


def test_a_video_may_be_larger_than_any_other_recording(tmp_path: Path) -> None:
    """Its size alone is no fault; what is in this one is, and is found without reading it all."""
    path = tmp_path / "a.mp4"
    with path.open("wb") as handle:
        handle.write(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2")
        handle.truncate(200 * 10**9)  # a sparse file: no disk is used
    with pytest.raises(SourceError) as caught:
        read_recording("video", {"video": path}, TOLD)
    assert caught.value.rule == "malformed"

    with path.open("r+b") as handle:
        handle.truncate(LARGEST_VIDEO + 1)
    with pytest.raises(SourceError) as caught:
        read_recording("video", {"video": path}, TOLD)
    assert caught.value.rule == "too_large"


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts", "avi"])
def test_a_video_is_known_by_how_it_begins(tmp_path: Path, suffix: str) -> None:
    import re

    codec = "mpeg4" if suffix == "avi" else "libx264"
    path = encode(tmp_path / f"a.{suffix}", drawn([("play", 1)]), codec=codec)
    head = path.read_bytes()[:4096].decode("latin-1")
    assert re.search(READERS["video"].head["video"], head)
    for name, source in READERS.items():
        if name != "video":
            assert not any(re.search(pattern, head) for pattern in source.head.values())


POINTS = (
    '{"points": [{"image_px": [10, 60], "field_m": [-52.5, 34]}, {"image_px": [300, 60],'
    ' "field_m": [52.5, 34]}, {"image_px": [5, 170], "field_m": [-52.5, -34]},'
    ' {"image_px": [315, 170], "field_m": [52.5, -34]}]}'
)


def test_a_calibration_goes_with_the_row(tmp_path: Path) -> None:
    parts = {"video": encode(tmp_path / "left.mp4", drawn([("play", 1)]))}
    parts["calibration"] = tmp_path / "left.json"
    parts["calibration"].write_text(POINTS)
    found = read_recording("video", parts, TOLD)

    (row,) = found.tables["footage"].to_pylist()
    told = Calibration.from_json(row["calibration"])
    assert told == Calibration.from_json(POINTS)
    assert told.points[1] == ((300.0, 60.0), (52.5, 34.0))
    assert list(found.media) == ["left.mp4"]


@pytest.mark.parametrize(
    ("text", "why"),
    [("[1]", "no JSON object"), ("{", "no JSON"), ('{"points": []}', "0 points")],
)
def test_a_calibration_that_says_nothing_is_refused(tmp_path: Path, text: str, why: str) -> None:
    parts = {"video": encode(tmp_path / "left.mp4", drawn([("play", 1)]))}
    parts["calibration"] = tmp_path / "left.json"
    parts["calibration"].write_text(text)
    with pytest.raises(SourceError, match=rf"left\.json: .*{why}"):
        read_recording("video", parts, TOLD)
