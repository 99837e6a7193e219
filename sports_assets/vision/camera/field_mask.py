"""Where in the picture people play: the grass, with what stands and is painted on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.frames import Image

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

#: The mask is found on a picture of at most this width: a person of the far side is a pixel.
_WIDTH_PX = 640
#: Less of the picture than this is a lawn beside something else.
_LEAST_SHARE = 0.08
#: Grass is at least as green as red, dry as it may be, and greener than blue: wooden floors, clay
#: and blue courts are not. On the linear values of a picture of any exposure.
_LEAST_GREEN_TO_RED, _LEAST_GREEN_TO_BLUE = 0.95, 1.04
#: How far the colour of one pitch spreads, CIE L*a*b*: mowing stripes and worn patches above,
#: compression below; in standard deviations thereafter.
_LEAST_SPREAD, _MOST_SPREAD, _GATE = 3.0, 9.0, 3.0
#: Lightness is left free between deep shade and full sun, L*.
_SHADE, _SUN = 30.0, 35.0
#: In so much less light L* + 16, a* and b* all shrink alike (CIE 1976: they are differences of cube
#: roots): what is divided by that is the same in shade and sun. Not by less or more than this: of
#: black pixels noise is all that would be left.
_BLACK, _LEAST_LIGHT, _MOST_LIGHT = 16.0, 0.5, 2.0
#: Trees, hedges and stands vary from pixel to pixel more than grass does: standard deviation of
#: lightness over 5 pixels, as a multiple of the grass's own median, and within these bounds, L*.
_ROUGHNESS, _LEAST_ROUGHNESS, _MOST_ROUGHNESS = 3.0, 2.5, 6.0
#: A line is rough along its edges, leaves are all over: share of rough pixels in a square of so
#: many pixels.
_ROUGH_SHARE, _ROUGH_SQUARE = 0.5, 15
#: What that takes off the edges of even grass, on both sides together, px.
_EDGE = 9
#: Lines, people and shadows are closed over at most this share of the picture's width.
_CLOSED = 0.02
#: What the lower edge cuts off is filled up to this share of the picture.
_BAY, _BAY_COLOURED = 0.005, 0.3


@dataclass(frozen=True)
class NoGrass:
    """There is no grass pitch in the picture.

    Attributes:
        reason: what was found instead, and what to do.
    """

    reason: str


def field_mask(background: Image) -> Mask | NoGrass:
    """The largest of `field_masks`."""
    found = field_masks(background)
    return found if isinstance(found, NoGrass) else found[0]


def field_masks(background: Image) -> tuple[Mask, ...] | NoGrass:
    """Pixels of the pitch and of the grass around it, with lines, people and shadows on it.

    The colour is learnt from the picture: it is the commonest one, of even texture, that grass can
    have. A lawn behind a fence or a track is another mask: which one has the pitch's lines, the
    search for the camera says.

    Args:
        background: blue, green, red: height × width × 3.

    Returns:
        The largest first: height × width each.
    """
    import cv2

    height, width = background.shape[:2]
    scale = min(1.0, _WIDTH_PX / width)
    size = (round(width * scale), round(height * scale))
    small = np.asarray(cv2.resize(background, size, interpolation=cv2.INTER_AREA), np.uint8)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)
    rough = _roughness(lab[..., 0])
    seed = _may_be_grass(small) & (rough < _MOST_ROUGHNESS)
    if seed.mean() < _LEAST_SHARE:
        return NoGrass(_nothing(float(seed.mean())))
    light = _light(lab[..., 0], seed)
    coloured = _of_one_colour(lab[..., 0], lab[..., 1:] / light[..., None], seed)
    left = _even(coloured, seed, rough / light)
    masks: list[Mask] = []
    while True:
        sure = _patch(left)
        # It was left without its edges: as far as its colour goes they are it.
        square = np.ones((_EDGE, _EDGE), np.uint8)
        beside = cv2.dilate(sure.astype(np.uint8), square) > 0
        grass = _without_bays(_patch(sure | (beside & coloured)), coloured)
        share = float(grass.mean())
        if share < _LEAST_SHARE:
            return tuple(masks) if masks else NoGrass(_nothing(share))
        large = cv2.resize(
            grass.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
        )
        masks.append(large > 0.5)  # noqa: PLR2004 - the middle of an edge
        left, coloured = left & ~(sure | grass), coloured & ~grass


def _nothing(share: float) -> str:
    return (
        f"no grass pitch: {share:.0%} of the picture can be grass, and {_LEAST_SHARE:.0%} is the "
        "least; indoor courts are not calibrated by themselves: give a calibration file"
    )


def _roughness(lightness: Floats) -> Floats:
    import cv2

    mean = cv2.blur(lightness, (5, 5))
    spread = np.sqrt(np.maximum(cv2.blur(lightness**2, (5, 5)) - mean**2, 0))
    return np.asarray(spread, np.float32)


def _share(mask: Mask, square: int) -> Floats:
    import cv2

    return np.asarray(cv2.blur(mask.astype(np.float32), (square, square)), np.float32)


def _may_be_grass(small: Image) -> Mask:
    blue, green, red = (small[..., one].astype(np.float32) + 1 for one in range(3))
    return (green > _LEAST_GREEN_TO_RED * red) & (green > _LEAST_GREEN_TO_BLUE * blue)


def _light(lightness: Floats, seed: Mask) -> Floats:
    """By how much colours and their spread are stronger than in the light of the median seed."""
    usual = float(np.median(lightness[seed]))
    light = (lightness + _BLACK) / (usual + _BLACK)
    return np.asarray(np.clip(light, _LEAST_LIGHT, _MOST_LIGHT), np.float32)


def _of_one_colour(lightness: Floats, hues: Floats, seed: Mask) -> Mask:
    """Pixels of the commonest colour among the seeds, and not much lighter or darker.

    Args:
        lightness: L*: height × width.
        hues: a* and b* in one light: height × width × 2.
    """
    colours = hues[seed]
    counts, a_edges, b_edges = np.histogram2d(
        colours[:, 0], colours[:, 1], bins=64, range=[[-64, 64], [-64, 64]]
    )
    counts = _smooth(counts)
    at = np.unravel_index(int(np.argmax(counts)), counts.shape)
    centre = np.array([a_edges[at[0]] + 1, b_edges[at[1]] + 1])
    spread = np.diag([_MOST_SPREAD**2 / 4] * 2)
    for _ in range(5):  # its mean and spread, without what lies far off
        near = _distance(colours, centre, spread) < _GATE
        centre = colours[near].mean(axis=0)
        spread = _limited(np.cov(colours[near].T))
    near_all = _distance(hues.reshape(-1, 2), centre, spread).reshape(seed.shape) < _GATE
    light = lightness - float(np.median(lightness[near_all & seed]))
    return np.asarray(near_all & (light > -_SHADE) & (light < _SUN), np.bool_)


def _even(coloured: Mask, seed: Mask, rough: Floats) -> Mask:
    """Of these the pixels that are as even as grass is in that light, and not among leaves."""
    even = _ROUGHNESS * float(np.median(rough[coloured & seed]))
    is_rough = rough > min(max(even, _LEAST_ROUGHNESS), _MOST_ROUGHNESS)
    is_rough |= _share(is_rough, _ROUGH_SQUARE) > _ROUGH_SHARE
    return np.asarray(coloured & ~is_rough, np.bool_)


def _smooth(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    return np.asarray(cv2.GaussianBlur(counts, (0, 0), 1.5), np.float64)


def _distance(
    colours: NDArray[np.float32], centre: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    off = colours.astype(np.float64) - centre
    apart = np.einsum("ij,jk,ik->i", off, np.linalg.inv(spread), off)
    return np.asarray(np.sqrt(apart), np.float64)


def _limited(spread: NDArray[np.float64]) -> NDArray[np.float64]:
    values, axes = np.linalg.eigh(spread)
    values = np.clip(values, _LEAST_SPREAD**2, _MOST_SPREAD**2)
    return np.asarray(axes @ np.diag(values) @ axes.T, np.float64)


def _patch(grass: Mask) -> Mask:
    """The largest patch of it, without its holes and threads."""
    import cv2

    reach = max(3, round(grass.shape[1] * _CLOSED)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    dot = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = cv2.morphologyEx(grass.astype(np.uint8), cv2.MORPH_OPEN, dot)
    padded = cv2.copyMakeBorder(opened, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach]
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc[::2, ::2])
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    if len(stats) < 2:  # noqa: PLR2004 - the first is what is left over
        return np.zeros_like(grass)
    largest = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    outlines, _ = cv2.findContours(
        largest.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros(grass.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled.astype(bool)


def _without_bays(grass: Mask, coloured: Mask) -> Mask:
    """With what the lower edge of the picture cuts off: text beside the line, heads of people.

    What is large must be of the grass's colour to a good part, as text on it is and a stand is not.
    """
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (~grass).astype(np.uint8), connectivity=4
    )
    for one in np.setdiff1d(np.unique(labels[-1]), np.unique(labels[0])):
        bay = labels == one
        is_small = stats[one, cv2.CC_STAT_AREA] < _BAY * grass.size
        if not grass[bay].any() and (is_small or coloured[bay].mean() > _BAY_COLOURED):
            grass = grass | bay
    return grass
