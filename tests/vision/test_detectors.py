"""The same for every detector: who is seen, where, and what happens when there is nobody."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sports_assets.vision.detect.detectors import NAMES, open_detector
from sports_assets.vision.detection import Detector, Scene, Seen
from sports_assets.vision.errors import DetectorError
from tests.vision import drawn_people as drawn
from tests.vision.onnx_files import says_nothing_of_boxes, sees_blue, takes_numbers

pytestmark = pytest.mark.slow

PLACES = np.array([[-20.0, 0], [-12, -5], [0, 10], [8, -3], [20, 2], [24, 8], [-22, 12], [-3, 14]])
Open = Callable[[], Detector]


@pytest.fixture(scope="module", params=[*NAMES, "onnx of one size"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens detectors of one kind."""
    name, *of_size = request.param.split(maxsplit=1)
    model = None
    if name == "onnx":
        path = tmp_path_factory.mktemp("models") / "blue.onnx"
        model = sees_blue(path, 640 if of_size else None)
    return lambda: open_detector(name, model, analyser=drawn.BlueAnalyser())


def look(detector: Detector, places: np.ndarray, is_calibrated: bool = True) -> Seen:
    pitch = drawn.empty_pitch()
    scene = drawn.scene(pitch, is_calibrated)
    detector.look(drawn.frame(0, drawn.noisy(pitch, 5)), scene)
    return detector.look(drawn.frame(1, drawn.noisy(drawn.with_people(pitch, places), 6)), scene)


@pytest.fixture(scope="module")
def people(opened: Open) -> Seen:
    """What a calibrated camera sees of eight people."""
    return look(opened(), PLACES)


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_everybody_on_the_pitch_is_seen_once_where_he_stands(
    opened: Open, people: Seen, is_calibrated: bool
) -> None:
    seen = people if is_calibrated else look(opened(), PLACES, is_calibrated=False)
    feet, tall = drawn.CAMERA.project(PLACES), drawn.CAMERA.upright_px(PLACES, 1.8)
    away = np.linalg.norm(feet[:, None] - seen.ground_px[None], axis=2) / tall[:, None]
    assert len(seen.confidence) == len(PLACES)
    assert np.all(away.min(axis=1) < 0.35)
    assert sorted(away.argmin(axis=1)) == list(range(len(PLACES)))


def test_what_is_told_has_the_shapes_of_seen_and_lies_in_the_picture(people: Seen) -> None:
    seen, count = people, len(PLACES)
    assert seen.boxes_px.shape == (count, 4)
    assert seen.ground_px.shape == (count, 2)
    assert seen.colours_lab.shape == (count, 12)
    assert not seen.is_ball.any()
    assert np.all((seen.confidence > 0) & (seen.confidence <= 1))
    assert np.all(seen.boxes_px[:, :2] < seen.boxes_px[:, 2:])
    # From the middle of the first pixel: its outer corner is at -0.5.
    assert np.all((seen.boxes_px >= -0.5) & (seen.boxes_px <= [959.5, 539.5, 959.5, 539.5]))


def test_shirts_are_blue(people: Seen) -> None:
    told = people.colours_lab[np.isfinite(people.colours_lab[:, :3]).all(axis=1), :3]
    assert len(told) >= len(PLACES) - 1
    assert np.all(told[:, 2] < -30)  # b* of (B, G, R) = (200, 60, 30) is -62


def test_two_of_the_same_frames_see_the_same(opened: Open, people: Seen) -> None:
    again = look(opened(), PLACES)
    for name in Seen.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(people, name), getattr(again, name))


def test_who_stands_far_beside_the_field_is_not_told(opened: Open) -> None:
    seen = look(opened(), np.array([[0.0, 0.0], [10.0, 40.0], [-20.0, -41.0]]))
    assert len(seen.confidence) == 1


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_an_empty_pitch_shows_nobody(opened: Open, is_calibrated: bool) -> None:
    assert len(look(opened(), np.empty((0, 2)), is_calibrated).confidence) == 0


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_a_black_picture_shows_nobody(opened: Open, is_calibrated: bool) -> None:
    pitch = drawn.empty_pitch()
    detector, black = opened(), np.zeros_like(pitch)
    for background in (pitch, black):
        scene = drawn.scene(background, is_calibrated)
        assert len(detector.look(drawn.frame(0, black), scene).confidence) == 0


def test_without_any_ground_nobody_is_seen(opened: Open) -> None:
    pitch = drawn.empty_pitch()
    scene = Scene(pitch, np.zeros(pitch.shape[:2], np.bool_))
    image = drawn.with_people(pitch, PLACES)
    assert len(opened().look(drawn.frame(0, image), scene).confidence) == 0


@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.soak)])
def test_pictures_of_noise_do_no_harm(opened: Open, seed: int) -> None:
    chance = np.random.default_rng(seed)
    pitch = drawn.empty_pitch()
    detector, scene = opened(), drawn.scene(pitch, seed % 2 == 0)
    for number in range(3):
        image = chance.integers(0, 256, pitch.shape).astype(np.uint8)
        seen = detector.look(drawn.frame(number, image), scene)
        assert np.isfinite(seen.ground_px).all()
        assert np.isfinite(seen.confidence).all()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(DetectorError, match="no detector 'yolo': use motion, onnx, rekognition"):
        open_detector("yolo")


def test_onnx_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="set the path of an ONNX file"):
        open_detector("onnx")
    with pytest.raises(DetectorError, match=r"no model at .*none\.onnx"):
        open_detector("onnx", tmp_path / "none.onnx")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("a text")
    with pytest.raises(DetectorError, match=r"text\.onnx is no ONNX model"):
        open_detector("onnx", path)


def test_a_model_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"answers \[1, 3, 64, 64\].*give a YOLOX model"):
        open_detector("onnx", says_nothing_of_boxes(tmp_path / "echo.onnx"))
    with pytest.raises(DetectorError, match="takes one picture"):
        open_detector("onnx", takes_numbers(tmp_path / "numbers.onnx"))
