"""The marks of a football pitch, in metres from its centre (IFAB, Laws of the Game, law 1)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PENALTY_DEPTH_M, _PENALTY_WIDTH_M = 16.5, 40.32
_GOAL_AREA_DEPTH_M, _GOAL_AREA_WIDTH_M = 5.5, 18.32
_SPOT_M, _CIRCLE_M, _CORNER_M = 11.0, 9.15, 1.0
GOAL_WIDTH_M, GOAL_HEIGHT_M = 7.32, 2.44


@dataclass(frozen=True)
class FieldSize:
    """Length along x and width along y; these of no club that tells otherwise are international."""

    length_m: float = 105.0
    width_m: float = 68.0

    def holds(self, places_m: Floats, margin_m: float = 0.0) -> NDArray[np.bool_]:
        """Which places (n × 2) are on the field, or at most so far beside it."""
        inside = np.abs(places_m) <= np.array([self.length_m, self.width_m]) / 2 + margin_m
        return np.asarray(inside.all(axis=1), np.bool_)


def marks(field: FieldSize, apart_m: float = 0.5) -> dict[str, Floats]:
    """Each line and arc as points in a row (n × 2), about so far apart, by its name."""
    return {name: _dense(line, apart_m) for name, line in _outlines(field)}


def _outlines(field: FieldSize) -> Iterator[tuple[str, Floats]]:
    x, y = field.length_m / 2, field.width_m / 2
    yield "halfway line", np.array([[0, -y], [0, y]])
    for name, side in (("near", -1), ("far", 1)):
        yield f"{name} touchline", np.array([[-x, side * y], [x, side * y]])
    yield "centre circle", _arc((0, 0), _CIRCLE_M, 0, 2 * np.pi)
    for name, side in (("left", -1), ("right", 1)):
        goal_x = side * x
        yield f"{name} goal line", np.array([[goal_x, -y], [goal_x, y]])
        for area, depth, width in (
            ("penalty area", _PENALTY_DEPTH_M, _PENALTY_WIDTH_M),
            ("goal area", _GOAL_AREA_DEPTH_M, _GOAL_AREA_WIDTH_M),
        ):
            front, half = goal_x - side * depth, width / 2
            yield (
                f"{name} {area}",
                np.array([[goal_x, -half], [front, -half], [front, half], [goal_x, half]]),
            )
        reach = np.arccos((_PENALTY_DEPTH_M - _SPOT_M) / _CIRCLE_M)
        towards = 0 if side < 0 else np.pi
        spot = (goal_x - side * _SPOT_M, 0)
        yield f"{name} penalty arc", _arc(spot, _CIRCLE_M, towards - reach, towards + reach)


def _arc(centre: tuple[float, float], radius: float, begin: float, end: float) -> Floats:
    angles = np.linspace(begin, end, max(2, int(np.ceil((end - begin) / 0.05)) + 1))
    return np.array(centre) + radius * np.column_stack([np.cos(angles), np.sin(angles)])


def _dense(line: Floats, apart_m: float) -> Floats:
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0, at[-1], max(2, int(np.ceil(at[-1] / apart_m)) + 1))
    return np.column_stack([np.interp(wanted, at, line[:, axis]) for axis in (0, 1)])
