"""A ground plane guessed from how tall people look, for a camera that is not calibrated.

People are followed in units of their own height, so that one step far away counts as one near by.
It is a guess that is good enough to say who is the same person, and not to tell places: those stay
unknown.
"""

from dataclasses import dataclass

import numpy as np

from sports_assets.vision.follow.sightings import Floats

#: Height of a person, m.
_PERSON_M = 1.8
#: Ground is not foreshortened more than this: near the horizon nothing can be told apart.
_FLATTEST = 6.0
#: From fewer boxes no plane is guessed; one height holds for all.
_FEWEST = 20
#: A foot point is known to about so much of a person's height.
_FOOT_SHARE = 0.06


@dataclass(frozen=True)
class GuessedPlane:
    """Height of people in the picture, in steps from its top to its bottom.

    Attributes:
        rows_px: where: n.
        height_px: how tall people are there: n.
        down_m: how far down the plane that is: n.
        middle_px: where x is 0.
    """

    rows_px: Floats
    height_px: Floats
    down_m: Floats
    middle_px: float

    @classmethod
    def of(cls, boxes_px: Floats, width_px: int, height_px: int) -> "GuessedPlane":
        """Guess it from boxes of people (left, top, right, bottom): n × 4.

        Heights change evenly down the picture (a pinhole over a plane); the line is fitted
        robustly. Its root is the horizon, and the angle under which ground is seen follows from
        it, with a focal length of the picture's width.
        """
        rows = np.linspace(0, height_px - 1, 257)
        tall, foot = boxes_px[:, 3] - boxes_px[:, 1], boxes_px[:, 3]
        slope, level = _line(foot, tall)
        heights = np.maximum(level + slope * rows, _least(tall))
        with np.errstate(divide="ignore"):
            horizon = -level / slope if slope > 0 else -np.inf
            steep = np.clip(width_px / np.maximum(rows - horizon, 1e-9), 1.0, _FLATTEST)
        step = np.diff(rows) * (_PERSON_M * steep / heights)[1:]
        return cls(rows, heights, np.concatenate([[0.0], np.cumsum(step)]), (width_px - 1) / 2)

    def place_m(self, pixels: Floats) -> Floats:
        """Places in the plane of foot points (n × 2): n × 2; larger y is further away."""
        tall = np.interp(pixels[:, 1], self.rows_px, self.height_px)
        down = np.interp(pixels[:, 1], self.rows_px, self.down_m)
        return np.column_stack([(pixels[:, 0] - self.middle_px) / tall * _PERSON_M, -down])

    def sd_m(self, pixels: Floats) -> Floats:
        """Standard deviation of these places: n."""
        below = pixels + np.array([0.0, 1.0])
        steep = np.linalg.norm(self.place_m(below) - self.place_m(pixels), axis=1)
        tall = np.interp(pixels[:, 1], self.rows_px, self.height_px)
        return np.asarray(np.maximum(steep * tall * _FOOT_SHARE, _PERSON_M * _FOOT_SHARE), float)


def _least(tall: Floats) -> float:
    """No person is taken for shorter than this, px."""
    return max(4.0, float(np.percentile(tall, 2)) * 0.5) if tall.size else 4.0


def _line(foot: Floats, tall: Floats) -> tuple[float, float]:
    """Height of people as a line over rows, from medians of ten bands of them (slope, level)."""
    if foot.size < _FEWEST:
        return 0.0, float(np.median(tall)) if tall.size else 1.0
    edges = np.quantile(foot, np.linspace(0, 1, 11))
    band = np.clip(np.searchsorted(edges, foot, "right") - 1, 0, 9)
    centres = [(np.median(foot[band == one]), np.median(tall[band == one]))
               for one in range(10) if np.any(band == one)]  # fmt: skip
    rows, heights = np.array(centres).T
    if np.ptp(rows) < np.median(heights):
        return 0.0, float(np.median(tall))
    pairs = [
        (heights[b] - heights[a]) / (rows[b] - rows[a])
        for a in range(rows.size)
        for b in range(a + 1, rows.size)
        if rows[b] - rows[a] > 1
    ]
    slope = max(0.0, float(np.median(pairs)))  # Theil-Sen
    return slope, float(np.median(heights - slope * rows))
