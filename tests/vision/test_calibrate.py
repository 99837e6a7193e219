"""A still camera is found from the lines alone, on drawn and real pitches; else it says why not."""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_ingest.camera import Calibration, Camera
from sports_assets.vision.camera import calibrate
from sports_assets.vision.camera.background import background, pooled
from sports_assets.vision.camera.calibrate import find_camera
from sports_assets.vision.camera.field_mask import field_mask
from sports_assets.vision.camera.fit import POSE, fit
from sports_assets.vision.camera.judge import FoundCamera, NotFound
from sports_assets.vision.camera.lines import find_ridges
from sports_assets.vision.camera.match_marks import Marks
from sports_assets.vision.camera.told import told_camera
from sports_assets.vision.frames import timeline
from sports_assets.vision.pitch import FieldSize
from tests.vision.drawn_pitch import Look, draw_pitch

pytestmark = pytest.mark.slow

REAL_MARKS = json.loads((Path(__file__).parent / "real_marks.json").read_text())
WHOLE = Camera(1280, 720, 620.0, -3.0, -56.0, 13.0, 88.0, 14.0, 1.0, -0.02, 0.0, "fisheye")
LEFT_HALF = Camera(1920, 1080, 1400.0, -4.0, -50.0, 9.0, 118.0, 10.0, -1.5, -0.12)
RIGHT_HALF = Camera(1280, 720, 933.0, 4.0, -50.0, 9.0, 62.0, 10.0, 1.5, -0.12)
SMALLER = FieldSize(99.0, 62.0)


@cache  # a search takes seconds, and tells two tests something
def _found(camera: Camera, field: FieldSize, look: Look) -> FoundCamera | NotFound:
    image = draw_pitch(camera, field, look)
    mask = field_mask(image)
    assert isinstance(mask, np.ndarray)
    return find_camera(image, mask)


def test_grass_that_is_hidden_before_a_goal_refuses_no_camera_that_meets_its_marks() -> None:
    image = draw_pitch(WHOLE, FieldSize(), Look())
    mask = field_mask(image)
    assert isinstance(mask, np.ndarray)
    corners = WHOLE.project([[34, 10], [54, 10], [54, 36], [34, 36]])
    cv2.fillPoly(hidden := mask.astype(np.uint8), [np.rint(corners).astype(np.int32)], 0)
    found = find_camera(image, hidden > 0)
    assert isinstance(found, FoundCamera)
    assert np.median(_error_m(found.camera, WHOLE, FieldSize())) < 0.2


def _error_m(found: Camera, camera: Camera, field: FieldSize) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 21), np.linspace(-0.5, 0.5, 15))
    grid = np.column_stack([x.ravel() * field.length_m, y.ravel() * field.width_m])
    shown = camera.project(grid)
    inside = camera.is_in_picture(shown)
    return np.linalg.norm(found.ground(shown[inside]) - grid[inside], axis=1)


def test_a_camera_that_is_about_right_is_moved_onto_the_lines() -> None:
    image = draw_pitch(WHOLE, FieldSize(), Look())
    mask = field_mask(image)
    assert isinstance(mask, np.ndarray)
    near = Camera(1280, 720, 600.0, -2.5, -55.0, 12.5, 88.3, 13.7, 0.0, 0.0, 0.0, "fisheye")
    ridges = find_ridges(image, mask)
    gates = (25.0, 20.0, 15.0, 10.0, 8.0, 6.0, 4.0, 3.0, 3.0, 3.0)
    found = fit(near, Marks(FieldSize(), 0.7), FieldSize(), ridges, (*POSE, "k1"), gates, {})

    assert _error_m(near, WHOLE, FieldSize()).max() > 1.0
    assert _error_m(found.camera, WHOLE, FieldSize()).max() < 0.3
    assert found.rms_px < 0.6
    assert found.on_marks_share > 0.85


@pytest.mark.slow
def test_a_whole_pitch_with_text_beside_it() -> None:
    found = _found(WHOLE, FieldSize(), Look(has_text=True, hidden_share=0.1))
    assert isinstance(found, FoundCamera)
    assert _error_m(found.camera, WHOLE, FieldSize()).max() < 0.5
    assert found.reprojection_error_px < 1.0
    assert found.reprojection_error_m < 0.1
    assert found.pitch_seen_share > 0.95
    assert found.field == FieldSize()


@pytest.mark.slow
def test_what_a_first_search_misses_a_second_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    image = draw_pitch(WHOLE, FieldSize(), Look())
    mask = field_mask(image)
    assert isinstance(mask, np.ndarray)
    few = (3, 1)
    monkeypatch.setattr(calibrate, "_EFFORTS", (few,))
    assert isinstance(find_camera(image, mask), NotFound)
    monkeypatch.setattr(calibrate, "_EFFORTS", (few, (400, 14)))
    found = find_camera(image, mask)
    assert isinstance(found, FoundCamera)
    assert _error_m(found.camera, WHOLE, FieldSize()).max() < 0.5


@pytest.mark.slow
def test_a_strip_of_a_fisheye_s_picture() -> None:
    """A wide camera whose file holds the pitch alone: the axis of its lens is above the strip."""
    camera = Camera(
        1600, 320, 560.0, -4.0, -51.0, 13.0, 88.0, 0.0, -1.0, -0.01, 0.0, "fisheye", 4.0, -190.0
    )
    found = _found(camera, FieldSize(), Look())
    assert isinstance(found, FoundCamera)
    assert _error_m(found.camera, camera, FieldSize()).max() < 0.5
    assert found.pitch_seen_share > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("camera", "side"), [(LEFT_HALF, -1), (RIGHT_HALF, 1)])
def test_half_a_pitch_of_another_size_is_the_right_half(camera: Camera, side: int) -> None:
    found = _found(camera, SMALLER, Look())
    assert isinstance(found, FoundCamera)
    assert np.median(_error_m(found.camera, camera, SMALLER)) < 0.2
    assert found.field.length_m == pytest.approx(99.0, abs=0.3)
    assert found.field.width_m == pytest.approx(62.0, abs=0.3)
    assert found.camera.y_m < 0
    middle = [[camera.width_px / 2, camera.height_px / 2]]
    assert np.sign(found.camera.ground(middle)[0, 0]) == side


@pytest.mark.slow
def test_the_same_picture_gives_the_same_camera_to_the_bit() -> None:
    first = _found(LEFT_HALF, SMALLER, Look())
    again = _found.__wrapped__(LEFT_HALF, SMALLER, Look())
    assert isinstance(first, FoundCamera)
    assert again is not first
    assert again == first


def test_grass_without_lines_is_no_pitch() -> None:
    chance = np.random.default_rng(3)
    image = np.full((400, 600, 3), (60, 115, 85.0)) + chance.normal(0, 3, (400, 600, 3))
    found = find_camera(image.astype(np.uint8), np.ones((400, 600), bool))
    assert isinstance(found, NotFound)
    assert "hardly any white lines" in found.reason


@pytest.mark.slow
def test_lines_that_are_no_pitch_are_refused() -> None:
    """A lawn with text, and with the lines of some other game."""
    image = draw_pitch(WHOLE, FieldSize(), Look(hidden_share=1.0, has_text=True))
    x, y = np.meshgrid(np.linspace(-45, 45, 13), np.linspace(-33, 33, 2000))
    pixels = np.rint(WHOLE.project(np.column_stack([x.ravel(), y.ravel()]))).astype(int)
    for column, row in np.unique(pixels, axis=0):
        if 0 <= column < 1279 and 0 <= row < 719:
            image[row : row + 2, column : column + 2] = 235
    mask = field_mask(image)
    assert isinstance(mask, np.ndarray)
    found = find_camera(image, mask)
    assert isinstance(found, NotFound)
    assert "give a calibration file" in found.reason


@pytest.fixture(scope="module")
def real_cameras(real_data: Path) -> dict[str, FoundCamera]:
    """Both cameras of the real footage, found without help."""
    made = {}
    for name in ("left_camera", "right_camera"):
        path = real_data / "footage" / f"{name}.mp4"
        image = background([one.image for one in pooled(path, timeline(path), 11)])
        mask = field_mask(image)
        assert isinstance(mask, np.ndarray)
        found = find_camera(image, mask)
        assert isinstance(found, FoundCamera), found
        made[name] = found
    return made


@pytest.mark.realdata
@pytest.mark.slow
def test_real_cameras_put_marks_where_they_are(real_cameras: dict[str, FoundCamera]) -> None:
    """Read off by eye: 0.2 m at the median, 0.8 m at the far corners, 90 m away."""
    for name, found in real_cameras.items():
        told = Calibration.from_json(json.dumps({"points": REAL_MARKS[name]}))
        pixels = np.array([pixel for pixel, _ in told.points])
        places = np.array([place for _, place in told.points])
        off_m = np.linalg.norm(found.camera.ground(pixels) - places, axis=1)
        assert np.median(off_m) < 0.35
        assert off_m.max() < 1.2
        assert found.field == FieldSize()
        assert found.reprojection_error_px < 2.0  # of 3072
        assert found.reprojection_error_m < 0.1
        assert 0.5 < found.pitch_seen_share < 0.7
        # A person who gives these points comes to the same camera.
        other = told_camera(told, 3072, 1728).camera
        assert np.median(np.linalg.norm(other.ground(pixels) - places, axis=1)) < 0.4


@pytest.mark.realdata
@pytest.mark.slow
def test_two_real_cameras_stand_side_by_side(real_cameras: dict[str, FoundCamera]) -> None:
    """They hang on one mast, and neither knows of the other."""
    left, right = (real_cameras[name].camera for name in ("left_camera", "right_camera"))
    assert np.hypot(left.x_m - right.x_m, left.y_m - right.y_m) < 1.0
    assert left.z_m == pytest.approx(right.z_m, abs=0.2)
    assert left.focal_px == pytest.approx(right.focal_px, rel=0.02)
