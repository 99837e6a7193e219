"""The mask holds the pitch and its run-off, and nothing where there is no grass."""

from pathlib import Path

import numpy as np
import pytest

from edge_ingest.camera import Camera
from sports_assets.vision.camera.background import background, pooled
from sports_assets.vision.camera.field_mask import NoGrass, field_mask, field_masks
from sports_assets.vision.frames import timeline
from sports_assets.vision.pitch import FieldSize
from tests.vision.drawn_pitch import Look, draw_pitch

pytestmark = pytest.mark.slow

CAMERA = Camera(960, 540, 560.0, -2.0, -52.0, 12.0, 90.0, 14.0)


def _on_field(margin_m: float) -> np.ndarray:
    rows, columns = np.mgrid[0:540, 0:960]
    places = CAMERA.ground(np.column_stack([columns.ravel(), rows.ravel()]))
    with np.errstate(invalid="ignore"):
        return FieldSize().holds(places, margin_m).reshape(540, 960)


@pytest.mark.parametrize("tint", [(1.0, 1.0, 1.0), (0.85, 1.0, 1.08), (1.1, 1.05, 0.9)])
def test_the_field_and_a_small_run_off(tint: tuple[float, float, float]) -> None:
    """Whatever the white balance: the colour is learnt."""
    image = draw_pitch(CAMERA, FieldSize(), Look(has_text=True, run_off_m=4.0))
    image[300:345, 400:418] = (200, 60, 40)  # somebody
    image = np.clip(image * np.array(tint), 0, 255).astype(np.uint8)
    mask = field_mask(image)

    assert isinstance(mask, np.ndarray)
    assert mask.shape == image.shape[:2]
    assert mask[_on_field(0.0)].mean() > 0.99
    assert mask[~_on_field(7.0)].mean() < 0.02
    assert mask[300:345, 400:418].all()


def test_a_pitch_half_in_the_shade_of_a_stand_is_one() -> None:
    image = draw_pitch(CAMERA, FieldSize(), Look(run_off_m=4.0))
    image[300:] = image[300:] * 0.42
    mask = field_mask(image)

    assert isinstance(mask, np.ndarray)
    on_field = _on_field(0.0)
    assert on_field[:300].sum() > 0.2 * on_field.sum()
    assert mask[on_field].mean() > 0.99
    assert mask[~_on_field(7.0)].mean() < 0.02


def test_a_larger_lawn_in_front_is_another_mask_and_the_pitch_is_found() -> None:
    image = draw_pitch(CAMERA, FieldSize(), Look(run_off_m=4.0))
    large = np.zeros((1200, 960, 3), np.uint8)
    large[:540], large[540:] = image, (60, 70, 200)  # a track, and beyond it
    large[600:] = np.median(image[_on_field(-1.0)], axis=0)  # the lawn on which the camera stands
    lawn, pitch = field_masks(large)
    assert lawn.mean() > pitch.mean()
    assert pitch[:540][_on_field(0.0)].mean() > 0.99
    assert lawn[620:].all()
    assert not (lawn & pitch).any()


def test_a_wooden_floor_is_no_grass() -> None:
    found = field_mask(draw_pitch(CAMERA, FieldSize(), Look(ground="wood", run_off_m=30.0)))
    assert isinstance(found, NoGrass)
    assert "give a calibration file" in found.reason


def test_black_and_trees_are_no_grass() -> None:
    assert isinstance(field_mask(np.zeros((270, 480, 3), np.uint8)), NoGrass)
    light = np.random.default_rng(1).normal(1, 0.4, (270, 480, 1)).repeat(2, 0).repeat(2, 1)
    leaves = np.clip(light * (40, 80, 50), 0, 255).astype(np.uint8)
    assert isinstance(field_mask(leaves), NoGrass)


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize(
    ("camera", "on", "off"), [
        ("left_camera", [(1500, 1000), (150, 1160), (2870, 1650), (1350, 1580)], (200, 1650)),
        ("right_camera", [(1500, 1000), (2990, 1090), (60, 1560), (900, 1640)], (2950, 1600)),
    ],
)  # fmt: skip
def test_real_grass_with_text_on_it(
    real_data: Path, camera: str, on: list[tuple[int, int]], off: tuple[int, int]
) -> None:
    path = real_data / "footage" / f"{camera}.mp4"
    mask = field_mask(background([one.image for one in pooled(path, timeline(path), 5)]))
    assert isinstance(mask, np.ndarray)
    assert all(mask[y, x] for x, y in on)
    assert not mask[400, 1000]  # trees
    assert not mask[off[1], off[0]]  # the stand
