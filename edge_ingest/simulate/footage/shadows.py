"""Shadows that people and balls cast on the ground."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.figure import outlines_of
from edge_ingest.simulate.footage.parameters import Lighting

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

_BITS = 4
#: What is in shade still has the sky's light, which is bluer: strength for blue, green, red.
_COLD = (0.86, 0.97, 1.0)
_SHARP = ("leg_l", "leg_r", "arm_l", "arm_r")
_FAINT = ("leg_l", "leg_r")


@dataclass(frozen=True)
class Lamp:
    """A light that casts shadows: the way to it (unit vector, or its place), and how dark."""

    way: tuple[float, float, float]
    place_m: tuple[float, float, float] | None
    strength: float


def lamps(lighting: Lighting, field_m: tuple[float, float]) -> list[Lamp]:
    """The sun, or four floodlights at the corners; none when it is overcast."""
    if lighting.kind == "sun":
        around, up = np.radians([lighting.azimuth_deg, lighting.elevation_deg])
        way = (
            float(np.cos(up) * np.cos(around)), float(np.cos(up) * np.sin(around)),
            float(np.sin(up)),
        )  # fmt: skip
        return [Lamp(way, None, lighting.shadow)]
    if lighting.kind == "floodlight":
        x, y = field_m[0] / 2 + 8, field_m[1] / 2 + 14
        return [
            Lamp((0, 0, 1), (side * x, end * y, 26.0), lighting.shadow)
            for side in (-1, 1)
            for end in (-1, 1)
        ]
    return []


def on_ground(joints_m: Floats, lamp: Lamp) -> Floats:
    """Where the shadows of places fall: … × 3 to … × 2."""
    height = joints_m[..., 2:]
    if lamp.place_m is None:
        way = np.array(lamp.way)
        return np.asarray(joints_m[..., :2] - way[:2] / way[2] * height, np.float64)
    place = np.array(lamp.place_m)
    share = height / (place[2] - height)
    return np.asarray(joints_m[..., :2] + (joints_m[..., :2] - place[:2]) * share, np.float64)


@dataclass(frozen=True)
class Spot:
    """How a place on the ground is seen: size of a metre (px), how far a circle is flattened."""

    px_per_m: float
    flat: float

    @classmethod
    def at(cls, camera: Camera, place_m: Floats, px_per_m: float) -> "Spot":
        """Of a place (x, y) whose metre is that large."""
        away = float(np.hypot(place_m[0] - camera.x_m, place_m[1] - camera.y_m))
        return cls(px_per_m, camera.z_m / float(np.hypot(away, camera.z_m)))


def cast(image: Image, pixels: Floats, spot: Spot, strength: float, *, is_sharp: bool) -> None:
    """Darken the ground by someone's shadow.

    Args:
        image: that is drawn on.
        pixels: of the joints' shadows: joints × 2.
        spot: of the place.
        strength: 0 to 1.
        is_sharp: with arms; else a simpler one.
    """
    import cv2

    if not np.isfinite(pixels).all():
        return
    pad = 0.12 * spot.px_per_m + 2
    cut = _cut(image, pixels.min(axis=0) - pad, pixels.max(axis=0) + pad)
    if cut is None:
        return
    rows, columns = cut
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    scale = spot.px_per_m * (0.5 + 0.5 * spot.flat)
    limbs = _SHARP if is_sharp else _FAINT
    for shape in outlines_of(pixels - [columns.start, rows.start], scale, limbs):
        cv2.fillConvexPoly(mask, shape, 255, cv2.LINE_AA, _BITS)
    _darken(image[cut], mask, strength, 0.015 * spot.px_per_m)


def contact(image: Image, pixel: Floats, spot: Spot, radius_m: float, strength: float) -> None:
    """The soft dark spot where something stands, or is just above the ground."""
    import cv2

    if not np.isfinite(pixel).all():
        return
    wide = max(1.0, radius_m * spot.px_per_m)
    cut = _cut(image, pixel - 1.8 * wide - 2, pixel + 1.8 * wide + 2)
    if cut is None:
        return
    rows, columns = cut
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    centre = np.rint((pixel - [columns.start, rows.start]) * 2**_BITS).astype(int)
    axes = np.rint(np.array([wide, max(0.7, wide * spot.flat)]) * 2**_BITS).astype(int)
    cv2.ellipse(
        mask, centre.tolist(), axes.tolist(), 0, 0, 360, 255, -1, cv2.LINE_AA, _BITS
    )  # fmt: skip
    _darken(image[cut], mask, strength, 0.3 * wide)


def _cut(image: Image, low: Floats, high: Floats) -> tuple[slice, slice] | None:
    left, top = (max(0, int(np.floor(one))) for one in low)
    right = min(image.shape[1], int(np.ceil(high[0])) + 1)
    bottom = min(image.shape[0], int(np.ceil(high[1])) + 1)
    return (slice(top, bottom), slice(left, right)) if right > left and bottom > top else None


def _darken(part: Image, mask: Image, strength: float, soft_px: float) -> None:
    import cv2

    size = max(3, 2 * round(1.5 * soft_px) + 1)
    soft = cv2.GaussianBlur(mask, (size, size), max(0.6, soft_px))
    kept = [cv2.convertScaleAbs(soft, None, -strength * cold, 255) for cold in _COLD]
    part[:] = cv2.multiply(part, cv2.merge(kept), None, 1 / 255)
