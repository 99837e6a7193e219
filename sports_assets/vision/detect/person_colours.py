"""Colours of clothes, head and boots: medians of a person's own pixels, not of the grass."""

import numpy as np
from numpy.typing import NDArray

from resources.vision_contracts import BODY_PARTS
from sports_assets.vision.frames import Image

Floats = NDArray[np.float64]

#: Parts of a person's height from the top. Shirts end at the waist, shorts above the knees; hair
#: and face, and boots, tell people of one team apart.
_PARTS = {"shirt": (0.18, 0.46), "shorts": (0.52, 0.68), "head": (0.0, 0.13), "boots": (0.93, 1.0)}
#: Middle of the box, of its breadth: arms and what is beside a runner are left out.
_MIDDLE = 0.7
#: So much grass to both sides of a box tells how grass differs from itself, of its breadth.
_BESIDE = 0.5
#: Colours nearer than this are alike to most eyes on a screen, CIE76 (ΔE).
_ALIKE = 8.0
#: Grass that differs more than so many of its own standard deviations is none.
_SIGMAS = 4.0
_MAD = 1.4826
#: Fewer own pixels tell no colour.
_FEWEST = 8


def person_colours(image: Image, background: Image, boxes_px: Floats, ground_px: Floats) -> Floats:
    """Colours of each person's `BODY_PARTS`, CIE L*a*b* (D65): n × 12; NaN: too little is seen.

    A pixel is a person's own if it is not as the background is there; of somebody who stood still
    while the background was made, if it is not as the grass beside. What a nearer person covers
    is left out.

    Args:
        image, background: of the same size.
        boxes_px: left, top, right, bottom: n × 4.
        ground_px: where they stand: n × 2.
    """
    colours = np.full((len(boxes_px), 3 * len(BODY_PARTS)), np.nan)
    for one in range(len(boxes_px)):
        nearer = boxes_px[ground_px[:, 1] > ground_px[one, 1]]
        person = _Person.cut(image, background, boxes_px[one], float(ground_px[one, 1]), nearer)
        if person is not None:
            colours[one] = np.concatenate([person.colour(_PARTS[part]) for part in BODY_PARTS])
    return colours


class _Person:
    """Pixels around one person; all arrays are of one size."""

    def __init__(
        self, lab: Floats, change: Floats, from_grass: Floats, is_inner: NDArray[np.bool_]
    ) -> None:
        self._lab = lab
        self._change, self._from_grass = change, from_grass
        self._is_inner = is_inner
        beside = ~is_inner.any(axis=0)
        self._limits = [_limit(values[:, beside]) for values in (change, from_grass)]

    @classmethod
    def cut(
        cls, image: Image, background: Image, box: Floats, feet_px: float, nearer: Floats
    ) -> "_Person | None":
        """The part of the picture around a box; None: the box holds no pixel of the picture."""
        height, width = image.shape[:2]
        breadth = box[2] - box[0]
        left, right = _between(box[0] - _BESIDE * breadth, box[2] + _BESIDE * breadth, width)
        top, bottom = _between(box[1], max(box[3], feet_px), height)
        if right - left < 1 or bottom - top < 1:
            return None
        lab = _lab(image[top:bottom, left:right])
        still = _lab(background[top:bottom, left:right])
        x, y = np.arange(left, right), np.arange(top, bottom)
        aside = np.abs(x - (box[0] + box[2] - 1) / 2)
        is_inner = np.repeat((aside <= breadth * _MIDDLE / 2)[None], bottom - top, axis=0)
        for other in nearer:
            covered_x, covered_y = (
                (x >= other[0]) & (x < other[2]),
                (y >= other[1]) & (y < other[3]),
            )
            is_inner &= ~(covered_y[:, None] & covered_x[None])
        is_beside = (x < box[0]) | (x >= box[2])
        if not is_beside.any():
            is_beside = aside > breadth * _MIDDLE / 2
        grass = np.median(still[:, is_beside].reshape(-1, 3), axis=0) if is_beside.any() else np.nan
        change = np.linalg.norm(lab - still, axis=2)
        return cls(lab, change, np.linalg.norm(lab - grass, axis=2), is_inner)

    def colour(self, part: tuple[float, float]) -> Floats:
        """Median of the own pixels in a part of the height: 3."""
        rows = len(self._lab)
        y = (np.arange(rows) + 0.5) / rows
        here = self._is_inner & ((y >= part[0]) & (y < part[1]))[:, None]
        for values, limit in zip((self._change, self._from_grass), self._limits, strict=True):
            own = here & (values > limit)
            if own.sum() >= max(_FEWEST, here.sum() // 4):
                return np.asarray(np.median(self._lab[own], axis=0), np.float64)
        return np.full(3, np.nan)


def _limit(beside: Floats) -> float:
    """From how far on colours differ where those beside a person differ so much from grass."""
    if not beside.size or not np.isfinite(beside).all():
        return _ALIKE
    usual = float(np.median(beside))
    spread = _MAD * float(np.median(np.abs(beside - usual)))
    return max(_ALIKE, usual + _SIGMAS * spread)


def _between(begin: float, end: float, size: int) -> tuple[int, int]:
    return max(0, int(np.floor(begin))), min(size, int(np.ceil(end)))


def _lab(image: Image) -> Floats:
    import cv2

    scaled = np.ascontiguousarray(image, np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_BGR2Lab), np.float64)
