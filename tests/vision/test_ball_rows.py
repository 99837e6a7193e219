import numpy as np
import pytest

from resources.vision_contracts import VISION_POSITIONS, VISION_TRACK
from sports_assets.vision.ball.path import BallPath
from sports_assets.vision.ball.rows import BallView, ball_rows, one_ball

START_US = 1_700_000_000_000_000


def view(name, seen, places=None, *, between=(), sure=0.8, late_us=0, sd_m=0.2):
    """Looks at five a second; `seen` and `between` are numbers of looks."""
    count = 20
    is_seen = np.isin(np.arange(count), seen)
    is_between = np.isin(np.arange(count), between)
    there = is_seen | is_between
    place = np.tile([1.0, 2.0], (count, 1)) if places is None else np.array(places, float)
    boxes = np.tile([10.0, 20, 15, 25], (count, 1))
    boxes[~there], place[~there] = np.nan, np.nan
    path = BallPath(
        np.arange(count) * 5, np.arange(count) / 5, boxes, place,
        np.where(there, sd_m, np.nan), is_seen, is_between, np.where(is_seen, sure, 0.0),
    )  # fmt: skip
    return BallView(name, path, START_US + np.arange(count) * 200_000 + late_us)


def test_every_look_has_a_row_with_a_place_or_a_reason():
    positions, track = ball_rows("s", 7, [view("b", [2, 3, 6], between=[4, 5]), view("a", [])])
    assert VISION_POSITIONS.violations(positions) == []
    assert VISION_TRACK.violations(track) == []
    assert positions.num_rows == 40
    assert positions["footage_sha256"].to_pylist() == ["a"] * 20 + ["b"] * 20
    rows = positions.slice(20).to_pylist()
    for number, row in enumerate(rows):
        there = number in {2, 3, 4, 5, 6}
        assert row["object_kind"] == "ball"
        assert row["track_id"] == 7
        assert (row["missing_reason"] is None) == there
        assert (row["x_m"] == 1.0) == there
        assert (row["left_px"] == 10.0) == there
        assert row["is_interpolated"] == (number in {4, 5})
    (one,) = track.to_pylist()
    assert (one["seen"], one["missed"]) == (3, 2)
    assert one["longest_gap_s"] == pytest.approx(0.6)
    assert one["first_seen_at_utc"].timestamp() * 1e6 == START_US + 400_000


def test_of_a_ball_that_nobody_saw_there_is_nothing():
    positions, track = ball_rows("s", 0, [view("a", [])])
    assert positions.num_rows == track.num_rows == 0
    assert ball_rows("s", 0, [])[0].schema == VISION_POSITIONS.schema


def test_without_metres_there_are_pixels():
    one = view("a", [1, 2], np.full((20, 2), np.nan), sd_m=np.nan)
    positions, _ = ball_rows("s", 0, [one])
    row = positions.to_pylist()[1]
    assert VISION_POSITIONS.violations(positions) == []
    assert (row["x_m"], row["position_sd_m"], row["missing_reason"]) == (None, None, None)
    assert row["left_px"] == 10.0


def test_of_two_places_at_one_moment_the_surer_stays():
    far = np.tile([30.0, 2.0], (20, 1))
    sure, unsure = view("a", range(20)), view("b", [3, 4], far, sure=0.4, late_us=40_000)
    first, second = one_ball([sure, unsure])
    assert first.path.is_seen.all()
    assert not second.path.is_seen.any()
    assert np.isnan(second.path.place_m).all()
    assert not second.path.confidence.any()
    first, second = one_ball([unsure, sure])
    assert not first.path.is_seen.any()
    assert second.path.is_seen.all()


def test_two_cameras_that_agree_or_cannot_be_compared_both_stay():
    near = np.tile([1.5, 2.5], (20, 1))
    told = one_ball([view("a", range(20)), view("b", range(20), near, sure=0.4)])
    assert all(one.path.is_seen.all() for one in told)
    nowhere = view("c", range(20), np.full((20, 2), np.nan), sd_m=np.nan)
    told = one_ball([view("a", range(20)), nowhere])
    assert all(one.path.is_seen.all() for one in told)
    _, track = ball_rows("s", 0, told)
    assert track["missed"].to_pylist() == [0]
