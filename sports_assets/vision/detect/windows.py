"""Parts of a picture that a network looks at: people are neither lost in it nor too large."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.person_sizes import PersonSizes
from sports_assets.vision.frames import Image

Floats = NDArray[np.float64]

#: Taller people than this are seen as well at half the scale, with a quarter of the work, px.
_TALL_PX = 96.0
#: What is looked at around where people stand: above, aside and below, in their heights.
_ABOVE, _ASIDE, _UNDER = 1.25, 0.5, 0.15
#: A window also tells of people who are a little smaller or taller than those it is meant for.
_SPARE = 1.2
#: Neighbouring tiles share so much, in heights of the tallest: nobody is whole in none of them.
_OVERLAP = 1.3
#: Smallest share of a tile's side that its overlap leaves as progress.
_PROGRESS = 0.25


@dataclass(frozen=True)
class Window:
    """A part of a picture, and how to look at it.

    Attributes:
        left, right, top, bottom: columns [left, right) and rows [top, bottom).
        scale: at which it is looked at.
        least_px, most_px: how tall the people are, in the picture, for whom it is meant.
    """

    left: int
    top: int
    right: int
    bottom: int
    scale: float = 1.0
    least_px: float = 0.0
    most_px: float = np.inf

    def cut(self, image: Image) -> Image:
        """This part of a picture, at its scale."""
        import cv2

        part = image[self.top : self.bottom, self.left : self.right]
        if self.scale == 1.0:
            return np.ascontiguousarray(part)
        size = (
            max(1, round(part.shape[1] * self.scale)),
            max(1, round(part.shape[0] * self.scale)),
        )
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)

    def in_picture(self, boxes_px: Floats) -> Floats:
        """Boxes of the part in pixels of the whole picture.

        Networks count from the outer corner of the first pixel, cameras from its middle.
        """
        return boxes_px / self.scale + [self.left, self.top, self.left, self.top] - 0.5

    def whole(self, boxes_px: Floats, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Which boxes (in pixels of the picture) are not cut off by an inner side of this part."""
        near = 1.5 / self.scale
        is_cut = np.zeros(len(boxes_px), np.bool_)
        if self.left > 0:
            is_cut |= boxes_px[:, 0] < self.left + near
        if self.top > 0:
            is_cut |= boxes_px[:, 1] < self.top + near
        if self.right < shape[1]:
            is_cut |= boxes_px[:, 2] > self.right - near
        if self.bottom < shape[0]:
            is_cut |= boxes_px[:, 3] > self.bottom - near
        return ~is_cut


def windows(
    pitch: NDArray[np.bool_], sizes: PersonSizes | None, tile: tuple[int, int] | None = None
) -> list[Window]:
    """What of a picture to look at, from far to near; empty where there is no ground.

    Args:
        pitch: the ground where nobody's size is known: height × width.
        sizes: how large people are; None: unknown, and all is looked at natively.
        tile: height and width of what the network takes; None: it takes any.
    """
    bands = list(_bands((pitch.shape[0], pitch.shape[1]), sizes) if sizes else _all_of(pitch))
    if tile is None:
        return [window for window, _ in bands]
    return [part for window, tallest in bands for part in _tiles(window, tallest, tile)]


def _bands(shape: tuple[int, int], sizes: PersonSizes) -> Iterator[tuple[Window, float]]:
    """A window for each octave of sizes, and how tall (px, at its scale) people are in it."""
    pixels, rise = sizes.ground_cells()
    octave = np.maximum(np.ceil(np.log2(np.maximum(rise, 1) / _TALL_PX)), 0).astype(int)
    for one in np.unique(octave).tolist():
        x, y, tall = pixels[octave == one, 0], pixels[octave == one, 1], rise[octave == one]
        low = np.array([np.min(x - _ASIDE * tall), np.min(y - _ABOVE * tall)])
        high = np.array([np.max(x + _ASIDE * tall), np.max(y + _UNDER * tall)])
        scale = float(0.5**one)
        window = _within(shape, low, high, scale)
        least, most = float(tall.min()) / _SPARE, float(tall.max()) * _SPARE
        yield replace(window, least_px=least, most_px=most), float(tall.max()) * scale


def _all_of(pitch: NDArray[np.bool_]) -> Iterator[tuple[Window, float]]:
    rows, columns = np.flatnonzero(pitch.any(axis=1)), np.flatnonzero(pitch.any(axis=0))
    if not rows.size:
        return
    # Of people at the far side, only the feet are in front of the pitch.
    low = np.array([columns[0], rows[0] - _TALL_PX])
    high = np.array([columns[-1] + 1, rows[-1] + 1])
    yield _within((pitch.shape[0], pitch.shape[1]), low, high, 1.0), _TALL_PX


def _within(shape: tuple[int, int], low: Floats, high: Floats, scale: float) -> Window:
    """The window between two corners (x, y), as far as the picture goes."""
    left, top = np.maximum(np.floor(low), 0).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(high) + 1, [shape[1], shape[0]]).astype(int).tolist()
    return Window(left, top, right, bottom, scale)


def _tiles(window: Window, tallest_px: float, tile: tuple[int, int]) -> Iterator[Window]:
    height, width = tile[0] / window.scale, tile[1] / window.scale
    overlap = _OVERLAP * tallest_px / window.scale
    for top in _starts(window.top, window.bottom, height, overlap):
        for left in _starts(window.left, window.right, width, overlap):
            yield replace(
                window, left=left, top=top, right=min(window.right, left + int(width)),
                bottom=min(window.bottom, top + int(height)),
            )  # fmt: skip


def _starts(begin: int, end: int, side: float, overlap: float) -> list[int]:
    """Where tiles begin, evenly, so that they cover [begin, end) and overlap enough."""
    if end - begin <= side:
        return [begin]
    step = max(side - overlap, _PROGRESS * side)
    count = int(np.ceil((end - begin - side) / step)) + 1
    return [int(one) for one in np.floor(np.linspace(begin, end - side, count))]
