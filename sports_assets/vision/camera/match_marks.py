"""How well do the marks of a pitch, seen by a camera, lie on the ridges of its picture?"""

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.camera.field_mask import Mask
from sports_assets.vision.camera.lines import Ridges
from sports_assets.vision.pitch import FieldSize, marks

Floats = NDArray[np.float64]

#: Directions of ridges that are told apart; each mark is compared with those of its own.
_DIRECTIONS = 12
#: Distances are kept on a picture of this width, and cut off at this share of the width.
_WIDTH_PX = 768
_FURTHEST = 0.015
#: Points of marks are this far apart, m.
_APART_M = 1.5
#: Steps along a line are of one length but where it has a corner.
_WHOLE = 0.995
#: A mark's direction in the picture is taken from so far on both sides of a point, m.
_AHEAD_M = 0.1


class Marks:
    """Points on the marks of a pitch, each with the direction of its line; and which mark it is."""

    def __init__(self, field: FieldSize, apart_m: float = _APART_M) -> None:
        drawn = marks(field, apart_m)
        self.field = field
        self.names = tuple(drawn)
        middles = np.concatenate([(one[1:] + one[:-1]) / 2 for one in drawn.values()])
        steps = np.concatenate([np.diff(one, axis=0) for one in drawn.values()])
        lengths = np.linalg.norm(steps, axis=1)
        mark = np.repeat(np.arange(len(drawn)), [len(one) - 1 for one in drawn.values()])
        # A step that cuts a corner is shorter than the others of its line, and beside it.
        longest = np.array([lengths[mark == one].max() for one in range(len(drawn))])
        whole = lengths > _WHOLE * longest[mark]
        self.points_m, self.mark, self.lengths_m = middles[whole], mark[whole], lengths[whole]
        self.along = steps[whole] / self.lengths_m[:, None]
        half = np.array([field.length_m, field.width_m]) / 2
        self._moves = np.concatenate(
            [_moves(name, one, half) for name, one in zip(drawn, self._by_mark(), strict=True)]
        )

    def on(self, field: FieldSize) -> Floats:
        """Where the same points are on a field of another size: n × 2, m."""
        grown = np.array([field.length_m - self.field.length_m, field.width_m - self.field.width_m])
        return np.asarray(self.points_m + self._moves * grown / 2, np.float64)

    def shown_by(
        self, camera: Camera, field: FieldSize | None = None
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Where they are in the picture, their unit directions there, and which are in it."""
        points = self.points_m if field is None else self.on(field)
        ends = camera.project(np.concatenate([points - _AHEAD_M * self.along,
                                              points + _AHEAD_M * self.along]))  # fmt: skip
        half = len(points)
        seen = (ends[:half] + ends[half:]) / 2
        way = ends[half:] - ends[:half]
        with np.errstate(invalid="ignore", divide="ignore"):
            way = way / np.linalg.norm(way, axis=1, keepdims=True)
        return seen, way, camera.is_in_picture(seen) & np.isfinite(way).all(axis=1)

    def _by_mark(self) -> list[Floats]:
        return [self.points_m[self.mark == one] for one in range(len(self.names))]


def _moves(name: str, points: Floats, half: Floats) -> Floats:
    """How a mark's points move when a field's half length and half width grow by a metre."""
    if name == "centre circle":
        return np.zeros_like(points)
    if name.endswith(("line", "touchline")):
        return points / half
    return np.column_stack([np.sign(points[:, 0]), np.zeros(len(points))])


class Evidence:
    """Ridges of one picture, ready to be compared with many cameras."""

    def __init__(self, ridges: Ridges, pitch: Mask) -> None:
        import cv2

        self.ridges = ridges
        self.shape = (pitch.shape[0], pitch.shape[1])
        self._scale = min(1.0, _WIDTH_PX / pitch.shape[1])
        size = (round(pitch.shape[1] * self._scale), round(pitch.shape[0] * self._scale))
        self._furthest = _FURTHEST * size[0]
        self._pitch = cv2.resize(pitch.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
        at = np.rint(ridges.points_px * self._scale).astype(int)
        at = np.clip(at, 0, np.array(size) - 1)
        bins = _direction(ridges.along)
        planes = []
        for one in range(_DIRECTIONS):
            free = np.ones(size[::-1], np.uint8)
            near = np.isin((bins - one) % _DIRECTIONS, (0, 1, _DIRECTIONS - 1))
            free[at[near, 1], at[near, 0]] = 0
            distance = cv2.distanceTransform(free, cv2.DIST_L2, 5)
            planes.append(np.minimum(distance, self._furthest))
        self._planes = np.stack(planes)
        self._marks: dict[FieldSize, Marks] = {}

    def marks_on_ridges(self, camera: Camera, field: FieldSize) -> float:
        """0 to 1: how far the marks that are in the picture lie on ridges of their direction.

        Truncated chamfer distance (after Barrow et al. 1977). It says nothing of ridges without a
        mark: see `off_marks`.
        """
        if field not in self._marks:
            self._marks[field] = Marks(field)
        drawn = self._marks[field]
        seen, way, inside = drawn.shown_by(camera)
        if inside.sum() < 10:  # noqa: PLR2004 - hardly any of it
            return 0.0
        at = np.rint(seen[inside] * self._scale).astype(int)
        rows = np.clip(at[:, 1], 0, self._pitch.shape[0] - 1)
        columns = np.clip(at[:, 0], 0, self._pitch.shape[1] - 1)
        distance = self._planes[_direction(way[inside]), rows, columns]
        # Off the grass nothing is found, but a pitch that lies there is none.
        close = (1 - distance / self._furthest) * self._pitch[rows, columns]
        weight = drawn.lengths_m[inside]
        return float(np.sum(close * weight) / np.sum(weight))


def _direction(along: Floats) -> NDArray[np.int64]:
    angle = np.arctan2(along[:, 1], along[:, 0]) % np.pi
    return np.asarray(np.rint(angle / np.pi * _DIRECTIONS).astype(np.int64) % _DIRECTIONS)


def off_marks(places: Floats, field: FieldSize) -> Floats:
    """How far places are from the nearest mark, m: by the pitch's symmetry, a quarter of it."""
    x, y = np.abs(places[:, 0]), np.abs(places[:, 1])
    long, wide = field.length_m / 2, field.width_m / 2

    def across(off: Floats, along: Floats, begin: float, end: float) -> Floats:
        return np.hypot(off, np.maximum(np.maximum(begin - along, along - end), 0))

    found = [
        across(x, y, 0, wide), across(y - wide, x, 0, long), across(x - long, y, 0, wide),
        np.abs(np.hypot(x, y) - 9.15),
    ]  # fmt: skip
    for depth, half in ((16.5, 20.16), (5.5, 9.16)):
        found += [across(x - (long - depth), y, 0, half), across(y - half, x, long - depth, long)]
    arc = np.abs(np.hypot(x - (long - 11), y) - 9.15)
    found.append(np.where(x < long - 16.5, arc, np.inf))
    return np.asarray(np.min(found, axis=0), np.float64)
