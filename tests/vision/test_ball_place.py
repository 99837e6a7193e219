import numpy as np
import pytest

from edge_ingest.camera import Camera
from sports_assets.vision.ball.place import Way, ground_places, legs
from sports_assets.vision.ball.size import BallSize

CAMERA = Camera(1920, 1080, 1300, 0, -55, 16, 90, 16)


def way_of(places, t_s, noise_px=0.0, stretch=None):
    pixels = CAMERA.project(places)
    pixels = pixels + np.random.default_rng(1).normal(0, noise_px, pixels.shape)
    ones = np.ones(len(t_s))
    return Way(
        t_s, pixels, BallSize.from_camera(CAMERA).at(pixels),
        np.zeros(len(t_s), np.int64) if stretch is None else stretch, ones, ones > 0,
    )  # fmt: skip


def test_a_ball_that_rolls_is_where_its_pixels_meet_the_ground():
    t_s = np.arange(0, 1.5, 0.04)
    true = np.column_stack([-10 + 9 * t_s - t_s**2, 4 + 3 * t_s, np.full(t_s.size, 0.11)])
    places, sds = ground_places(way_of(true, t_s, 0.3), CAMERA)
    assert np.linalg.norm(places - true[:, :2], axis=1).max() < 0.4
    assert sds.max() < 0.5


def test_a_ball_in_flight_is_told_by_its_fall():
    t_s = np.arange(0, 1.6, 0.04)
    z_m = 0.11 + 8 * t_s - 9.81 / 2 * t_s**2
    true = np.column_stack([-15 + 16 * t_s, -5 + 7 * t_s, z_m])
    way = way_of(true, t_s, 0.4)
    places, sds = ground_places(way, CAMERA)
    naive = CAMERA.ground(way.centre_px, z_m=0.11)
    assert np.linalg.norm(naive - true[:, :2], axis=1).max() > 8
    off = np.linalg.norm(places - true[:, :2], axis=1)
    assert off.max() < 1.5
    assert np.all(off < 4 * sds)


def test_a_way_that_neither_rolls_nor_falls_is_less_sure():
    t_s = np.arange(0, 1.6, 0.04)
    x = 3 * t_s + 0.65 * np.sin(5 * t_s)
    swerves = np.column_stack([x, np.zeros(t_s.size), np.full(t_s.size, 0.11)])
    _, sds = ground_places(way_of(swerves, t_s), CAMERA)
    assert sds.min() > 1.5


def test_a_leg_ends_with_a_kick_and_where_the_ball_was_lost():
    t_s = np.arange(0, 2.0, 0.04)
    x = np.where(t_s < 1, 8 * t_s, 8 - 12 * (t_s - 1))
    true = np.column_stack([x, np.zeros(t_s.size), np.full(t_s.size, 0.11)])
    found = [leg.size for leg in legs(way_of(true, t_s))]
    assert found == pytest.approx([25, 25], abs=2)
    lost = (t_s > 0.5).astype(np.int64)
    assert len(legs(way_of(true, t_s, stretch=lost))) == 3


def test_a_ball_that_comes_near_the_horizon_is_placed_all_the_same():
    low = Camera(1920, 1080, 1500, 0, -45, 3.0, 90, 5)
    t_s = np.arange(9) * 0.08
    rows = 412.7 + 6 * ((t_s - t_s.mean()) / t_s.max()) ** 2
    way = Way(
        t_s, np.column_stack([900 + 6 * np.arange(9), rows]), np.full(9, 4.0),
        np.zeros(9, np.int64), np.ones(9), np.ones(9, np.bool_),
    )  # fmt: skip
    # A pixel up the ray meets the ground nowhere: the middle of the way has a place, and no spread.
    assert np.isfinite(low.ground(way.centre_px[4:5], z_m=0.11)).all()
    assert np.isnan(low.ground_sd_m(way.centre_px[4:5], 1.0)).all()
    places, sds = ground_places(way, low)
    assert places.shape == (9, 2)
    assert not (sds < 1).any()


def test_of_no_points_there_are_no_legs():
    assert legs(way_of(np.empty((0, 3)), np.empty(0))) == []
