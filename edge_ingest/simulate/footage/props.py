"""Things on the pitch that people pass behind and before: goals with nets, corner flags."""

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.markings import COURT_GOAL_M, GOAL_M
from edge_ingest.simulate.footage.sprites import Sprite, shrink

Floats = NDArray[np.float64]

_POST_M, _FLAG_M, _NET_DEPTH_M, _MESH_M = 0.12, 1.5, 2.0, 0.24
_FINER = 4
_BITS = 4
_NET_OPACITY = 90
#: A stroke: from, to (m), thickness (m), colour with opacity.
_Stroke = tuple[Floats, Floats, float, tuple[int, int, int, int]]


def draw_props(
    camera: Camera, field_m: tuple[float, float], seed: int, *, is_court: bool
) -> list[Sprite]:
    """Goals in parts (near side, far side, back), so that each is before or behind people; flags.

    Returns:
        The furthest first.
    """
    half = np.array(field_m) / 2
    wide, high = COURT_GOAL_M if is_court else GOAL_M
    rng = np.random.default_rng([seed, 29])
    tone = int(rng.uniform(190, 245))
    sprites = []
    for side in (-1, 1):
        for where, strokes in _goal(side * half[0], side, wide, high, tone):
            sprite = _strokes(camera, strokes, where)
            if sprite is not None:
                sprites.append(sprite)
        if is_court:
            continue
        for end in (-1, 1):
            foot = np.array([side * half[0], end * half[1], 0.0])
            sprite = _strokes(camera, _flag(foot, rng), foot)
            if sprite is not None:
                sprites.append(sprite)
    return sorted(sprites, key=lambda one: -one.far_m)


def _goal(
    x: float, side: int, wide: float, high: float, tone: int
) -> list[tuple[Floats, list[_Stroke]]]:
    """Parts with the place that tells how far away they are."""
    post = (tone, tone, tone, 255)
    net = (tone - 20, tone - 20, tone - 20, _NET_OPACITY)
    parts: list[tuple[Floats, list[_Stroke]]] = []
    back = x + side * _NET_DEPTH_M
    low = wide / 2 + _POST_M / 2
    strokes: list[_Stroke] = []
    for y in np.arange(-wide / 2, wide / 2 + 0.01, _MESH_M):
        strokes.append((np.array([back, y, 0]), np.array([back, y, high * 0.85]), 0.014, net))
        strokes.append((np.array([x, y, high]), np.array([back, y, high * 0.85]), 0.014, net))
    strokes += [
        (np.array([back, -low, z]), np.array([back, low, z]), 0.014, net)
        for z in np.arange(0.1, high * 0.85, _MESH_M)
    ]
    strokes.append((np.array([x, -low, high]), np.array([x, low, high]), _POST_M, post))
    parts.append((np.array([x + side * 1.0, 0, 0]), strokes))
    for y in (-low, low):
        strokes = []
        for share in np.arange(0.12, 1, 0.12):
            deep = x + side * _NET_DEPTH_M * share
            top = high * (1 - 0.15 * share)
            strokes.append((np.array([deep, y, 0]), np.array([deep, y, top]), 0.014, net))
        strokes += [
            (np.array([x, y, z]), np.array([back, y, z]), 0.014, net)
            for z in np.arange(0.1, high * 0.9, _MESH_M)
        ]
        strokes.append((np.array([x, y, 0]), np.array([x, y, high]), _POST_M, post))
        strokes.append(
            (np.array([x, y, high]), np.array([back, y, high * 0.85]), 0.05, (150, 150, 150, 255))
        )
        parts.append((np.array([x, y, 0.0]), strokes))
    return parts


def _flag(foot: Floats, rng: np.random.Generator) -> list[_Stroke]:
    top = foot + np.array([0, 0, _FLAG_M])
    colour = (40, 60, 220, 255) if rng.random() < 0.5 else (40, 220, 235, 255)  # noqa: PLR2004
    turn = rng.uniform(0, 2 * np.pi)
    tip = np.array([np.cos(turn), np.sin(turn), 0]) * 0.4
    strokes: list[_Stroke] = [(foot, top, 0.04, (60, 200, 220, 255))]
    strokes += [
        (top - [0, 0, down], top - [0, 0, down + 0.04] + tip, 0.09, colour)
        for down in np.linspace(0.05, 0.3, 4)
    ]
    return strokes


def _strokes(camera: Camera, strokes: list[_Stroke], where: Floats) -> Sprite | None:
    import cv2

    ends = np.array([[first, last] for first, last, _, _ in strokes])
    pieces = 8  # a lens bends long strokes
    share = np.linspace(0, 1, pieces + 1)[None, :, None]
    dense = ends[:, :1] * (1 - share) + ends[:, 1:] * share
    pixels = camera.project(dense.reshape(-1, 3)).reshape(len(strokes), pieces + 1, 2)
    # A side panel that ends behind the camera or beyond the lens is left out as a whole.
    if not np.isfinite(pixels).all():
        return None
    low, high = np.floor(pixels.min((0, 1)) - 4), np.ceil(pixels.max((0, 1)) + 4)
    edge = np.array([camera.width_px, camera.height_px])
    if (high < 0).any() or (low > edge).any():
        return None
    wide, tall = (high - low).astype(int) + 1
    canvas = np.zeros((tall * _FINER, wide * _FINER, 4), np.uint8)
    size = camera.upright_px(where[None, :2], 1.0)[0] * _FINER
    for line, (_, _, thick_m, colour) in zip(pixels, strokes, strict=True):
        thick = thick_m * size
        opacity = colour[3] / 255 * min(1.0, thick)  # thinner than a stroke can be: fainter
        ink = (*(one * opacity for one in colour[:3]), 255 * opacity)
        points = np.round(((line - low + 0.5) * _FINER - 0.5) * 2**_BITS).astype(np.int32)
        width = max(1, round(thick))
        if opacity >= 1:
            cv2.polylines(canvas, [points], False, ink, width, cv2.LINE_8, _BITS)
        else:
            layer = np.zeros_like(canvas)
            cv2.polylines(layer, [points], False, ink, width, cv2.LINE_8, _BITS)
            np.maximum(canvas, layer, out=canvas)
    stand = np.array([camera.x_m, camera.y_m])
    far = float(np.linalg.norm(where[:2] - stand))
    return shrink(canvas, _FINER, (int(low[0]), int(low[1])), far)
