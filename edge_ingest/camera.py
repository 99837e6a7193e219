"""A still camera over a field: where a place on the field is in the picture, and the way back.

Field: metres from its centre, x along its length, y across it, z up. Picture: pixels of the
upright picture from the middle of the upper left one, x to the right, y down.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import copysign, cos, radians, sin, sqrt
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_ingest.errors import SourceError

Floats = NDArray[np.float64]

#: How a lens maps the angle off its axis to the distance from the middle of the picture.
Lens = Literal["perspective", "fisheye", "cylindrical"]

#: Newton's steps until a lens is undone to 1e-9; far fewer are needed where it can be.
_STEPS = 12
#: Nothing nearer to the camera than this is in its picture, m.
_NEAREST_M = 0.1
#: A lens that is followed beyond the angle where its polynomial turns back shows places twice.
_LEAST_SLOPE = 0.05
#: A lens that bends less than this bends nothing; its turn would be beyond all numbers.
_NO_BEND = 1e-12
#: Nothing of a field is further away, m.
_FURTHEST_M = 1000.0
#: No number of a calibration is as large; some are at least so large; fields are so long and wide.
_MOST = 1e9
_POSITIVE = {"width_px": 1.0, "height_px": 1.0, "focal_px": 1.0, "z_m": 0.1}
_FIELD_M = (5.0, 1000.0)


@dataclass(frozen=True)
class Camera:
    """A camera that stands still.

    Attributes:
        width_px, height_px: of the picture.
        focal_px: focal length.
        x_m, y_m, z_m: where it stands.
        pan_deg: which way it looks, counter-clockwise from +x.
        tilt_deg: how far it looks down.
        roll_deg: how far it is turned clockwise about its axis.
        k1, k2: of the lens. `perspective`: r·(1 + k1·r² + k2·r⁴) for the undistorted radius r in
            focal lengths (Brown 1971). `fisheye`: θ·(1 + k1·θ² + k2·θ⁴) for the angle θ off the
            axis (Kannala & Brandt 2006). `cylindrical` (a stitched panorama): none.
        lens: which of these.
        centre_x_px, centre_y_px: where the axis meets the picture, from its middle.
    """

    width_px: int
    height_px: int
    focal_px: float
    x_m: float
    y_m: float
    z_m: float
    pan_deg: float
    tilt_deg: float
    roll_deg: float = 0.0
    k1: float = 0.0
    k2: float = 0.0
    lens: Lens = "perspective"
    centre_x_px: float = 0.0
    centre_y_px: float = 0.0

    @property
    def rotation(self) -> Floats:
        """Rows: the picture's right, its down, and the way it looks, in field axes (3 × 3)."""
        pan, tilt, roll = (radians(one) for one in (self.pan_deg, self.tilt_deg, self.roll_deg))
        ahead = (cos(tilt) * cos(pan), cos(tilt) * sin(pan), -sin(tilt))
        level = (sin(pan), -cos(pan), 0.0)
        below = (  # ahead × level; in numbers, since the search for a camera asks for very many
            -ahead[2] * level[1], ahead[2] * level[0], ahead[0] * level[1] - ahead[1] * level[0],
        )  # fmt: skip
        right = [
            cos(roll) * one + sin(roll) * other for one, other in zip(level, below, strict=True)
        ]
        down = [
            cos(roll) * other - sin(roll) * one for one, other in zip(level, below, strict=True)
        ]
        return np.array([right, down, ahead])

    def project(self, places_m: ArrayLike) -> Floats:
        """Where places are in the picture.

        Args:
            places_m: n × 2 (on the ground) or n × 3.

        Returns:
            n × 2 pixels; may lie outside of the picture; NaN behind the camera and beyond what
            its lens can show.
        """
        places = np.atleast_2d(np.asarray(places_m, np.float64))
        if places.shape[1] == 2:  # noqa: PLR2004 - x and y
            places = np.column_stack([places, np.zeros(len(places))])
        rays = (places - [self.x_m, self.y_m, self.z_m]) @ self.rotation.T
        with np.errstate(all="ignore"):
            plane = self._lens_of(rays)
        return plane * self.focal_px + self._axis_px

    def rays(self, pixels: ArrayLike) -> Floats:
        """Which way pixels look, in the camera's own axes: right, down, ahead.

        Returns:
            n × 3 unit vectors; NaN beyond what the lens can show.
        """
        points = np.atleast_2d(np.asarray(pixels, np.float64))
        with np.errstate(all="ignore"):
            return self._rays_of((points - self._axis_px) / self.focal_px)

    def ground(self, pixels: ArrayLike, z_m: float = 0.0) -> Floats:
        """Which places at a height pixels show.

        Returns:
            n × 2 metres; NaN where a pixel shows none, as at the horizon and above it.
        """
        with np.errstate(all="ignore"):
            directions = self.rays(pixels) @ self.rotation
            far = (z_m - self.z_m) / directions[:, 2]
            far = np.where((far > 0) & (far < _FURTHEST_M), far, np.nan)
            return np.asarray([self.x_m, self.y_m] + directions[:, :2] * far[:, None], np.float64)

    def ground_sd_m(self, pixels: ArrayLike, sd_px: float) -> Floats:
        """Standard deviation of places on the ground of pixels that are known to `sd_px`: n, m.

        The larger semi-axis, so that it holds in every direction: the ground lies flat and a pixel
        far away covers metres of it.
        """
        along, down = self._ground_steps(pixels) * sd_px
        half = (np.sum(along**2, 1) + np.sum(down**2, 1)) / 2
        area = along[:, 0] * down[:, 1] - along[:, 1] * down[:, 0]
        return np.asarray(np.sqrt(half + np.sqrt(np.maximum(half**2 - area**2, 0.0))), np.float64)

    def ground_cov_m(self, pixels: ArrayLike, sd_px: float) -> Floats:
        """Covariance of the same: n × 2 × 2, m². It is largest away from the camera."""
        steps = np.moveaxis(self._ground_steps(pixels), 0, 2) * sd_px
        return np.asarray(steps @ np.swapaxes(steps, 1, 2), np.float64)

    def _ground_steps(self, pixels: ArrayLike) -> Floats:
        """How far the ground goes on in one pixel to the right, and in one down: 2 × n × 2, m."""
        points = np.atleast_2d(np.asarray(pixels, np.float64))
        return np.stack(
            [self.ground(points + one) - self.ground(points - one) for one in np.eye(2) / 2]
        )

    def upright_px(self, places_m: ArrayLike, height_m: float) -> Floats:
        """How tall something upright stands in the picture at places on the ground: n, px."""
        ground = np.atleast_2d(np.asarray(places_m, np.float64))[:, :2]
        top = np.column_stack([ground, np.full(len(ground), height_m)])
        return np.asarray(
            np.linalg.norm(self.project(ground) - self.project(top), axis=1), np.float64
        )

    def is_in_picture(self, pixels: ArrayLike) -> NDArray[np.bool_]:
        """Which pixels are within the picture: n."""
        points = np.atleast_2d(np.asarray(pixels, np.float64))
        x, y = points[:, 0], points[:, 1]
        with np.errstate(invalid="ignore"):
            inside = (x >= 0) & (y >= 0) & (x <= self.width_px - 1) & (y <= self.height_px - 1)
        return np.asarray(inside, np.bool_)

    def resized(self, width_px: int, height_px: int) -> "Camera":
        """The same camera, whose pictures were resized."""
        scale = width_px / self.width_px
        return replace(
            self, width_px=width_px, height_px=height_px, focal_px=self.focal_px * scale,
            centre_x_px=self.centre_x_px * scale, centre_y_px=self.centre_y_px * scale,
        )  # fmt: skip

    def to_dict(self) -> dict[str, float | int | str]:
        """As JSON has it, for `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, object]) -> "Camera":
        """A camera as `to_dict` told it.

        Raises:
            SourceError: a number is missing or none, or the lens is unknown.
        """
        lens = told.get("lens", "perspective")
        if lens not in get_args(Lens):
            raise SourceError(f"a camera's lens is {lens!r}: give {', '.join(get_args(Lens))}")
        numbers = {}
        for name in cls.__dataclass_fields__:
            value = told.get(name)
            if name == "lens" or (value is None and name not in _NEEDED):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SourceError(f"a camera's {name} is {value!r}: give a number")
            if not abs(value) < _MOST:
                raise SourceError(f"a camera's {name} is {value!r}: give a finite number")
            if name in _POSITIVE and value < _POSITIVE[name]:
                raise SourceError(
                    f"a camera's {name} is {value!r}: give {_POSITIVE[name]:g} or more"
                )
            numbers[name] = round(value) if name in {"width_px", "height_px"} else float(value)
        return cls(**numbers, lens=lens)  # type: ignore[arg-type] # each was looked at

    @property
    def _axis_px(self) -> Floats:
        return np.array(
            [
                (self.width_px - 1) / 2 + self.centre_x_px,
                (self.height_px - 1) / 2 + self.centre_y_px,
            ]
        )

    def _lens_of(self, rays: Floats) -> Floats:
        """Rays in the camera's axes (right, down, ahead) to the picture, in focal lengths."""
        right, down, ahead = rays[:, 0], rays[:, 1], rays[:, 2]
        if self.lens == "cylindrical":
            flat = np.hypot(right, ahead)
            plane = np.column_stack([np.arctan2(right, ahead), down / flat])
            return np.where(flat[:, None] > _NEAREST_M, plane, np.nan)
        aside = np.hypot(right, down)
        if self.lens == "fisheye":
            angle = np.arctan2(aside, ahead)
            scale = np.where(aside > 0, angle / np.where(aside > 0, aside, 1), 1 / ahead)
        else:
            angle = aside / ahead
            scale = 1 / ahead
        told = scale * (1 + self.k1 * angle**2 + self.k2 * angle**4)
        is_shown = (ahead > _NEAREST_M) | (self.lens == "fisheye")
        is_shown = is_shown & (self._slope(angle) > _LEAST_SLOPE) & (angle <= self._turn())
        return np.where(is_shown[:, None], rays[:, :2] * told[:, None], np.nan)

    def _rays_of(self, plane: Floats) -> Floats:
        """The way back: unit rays in the camera's axes; NaN where the lens shows nothing."""
        if self.lens == "cylindrical":
            turn = plane[:, 0]
            rays = np.column_stack([np.sin(turn), plane[:, 1], np.cos(turn)])
            return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True), np.float64)
        told = np.linalg.norm(plane, axis=1)
        limit = self._turn()
        angle = np.minimum(told, limit)
        for _ in range(_STEPS):
            value = angle * (1 + self.k1 * angle**2 + self.k2 * angle**4)
            step = (value - told) / np.maximum(self._slope(angle), _LEAST_SLOPE)
            angle = np.clip(angle - step, 0, limit)
        value = angle * (1 + self.k1 * angle**2 + self.k2 * angle**4)
        angle = np.where(np.abs(value - told) < 1e-6, angle, np.nan)  # noqa: PLR2004 - focal lengths
        theta = angle if self.lens == "fisheye" else np.arctan(angle)
        unit = plane / np.where(told > 0, told, 1)[:, None]
        return np.column_stack([unit * np.sin(theta)[:, None], np.cos(theta)])

    def _slope(self, angle: Floats) -> Floats:
        return np.asarray(1 + 3 * self.k1 * angle**2 + 5 * self.k2 * angle**4, np.float64)

    def _turn(self) -> float:
        """The angle (or radius) up to which the lens maps one to one."""
        most = np.pi if self.lens == "fisheye" else 20.0
        # The least square u > 0 of an angle with 1 + 3 k1 u + 5 k2 u² = the least slope.
        square, linear = (0.0 if abs(one) < _NO_BEND else one for one in (5 * self.k2, 3 * self.k1))
        rest = 1 - _LEAST_SLOPE
        if square == 0.0:
            squares = [-rest / linear] if linear else []
        elif linear**2 >= 4 * square * rest:
            larger = -(linear + copysign(sqrt(linear**2 - 4 * square * rest), linear)) / 2
            squares = [larger / square, rest / larger]
        else:
            squares = []
        return min([most, *(sqrt(one) for one in squares if one > 0)])


_NEEDED = frozenset(
    {"width_px", "height_px", "focal_px", "x_m", "y_m", "z_m", "pan_deg", "tilt_deg"}
)


@dataclass(frozen=True)
class Calibration:
    """What a person told of a camera: where known places of the field are in its picture.

    Attributes:
        points: pairs of pixel (x, y) and place on the ground (x, y in m from the field's centre).
        camera: the camera itself, where somebody knows it; then points are not needed.
        field_length_m, field_width_m: of the field, where they are told.
    """

    points: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()
    camera: Camera | None = None
    field_length_m: float | None = None
    field_width_m: float | None = None

    def to_json(self) -> str:
        """As `raw/footage` keeps it: `calibration`."""
        told: dict[str, object] = {}
        if self.points:
            told["points"] = [
                {"image_px": list(pixel), "field_m": list(place)} for pixel, place in self.points
            ]
        if self.camera is not None:
            told["camera"] = self.camera.to_dict()
        if self.field_length_m is not None and self.field_width_m is not None:
            told["field_m"] = [self.field_length_m, self.field_width_m]
        return json.dumps(told, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Calibration":
        """Read a calibration file, or a row of `raw/footage`.

        Raises:
            SourceError: it is no such JSON, or has too few points; says what to write.
        """
        remedy = (
            'give {"points": [{"image_px": [x, y], "field_m": [x, y]}, …]} with four points or '
            "more, or a camera as vision/camera has it"
        )
        try:
            told = json.loads(text)
        except ValueError as error:
            raise SourceError(f"the calibration is no JSON ({error}): {remedy}") from error
        if not isinstance(told, dict):
            raise SourceError(f"the calibration is no JSON object: {remedy}")
        listed = told.get("points", [])
        if not isinstance(listed, list):
            raise SourceError(f"the calibration's points are no list: {remedy}")
        points = tuple(
            (_pair(one, "image_px", remedy), _pair(one, "field_m", remedy)) for one in listed
        )
        camera = told.get("camera")
        if camera is not None and not isinstance(camera, dict):
            raise SourceError(f"the calibration's camera is no object: {remedy}")
        if camera is None and len(points) < 4:  # noqa: PLR2004 - a plane has eight unknowns
            raise SourceError(f"the calibration has {len(points)} points: {remedy}")
        size = _pair(told, "field_m", remedy) if "field_m" in told else (None, None)
        if any(one is not None and not _FIELD_M[0] <= one <= _FIELD_M[1] for one in size):
            raise SourceError(
                f"the calibration's field is {size[0]} × {size[1]} m: give its length and width, "
                f"{_FIELD_M[0]:g} to {_FIELD_M[1]:g} m each"
            )
        return cls(points, Camera.from_dict(camera) if camera else None, *size)


def _pair(told: object, name: str, remedy: str) -> tuple[float, float]:
    pair = told.get(name) if isinstance(told, dict) else None
    if (
        not isinstance(pair, Sequence)
        or len(pair) != 2  # noqa: PLR2004 - x and y
        or any(isinstance(one, bool) or not isinstance(one, int | float) for one in pair)
        or any(not abs(one) < _MOST for one in pair)
    ):
        raise SourceError(f"the calibration's {name} is {pair!r}: {remedy}")
    return float(pair[0]), float(pair[1])
