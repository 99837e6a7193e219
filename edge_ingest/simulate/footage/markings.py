"""Where the lines of a football pitch, and of a futsal court, are.

IFAB, Laws of the Game, law 1; FIFA, Futsal Laws of the Game, law 1. Lines are told by their
middles; a field's outer lines lie inside of its size.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PENALTY_M, _GOAL_AREA_M = (16.5, 40.32), (5.5, 18.32)
_SPOT_M, _CIRCLE_M, _CORNER_M = 11.0, 9.15, 1.0
GOAL_M = (7.32, 2.44)
_COURT_CIRCLE_M, _COURT_ARC_M, _COURT_SPOTS_M = 3.0, 6.0, (6.0, 10.0)
COURT_GOAL_M = (3.0, 2.0)


def outlines(field_m: tuple[float, float], is_court: bool, width_m: float) -> Iterator[Floats]:
    """Each line and arc, as points in a row (n × 2, m from the field's centre)."""
    inset = width_m / 2
    x, y = field_m[0] / 2 - inset, field_m[1] / 2 - inset
    yield np.array([[-x, -y], [x, -y], [x, y], [-x, y], [-x, -y]])
    yield np.array([[0, -y], [0, y]])
    yield _arc((0, 0), (_COURT_CIRCLE_M if is_court else _CIRCLE_M) - inset, 0, 2 * np.pi)
    for side in (-1, 1):
        if is_court:
            yield _court_area(side, field_m[0] / 2, inset)
            continue
        for depth, across in (_PENALTY_M, _GOAL_AREA_M):
            front, half = side * (field_m[0] / 2 - depth + inset), across / 2 - inset
            goal_x = side * x
            yield np.array([[goal_x, -half], [front, -half], [front, half], [goal_x, half]])
        reach = np.arccos((_PENALTY_M[0] - _SPOT_M) / _CIRCLE_M)
        towards = 0.0 if side < 0 else np.pi
        spot = (side * (field_m[0] / 2 - _SPOT_M), 0.0)
        yield _arc(spot, _CIRCLE_M - inset, towards - reach, towards + reach)
        for end in (-1, 1):
            corner = (side * field_m[0] / 2, end * field_m[1] / 2)
            begin = np.arctan2(-end, -side)
            yield _arc(corner, _CORNER_M - inset, begin - np.pi / 4, begin + np.pi / 4)


def spots(field_m: tuple[float, float], is_court: bool) -> Iterator[Floats]:
    """Middles of the marks that are dots."""
    yield np.zeros(2)
    for side in (-1, 1):
        for depth in _COURT_SPOTS_M if is_court else (_SPOT_M,):
            yield np.array([side * (field_m[0] / 2 - depth), 0.0])


def _court_area(side: int, half_m: float, inset: float) -> Floats:
    """Two quarter circles around the posts, joined by a straight piece."""
    radius, post = _COURT_ARC_M - inset, COURT_GOAL_M[0] / 2
    turn = np.linspace(0, np.pi / 2, 16)
    low = np.column_stack([radius * np.sin(turn), -post - radius * np.cos(turn)])
    high = np.column_stack([radius * np.cos(turn), post + radius * np.sin(turn)])
    return np.vstack([low, high]) * [-side, 1] + [side * half_m, 0]


def _arc(centre: tuple[float, float], radius: float, begin: float, end: float) -> Floats:
    angles = np.linspace(begin, end, max(3, int(np.ceil(abs(end - begin) / 0.04)) + 1))
    return np.array(centre) + radius * np.column_stack([np.cos(angles), np.sin(angles)])
