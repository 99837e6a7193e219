"""White lines on grass: bright ridges of the still picture, to a fraction of a pixel.

Ridges after Steger (1998), "An unbiased detector of curvilinear structures": where the second
derivative across is strongest, and the first one is nought within the pixel.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.camera.field_mask import Mask
from sports_assets.vision.frames import Image

Floats = NDArray[np.float64]
Plane = NDArray[np.float32]

#: A line 12 cm wide is from a pixel at the far side to ten at the near one: smoothing, px.
_SCALES_PX = (1.0, 2.0, 4.0)
#: No line is wider than this share of the picture at these scales.
_WIDEST = 0.0015
#: A ridge begins where it stands out of the grass's own roughness so many times, and goes on while
#: it does so many times.
_BEGINS, _GOES_ON = 7.0, 3.5
#: Roughness is measured over blocks of the picture of this size, px.
_BLOCK_PX = 64
#: The curvature along a line is small beside that across it; of a blob it is not.
_LEAST_ANISOTROPY = 2.0
#: Shorter ones are blades of grass, balls and socks, as a share of the picture's width.
_SHORTEST = 0.008
#: One point is kept about every so many pixels along a ridge, as a share of the picture's width.
_APART = 0.0012
#: A direction is that of so many points around, of those that run the same way within 25°.
_AROUND, _SAME_WAY = 16, 0.9


@dataclass(frozen=True)
class Ridges:
    """Points on bright ridges: n of them.

    Attributes:
        points_px: middle of the line: n × 2.
        along: unit vectors along the line, of either sense: n × 2.
        scale_px: smoothing that shows it best; a line is some two to three times as wide.
        chain: which connected ridge it belongs to: n.
    """

    points_px: Floats
    along: Floats
    scale_px: Floats
    chain: NDArray[np.int64]

    def __len__(self) -> int:
        """How many points."""
        return len(self.points_px)

    def where(self, chosen: NDArray[np.bool_]) -> "Ridges":
        """Some of them."""
        return Ridges(
            self.points_px[chosen], self.along[chosen], self.scale_px[chosen], self.chain[chosen]
        )


def find_ridges(background: Image, pitch: Mask) -> Ridges:
    """Points along everything on the grass that is thin, long and brighter than what is beside it.

    That is the pitch's lines, and edges of what else is painted or stands there.

    Args:
        background: blue, green, red: height × width × 3.
        pitch: height × width.
    """
    import cv2

    width = background.shape[1]
    grey = background.astype(np.float32) @ np.array([0.114, 0.587, 0.299], np.float32)
    reach = max(3, round(width * 0.002)) | 1  # the far line lies on the mask's edge
    near = cv2.dilate(pitch.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    top = int(np.argmax(near.any(axis=1)))
    best: Plane = np.zeros(grey[top:].shape, np.float32)
    offsets = np.zeros((*best.shape, 2), np.float32)
    normals = np.zeros((*best.shape, 2), np.float32)
    scales = np.zeros(best.shape, np.float32)
    for scale_px in _scales(width):
        ridge, offset, normal = _ridge(grey[top:], scale_px)
        ridge = ridge / _rough(ridge, near[top:])
        better = ridge > best
        best[better], scales[better] = ridge[better], scale_px
        offsets[better], normals[better] = offset[better], normal[better]
    is_crest = near[top:] & (np.abs(offsets).max(axis=2) <= 0.6)  # noqa: PLR2004 - of its pixel
    chains = _chains(best * is_crest, max(6, round(width * _SHORTEST)))
    rows, columns = np.nonzero(chains)
    points = np.column_stack([columns, rows + top]) + offsets[rows, columns]
    across = normals[rows, columns].astype(np.float64)
    found = Ridges(
        points.astype(np.float64),
        np.column_stack([-across[:, 1], across[:, 0]]),
        scales[rows, columns].astype(np.float64),
        chains[rows, columns].astype(np.int64),
    )
    return _smoothed(found.where(_thinned(found, max(1.5, width * _APART))))


def _scales(width: int) -> Iterator[float]:
    yield from (one for one in _SCALES_PX if one == _SCALES_PX[0] or one <= _WIDEST * width)


def _ridge(grey: Plane, scale_px: float) -> tuple[Plane, Plane, Plane]:
    """How sharp the crest is at each pixel, where it is within it, and the direction across it."""
    import cv2

    smooth = cv2.GaussianBlur(grey, (0, 0), scale_px)
    first = np.array([-0.5, 0, 0.5], np.float32)
    second = np.array([1, -2, 1], np.float32)
    one = np.array([1], np.float32)
    along_x = cv2.sepFilter2D(smooth, cv2.CV_32F, first, one)
    along_y = cv2.sepFilter2D(smooth, cv2.CV_32F, one, first)
    xx = cv2.sepFilter2D(smooth, cv2.CV_32F, second, one)
    yy = cv2.sepFilter2D(smooth, cv2.CV_32F, one, second)
    xy = cv2.sepFilter2D(smooth, cv2.CV_32F, first, first)
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    normal = np.stack([-np.sin(angle), np.cos(angle)], axis=2)
    across = mean - half  # the second derivative along the normal
    slope = along_x * normal[..., 0] + along_y * normal[..., 1]
    offset = normal * (-slope / np.minimum(across, -1e-6))[..., None]
    is_line = -across > _LEAST_ANISOTROPY * np.abs(mean + half)
    return np.where(is_line, -across * scale_px**2, 0).astype(np.float32), offset, normal


def _rough(ridge: Plane, near: Mask) -> Plane:
    """What the grass itself gives, by block: the median of what is not nought."""
    import cv2

    rows, columns = (-(-one // _BLOCK_PX) for one in ridge.shape)
    typical = np.full((rows, columns), np.nan, np.float32)
    for row in range(rows):
        for column in range(columns):
            at = (
                slice(row * _BLOCK_PX, (row + 1) * _BLOCK_PX),
                slice(column * _BLOCK_PX, (column + 1) * _BLOCK_PX),
            )
            inside = ridge[at][near[at] & (ridge[at] > 0)]
            if inside.size > _BLOCK_PX:
                typical[row, column] = np.median(inside)
    least = float(np.nanmedian(typical)) if np.isfinite(typical).any() else 1.0
    typical = np.maximum(np.nan_to_num(typical, nan=least), 0.3 * least).astype(np.float32)
    smooth = cv2.resize(typical, ridge.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(smooth, 1e-3), np.float32)


def _chains(crest: Plane, shortest_px: int) -> NDArray[np.int32]:
    """Number of the connected crest that each pixel belongs to; 0: none, or too short or faint."""
    import cv2

    weak = (crest > _GOES_ON).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    span = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    strong = np.bincount(labels.ravel(), (crest > _BEGINS).ravel(), minlength=len(stats))
    is_long = (span >= shortest_px) & (strong >= shortest_px / 2)
    is_long[0] = False
    return np.where(is_long[labels], labels, 0).astype(np.int32)


def _smoothed(found: Ridges) -> Ridges:
    """With directions from the points around each that run the same way, not from it alone."""
    from scipy.spatial import cKDTree

    if len(found) < _AROUND:
        return found
    _, near = cKDTree(found.points_px).query(found.points_px, k=_AROUND)
    same = np.abs(np.einsum("nkd,nd->nk", found.along[near], found.along)) > _SAME_WAY
    same &= found.chain[near] == found.chain[:, None]
    off = (found.points_px[near] - found.points_px[:, None]) * same[..., None]
    off -= (off.sum(axis=1) / same.sum(axis=1)[:, None])[:, None] * same[..., None]
    _, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", off, off))
    along = np.where((same.sum(axis=1) >= _AROUND // 3)[:, None], axes[..., 1], found.along)
    return Ridges(found.points_px, along, found.scale_px, found.chain)


def _thinned(found: Ridges, apart_px: float) -> NDArray[np.bool_]:
    """One point in each square of the picture."""
    cells = np.floor(found.points_px / apart_px).astype(np.int64)
    _, first = np.unique(cells[:, 1] * 1_000_003 + cells[:, 0], return_index=True)
    chosen = np.zeros(len(found), bool)
    chosen[first] = True
    return chosen
