"""How dark shadows are in a scene is learnt from the scene; dark clothes stay people."""

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.shadows import Shadows

Singles = NDArray[np.float32]

_GRASS = np.array([100.0, 116.0, 106.0])
_NOISE = 1.0
_LOOKS, _PIXELS = 30, 1500


def _pixels(
    share: NDArray[np.float64], tint: tuple[float, float], chance: np.random.Generator
) -> Singles:
    """The grass in so much of its light (n), and so much of another colour the darker it is."""
    chroma = 128 + (_GRASS[1:] - 128) * share[:, None] + np.array(tint) * (1 - share)[:, None]
    exact = np.column_stack([_GRASS[0] * share, chroma])
    return np.asarray(exact + chance.normal(0, _NOISE, exact.shape), np.float32)


def _asked(shadows: Shadows, pixels: Singles) -> float:
    """Share of pixels on the grass that are told to be shadow."""
    still = np.broadcast_to(_GRASS.astype(np.float32), pixels.shape)
    is_shadow, _, may_be = shadows.are(pixels, still, np.full_like(pixels, _NOISE))
    assert may_be[is_shadow].all()
    return float(is_shadow.mean())


def _sunny(chance: np.random.Generator) -> Singles:
    """Dark bluish cores of shadows, and a third as many pixels of clothes, dark and black."""
    cores = chance.normal(0.42, 0.02, _PIXELS)
    return np.concatenate(
        [
            _pixels(cores, (-9.0, 2.0), chance),
            _pixels(chance.uniform(0.15, 0.9, _PIXELS // 3), (4.0, 10.0), chance),
        ]
    )


def test_dark_and_bluish_shadows_of_a_scene_are_known_after_some_looks() -> None:
    chance = np.random.default_rng(1)
    shadows = Shadows()
    core = _pixels(chance.normal(0.42, 0.02, 500), (-9.0, 2.0), chance)
    assert _asked(shadows, core) < 0.1
    for _ in range(_LOOKS):
        _asked(shadows, _sunny(chance))
    assert _asked(shadows, core) > 0.9
    black = _pixels(np.full(500, 0.25), (4.0, 10.0), chance)
    assert _asked(shadows, black) < 0.05


def test_where_only_clothes_are_dark_they_stay_people() -> None:
    chance = np.random.default_rng(2)
    shadows = Shadows()
    clothes = _pixels(chance.uniform(0.2, 0.44, 500), (0.0, 0.0), chance)
    for _ in range(_LOOKS):
        _asked(shadows, _pixels(chance.uniform(0.15, 0.9, _PIXELS), (0.0, 0.0), chance))
    assert _asked(shadows, clothes) < 0.05


def test_faint_shadows_leave_dark_clothes_alone() -> None:
    chance = np.random.default_rng(3)
    shadows = Shadows()
    for _ in range(_LOOKS):
        _asked(shadows, _pixels(chance.normal(0.75, 0.04, _PIXELS), (0.0, 0.0), chance))
    assert _asked(shadows, _pixels(np.full(500, 0.40), (0.0, 0.0), chance)) < 0.05
    assert _asked(shadows, _pixels(np.full(500, 0.75), (0.0, 0.0), chance)) > 0.9


def test_what_legs_tinge_beside_a_known_shadow_is_told_apart() -> None:
    """Only once the scene's shadows are known, and neither black cloth nor what is in the light."""
    chance = np.random.default_rng(4)
    shadows = Shadows()
    still = np.broadcast_to(_GRASS.astype(np.float32), (500, 3))

    def tinged(share: float, by: float) -> float:
        pixels = _pixels(np.full(500, share), (-4.0, -4.0), chance)
        pixels[:, 2] += by  # red socks
        return float(shadows.are(pixels, still, np.full_like(pixels, _NOISE))[1].mean())

    assert tinged(0.55, 8.0) == 0
    for _ in range(_LOOKS):
        _asked(shadows, _pixels(chance.normal(0.55, 0.03, _PIXELS), (-4.0, -4.0), chance))
    assert tinged(0.55, 8.0) > 0.9
    assert tinged(0.55, 30.0) < 0.05
    assert tinged(0.3, 8.0) < 0.05
    assert tinged(0.9, 8.0) < 0.05
