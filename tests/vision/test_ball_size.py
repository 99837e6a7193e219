import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.camera import Camera
from sports_assets.vision.ball.size import BALL_M, BallSize
from sports_assets.vision.pitch import FieldSize

CAMERA = Camera(1280, 720, 900, 0, -50, 15, 90, 17)


def test_size_on_the_ground_is_that_of_the_projected_ball():
    size = BallSize.from_camera(CAMERA)
    for place in ([0, 0], [-20, 10], [12, -15]):
        middle = CAMERA.project([[*place, BALL_M / 2]])
        far_m = np.linalg.norm(np.array([*place, BALL_M / 2]) - [0, -50, 15])
        off_axis = np.linalg.norm(middle - [639.5, 359.5]) / 900
        # A thing across the view, a perspective camera: focal length over depth.
        depth = far_m / np.hypot(1, off_axis)
        assert size.at(middle)[0] == pytest.approx(900 * BALL_M / depth, rel=0.06)


def test_over_the_far_side_a_ball_is_no_smaller_than_on_the_far_touchline():
    over = BallSize.from_camera(CAMERA, FieldSize())
    above = CAMERA.project([[0, 60, 0.11]])
    edge = CAMERA.project([[0, 34, 0.11]])
    assert over.at(above)[0] == pytest.approx(over.at(edge)[0], rel=0.05)
    assert BallSize.from_camera(CAMERA).at(above)[0] < over.at(above)[0] * 0.85


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_people_tell_it_where_no_camera_does(seed):
    random = np.random.default_rng(seed)
    feet = np.column_stack([random.uniform(-30, 30, 40), random.uniform(-25, 30, 40)])
    low = CAMERA.project(feet)
    tall = CAMERA.upright_px(feet, 1.75)
    boxes = np.column_stack(
        [low[:, 0] - tall / 6, low[:, 1] - tall, low[:, 0] + tall / 6, low[:, 1]]
    )
    boxes[::9, 1] -= 40  # boxes around two people
    told = BallSize.from_people(boxes, 1280, 720)
    known = BallSize.from_camera(CAMERA)
    assert told.is_known
    assert told.at(low) == pytest.approx(known.at(low), rel=0.35)


def test_without_people_it_is_a_guess_and_says_so():
    told = BallSize.from_people(np.empty((0, 4)), 1920, 1080)
    assert not told.is_known
    assert told.at(np.array([[0.0, 0], [1919, 1079]])) == pytest.approx(1920 / 400)
