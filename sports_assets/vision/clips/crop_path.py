"""A part of the picture that follows an athlete, for a screen that is held in one hand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The part is so many times as high as the athlete: who is near is to be seen, too.
_AROUND = 5.0
#: Never fewer lines of the camera than this, px: magnified more than fourfold there is no more to
#: see, and less of what is around.
_LEAST_PX = 320
#: A phone held upright, px.
_OUT_PX = (720, 1280)
#: A camera operator's hand: the part moves with what lasts longer than this, s.
_STEADY_S = 0.6
_GRID_HZ = 25.0


@dataclass(frozen=True)
class CropPath:
    """Where the part lies over time; its size stays.

    Attributes:
        t_s: times, s since the recording's first frame, ascending.
        centres: centre of the part then, n × 2, px of the upright picture.
        width_px, height_px: size of the part in the picture.
        width_out_px, height_out_px: size that it is shown at.
    """

    t_s: Floats
    centres: Floats
    width_px: int
    height_px: int
    width_out_px: int = _OUT_PX[0]
    height_out_px: int = _OUT_PX[1]

    def corner(self, t_s: float, width_px: int, height_px: int) -> tuple[int, int]:
        """Left and upper side of the part in a picture of this size, px; all of it is inside.

        Both are even: colours are coded for two lines and columns together.
        """
        x, y = (np.interp(t_s, self.t_s, self.centres[:, axis]) for axis in (0, 1))
        left = round(float(x) - self.width_px / 2)
        top = round(float(y) - self.height_px / 2)
        return (
            min(max(left, 0), width_px - self.width_px) // 2 * 2,
            min(max(top, 0), height_px - self.height_px) // 2 * 2,
        )


def crop_path(t_s: Floats, boxes: Floats, width_px: int, height_px: int) -> CropPath:
    """Follow an athlete's boxes smoothly; between two looks, and where nobody saw them, evenly.

    Args:
        t_s: times of the boxes, s since the recording's first frame.
        boxes: left, top, right, bottom, px of the upright picture: n × 4; one at least.
        width_px, height_px: of the upright picture.
    """
    order = np.argsort(t_s, kind="stable")
    t_s, boxes = t_s[order], boxes[order]
    high = float(np.quantile(boxes[:, 3] - boxes[:, 1], 0.9)) * _AROUND
    aspect = _OUT_PX[0] / _OUT_PX[1]
    height = min(max(high, _LEAST_PX), height_px, width_px / aspect)
    grid = np.arange(t_s[0], t_s[-1] + 1 / _GRID_HZ, 1 / _GRID_HZ)
    middle = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2])
    path = np.column_stack([_smooth(np.interp(grid, t_s, middle[:, axis])) for axis in (0, 1)])
    return CropPath(grid, path, _even(height * aspect), _even(height))


def _smooth(values: Floats) -> Floats:
    """Gaussian, ahead and back alike, so that nothing lags; the ends stay where they are."""
    reach = round(3 * _STEADY_S * _GRID_HZ)
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (at / (_STEADY_S * _GRID_HZ)) ** 2)
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.convolve(padded, weights / weights.sum(), "valid"), np.float64)


def _even(length: float) -> int:
    return int(length) // 2 * 2
