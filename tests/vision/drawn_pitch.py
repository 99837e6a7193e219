"""A pitch as a camera would see it: grass, lines, what lies behind; tests need no video then."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from edge_ingest.camera import Camera
from sports_assets.vision.camera.match_marks import off_marks
from sports_assets.vision.pitch import FieldSize

_LINE_M = 0.12
_BLUE_GREEN_RED = {
    "grass": (60, 115, 85), "surround": (70, 125, 95), "concrete": (120, 120, 125),
    "wood": (90, 140, 190), "trees": (35, 70, 45), "sky": (235, 215, 200), "line": (235, 240, 235),
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What is drawn beside the lines.

    Attributes:
        has_text: strokes as of letters beside the near touchline.
        hidden_share: share of the lines that is worn away, in stretches.
        run_off_m: grass around the field.
        ground: `grass` or `wood`.
        noise: standard deviation, levels.
    """

    has_text: bool = False
    hidden_share: float = 0.0
    run_off_m: float = 4.0
    ground: str = "grass"
    noise: float = 2.0


def draw_pitch(camera: Camera, field: FieldSize, look: Look | None = None, seed: int = 1) -> Any:
    """Blue, green, red: height × width × 3, uint8; the caller's own, to draw on."""
    return _drawn(camera, field, look or Look(), seed).copy()


@cache
def _drawn(camera: Camera, field: FieldSize, look: Look, seed: int) -> Any:
    import cv2

    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : camera.height_px, 0 : camera.width_px]
    pixels = np.column_stack([columns.ravel(), rows.ravel()]).astype(float)
    places = camera.ground(pixels)
    known = np.isfinite(places).all(axis=1)
    image = np.empty((len(pixels), 3))
    image[:] = _BLUE_GREEN_RED["sky"]
    far = ~known & (rows.ravel() > _horizon(known, camera) - 0.06 * camera.height_px)
    on_grass = known & field.holds(np.nan_to_num(places, nan=1e6), look.run_off_m)
    beyond = known & ~on_grass
    image[beyond] = _BLUE_GREEN_RED["concrete"]
    trees = (far | (beyond & (places[:, 1] > field.width_m / 2))) & (look.ground == "grass")
    image[far] = _BLUE_GREEN_RED["concrete"]
    image[trees] = _BLUE_GREEN_RED["trees"]
    image[on_grass] = _BLUE_GREEN_RED[look.ground]
    stripes = np.floor(np.nan_to_num(places[:, 0]) / 7) % 2 == 0
    image[on_grass & stripes] *= 0.94
    pixel_m = np.full(len(pixels), 1.0)
    pixel_m[known] = camera.ground_sd_m(pixels[known], 1.0)
    off = np.full(len(pixels), np.inf)
    inside = known & field.holds(np.nan_to_num(places, nan=1e6), 0.5)
    off[inside] = off_marks(places[inside], field)
    steep = _steepness(off.reshape(camera.height_px, -1)).ravel()
    cover = np.clip((_LINE_M / 2 - off) / steep + 0.5, 0, 1) * np.minimum(1, _LINE_M / steep)
    if look.hidden_share:
        patches = chance.random((20, 20)) < look.hidden_share
        at = np.clip(((np.nan_to_num(places) + np.array([60, 45])) / [6, 4.5]).astype(int), 0, 19)
        cover[patches[at[:, 0], at[:, 1]]] = 0
    cover = np.nan_to_num(cover)
    if look.has_text:
        cover = np.maximum(cover, _strokes(places, field) * on_grass)
    image += cover[:, None] * (np.array(_BLUE_GREEN_RED["line"]) - image)
    image = image.reshape(camera.height_px, camera.width_px, 3)
    leaves = cv2.GaussianBlur(chance.normal(0, 1, rows.shape), (0, 0), 2.0) * 160
    image += (leaves * trees.reshape(rows.shape))[..., None]
    image = cv2.GaussianBlur(image, (0, 0), 0.7) + chance.normal(0, look.noise, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def _horizon(known: Any, camera: Camera) -> float:
    return float(np.argmax(known.reshape(camera.height_px, -1).mean(axis=1) > 0.5))


def _steepness(off: Any) -> Any:
    """How much the distance to a mark changes from one pixel to the next, m."""
    import cv2

    down, right = np.gradient(np.where(np.isfinite(off), off, 5.0))
    # On the line itself it falls and rises again: its neighbours tell.
    return cv2.dilate(np.maximum(np.hypot(down, right), 1e-4), np.ones((3, 3)))


def _strokes(places: Any, field: FieldSize) -> Any:
    """Arcs and bars 40 cm wide between one and three metres outside of the near touchline."""
    x, y = np.nan_to_num(places, nan=1e6).T
    within = np.abs(x) < 0.3 * field.length_m
    u, v = x % 3.0 - 1.5, y + field.width_m / 2 + 2.0
    ring = np.abs(np.hypot(u, v) - 0.8) < 0.2
    bar = (np.abs(u - 1.1) < 0.2) & (np.abs(v) < 1.2)
    return (within & (ring | bar)).astype(float)
