"""Shapes that a formation is told from: the templates of EFPI, and which of them are one shape."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Outfield athletes that there are templates for.
SIZES = (8, 9, 10)
#: Field that the templates are drawn on, m; only proportions count.
_DRAWN_LENGTH_M, _DRAWN_WIDTH_M = 105.0, 68.0
#: Depth and width of a team's shape in play, m: what two templates are compared at.
_DEPTH_M, _WIDTH_M = 35.0, 42.0
#: Two templates are one shape if none of their places is further apart than this, m. A mean of
#: five minutes is good to about half a metre, so that what is nearer cannot be told honestly.
_SAME_M = 2.0


@dataclass(frozen=True)
class Templates:
    """The shapes of so many outfield athletes.

    Attributes:
        names: as people write them, from the back: 4-2-3-1, 5-3-2 flat.
        places: shapes × athletes × 2, from 0 to 1 along each shape's own depth (towards the
            opponents' goal) and width (towards the left).
        shape: for each template the number of the first one that it cannot be told from; its own
            where there is none.
    """

    names: tuple[str, ...]
    places: Floats
    shape: tuple[int, ...]

    def same(self) -> tuple[tuple[str, str], ...]:
        """Pairs of names that stand for one shape, the one that is told first."""
        return tuple(
            (self.names[first], self.names[number])
            for number, first in enumerate(self.shape)
            if first != number
        )


@functools.cache
def templates(athletes: int) -> Templates:
    """The templates of `unravelsports` (its EFPI draws them from mplsoccer) for so many athletes.

    Each is scaled to its own bounds, and not all to those of the largest: else a narrow shape,
    such as 2-3-3-2, would be stretched away from itself and never be told.

    Args:
        athletes: outfield athletes, one of `SIZES`.

    Raises:
        ValueError: there are no templates for so many.
    """
    if athletes not in SIZES:
        raise ValueError(f"there are templates for {SIZES} outfield athletes, not for {athletes}")
    from unravel.soccer.models.formations.detection import Formations

    drawn = Formations(pitch_length=_DRAWN_LENGTH_M, pitch_width=_DRAWN_WIDTH_M)
    found = drawn.get_formation_positions_left_to_right()[athletes]
    places = np.array([_to_own_bounds(np.asarray(one, np.float64)) for one in found.values()])
    return Templates(tuple(_written(str(name)) for name in found), places, _shapes(places))


def _to_own_bounds(places: Floats) -> Floats:
    low, high = places.min(axis=0), places.max(axis=0)
    return np.asarray((places - low) / (high - low), np.float64)


def _written(name: str) -> str:
    digits = name.removesuffix("flat")
    return "-".join(digits) + (" flat" if digits != name else "")


def _shapes(places: Floats) -> tuple[int, ...]:
    shapes: list[int] = []
    for number in range(len(places)):
        same = (
            first
            for first in range(number)
            if shapes[first] == first and farthest_m(places[first], places[number]) < _SAME_M
        )
        shapes.append(next(same, number))
    return tuple(shapes)


def farthest_m(one: Floats, other: Floats) -> float:
    """How far the places of two templates lie apart at most in a team of usual size, m."""
    size = np.array([_DEPTH_M, _WIDTH_M])
    apart = distances(one * size, other * size)
    return float(apart[assign(apart)].max())


def distances(points: Floats, places: Floats) -> Floats:
    """Distance of each point (n × 2) to each place (m × 2): n × m."""
    return np.asarray(np.linalg.norm(points[:, None] - places[None], axis=-1), np.float64)


def assign(costs: Floats) -> tuple[Sequence[int], Sequence[int]]:
    """The cheapest way to give each row a column of its own, or each column a row: both."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(costs)
    return rows, columns
