"""What `motion` learns as it looks: the light, and who stands still."""

import numpy as np
import pytest

from sports_assets.vision.detect.motion import MotionDetector
from sports_assets.vision.detection import Scene
from sports_assets.vision.frames import Frame
from tests.vision import drawn_people as drawn

pytestmark = pytest.mark.slow

PLACES = np.array([[-12.0, -5], [0, 10], [20, 2]])
SECONDS = 60


def test_who_stands_still_for_a_minute_is_still_seen() -> None:
    pitch = drawn.empty_pitch()
    scene, detector = drawn.scene(pitch), MotionDetector()
    people = drawn.with_people(pitch, PLACES)
    for second in range(0, SECONDS, 5):
        seen = detector.look(Frame(second, float(second), drawn.noisy(people, second)), scene)
        assert len(seen.confidence) == len(PLACES)


def test_a_change_of_light_is_nobody() -> None:
    pitch = drawn.empty_pitch()
    scene, detector = drawn.scene(pitch), MotionDetector()
    people = drawn.with_people(pitch, PLACES)
    for second, light in enumerate([1.0, 0.98, 0.95, 0.85, 0.8, 0.9, 1.05]):
        image = drawn.noisy(people, second, light)
        seen = detector.look(Frame(second, float(second), image), scene)
        assert len(seen.confidence) == len(PLACES)


def test_a_shadow_beside_a_person_is_no_person() -> None:
    pitch = drawn.empty_pitch()
    scene, detector = drawn.scene(pitch), MotionDetector()
    shaded = pitch.copy()
    for x, y in np.rint(drawn.CAMERA.project(PLACES)).astype(int).tolist():
        shaded[y - 3 : y + 3, x : x + 40] = shaded[y - 3 : y + 3, x : x + 40] * 0.6
    image = drawn.with_people(shaded, PLACES)
    detector.look(Frame(0, 0.0, drawn.noisy(pitch, 1)), scene)
    seen = detector.look(Frame(1, 0.2, drawn.noisy(image, 2)), scene)
    away = np.linalg.norm(drawn.CAMERA.project(PLACES)[:, None] - seen.ground_px[None], axis=2).min(
        axis=0
    )
    assert len(seen.confidence) == len(PLACES)
    assert np.all(away < 4)


def test_who_was_in_the_background_and_goes_leaves_nobody_behind() -> None:
    pitch = drawn.empty_pitch()
    before, after = np.array([[-15.0, 10.0]]), np.array([[6.0, 10.0]])
    background = drawn.with_people(pitch, before)
    there = drawn.scene(pitch)
    scene = Scene(background, there.pitch, there.camera, there.field)
    detector = MotionDetector()
    for look in range(25):
        image = drawn.noisy(drawn.with_people(pitch, after), look)
        seen = detector.look(Frame(look, look / 5, image), scene)
        np.testing.assert_allclose(drawn.CAMERA.ground(seen.ground_px), after, atol=1.0)


def test_two_who_overlap_are_two() -> None:
    pitch = drawn.empty_pitch()
    scene, detector = drawn.scene(pitch), MotionDetector()
    pair = np.array([[5.0, -5.0], [5.4, -8.0]])
    detector.look(Frame(0, 0.0, drawn.noisy(pitch, 1)), scene)
    image = drawn.noisy(drawn.with_people(pitch, pair), 2)
    seen = detector.look(Frame(1, 0.2, image), scene)
    found = drawn.CAMERA.ground(seen.ground_px)
    assert len(found) == 2
    away = np.linalg.norm(pair[:, None] - found[None], axis=2)
    assert away.min(axis=1).max() < 1.5


def test_a_stride_is_his_and_tells_where_he_stands() -> None:
    import cv2

    pitch = drawn.empty_pitch()
    scene, detector = drawn.scene(pitch), MotionDetector()
    place = np.array([[5.0, -5.0]])
    (x, y), tall = drawn.CAMERA.project(place)[0], float(drawn.CAMERA.upright_px(place, 1.8)[0])
    upright = drawn.with_people(pitch, place)
    runner = pitch.copy()
    # A body to the hips, one leg far ahead on the ground, the other behind and in the air.
    hips = round(y - 0.45 * tall)
    runner[:hips] = upright[:hips]
    for aside, above in ((-0.55, 0.0), (0.4, 0.2)):
        foot = (round(x + aside * tall), round(y - above * tall))
        cv2.line(runner, (round(x), hips), foot, drawn.BLUE, max(2, round(0.08 * tall)))
    detector.look(Frame(0, 0.0, drawn.noisy(pitch, 1)), scene)
    seen = detector.look(Frame(1, 0.2, drawn.noisy(runner, 2)), scene)
    assert len(seen.confidence) == 1
    assert seen.boxes_px[0, 0] == pytest.approx(x - 0.55 * tall, abs=0.1 * tall)
    assert seen.boxes_px[0, 3] == pytest.approx(y, abs=0.08 * tall)
    np.testing.assert_allclose(drawn.CAMERA.ground(seen.ground_px), place, atol=0.8)
