"""What stands around a pitch: boards, fences, stands, trees, houses, as upright pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.textures import Image, rough
from edge_ingest.simulate.footage.trees import paint_trees

Floats = NDArray[np.float64]

#: At night, what floodlights do not reach is so dark.
_NIGHT = 0.22


@dataclass(frozen=True)
class Wall:
    """A flat picture in the scene.

    Attributes:
        image: blue, green, red, opacity; its rows run upwards from the ground, its columns along.
        corner_m: where its first pixel is.
        along, up: unit vectors.
        texel_m: size of a pixel.
        sways: whether wind moves it.
    """

    image: Image
    corner_m: Floats
    along: Floats
    up: Floats
    texel_m: float
    sways: bool = False


def build_walls(parameters: SceneParameters, *, is_court: bool = False) -> list[Wall]:
    """All of them, the furthest first; drawn one over the other."""
    around = parameters.surroundings
    rng = np.random.default_rng([around.seed, 3])
    half = np.array(parameters.field_m) / 2
    if is_court:
        return _around(half, 4.5, float(half[0] + 4.5), 0.03, lambda wide: _hall(rng, wide))
    # A belt of trees far away hides where the ground ends.
    walls = _around(half, 120, 330, 0.35, lambda wide: paint_trees(rng, wide, 15, 0.35, 9))
    if around.buildings:
        walls += _around(half, 75, 170, 0.15, lambda wide: _houses(rng, wide), ends=False)
    if around.trees:
        for off in (46.0, 34.0):
            high = float(rng.uniform(9, 15))
            trees = _around(
                half, off + rng.uniform(-3, 3), 130, 0.08,
                lambda wide, high=high: paint_trees(rng, wide, high, 0.08),  # type: ignore[misc]
            )  # fmt: skip
            walls += [replace(one, sways=True) for one in trees]
    if parameters.lighting.is_night:
        walls = [_dark(one) for one in walls]
    if around.masts:
        walls += _around(half, 22, 75, 0.06, lambda wide: _masts(rng, wide), ends=False)
    if around.stand:
        stand = _stand(half, rng, around.crowd, length=float(half[0] * rng.uniform(1.0, 2.0)))
        walls.append(_dark(stand, 0.5) if parameters.lighting.is_night else stand)
    if around.fence:
        walls += _around(half, 8.5, 62, 0.05, lambda wide: _fence(rng, wide))
    if around.boards:
        off = float(rng.uniform(3.2, 5.5))
        walls += _around(half, off, float(half[0] + off), 0.03, lambda wide: _boards(rng, wide))
    return walls


def _around(
    half: Floats, off: float, reach: float, texel_m: float, paint: Callable[[int], Image],
    *, ends: bool = True,
) -> list[Wall]:  # fmt: skip
    """One behind the far touchline and, with `ends`, one behind each goal."""
    up = np.array([0.0, 0.0, 1.0])
    y = half[1] + off
    walls = []
    if ends:
        deep = y + half[1] + 4
        for x, begin, along in ((-half[0] - off, y - deep, 1.0), (half[0] + off, y, -1.0)):
            corner = np.array([x, begin, 0.0])
            walls.append(
                Wall(paint(round(deep / texel_m)), corner, np.array([0, along, 0]), up, texel_m)
            )
    image = paint(round(2 * reach / texel_m))
    far = Wall(image, np.array([-reach, y, 0.0]), np.array([1.0, 0, 0]), up, texel_m)
    return [far, *walls]


def _dark(wall: Wall, share: float = _NIGHT) -> Wall:
    image = wall.image.copy()
    image[..., :3] = (image[..., :3] * share).astype(np.uint8)
    return replace(wall, image=image)


def _blank(wide: int, high_m: float, texel_m: float) -> Image:
    return np.zeros((round(high_m / texel_m), wide, 4), np.uint8)


def _houses(rng: np.random.Generator, wide: int) -> Image:
    import cv2

    texel = 0.15
    image = _blank(wide, 26, texel)
    at = round(rng.uniform(0, 60) / texel)
    while at < wide:
        broad, tall = round(rng.uniform(14, 40) / texel), round(rng.uniform(7, 24) / texel)
        tone = rng.uniform(105, 190)
        warm = rng.uniform(-10, 14)
        colour = np.clip([tone - warm, tone, tone + warm * 0.8], 0, 255)
        cv2.rectangle(image, (at, 0), (at + broad, tall), (*colour.tolist(), 255), -1)
        for floor in range(round(1.2 / texel), tall - round(2 / texel), round(3 / texel)):
            for window in range(at + round(1.5 / texel), at + broad - 10, round(2.6 / texel)):
                glass = (*(colour * rng.uniform(0.35, 0.7)).tolist(), 255)
                cv2.rectangle(
                    image, (window, floor), (window + round(1.4 / texel), floor + 9), glass, -1
                )
        at += broad + round(rng.uniform(2, 60) / texel)
    return image


def _masts(rng: np.random.Generator, wide: int) -> Image:
    import cv2

    texel = 0.06
    image = _blank(wide, 20, texel)
    tone = (108, 112, 112, 255)
    for share in (0.16, 0.5, 0.84) if rng.random() < 0.5 else (0.28, 0.72):  # noqa: PLR2004
        at = round(wide * share)
        cv2.rectangle(image, (at - 3, 0), (at + 3, round(16.5 / texel)), tone, -1)
        for row in range(3):
            level = round((16.4 + 0.8 * row) / texel)
            cv2.rectangle(image, (at - 32, level), (at + 32, level + 2), tone, -1)
            for lamp in range(-28, 29, 14):
                cv2.circle(image, (at + lamp, level + 4), 5, (214, 222, 224, 255), -1)
    return image


def _stand(half: Floats, rng: np.random.Generator, crowd: float, length: float) -> Wall:
    """A slope of seats, some of them taken."""
    import cv2

    texel, deep = 0.06, float(rng.uniform(7, 20))
    wide = round(length / texel)
    image = _blank(wide, deep, texel)
    seat = np.array([rng.uniform(60, 170), rng.uniform(50, 140), rng.uniform(50, 170)])
    image[..., :3] = (124, 126, 126)
    image[..., 3] = 255
    pitch, row_px = round(0.5 / texel), round(0.85 / texel)
    for row in range(0, image.shape[0] - row_px, row_px):
        image[row : row + 2, :, :3] = (84, 86, 86)
        for at in range(0, wide - pitch, pitch):
            if (at // pitch) % 34 in {0, 1}:
                continue  # stairs
            image[row + 3 : row + 10, at + 1 : at + pitch - 1, :3] = seat * 0.9
            if rng.random() < crowd * 0.9:
                tone = rng.uniform(25, 200)
                colour = tuple(np.clip(tone + rng.normal(0, 32, 3), 10, 230).tolist())
                skin = (110, 140, 196, 255) if rng.random() < 0.8 else (60, 84, 120, 255)  # noqa: PLR2004
                middle = at + pitch // 2
                body = (middle - 3, row + 3), (middle + 3, row + 10)
                cv2.rectangle(image, *body, (*colour, 255), -1)
                cv2.circle(image, (middle, row + 13), 2, skin, -1)
    tilt = np.radians(float(rng.uniform(22, 32)))
    up = np.array([0.0, np.cos(tilt), np.sin(tilt)])
    corner = np.array([-length / 2 + rng.uniform(-8, 8), half[1] + 9.5, 1.0])
    return Wall(image, corner, np.array([1.0, 0, 0]), up, texel)


def _fence(rng: np.random.Generator, wide: int) -> Image:
    import cv2

    texel, high = 0.05, float(rng.uniform(2.0, 5.0))
    image = _blank(wide, high, texel)
    image[..., :3] = (70, 92, 66)
    mesh = np.zeros(image.shape[:2], np.uint8)
    mesh[::3] = 60
    mesh[:, ::3] = 60
    image[..., 3] = mesh
    for at in range(0, wide, round(3 / texel)):
        cv2.rectangle(image, (at, 0), (at + 2, image.shape[0]), (64, 96, 70, 255), -1)
    cv2.rectangle(image, (0, image.shape[0] - 2), (wide, image.shape[0]), (64, 96, 70, 255), -1)
    return image


_WORDS = ("SPORT", "BANK", "RADIO 7", "AUTO", "CAFE", "FIT+", "LOGISTIK", "ENERGY", "TELECOM",
          "MILK", "TOOLS", "VISIT US", "2026", "BAKERY")  # fmt: skip


def _boards(rng: np.random.Generator, wide: int) -> Image:
    import cv2

    texel = 0.03
    image = _blank(wide, 0.95, texel)
    high = image.shape[0]
    at = 0
    while at < wide:
        broad = round(rng.uniform(3.5, 7) / texel)
        ground = rng.uniform(10, 235, 3)
        if rng.random() < 0.35:  # noqa: PLR2004 - white ones are common
            ground = np.full(3, rng.uniform(200, 235))
        ink = (235, 235, 235) if ground.mean() < 128 else (40, 34, 30)  # noqa: PLR2004
        panel = np.empty((high, broad, 3), np.uint8)
        panel[:] = ground
        word = str(rng.choice(_WORDS))
        (long, _), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, 0.75, 2)
        place = (max(2, (broad - long) // 2), high - 8)
        cv2.putText(panel, word, place, cv2.FONT_HERSHEY_DUPLEX, 0.75, ink, 2, cv2.LINE_AA)
        panel[:, -2:] = 90
        room = min(broad, wide - at)
        image[:, at : at + room, :3] = panel[::-1, :room]
        at += broad
    image[..., 3] = 255
    return image


def _hall(rng: np.random.Generator, wide: int) -> Image:
    """Wall bars, doors and a padded strip."""
    import cv2

    texel = 0.03
    image = _blank(wide, 7.5, texel)
    image[..., :3] = (168, 184, 192)
    image[..., 3] = 255
    image[: round(2.0 / texel), :, :3] = (112, 96, 70)
    share = 0.05 * rough(rng, (image.shape[0], wide), 60, 4)
    image[..., :3] = np.clip(image[..., :3] * (1 + share[..., None]), 0, 255).astype(np.uint8)
    for at in range(0, wide, round(rng.uniform(4, 7) / texel)):
        if rng.random() < 0.4:  # noqa: PLR2004
            cv2.rectangle(image, (at, 0), (at + 40, 76), (70, 84, 92, 255), -1)
        else:
            for bar in range(10, 90, 8):
                cv2.line(image, (at, bar), (at + 60, bar), (110, 150, 180, 255), 2)
    window = round(5.4 / texel)
    for at in range(20, wide, 110):
        cv2.rectangle(image, (at, window), (at + 80, window + 44), (226, 222, 214, 255), -1)
    return image
