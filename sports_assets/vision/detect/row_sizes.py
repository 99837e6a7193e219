"""How large people are by the row on which they stand, learnt where no camera is calibrated.

On flat ground, seen by a level camera, height in the picture is a linear function of the row of the
feet (Hoiem et al. 2008, Putting Objects in Perspective).
"""

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.person_sizes import PersonSizes

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

#: A person alone is so many times as tall as broad, and fills so much of its box.
_SLIMMEST, _BROADEST, _FILLED = 5.0, 1.4, 0.35
_SHORTEST_PX = 8
#: Heights that agree with a line lie so near to it: people differ by a tenth, postures by more.
_AGREE = 0.2
#: As many heights are kept, the newest; a line through fewer than these is not believed.
_KEPT, _FEWEST = 300, 5


class RowSizes:
    """Learns from masks, one frame after the other."""

    def __init__(self, pitch: NDArray[np.bool_]) -> None:
        self._pitch = pitch
        self._seen: Floats = np.empty((0, 2))

    def learn(self, mask: Mask, left_px: int, top_px: int) -> None:
        """Take in who stands alone in a mask.

        Args:
            left_px, top_px: pixel of the picture that is the mask's first.
        """
        import cv2

        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        _, _, found, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        left, top, width, height, area = found[1:].astype(np.float64).T
        inside = (left > 0) & (top > 0)
        inside &= (left + width < mask.shape[1]) & (top + height < mask.shape[0])
        shape = height / width
        alone = inside & (height >= _SHORTEST_PX) & (area >= _FILLED * width * height)
        alone &= (shape >= _BROADEST) & (shape <= _SLIMMEST)
        column = (left + width / 2 + left_px).astype(int)
        row = (top + height - 1 + top_px).astype(int)
        alone &= self._pitch[
            np.minimum(row, self._pitch.shape[0] - 1), np.minimum(column, self._pitch.shape[1] - 1)
        ]
        new = np.column_stack([row, height])[alone]
        self._seen = np.concatenate([self._seen, new])[-_KEPT:]

    @property
    def known(self) -> int:
        """Of how many people it knows the height."""
        return len(self._seen)

    def sizes(self) -> PersonSizes | None:
        """Sizes by row; None: too few people were seen, or their heights follow no line."""
        if len(self._seen) < _FEWEST:
            return None
        row, height = self._seen.T
        slope, horizon = _line(row, height)
        return PersonSizes.of_rows(self._pitch, slope, horizon)


def _line(row: Floats, height: Floats) -> tuple[float, float]:
    """Slope and horizon of the line with which most heights agree, least squares on those."""
    flat = float(np.median(height))
    best, most = np.abs(height - flat) <= _AGREE * flat, 0
    most = int(best.sum())
    for one in range(len(row)):
        run = row - row[one]
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = np.where(np.abs(run) > flat, (height - height[one]) / run, -1.0)
        for slope in slopes[slopes > 0].tolist():
            told = height[one] + slope * run
            agree = np.abs(height - told) <= _AGREE * np.maximum(told, 1)
            if agree.sum() > most:
                best, most = agree, int(agree.sum())
    if np.ptp(row[best]) > flat:
        slope, offset = np.polyfit(row[best], height[best], 1)
        if slope > 0:
            return float(slope), float(-offset / slope)
    # All stand about as far away: one size for all.
    return 1e-3, float(np.mean(row[best])) - flat / 1e-3
