"""What is said of footage that cannot be believed, and of such that can."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from edge_ingest.records import INSTANT
from resources.vision_contracts import VISION_POSITIONS, VISION_QUALITY, VISION_TRACK
from sports_assets.vision.follow.following import Followed, follow
from sports_assets.vision.follow.sightings import CameraView
from sports_assets.vision.quality import quality
from tests.vision.seen_match import WIDE, Eye, seen, walking

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def followed() -> tuple[Followed, CameraView]:
    detections, view, _ = seen(walking(21, 30), WIDE, Eye(), 1)
    view = replace(view, reprojection_error_m=0.1)
    return follow("s", detections, [view]), view


def row(followed: Followed, *views: CameraView) -> dict[str, object]:
    told = quality("s", followed.positions, followed.tracks, views)
    assert not VISION_QUALITY.violations(told)
    return told.to_pylist()[0]


def test_good_footage_is_good(followed: tuple[Followed, CameraView]) -> None:
    told = row(*followed)
    assert told["is_good"]
    assert told["reason"] is None
    assert told["looks"] == 150
    assert 20 <= told["people_seen"] <= 26
    assert told["followed_share"] > 0.95
    assert told["team_share"] > 0.95
    assert (told["swaps"], told["ball_share"]) == (0, 0)


def test_a_bad_calibration_blocks_with_the_number(followed: tuple[Followed, CameraView]) -> None:
    told = row(followed[0], replace(followed[1], reprojection_error_m=3.5))
    assert not told["is_good"]
    assert "3.50 m" in str(told["reason"])


def test_without_a_calibration_no_place_is_known() -> None:
    detections, view, _ = seen(walking(22, 20), WIDE, Eye(), 1, is_calibrated=False)
    told = row(follow("s", detections, [view]), view)
    assert not told["is_good"]
    assert "calibration" in str(told["reason"])
    assert told["calibrated_share"] == 0


def test_nothing_looked_at_and_nobody_seen() -> None:
    nothing = Followed(VISION_TRACK.empty(), VISION_POSITIONS.empty())
    assert "no frame" in str(row(nothing)["reason"])
    view = CameraView("a" * 64, "main", np.arange(700), np.arange(700) * 200_000, 1920, 1080)
    told = row(nothing, view)
    assert told["people_seen"] == 0
    assert told["longest_gap_s"] == pytest.approx(139.8)
    assert "nobody is seen for 140 s" in str(told["reason"])


def test_jumps_that_nobody_can_run_are_counted(followed: tuple[Followed, CameraView]) -> None:
    positions = followed[0].positions
    x_m = positions["x_m"].to_numpy(zero_copy_only=False).copy()
    track, frame = positions["track_id"].to_numpy(), positions["frame_id"].to_numpy()
    x_m[(track == 3) & (frame >= 100)] += 15
    at = positions.column_names.index("x_m")
    changed = positions.set_column(at, positions.schema.field(at), pa.array(x_m, from_pandas=True))
    told = quality("s", changed, followed[0].tracks, [followed[1]])
    assert told["swaps"].to_pylist() == [1]


def test_two_cameras_whose_clocks_differ_make_no_jumps() -> None:
    positions = pa.table(
        {
            "session_id": ["s"] * 4,
            "footage_sha256": ["a" * 64, "b" * 64, "a" * 64, "b" * 64],
            "frame_id": pa.array([0, 0, 5, 5], pa.int32()),
            # The second clock is 0.39 s behind: its rows stand just after earlier ones.
            "captured_at_utc": pa.array([0, 10_000, 400_000, 410_000]).cast(INSTANT),
            "track_id": pa.array([1] * 4, pa.int32()),
            "object_kind": ["athlete"] * 4,
            "x_m": [0.0, 3.5, 3.6, 7.1],
            "y_m": [0.0] * 4,
            "position_sd_m": [0.1] * 4,
            "is_interpolated": [False] * 4,
            "confidence": [0.9] * 4,
        }
    )
    begins = pa.array([0]).cast(INSTANT)
    tracks = pa.table({"track_id": [1], "first_seen_at_utc": begins, "last_seen_at_utc": begins})
    views = [
        CameraView(sha * 64, sha, np.array([0, 5]), np.array(when), 1920, 1080)
        for sha, when in (("a", [0, 400_000]), ("b", [10_000, 410_000]))
    ]
    told = quality("s", VISION_POSITIONS.conform(positions), tracks, views)
    assert told["swaps"].to_pylist() == [0]


def test_a_clip_of_seconds_is_asked_for_tracks_of_half_of_it() -> None:
    detections, view, _ = seen(walking(21, 8), WIDE, Eye(), 1)
    view = replace(view, reprojection_error_m=0.1)
    told = row(follow("s", detections, [view]), view)
    assert told["followed_share"] > 0.9
    assert told["is_good"]


def test_a_camera_that_is_not_calibrated_does_not_spoil_one_that_is(
    followed: tuple[Followed, CameraView],
) -> None:
    phone = CameraView("f" * 64, "phone", np.arange(3000), np.arange(3000) * 200_000, 1920, 1080)
    told = row(followed[0], followed[1], phone)
    assert told["is_good"]
    assert told["people_seen"] >= 20
    assert told["calibrated_share"] < 0.1
