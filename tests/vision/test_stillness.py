"""A camera that stands still is told from one that was knocked, drifts, pans, or sees nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sports_assets.vision.camera.background import pooled
from sports_assets.vision.camera.stillness import Reference, judge_stillness
from sports_assets.vision.frames import Frame, timeline

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 960, 540


@pytest.fixture(scope="module")
def place() -> Any:
    """A textured place, larger than the picture: what stands around a pitch."""
    chance = np.random.default_rng(8)
    fine = chance.normal(0, 1, (800, 1400))
    grey = sum(cv2.GaussianBlur(fine, (0, 0), sigma) * sigma * 22 for sigma in (2, 6, 15))
    return np.clip(118 + grey, 0, 255).astype(np.uint8)


def _looks(place: Any, motion: Callable[[int], Any], count: int = 12) -> Iterator[Frame]:
    """Pictures with people who run, noise, and light that changes."""
    chance = np.random.default_rng(2)
    for number in range(count):
        moved = cv2.warpAffine(place, motion(number), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        image = np.repeat(moved[..., None], 3, axis=2).astype(float)
        for one in range(14):
            x, y = int((137 * one + 40 * number * (one % 5)) % 900), 200 + 20 * one
            image[y : y + 60, x : x + 25] = (40, 40, 200)
        image *= 0.8 + 0.3 * np.sin(number)
        image += chance.normal(0, 3, image.shape)
        yield Frame(number, float(number), np.clip(image, 0, 255).astype(np.uint8))


def _shift(x: float, y: float = 0.0, turn_deg: float = 0.0, zoom: float = 1.0) -> Any:
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn_deg, zoom)
    matrix[:, 2] += (x - 150, y - 100)
    return matrix


def test_people_light_and_a_shiver_are_no_motion(place: Any) -> None:
    found = judge_stillness(_looks(place, lambda number: _shift(0.3 * np.sin(5 * number))))
    assert (found.is_still, found.reason) == (True, None)
    assert found.moved_px.max() < 0.9


def test_a_slow_drift_is_noticed_and_measured(place: Any) -> None:
    found = judge_stillness(_looks(place, lambda number: _shift(0.5 * number)))
    assert found.state == "knocked"
    assert found.moved_px == pytest.approx(0.5 * np.arange(12), abs=0.4)
    assert "moved, by 5" in (found.reason or "")


def test_a_knock_is_told_with_its_time(place: Any) -> None:
    found = judge_stillness(_looks(place, lambda number: _shift(8.0 * (number >= 7), 3.0)))
    assert found.state == "knocked"
    assert "first at 7 s" in (found.reason or "")


def test_a_turn_about_the_axis_is_noticed(place: Any) -> None:
    found = judge_stillness(_looks(place, lambda number: _shift(0, 0, 0.4 * (number > 5))))
    assert found.state == "knocked"
    corner = np.hypot(960 - 330, 540 - 170) * np.radians(0.4)  # it turns about (330, 170)
    assert found.moved_px[-1] == pytest.approx(corner, rel=0.2)


@pytest.mark.parametrize("kind", ["pan", "zoom", "cut"])
def test_a_broadcast_camera_is_refused(place: Any, kind: str) -> None:
    motions = {
        "pan": lambda number: _shift(-35.0 * number + 150),
        "zoom": lambda number: _shift(0, 0, 0, 1 + 0.15 * number),
        "cut": lambda number: _shift(130.0 * (-1) ** number, 90.0 * (-1) ** (number // 2)),
    }
    found = judge_stillness(_looks(place, motions[kind]))
    assert found.state in {"moving", "knocked"}
    assert not found.is_still
    assert found.reason


def _flat(level: int, noise: float, count: int = 6) -> Iterator[Frame]:
    chance = np.random.default_rng(4)
    for number in range(count):
        image = level + chance.normal(0, noise, (270, 480, 3))
        yield Frame(number, float(number), np.clip(image, 0, 255).astype(np.uint8))


def test_black_and_dark_and_blank_pictures_are_told() -> None:
    assert judge_stillness(_flat(0, 0)).state == "blank"
    assert judge_stillness(_flat(10, 5)).state == "dark"
    assert judge_stillness(_flat(128, 0.5)).state == "blank"


def test_black_frames_before_play_are_passed_over(place: Any) -> None:
    looks = list(_looks(place, lambda number: _shift(0)))
    looks[0] = Frame(0, 0.0, np.zeros_like(looks[0].image))
    found = judge_stillness(looks)
    assert found.is_still
    assert found.t_s[0] == 1.0


def test_one_frame_or_none_is_too_short(place: Any) -> None:
    one = judge_stillness(_looks(place, lambda number: _shift(0), 1))
    assert (one.state, one.is_still) == ("too short", False)
    assert judge_stillness([]).state == "too short"


def test_another_place_is_infinitely_far(place: Any) -> None:
    here, there = (next(_looks(one, lambda number: _shift(0))) for one in (place, place[::-1]))
    assert Reference(here.image).moved_px(there.image) == np.inf


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("camera", ["left_camera", "right_camera"])
def test_the_real_cameras_stand_still(real_data: Path, camera: str) -> None:
    path = real_data / "footage" / f"{camera}.mp4"
    found = judge_stillness(pooled(path, timeline(path), 7))
    assert found.is_still
    assert found.moved_px.max() < 0.5  # of 3072
