"""The part of a camera's picture that a clip shows, and where pixels of the video are in it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.frames import Image

Floats = NDArray[np.float64]


class Sized(Protocol):
    """A picture."""

    @property
    def width_px(self) -> int:
        """Its width."""
        ...

    @property
    def height_px(self) -> int:
        """Its height."""
        ...


@dataclass(frozen=True)
class View:
    """The part of a video's pictures that is shown.

    Attributes:
        left_px, top_px, right_px, bottom_px: of it, in pixels of the video.
        width_px, height_px: as shown; even.
    """

    left_px: int
    top_px: int
    right_px: int
    bottom_px: int
    width_px: int
    height_px: int

    @classmethod
    def of(cls, cut: Floats, video: Sized, widest_px: int) -> "View":
        """A rectangle moved into the video's picture, and no wider than `widest_px` as shown.

        Args:
            cut: its left, top, width and height.
        """
        left, top, width, height = (float(one) for one in cut)
        wide = min(round(width), video.width_px)
        high = min(round(height), video.height_px)
        at_x = min(max(round(left), 0), video.width_px - wide)
        at_y = min(max(round(top), 0), video.height_px - high)
        scale = min(1.0, widest_px / wide)
        shown = (max(2, 2 * round(scale * one / 2)) for one in (wide, high))
        return cls(at_x, at_y, at_x + wide, at_y + high, *shown)

    @property
    def scale(self) -> float:
        """Pixels as shown of one of the video."""
        return self.width_px / (self.right_px - self.left_px)

    def cut(self, image: Image) -> Image:
        """This part of a picture, resized."""
        import cv2

        part = image[self.top_px : self.bottom_px, self.left_px : self.right_px]
        size = (self.width_px, self.height_px)
        if part.shape[:2] == size[::-1]:
            return np.ascontiguousarray(part).copy()
        resized = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(resized, np.uint8)

    def places(self, pixels: Floats) -> Floats:
        """Pixels of the video as pixels of what is shown: n × 2."""
        points = np.atleast_2d(pixels)
        return (points - [self.left_px, self.top_px] + 0.5) * self.scale - 0.5
