"""How large the ball is in the picture, wherever it lies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

#: Diameter of a size 5 ball, m (IFAB, Laws of the Game, law 2: 68 to 70 cm round).
BALL_M = 0.22
#: Height of a standing person beside it, as boxes have it, m: people run bent, and wear boots.
_PERSON_M = 1.75
#: A camera from which a ball is smaller than this shows none, px.
_LEAST_PX = 1.5
#: Width of a picture in balls where nothing is known: a pitch of 105 m fills a wide picture, in
#: its middle a ball is then about a four hundredth.
_PICTURE_BALLS = 400.0
#: Pixels between two places at which sizes are worked out; between them they change little.
_GRID_PX = 16
#: People from whom sizes can be told, at least: a plane has three unknowns.
_LEAST_PEOPLE = 8


@dataclass(frozen=True)
class BallSize:
    """Diameter of a ball on the ground in every part of a picture.

    Attributes:
        grid_px: diameters, px; one for each `step_px` pixels along and down the picture.
        step_px: pixels between two of them.
        is_known: False where it is a guess from the picture's width alone.
    """

    grid_px: Floats
    step_px: int
    is_known: bool = True

    def at(self, pixels: Floats) -> Floats:
        """Diameter at pixels (n × 2): n, px."""
        points = np.clip(np.asarray(pixels, np.float64).reshape(-1, 2), -1e6, 1e6) / self.step_px
        rows, columns = self.grid_px.shape
        down = np.clip(points[:, 1], 0, rows - 1)
        along = np.clip(points[:, 0], 0, columns - 1)
        top = np.minimum(down.astype(np.int64), max(rows - 2, 0))
        left = np.minimum(along.astype(np.int64), max(columns - 2, 0))
        low, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
        v, u = down - top, along - left
        upper = self.grid_px[top, left] * (1 - u) + self.grid_px[top, right] * u
        lower = self.grid_px[low, left] * (1 - u) + self.grid_px[low, right] * u
        return np.asarray(upper * (1 - v) + lower * v, np.float64)

    @classmethod
    def from_camera(cls, camera: Camera, field: FieldSize | None = None) -> "BallSize":
        """Of a camera whose place is known: exact on the ground, too small in flight.

        A ball in flight is nearer to the camera than the ground behind it. With `field` it is taken
        to be over the field: what is beyond it in the picture flies, and is no further away.
        """
        pixels, shape = _grid(camera.width_px, camera.height_px)
        ground = camera.ground(pixels, z_m=BALL_M / 2)
        if field is not None:
            ground = _over_field(ground, pixels, camera, field)
        aside = ground - [camera.x_m, camera.y_m]
        with np.errstate(all="ignore"):
            aside = aside[:, ::-1] * [-1, 1] / np.linalg.norm(aside, axis=1, keepdims=True)
            height = np.full((len(ground), 1), BALL_M / 2)
            ends = [
                camera.project(np.column_stack([ground + side * aside * BALL_M / 2, height]))
                for side in (-1, 1)
            ]
            across = np.linalg.norm(ends[1] - ends[0], axis=1).reshape(shape)
        return cls(_filled(across), _GRID_PX)

    @classmethod
    def from_people(cls, boxes_px: Floats, width_px: int, height_px: int) -> "BallSize":
        """Of an uncalibrated camera, by the people in its picture (n × 4), from all over it.

        Their height falls off as a plane over the picture (a camera without a lens of its own, over
        flat ground: Hoiem, Efros & Hebert 2008). Too few of them: a guess by its width.
        """
        pixels, shape = _grid(width_px, height_px)
        guess = width_px / _PICTURE_BALLS
        if len(boxes_px) < _LEAST_PEOPLE:
            return cls(np.full(shape, max(guess, _LEAST_PX)), _GRID_PX, is_known=False)
        feet = np.column_stack([(boxes_px[:, 0] + boxes_px[:, 2]) / 2, boxes_px[:, 3]])
        ball = (boxes_px[:, 3] - boxes_px[:, 1]) * BALL_M / _PERSON_M
        known = np.column_stack([feet, np.ones(len(feet))])
        weight = np.ones(len(feet))
        for _ in range(10):  # Huber's weights: a box of two people counts little
            plane = np.linalg.lstsq(known * weight[:, None], ball * weight, rcond=None)[0]
            off = np.abs(known @ plane - ball)
            limit = 1.5 * max(float(np.median(off)), 1e-6)
            weight = np.sqrt(np.minimum(1.0, limit / np.maximum(off, limit)))
        told = np.column_stack([pixels, np.ones(len(pixels))]) @ plane
        # Nothing is believed far beyond those who were seen.
        told = np.clip(told, np.min(ball) / 2, np.max(ball) * 2)
        return cls(np.maximum(told.reshape(shape), _LEAST_PX), _GRID_PX)


def _grid(width_px: int, height_px: int) -> tuple[Floats, tuple[int, int]]:
    x = np.arange(0, width_px + _GRID_PX, _GRID_PX, dtype=np.float64)
    y = np.arange(0, height_px + _GRID_PX, _GRID_PX, dtype=np.float64)
    along, down = np.meshgrid(x, y)
    return np.column_stack([along.ravel(), down.ravel()]), (y.size, x.size)


def _over_field(ground: Floats, pixels: Floats, camera: Camera, field: FieldSize) -> Floats:
    """Places on the ground, or where the ray leaves the space over the field before it."""
    edge = np.array([field.length_m, field.width_m]) / 2
    stands = np.array([camera.x_m, camera.y_m])
    above = camera.ground(pixels, z_m=camera.z_m + 1.0)  # rays that go up
    to_ground = ground - stands
    far = np.linalg.norm(to_ground, axis=1)
    towards = np.where(np.isfinite(far)[:, None], to_ground, above - stands)
    with np.errstate(all="ignore"):
        towards = towards / np.linalg.norm(towards, axis=1, keepdims=True)
        leaves = np.min((np.sign(towards) * edge - stands) / towards, axis=1)
        nearest = np.fmin(np.where(np.isfinite(far), far, np.inf), leaves)
    return np.where((leaves > 0)[:, None], stands + towards * nearest[:, None], ground)


def _filled(across: Floats) -> Floats:
    """Above the horizon, and where the lens shows nothing: as small as the smallest."""
    seen = np.isfinite(across)
    least = float(np.min(across[seen])) if seen.any() else _LEAST_PX
    return np.asarray(np.maximum(np.where(seen, across, least), _LEAST_PX), np.float64)
