"""Small things that stand out of the ground: a filter of the ball's size at every place.

The brightness that a frame has beyond the background, in the colour in which it has most, is
averaged over boxes of the ball's size, less the average around (a blob filter of box sums, as
Bay, Tuytelaars & Van Gool 2006 approximate theirs). A larger ball is looked at in a reduced
picture, so that the cost is that of the far half of the pitch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.ball.size import BallSize
from sports_assets.vision.frames import Image

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Least brightness beyond the surroundings, of 255; a coder hides less than that.
_LEAST_CONTRAST = 4.0
#: And in deviations of what the filter answers where nothing is.
_LEAST_DEVIATIONS = 5.0
#: Most peaks of a frame that are looked at: people in motion give several each.
MOST_PEAKS = 96
#: What differs from the background by no more than this is at rest, of 255.
_NOT_RESTING = 12
#: Side of the filter in the reduced picture, px, and up to which size of ball it serves.
_SIDES = ((3, 3.9), (5, 6.0), (7, np.inf))
#: A picture is reduced by two as long as the ball stays about half as large as this in it, px.
_REDUCE_ABOVE = 7.0
#: A blob ends where it is less than this share of its brightest.
_EDGE = 0.45
#: Light is told from every so manieth pixel, in so many steps of the background's.
_SAMPLED, _LIGHT_STEPS = 12, 32
#: Half of the piece of picture that is looked at around a candidate, in sides of the filter.
_REACH = 2.0


@dataclass(frozen=True)
class Band:
    """A part of the picture over which one size of filter serves.

    Attributes:
        left, top, right, bottom: the rectangle around it, px.
        reduced: by how much its picture is.
        side: of the filter in the reduced picture, px.
        is_here: 255 where it is the band's, in the reduced picture.
        background: reduced.
    """

    left: int
    top: int
    right: int
    bottom: int
    reduced: int
    side: int
    is_here: NDArray[np.uint8]
    background: Image


@dataclass(frozen=True)
class Peak:
    """Where the filter answers most, in its band's reduced picture.

    Attributes:
        contrast: the answer, of 255.
        rank: the same, less what is beyond the background in a wider box: which are looked at.
        x, y: place.
        band: of it.
        piece, background: the band's picture, and the background in the light of the frame.
        beyond: its brightness beyond the background.
    """

    contrast: float
    rank: float
    x: int
    y: int
    band: Band
    piece: Image
    background: Image
    beyond: Image


def bands(region: Mask, background: Image, size: BallSize) -> list[Band]:
    """Parts of a region by the ball's size in them, each within a rectangle."""
    import cv2

    height, width = region.shape
    grown = cv2.resize(size.grid_px.astype(np.float32), None, fx=size.step_px, fy=size.step_px)
    diameter = grown[:height, :width]
    reduced = 2.0 ** np.maximum(np.floor(np.log2(np.maximum(diameter / _REDUCE_ABOVE, 1))), 0)
    found = []
    for factor in np.unique(reduced[region]):
        of_factor = region & (reduced == factor)
        least = 0.0
        for side, most in _SIDES:
            local = diameter / factor
            chosen = of_factor & (local >= least) & (local < most)
            least = most
            if chosen.any():
                found.append(_band(background, chosen, int(factor), side))
    return found


def _band(picture: Image, chosen: Mask, reduced: int, side: int) -> Band:
    import cv2

    margin = 3 * side * reduced
    rows, columns = np.nonzero(chosen.any(axis=1))[0], np.nonzero(chosen.any(axis=0))[0]
    top = max(int(rows[0]) - margin, 0) // reduced * reduced
    left = max(int(columns[0]) - margin, 0) // reduced * reduced
    bottom = min(int(rows[-1]) + margin + 1, chosen.shape[0])
    right = min(int(columns[-1]) + margin + 1, chosen.shape[1])
    # Whole reduced pixels, so that the picture is reduced evenly.
    bottom -= (bottom - top) % reduced
    right -= (right - left) % reduced
    shape = ((right - left) // reduced, (bottom - top) // reduced)
    window = np.s_[top:bottom, left:right]
    background, is_here = picture[window], chosen[window]
    if reduced > 1:
        background = np.asarray(
            cv2.resize(background, shape, interpolation=cv2.INTER_AREA), np.uint8
        )
        is_here = is_here[reduced // 2 :: reduced, reduced // 2 :: reduced]
    return Band(
        left,
        top,
        right,
        bottom,
        reduced,
        side,
        np.where(is_here, 255, 0).astype(np.uint8),
        np.ascontiguousarray(background),
    )


def peaks(image: Image, band: Band) -> list[Peak]:
    """Where the filter answers most, the clearest first.

    All in the band's reduced picture and in whole grey levels, which is what makes it cheap.
    """
    import cv2

    piece = image[band.top : band.bottom, band.left : band.right]
    if band.reduced > 1:
        size = band.background.shape[1::-1]
        piece = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)
    background = _lit(band, piece)
    blue, green, red = cv2.split(cv2.subtract(piece, background))
    beyond = np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)
    side = band.side
    around = cv2.blur(beyond, (3 * side, 3 * side))
    answer = cv2.subtract(cv2.blur(beyond, (side, side)), around)
    quiet = np.sort(answer[::8, ::8], axis=None)
    # What is left of noise above 0 has a mean of 0.4 deviations.
    noise = 2.5 * float(quiet[: quiet.size * 9 // 10].mean())
    least = max(_LEAST_CONTRAST, _LEAST_DEVIATIONS * noise)
    highest = cv2.dilate(answer, np.ones((side + 2, side + 2), np.uint8))
    is_peak = np.equal(answer, highest) & (np.asarray(answer) >= least) & (band.is_here > 0)
    if not is_peak.any():
        return []
    places = cv2.findNonZero(is_peak.view(np.uint8)).reshape(-1, 2).astype(np.int64)
    down, along = places[:, 1], places[:, 0]
    contrast = answer[down, along].astype(np.float64)
    # What has much more of it all around is part of somebody: those come last.
    wide = cv2.blur(beyond, (5 * side, 5 * side))[down, along]
    clearest = np.argsort(-(contrast - 2.0 * wide), kind="stable")[:MOST_PEAKS]
    return [
        Peak(
            float(contrast[at]), float(contrast[at] - 2.0 * wide[at]), int(along[at]),
            int(down[at]), band, piece, background, beyond,
        )
        for at in clearest
    ]  # fmt: skip


def _lit(band: Band, piece: Image) -> Image:
    """The background in the light of the frame: what most of the ground says, colour by colour."""
    import cv2

    here = band.is_here[::_SAMPLED, ::_SAMPLED] > 0
    if not here.any():
        return band.background
    now, then = (
        np.maximum(np.median(one[::_SAMPLED, ::_SAMPLED][here], axis=0), 1.0)
        for one in (piece, band.background)
    )
    light = np.round(now / then * _LIGHT_STEPS) / _LIGHT_STEPS
    if np.all(light == 1.0):
        return band.background
    levels = np.clip(np.rint(np.arange(256)[:, None] * light), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(band.background, levels[:, None]), np.uint8)


def shape(peak: Peak) -> tuple[float, ...]:
    """Of the blob at a peak: its centre (x, y), width, height, contrast, fill, rest and own.

    All in pixels of the picture, and as `Candidates` has them.
    """
    import cv2

    side, reduced, band = peak.band.side, peak.band.reduced, peak.band
    reach = int(np.ceil(_REACH * side))
    top, left = max(peak.y - reach, 0), max(peak.x - reach, 0)
    window = np.s_[top : peak.y + reach + 1, left : peak.x + reach + 1]
    bright, piece = peak.beyond[window], peak.piece[window]
    y, x = peak.y - top, peak.x - left
    highest = float(bright[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].mean())
    _, edged = cv2.threshold(bright, _EDGE * highest, 255, cv2.THRESH_BINARY)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(edged, connectivity=4)
    label = int(labels[y, x])
    if label == 0:
        place = (peak.x * reduced + band.left, peak.y * reduced + band.top)
        return *place, reduced, reduced, peak.contrast, 1.0, 0.0, 0.0
    box_x, box_y, wide, tall, area = boxes[label].tolist()
    own_mask = (labels == label).view(np.uint8)
    moments = cv2.moments(bright * own_mask)
    total = max(moments["m00"], 1.0)
    margin = max(1, side // 4)
    around = np.ones(bright.shape, np.uint8)
    around[
        max(box_y - margin, 0) : box_y + tall + margin,
        max(box_x - margin, 0) : box_x + wide + margin,
    ] = 0
    rest = own = 0.0
    if count := int(cv2.countNonZero(around)):
        least = max(_EDGE * highest, _NOT_RESTING)
        changed = cv2.absdiff(piece, peak.background[window]).max(axis=2) > least
        rest = 1 - np.count_nonzero(changed & (around > 0)) / count
        # Who is cut off by the picture's edge is small, and by himself.
        rest *= bright.size / (2 * reach + 1) ** 2
        thing, ground = cv2.mean(piece, own_mask), cv2.mean(piece, around)
        beyond_ground = max(one - other for one, other in zip(thing, ground, strict=True))
        own = min(max(beyond_ground * area / total, 0.0), 1.0)
    offset = (reduced - 1) / 2  # of the middle of a reduced pixel
    return (
        (moments["m10"] / total + left) * reduced + offset + band.left,
        (moments["m01"] / total + top) * reduced + offset + band.top,
        wide * reduced, tall * reduced, peak.contrast, area / (wide * tall), rest, own,
    )  # fmt: skip
