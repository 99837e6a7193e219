"""What is said of footage that cannot be believed, and of such that can."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

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
