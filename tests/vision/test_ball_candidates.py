import numpy as np
import pytest

from sports_assets.vision.ball.candidates import BallCandidates
from sports_assets.vision.detection import Scene
from tests.vision.ball_scenes import CAMERA, Grass


def nearest(candidates, place):
    middle = CAMERA.project([place])[0]
    far = np.linalg.norm(candidates.centre_px - middle, axis=1)
    return (int(np.argmin(far)), float(far.min())) if far.size else (-1, np.inf)


@pytest.mark.parametrize("place", [(0.5, 10, 0.11), (-12, -8, 0.11), (8, -15, 0.11), (5, 5, 3.0)])
def test_a_ball_is_the_clearest_thing_on_grass(place):
    grass = Grass()
    found = BallCandidates().look(grass.frame(3, [place]), grass.scene)
    at, far = nearest(found, place)
    assert (found.frame_id, found.t_s) == (3, 3 / 25)
    assert at == 0
    assert far < 1.0
    assert found.rest[0] > 0.95
    assert found.own[0] > 0.8
    assert found.on_pitch[0]
    assert found.size_px[0].max() <= 2.5 * found.expected_px[0]


def test_lines_spots_and_spare_balls_are_no_candidates():
    grass = Grass()
    found = BallCandidates().look(grass.frame(0), grass.scene)
    assert len(found) == 0


def test_neither_are_they_when_the_light_changes():
    grass = Grass()
    found = BallCandidates().look(grass.frame(0, [(4, 0, 0.11)], light=1.25), grass.scene)
    assert nearest(found, (4, 0, 0.11))[1] < 1.0
    assert len(found) < 4


def test_a_hole_in_the_background_is_known_as_one():
    grass = Grass()
    scene = grass.scene
    background = scene.background.copy()
    x, y = np.rint(CAMERA.project([[6, 2, 0.11]])[0]).astype(int)
    background[y - 2 : y + 3, x - 2 : x + 3] = 20  # somebody's dark shoe who stood there
    found = BallCandidates().look(grass.frame(0), Scene(background, scene.pitch, scene.camera))
    assert len(found) == 1
    assert found.own[0] < 0.3


def test_without_a_camera_it_is_found_too():
    grass = Grass()
    scene = Scene(grass.scene.background, grass.scene.pitch)
    found = BallCandidates().look(grass.frame(0, [(-3, 5, 0.11)]), scene)
    assert nearest(found, (-3, 5, 0.11))[1] < 1.0


def test_the_same_frame_gives_the_same():
    grass = Grass()
    frame, scene = grass.frame(0, [(4, 0, 0.11)], [(2, 1)]), grass.scene
    first, second = (BallCandidates().look(frame, scene) for _ in range(2))
    assert len(first) > 1
    for name in ("centre_px", "size_px", "contrast", "fill", "rest", "own"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
