"""Ridges lie in the middle of the lines, to a fraction of a pixel, and know their direction."""

import numpy as np
import pytest

from edge_ingest.camera import Camera
from sports_assets.vision.camera.field_mask import field_mask
from sports_assets.vision.camera.lines import find_ridges
from sports_assets.vision.camera.match_marks import off_marks
from sports_assets.vision.pitch import FieldSize
from tests.vision.drawn_pitch import Look, draw_pitch

pytestmark = pytest.mark.slow

EVERYWHERE = np.ones((400, 600), bool)


def _grass() -> np.ndarray:
    chance = np.random.default_rng(3)
    return np.full((400, 600, 3), (60, 115, 85.0)) + chance.normal(0, 3, (400, 600, 3))


def _drawn(width_px: float) -> np.ndarray:
    """A line from (50, 100) on, sloping by a quarter."""
    rows, columns = np.mgrid[0:400, 0:600]
    across = (rows - 100 - 0.25 * (columns - 50)) / np.hypot(1, 0.25)
    cover = np.clip((width_px / 2 - np.abs(across)) + 0.5, 0, 1) * (columns > 50)
    image = _grass()
    image += cover[..., None] * (235 - image)
    return np.clip(image, 0, 255).astype(np.uint8)


def test_a_line_is_found_in_its_middle_whatever_its_width() -> None:
    for width_px in (1.0, 2.0, 4.0):
        found = find_ridges(_drawn(width_px), EVERYWHERE)
        x, y = found.points_px.T
        off = (y - 100 - 0.25 * (x - 50)) / np.hypot(1, 0.25)
        slope = np.abs(found.along @ np.array([4, 1]) / np.hypot(4, 1))
        assert len(found) > 150
        assert np.median(np.abs(off)) < 0.15
        assert np.quantile(np.abs(off), 0.9) < 0.5
        assert np.median(slope) > 0.998
        assert x.min() < 60
        assert x.max() > 580


def test_grass_an_edge_and_a_ball_are_no_lines() -> None:
    image = _grass()
    image[200:] *= 0.85  # a mowing stripe
    image[100:104, 300:304] = 240
    found = find_ridges(np.clip(image, 0, 255).astype(np.uint8), EVERYWHERE)
    assert len(found) < 10  # of some 700 that a line as long as the stripe would have


def test_the_lines_of_a_pitch_are_what_is_found() -> None:
    camera = Camera(1280, 720, 760.0, -2.0, -52.0, 12.0, 90.0, 14.0)
    image = draw_pitch(camera, FieldSize(), Look())
    mask = field_mask(image)
    assert isinstance(mask, np.ndarray)
    found = find_ridges(image, mask)
    off = off_marks(camera.ground(found.points_px), FieldSize())
    covers_m = camera.ground_sd_m(found.points_px, 1.0)
    assert np.mean(off < np.maximum(covers_m, 0.1)) > 0.9
