"""People as pictures: limbs as tapered rods, drawn larger than they are seen and then shrunk."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.gait import AT
from edge_ingest.simulate.footage.kits import Colour, Kit
from edge_ingest.simulate.footage.sensor import Development
from edge_ingest.simulate.footage.sprites import Sprite, shrink

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

#: Fraction bits of places that OpenCV draws at.
_BITS = 4
#: Points of each round end.
_ROUND = 5

#: Rods: from joint, to joint, how far along it begins and ends, radius at each end (m), colour.
_LIMBS = {
    "leg": (
        ("hip", "knee", 0.0, 1.0, 0.078, 0.056, "skin"),
        ("ankle", "toe", -0.1, 1.0, 0.042, 0.036, "boots"),
        ("heel", "ankle", 0.0, 1.0, 0.036, 0.044, "boots"),
        ("knee", "ankle", 0.08, 1.0, 0.060, 0.041, "socks"),
        ("hip", "knee", 0.0, 0.68, 0.094, 0.096, "shorts"),
    ),
    "arm": (
        ("elbow", "wrist", 0.0, 1.08, 0.041, 0.030, "forearm"),
        ("shoulder", "elbow", 0.0, 1.0, 0.050, 0.042, "skin"),
        ("shoulder", "elbow", 0.0, 0.72, 0.062, 0.063, "sleeve"),
    ),
}  # fmt: skip
_NAMES = ("leg_l", "leg_r", "arm_l", "arm_r")


def _table(column: int) -> Floats:
    """A column of `_LIMBS`, for the limbs of `_NAMES` one after the other."""
    rows = []
    for name in _NAMES:
        kind, side = name.split("_")
        for rod in _LIMBS[kind]:
            value = rod[column]
            rows.append(AT[f"{value}_{side}"] if isinstance(value, str) else value)
    return np.array(rows)


_FIRST, _SECOND = _table(0).astype(int), _table(1).astype(int)
_BEGIN, _END, _R0, _R1 = _table(2), _table(3), _table(4), _table(5)
_COLOURS = {name: [rod[6] for rod in _LIMBS[name[:3]]] for name in _NAMES}
_SLICES = {"leg_l": slice(0, 5), "leg_r": slice(5, 10), "arm_l": slice(10, 13),
           "arm_r": slice(13, 16)}  # fmt: skip
#: Half a circle, as complex numbers, from the left of a rod's way around its back to the right.
_HALF = np.exp(1j * (np.pi / 2 + np.linspace(0, np.pi, _ROUND)))
_CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 9)[:-1])
#: How much of a rod is in the light, and how far that is shifted towards it (of its radius).
_LIT_SHARE, _LIT_SHIFT = 0.72, 0.28


@dataclass(frozen=True)
class Lit:
    """Light on people: where it comes from in the picture (unit, y down), how bright each side."""

    towards: tuple[float, float]
    dark: float
    bright: float

    def times(self, gain: float) -> "Lit":
        """The same light, stronger or weaker."""
        return Lit(self.towards, self.dark * gain, self.bright * gain)

    @property
    def middle(self) -> float:
        """Of what is neither on one side nor on the other."""
        return (self.dark + self.bright) / 2


@dataclass(frozen=True)
class Look:
    """Colours of someone, and what else there is to see.

    Attributes:
        kit, skin, hair, boots: colours.
        long_sleeves: whether arms are covered.
        number: on the back; 0: none.
        flag: that is carried, by an assistant referee.
    """

    kit: Kit
    skin: Colour
    hair: Colour
    boots: Colour
    long_sleeves: bool
    number: int = 0
    flag: Colour | None = None

    def developed(self, development: Development) -> "Look":
        """In the colours that the camera gives them."""
        tone = development.of_colour
        kit = replace(
            self.kit, shirt=tone(self.kit.shirt), shorts=tone(self.kit.shorts),
            socks=tone(self.kit.socks), second=tone(self.kit.second),
        )  # fmt: skip
        return replace(
            self, kit=kit, skin=tone(self.skin), hair=tone(self.hair), boots=tone(self.boots),
            flag=self.flag and tone(self.flag),
        )  # fmt: skip


def draw_figure(
    pixels: Floats, depth_m: Floats, px_per_m: float, look: Look, lit: Lit, *, far_m: float
) -> Sprite | None:
    """Draw someone.

    Args:
        pixels: of the joints: joints × 2.
        depth_m: distance of the joints from the camera: joints.
        px_per_m: size of a metre at that place.
        look: colours.
        lit: light.
        far_m: of the ground below from the camera.

    Returns:
        None where some of it cannot be seen by the lens.
    """
    import cv2

    if not np.isfinite(pixels).all():
        return None
    pad = 0.16 * px_per_m + 2 + (0.5 * px_per_m if look.flag else 0)
    low, high = np.floor(pixels.min(axis=0) - pad), np.ceil(pixels.max(axis=0) + pad)
    wide, tall = (high - low).astype(int) + 1
    finer = 8 if tall < 40 else 4 if tall < 130 else 2  # noqa: PLR2004 - about 300 rows
    canvas = np.zeros((tall * finer, wide * finer, 4), np.uint8)
    spots = (pixels - low + 0.5) * finer - 0.5
    for shape, colour in _ordered(spots, depth_m, px_per_m * finer, look, lit):
        cv2.fillConvexPoly(canvas, shape, colour, cv2.LINE_8, _BITS)
    return shrink(canvas, finer, (int(low[0]), int(low[1])), far_m)


def outlines_of(spots: Floats, scale: float, limbs: tuple[str, ...]) -> list[NDArray[np.int32]]:
    """Outlines of a body, for shadows: trunk, head and limbs.

    Args:
        spots: of the joints, px: joints × 2.
        scale: size of a metre, px.
        limbs: which: `leg_l`, `leg_r`, `arm_l`, `arm_r`.
    """
    points = spots[:, 0] + 1j * spots[:, 1]
    shapes = [_hull(points, scale, 0.08, 0.085)]
    head = np.array([AT["chin"]]), np.array([AT["crown"]])
    radius = np.array([0.1 * scale])
    shapes.append(_rods(points[head[0]], points[head[1]], radius, radius)[0])
    first, last = points[_FIRST], points[_SECOND]
    rods = _rods(first + (last - first) * _BEGIN, first + (last - first) * _END, _R0 * scale,
                 _R1 * scale)  # fmt: skip
    for name in limbs:
        shapes += list(rods[_SLICES[name]])
    return shapes


#: Outlines with their colours, in the order in which they are drawn.
_Shapes = list[tuple[NDArray[np.int32], tuple[float, float, float, float]]]


def _ordered(spots: Floats, depth: Floats, scale: float, look: Look, lit: Lit) -> _Shapes:
    """Shapes with colours, from the far limbs to the near ones."""
    points = spots[:, 0] + 1j * spots[:, 1]
    kit = look.kit
    sleeve = kit.second if kit.pattern == "halves" else kit.shirt
    colours = {
        "skin": look.skin, "shorts": kit.shorts, "socks": kit.socks, "boots": look.boots,
        "sleeve": sleeve, "forearm": sleeve if look.long_sleeves else look.skin,
    }  # fmt: skip
    inks = {
        name: (_ink(colour, lit.dark), _ink(colour, lit.bright)) for name, colour in colours.items()
    }
    towards = complex(*lit.towards)
    first, last = points[_FIRST], points[_SECOND]
    first, last = first + (last - first) * _BEGIN, first + (last - first) * _END
    r0, r1 = np.maximum(_R0 * scale, 0.6), np.maximum(_R1 * scale, 0.6)
    aside = towards * (r0 + r1) * (_LIT_SHIFT / 2)
    dark = _rods(first, last, r0, r1)
    bright = _rods(first + aside, last + aside, r0 * _LIT_SHARE, r1 * _LIT_SHARE)

    def limb(name: str) -> _Shapes:
        shapes: _Shapes = []
        for number, colour in zip(
            range(_SLICES[name].start, _SLICES[name].stop), _COLOURS[name], strict=True
        ):
            shapes.append((dark[number], inks[colour][0]))
            shapes.append((bright[number], inks[colour][1]))
        return shapes

    near, far = ("l", "r") if depth[AT["shoulder_l"]] < depth[AT["shoulder_r"]] else ("r", "l")
    leg_near, leg_far = ("l", "r") if depth[AT["knee_l"]] < depth[AT["knee_r"]] else ("r", "l")
    hip_l, hip_r = points[[AT["hip_l"]]], points[[AT["hip_r"]]]
    radius = np.array([0.10 * scale])
    hips = (_rods(hip_l, hip_r, radius, radius)[0],
            _ink(kit.shorts, lit.middle))  # fmt: skip
    flag = _flag(points, scale, look.flag, lit) if look.flag else []
    is_back = depth[AT["toe_l"]] + depth[AT["toe_r"]] > depth[AT["heel_l"]] + depth[AT["heel_r"]]
    return [
        *(flag if far == "r" else ()), *limb(f"arm_{far}"), *limb(f"leg_{leg_far}"),
        *limb(f"leg_{leg_near}"), hips,
        *_trunk(points, scale, look, lit, is_back=bool(is_back)),
        *_head(points, scale, look, lit), *limb(f"arm_{near}"), *(flag if near == "r" else ()),
    ]  # fmt: skip


def _trunk(
    points: NDArray[np.complex128], scale: float, look: Look, lit: Lit, *, is_back: bool
) -> _Shapes:
    """The shirt, with its pattern, a number on the back, and light from one side."""
    kit = look.kit
    shapes: _Shapes = [(_hull(points, scale, 0.078, 0.088), _ink(kit.shirt, lit.dark))]
    shift = complex(*lit.towards) * 0.028 * scale
    inner = _hull(points + shift, scale, 0.052, 0.062)
    shapes.append((inner, _ink(kit.shirt, lit.bright)))
    left, right = points[AT["shoulder_l"]], points[AT["shoulder_r"]]
    low_l, low_r = points[AT["hip_l"]], points[AT["hip_r"]]
    up = 0.06j * scale

    def patch(a: float, b: float, top: float, bottom: float) -> NDArray[np.int32]:
        """A part of the shirt: shares from left to right and from top to bottom."""
        found = []
        for across, down in ((a, top), (b, top), (b, bottom), (a, bottom)):
            high = left + (right - left) * across
            low = low_l + (low_r - low_l) * (0.5 + (across - 0.5) * 1.35)
            found.append(high + (low - high) * down - up * (1 - 2 * down))
        return _fixed(np.array(found))

    second = _ink(kit.second, lit.middle)
    if kit.pattern == "stripes":
        shapes += [(patch(a, a + 0.2, 0, 1), second) for a in (0.0, 0.4, 0.8)]
    elif kit.pattern == "hoops":
        shapes += [(patch(-0.2, 1.2, a, a + 0.17), second) for a in (0.05, 0.4, 0.75)]
    elif kit.pattern == "halves":
        shapes.append((patch(0.5, 1.2, 0, 1), second))
    if is_back and look.number and scale > _LEGIBLE_PX:
        dark = sum(kit.shirt) < 330  # noqa: PLR2004 - of 765
        ink = _ink((235, 235, 235) if dark else (30, 28, 28), lit.bright)
        digits = [int(one) for one in str(look.number)]
        for place, digit in enumerate(digits):
            from_ = 0.5 + (place - len(digits) / 2) * 0.26
            shapes += [
                (patch(from_ + a * 0.2, from_ + b * 0.2, 0.2 + top * 0.4, 0.2 + low * 0.4),
                 ink)
                for a, b, top, low in (_STROKES[one] for one in _DIGITS[digit])
            ]  # fmt: skip
    return shapes


#: A number is drawn where a metre of the canvas is at least so large, px.
_LEGIBLE_PX = 110.0
#: Strokes of digits, as shares: left, right, top, bottom.
_STROKES = {
    "top": (0.0, 1.0, 0.0, 0.18), "middle": (0.0, 1.0, 0.42, 0.58), "low": (0.0, 1.0, 0.82, 1.0),
    "left top": (0.0, 0.3, 0.0, 0.5), "right top": (0.7, 1.0, 0.0, 0.5),
    "left low": (0.0, 0.3, 0.5, 1.0), "right low": (0.7, 1.0, 0.5, 1.0),
}  # fmt: skip
_DIGITS = (
    ("top", "low", "left top", "right top", "left low", "right low"),
    ("right top", "right low"),
    ("top", "right top", "middle", "left low", "low"),
    ("top", "right top", "middle", "right low", "low"),
    ("left top", "middle", "right top", "right low"),
    ("top", "left top", "middle", "right low", "low"),
    ("top", "left top", "middle", "left low", "right low", "low"),
    ("top", "right top", "right low"),
    ("top", "middle", "low", "left top", "right top", "left low", "right low"),
    ("top", "middle", "low", "left top", "right top", "right low"),
)


def _flag(points: NDArray[np.complex128], scale: float, colour: Colour, lit: Lit) -> _Shapes:
    """A flag that hangs from the right hand."""
    hand = points[AT["wrist_r"]]
    low = hand + (0.08 + 0.42j) * scale
    ends = np.array([hand, hand + (low - hand) * 0.45]), np.array([low, low])
    radii = np.array([0.014, 0.10]) * scale
    rods = _rods(*ends, radii, radii * [1, 0.8])
    return [(rods[0], _ink((40, 40, 44), lit.middle)), (rods[1], _ink(colour, lit.middle))]


def _head(points: NDArray[np.complex128], scale: float, look: Look, lit: Lit) -> _Shapes:
    chin, crown, neck = points[AT["chin"]], points[AT["crown"]], points[AT["neck"]]
    middle = (points[AT["shoulder_l"]] + points[AT["shoulder_r"]]) / 2
    # The face is where the toes point to.
    toes = points[AT["toe_l"]] + points[AT["toe_r"]] - points[AT["heel_l"]] - points[AT["heel_r"]]
    toes = toes / max(1e-6, abs(toes))
    ahead = toes.real * 0.025 * scale
    facing = toes.imag  # downwards in the picture: towards the camera
    rise = crown - chin
    low = 0.62 if facing > 0.25 else 0.42 if facing > -0.25 else 0.28  # noqa: PLR2004
    rods: list[tuple[complex, complex, float, float, Colour]] = [
        (middle, neck, 0.055, 0.052, look.skin),
        (chin + rise * 0.30, chin + rise * 0.62, 0.082, 0.098, look.skin),
        (chin + rise * low - ahead, chin + rise * 0.72 - ahead,
         0.088 if low > 0.5 else 0.096, 0.098, look.hair),  # noqa: PLR2004
    ]  # fmt: skip
    if facing > -0.25:  # noqa: PLR2004 - not from behind
        face = chin + rise * 0.42 + ahead * 1.3
        rods.append((face, face + rise * 0.08, 0.068, 0.072, look.skin))
    first, last = np.array([one[0] for one in rods]), np.array([one[1] for one in rods])
    r0 = np.array([max(0.6, one[2] * scale) for one in rods])
    r1 = np.array([max(0.6, one[3] * scale) for one in rods])
    aside = complex(*lit.towards) * (r0 + r1) * (_LIT_SHIFT / 2)
    dark = _rods(first, last, r0, r1)
    bright = _rods(first + aside, last + aside, r0 * _LIT_SHARE, r1 * _LIT_SHARE)
    shapes: _Shapes = []
    for number, rod in enumerate(rods):
        shapes.append((dark[number], _ink(rod[4], lit.dark)))
        shapes.append((bright[number], _ink(rod[4], lit.bright)))
    return shapes


def _ink(colour: Colour, light: float) -> tuple[float, float, float, float]:
    blue, green, red = colour
    return min(255.0, blue * light), min(255.0, green * light), min(255.0, red * light), 255.0


def _hull(
    points: NDArray[np.complex128], scale: float, shoulder: float, hip: float
) -> NDArray[np.int32]:
    """Outline of the trunk: around shoulders and hips."""
    import cv2

    corners = points[[AT["shoulder_l"], AT["shoulder_r"], AT["hip_l"], AT["hip_r"]]]
    radii = np.array([shoulder, shoulder, hip, hip]) * scale
    ring = corners[:, None] + radii[:, None] * _CIRCLE[None]
    return np.asarray(cv2.convexHull(_fixed(ring.ravel())), np.int32)


def _rods(
    first: NDArray[np.complex128], last: NDArray[np.complex128], r0: Floats, r1: Floats
) -> NDArray[np.int32]:
    """Outlines of rods with round ends: n × points × 2."""
    along = last - first
    length = np.abs(along)
    way = np.where(length > 1e-6, along / np.maximum(length, 1e-6), 1.0)[:, None]  # noqa: PLR2004
    points = np.concatenate(
        [first[:, None] + r0[:, None] * way * _HALF, last[:, None] - r1[:, None] * way * _HALF], 1
    )
    return _fixed(points)


def _fixed(points: NDArray[np.complex128]) -> NDArray[np.int32]:
    """Complex places to OpenCV's whole numbers: … × 2."""
    flat = np.ascontiguousarray(points).view(np.float64).reshape(*points.shape, 2)
    return np.asarray(np.rint(flat * 2**_BITS), np.int32)
