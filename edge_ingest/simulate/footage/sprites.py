"""Cuts of a picture with something on them, and how they are laid over it and one another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.textures import Floats32, Image


@dataclass(frozen=True)
class Sprite:
    """A cut of the picture with something on it.

    Attributes:
        left, top: pixel of its first corner.
        colour: already times opacity: rows × columns × 3.
        opacity: 0 to 1.
        box: left, top, right, bottom of what is drawn, px, also where it leaves the picture.
        far_m: from the camera, on the ground.
    """

    left: int
    top: int
    colour: Floats32
    opacity: Floats32
    box: tuple[float, float, float, float]
    far_m: float

    @property
    def rows(self) -> slice:
        """Of the picture, also outside of it."""
        return slice(self.top, self.top + self.opacity.shape[0])

    @property
    def columns(self) -> slice:
        """Of the picture, also outside of it."""
        return slice(self.left, self.left + self.opacity.shape[1])


#: Rows and columns.
Cut = tuple[slice, slice]


def shrink(canvas: Image, finer: int, corner: tuple[int, int], far_m: float) -> Sprite | None:
    """A canvas of blue, green, red and opacity, `finer` times as fine as the picture, at its size.

    Returns:
        None where nothing is on it.
    """
    import cv2

    rows = canvas[..., 3].max(axis=1) > 0
    columns = canvas[..., 3].max(axis=0) > 0
    if not rows.any():
        return None
    top, bottom = int(rows.argmax()), rows.size - int(rows[::-1].argmax())
    left, right = int(columns.argmax()), columns.size - int(columns[::-1].argmax())
    size = canvas.shape[1] // finer, canvas.shape[0] // finer
    small = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.float32)
    box = (
        corner[0] + left / finer - 0.5, corner[1] + top / finer - 0.5,
        corner[0] + right / finer - 0.5, corner[1] + bottom / finer - 0.5,
    )  # fmt: skip
    opacity = np.asarray(small[..., 3] / np.float32(255), np.float32)
    return Sprite(corner[0], corner[1], small[..., :3], opacity, box, far_m)


def blend(image: Image, sprite: Sprite, fade: float = 1.0, within: Cut | None = None) -> None:
    """Lay a sprite over a picture, faded, or only where it is within some rows and columns."""
    rows, columns = within or (sprite.rows, sprite.columns)
    cut = _both((sprite.rows, sprite.columns), (rows, columns))
    cut = cut and _both(cut, (slice(0, image.shape[0]), slice(0, image.shape[1])))
    if cut is None:
        return
    own = own_cut(sprite, cut)
    share = np.float32(fade)
    part = image[cut]
    part[:] = (
        part * (1 - sprite.opacity[own][..., None] * share)
        + sprite.colour[own] * share
        + np.float32(0.5)
    )


def overlap(first: Sprite, second: Sprite) -> Cut | None:
    """Rows and columns of the picture that both touch."""
    tall, wide = first.opacity.shape
    if first.left + wide <= second.left or first.top + tall <= second.top:
        return None  # most pairs: told at once
    tall, wide = second.opacity.shape
    if second.left + wide <= first.left or second.top + tall <= first.top:
        return None
    return _both((first.rows, first.columns), (second.rows, second.columns))


def hide(left_over: Floats32, hidden: Sprite, hider: Sprite) -> None:
    """Take away from what is seen of a sprite what a nearer one covers."""
    cut = overlap(hidden, hider)
    if cut is not None:
        left_over[own_cut(hidden, cut)] *= 1 - hider.opacity[own_cut(hider, cut)]


def own_cut(sprite: Sprite, cut: Cut) -> Cut:
    """The same rows and columns, counted from the sprite's first corner."""
    rows, columns = cut
    return (
        slice(rows.start - sprite.top, rows.stop - sprite.top),
        slice(columns.start - sprite.left, columns.stop - sprite.left),
    )


def seen_share(left_over: NDArray[np.float32], sprite: Sprite, size: tuple[int, int]) -> float:
    """Share of all of a sprite that is seen in a picture of (height, width)."""
    whole = float(sprite.opacity.sum())
    cut = _both((sprite.rows, sprite.columns), (slice(0, size[0]), slice(0, size[1])))
    if cut is None or whole <= 0:
        return 0.0
    return min(1.0, float(left_over[own_cut(sprite, cut)].sum()) / whole)


def _both(first: Cut, second: Cut) -> Cut | None:
    rows = slice(max(first[0].start, second[0].start), min(first[0].stop, second[0].stop))
    columns = slice(max(first[1].start, second[1].start), min(first[1].stop, second[1].stop))
    return (rows, columns) if rows.stop > rows.start and columns.stop > columns.start else None
