"""What people wear: colours that are told apart, as competitions demand; a few of them hardly."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Blue, green, red, 0 to 255: the order of pictures here.
Colour = tuple[int, int, int]
Pattern = Literal["plain", "stripes", "hoops", "halves"]


@dataclass(frozen=True)
class Kit:
    """Clothes of a side.

    Attributes:
        shirt, shorts, socks: colours.
        pattern, second: of the shirt.
    """

    shirt: Colour
    shorts: Colour
    socks: Colour
    pattern: Pattern = "plain"
    second: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Kits:
    """Clothes of everybody."""

    home: Kit
    away: Kit
    home_keeper: Kit
    away_keeper: Kit
    referee: Kit


#: Red, green, blue of shirts that are worn.
_SHIRTS = {
    "white": (236, 238, 240), "off white": (220, 218, 205), "red": (190, 24, 32),
    "dark red": (120, 20, 36), "royal blue": (24, 60, 170), "navy": (22, 30, 66),
    "sky": (120, 178, 226), "yellow": (236, 206, 36), "orange": (232, 106, 24),
    "green": (24, 124, 62), "black": (28, 28, 32), "purple": (88, 44, 130),
    "light grey": (176, 180, 186), "turquoise": (30, 160, 170),
}  # fmt: skip
_KEEPERS = {
    "lime": (176, 226, 40), "orange": (244, 120, 30), "pink": (230, 90, 150),
    "yellow": (244, 222, 50), "light green": (90, 200, 110), "violet": (130, 80, 190),
    "red": (214, 40, 46), "light blue": (90, 190, 236), "grey": (130, 134, 140),
}  # fmt: skip
_REFEREES = {
    "black": (24, 24, 28), "yellow": (226, 224, 60), "light blue": (104, 182, 220),
    "red": (206, 58, 66), "green": (60, 176, 110),
}  # fmt: skip
#: Least distance of two shirts, CIE L*a*b*: of sides (most scenes, and the hard ones), and of
#: whoever else is to be known by the shirt.
_SIDES_APART, _SIDES_APART_HARD, _OTHERS_APART = 48.0, 26.0, 34.0
_HARD_SHARE = 0.2


def draw_kits(rng: np.random.Generator) -> Kits:
    """Clothes of a match at random."""
    apart = _SIDES_APART_HARD if rng.random() < _HARD_SHARE else _SIDES_APART
    home = _choose(_SHIRTS, [], 0.0, rng)
    away = _choose(_SHIRTS, [home], apart, rng)
    referee = _choose(_REFEREES, [home, away], _OTHERS_APART, rng)
    first = _choose(_KEEPERS, [home, away, referee], _OTHERS_APART, rng)
    second = _choose(_KEEPERS, [home, away, referee, first], _OTHERS_APART * 0.7, rng)
    sides = [_kit(shirt, other, rng) for shirt, other in ((home, away), (away, home))]
    dark = _bgr(_REFEREES["black"])
    keepers = [
        Kit(_bgr(shirt), dark if rng.random() < 0.5 else _bgr(shirt), _bgr(shirt))  # noqa: PLR2004
        for shirt in (first, second)
    ]
    return Kits(sides[0], sides[1], keepers[0], keepers[1], Kit(_bgr(referee), dark, dark))


def lab(colour: tuple[int, int, int]) -> Floats:
    """CIE 1976 L*a*b* (D65) of red, green, blue."""
    share = np.array(colour, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    xyz = _TO_XYZ @ linear / _WHITE
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)  # noqa: PLR2004
    return np.array(
        [116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])], np.float64
    )


def _choose(
    palette: dict[str, tuple[int, int, int]],
    taken: list[tuple[int, int, int]],
    apart: float,
    rng: np.random.Generator,
) -> tuple[int, int, int]:
    """One that is far enough from all that are taken; the furthest if none is."""
    names = [str(name) for name in rng.permutation(list(palette))]

    def least(name: str) -> float:
        return min((float(np.linalg.norm(lab(palette[name]) - lab(one))) for one in taken),
                   default=np.inf)  # fmt: skip

    far = [name for name in names if least(name) >= apart]
    return palette[far[0] if far else max(names, key=least)]


def _kit(shirt: tuple[int, int, int], other: tuple[int, int, int], rng: np.random.Generator) -> Kit:
    """Shorts as the shirt, white or dark, as happens; a second colour that is not the other's."""
    white, dark = (232, 234, 236), (26, 28, 34)
    shorts = (shirt, white, dark)[int(rng.choice(3, p=[0.5, 0.25, 0.25]))]
    socks = (shirt, shorts)[int(rng.choice(2, p=[0.65, 0.35]))]
    pattern: Pattern = "plain"
    if rng.random() < 0.3:  # noqa: PLR2004 - as many real ones are
        pattern = ("stripes", "hoops", "halves")[int(rng.integers(3))]
    second = max((white, dark), key=lambda one: float(np.linalg.norm(lab(one) - lab(other))))
    return Kit(_bgr(shirt), _bgr(shorts), _bgr(socks), pattern, _bgr(second))


def _bgr(colour: tuple[int, int, int]) -> Colour:
    return colour[2], colour[1], colour[0]


_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])
