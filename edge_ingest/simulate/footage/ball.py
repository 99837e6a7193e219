"""The ball as a picture: small, round, and drawn out where it is fast."""

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.figure import Lit
from edge_ingest.simulate.footage.sprites import Sprite, shrink
from edge_ingest.simulate.footage.textures import Image

Floats = NDArray[np.float64]

#: Law 2: a circumference of 0.68 to 0.70 m.
BALL_M = 0.22
_FINER = 8
_BITS = 4
#: Pictures that a fast ball's trail is averaged of.
_TRAIL = 5
_COLOUR = (236, 240, 240)
_PANEL = (70, 64, 60)


def draw_ball(
    trail_px: Floats, px_per_m: float, lit: Lit, *, turn: float, far_m: float
) -> Sprite | None:
    """Draw a ball.

    Args:
        trail_px: where its middle is when the exposure begins and ends: 2 × 2.
        px_per_m: size of a metre there.
        lit: light.
        turn: how far it has rolled, rad.
        far_m: from the camera, on the ground.
    """
    if not np.isfinite(trail_px).all():
        return None
    radius = max(0.7, BALL_M / 2 * px_per_m)
    low = np.floor(trail_px.min(axis=0) - radius - 2)
    high = np.ceil(trail_px.max(axis=0) + radius + 2)
    wide, tall = (high - low).astype(int) + 1
    travelled = float(np.linalg.norm(trail_px[1] - trail_px[0]))
    looks = 1 if travelled < 0.5 else _TRAIL  # noqa: PLR2004 - px
    total = np.zeros((tall * _FINER, wide * _FINER, 4), np.float32)
    scale = radius * _FINER
    for share in (np.arange(looks) + 0.5) / looks:
        middle = ((trail_px[0] + (trail_px[1] - trail_px[0]) * share) - low + 0.5) * _FINER - 0.5
        canvas = np.zeros((*total.shape[:2], 4), np.uint8)
        _disc(canvas, middle, scale, _ink(_COLOUR, lit.dark))
        shift = np.array(lit.towards) * scale * 0.22
        _disc(canvas, middle + shift, scale * 0.76, _ink(_COLOUR, lit.bright))
        for panel in range(5):
            angle = turn + panel * 2 * np.pi / 5
            place = middle + np.array([np.cos(angle), np.sin(angle) * 0.8]) * scale * 0.58
            _disc(canvas, place, scale * 0.22, _ink(_PANEL, lit.middle))
        total += canvas
    mean = np.clip(total / looks, 0, 255).astype(np.uint8)
    return shrink(mean, _FINER, (int(low[0]), int(low[1])), far_m)


def _ink(colour: tuple[int, int, int], light: float) -> tuple[float, ...]:
    return (*(min(255.0, one * light) for one in colour), 255.0)


def _disc(canvas: Image, middle: Floats, radius: float, ink: tuple[float, ...]) -> None:
    import cv2

    at = np.rint(middle * 2**_BITS).astype(int).tolist()
    cv2.circle(canvas, at, round(radius * 2**_BITS), ink, -1, cv2.LINE_8, _BITS)
