"""A camera that a person told: points give it back, and mistakes are named."""

import numpy as np
import pytest

from edge_ingest.camera import Calibration, Camera
from edge_ingest.errors import SourceError
from sports_assets.vision.camera.told import lawn_of, told_camera

pytestmark = pytest.mark.slow

#: About where the left camera of the real footage stands; its lens bends lines by a tenth.
CAMERA = Camera(3072, 1728, 2119.0, -1.4, -48.6, 7.35, 122.4, 7.7, 5.67, -0.083, 0.013, "fisheye")
PLACES = np.array(
    [
        [-52.5, -34], [0, -34], [-36, -20.16], [-36, 20.16], [-52.5, 34], [0, 34], [0, -9.15],
        [0, 9.15], [-52.5, -20.16], [-47, -9.16],
    ]
)  # fmt: skip


def _told(pixels: np.ndarray, places: np.ndarray) -> Calibration:
    pairs = zip(pixels.tolist(), places.tolist(), strict=True)
    return Calibration(tuple((tuple(pixel), tuple(place)) for pixel, place in pairs))  # type: ignore[misc]


def _error_m(found: Camera) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(-52, 0, 14), np.linspace(-33, 33, 12))
    grid = np.column_stack([x.ravel(), y.ravel()])
    shown = CAMERA.project(grid)
    inside = CAMERA.is_in_picture(shown)
    return np.linalg.norm(found.ground(shown[inside]) - grid[inside], axis=1)


@pytest.mark.parametrize("count", [4, 6, 10])
def test_points_read_off_to_a_pixel_give_the_camera_back(count: int) -> None:
    places = PLACES[:count]
    read_off = CAMERA.project(places) + np.random.default_rng(3).normal(0, 1.0, (count, 2))
    found = told_camera(_told(read_off, places), 3072, 1728)

    assert found.method == "points"
    assert np.median(_error_m(found.camera)) < 0.3
    assert _error_m(found.camera).max() < 1.5  # beyond the points, 100 m away
    assert found.reprojection_error_px < 2.5
    assert 0.5 < found.pitch_seen_share < 0.65


def test_two_points_that_were_swapped_are_named() -> None:
    pixels = CAMERA.project(PLACES)
    pixels[[2, 3]] = pixels[[3, 2]]
    with pytest.raises(SourceError, match=r"contradict each other by \d+ px: look at point [34]"):
        told_camera(_told(pixels, PLACES), 3072, 1728)


def test_points_on_one_line_tell_no_plane() -> None:
    places = np.array([[-52.5, -34], [-30, -34], [0, -34], [10, -34.0], [0, 34]])
    pixels = np.array([[100, 1100], [700, 1300], [1800, 1500], [2200, 1520], [2700, 700.0]])
    with pytest.raises(SourceError, match="lie on one line"):
        told_camera(_told(pixels, places), 3072, 1728)


def test_three_points_are_too_few() -> None:
    with pytest.raises(SourceError, match="3 points: give four"):
        told_camera(_told(CAMERA.project(PLACES[:3]), PLACES[:3]), 3072, 1728)


def test_one_place_told_twice_is_named() -> None:
    places = PLACES[:5].copy()
    places[4] = places[1]
    with pytest.raises(SourceError, match="points 2 and 5 have the same field_m"):
        told_camera(_told(CAMERA.project(PLACES[:5]), places), 3072, 1728)


def test_points_of_a_smaller_copy_of_the_video_are_refused() -> None:
    with pytest.raises(SourceError, match="outside of the picture of 1280 × 720 px"):
        told_camera(_told(CAMERA.project(PLACES), PLACES), 1280, 720)


def test_a_camera_that_was_told_is_taken_as_it_is() -> None:
    told = Calibration(camera=CAMERA, field_length_m=100.0, field_width_m=64.0)
    found = told_camera(told, 1536, 864)

    assert found.method == "told"
    assert (found.field.length_m, found.field.width_m) == (100.0, 64.0)
    assert found.camera.focal_px == pytest.approx(CAMERA.focal_px / 2)
    with pytest.raises(SourceError, match="3072 × 1728 px, and the video has 1080 × 1920"):
        told_camera(told, 1080, 1920)


def test_of_two_lawns_it_is_the_one_that_the_camera_sees_the_field_on() -> None:
    told = told_camera(_told(CAMERA.project(PLACES), PLACES), 3072, 1728)
    rows = np.arange(1728)[:, None] + np.zeros(3072)
    far_side = CAMERA.project(np.array([[0.0, 34.0], [-52.5, 34.0]]))[:, 1].min()
    pitch, larger = (rows > far_side) & (rows < 1000), rows >= 1000
    assert larger.sum() > pitch.sum()
    assert lawn_of(told, (larger, pitch)) is pitch
