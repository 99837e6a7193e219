"""From a camera that is about right to the one that lays the marks on their ridges.

Each ridge point is taken to its nearest mark of the same direction, the camera is moved so that the
distances across the line shrink (Gauss-Newton on an iteratively reweighted robust loss), and again;
the gate narrows as the camera settles. Few numbers are free at first, more when it is near.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.camera.lines import Ridges
from sports_assets.vision.camera.match_marks import Marks
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

#: What can be found, and a small step of each for derivatives. The focal length by its logarithm.
STEPS = {
    "x_m": 0.01, "y_m": 0.01, "z_m": 0.005, "pan_deg": 0.01, "tilt_deg": 0.01, "roll_deg": 0.01,
    "focal_px": 1e-4, "k1": 1e-4, "k2": 1e-4, "centre_x_px": 0.5, "centre_y_px": 0.5,
    "length_m": 0.02, "width_m": 0.02,
}  # fmt: skip
POSE = ("x_m", "y_m", "z_m", "pan_deg", "tilt_deg", "roll_deg", "focal_px")


@dataclass(frozen=True)
class Fit:
    """A camera and field, and how the ridges agree.

    Attributes:
        off_px: distance of each ridge point across its mark; NaN where no mark is near: n.
        mark: which mark each lies on; −1: none: n.
        free: what was found.
        covariance: of what was found, from the residuals, in the order of `free`.
    """

    camera: Camera
    field: FieldSize
    off_px: Floats
    mark: NDArray[np.int64]
    free: tuple[str, ...]
    covariance: Floats

    @property
    def rms_px(self) -> float:
        """Root mean square of the distances of the ridge points that lie on a mark."""
        on = self.off_px[self.mark >= 0]
        return float(np.sqrt(np.mean(on**2))) if on.size else float("inf")

    @property
    def on_marks_share(self) -> float:
        """Share of the ridge points that lie on a mark."""
        return float(np.mean(self.mark >= 0))


def moved(
    camera: Camera, field: FieldSize, free: tuple[str, ...], step: Floats
) -> tuple[Camera, FieldSize]:
    """A camera and field with some numbers changed."""
    told: dict[str, float] = {}
    size = {"length_m": field.length_m, "width_m": field.width_m}
    for name, by in zip(free, step, strict=True):
        if name == "focal_px":
            told[name] = float(camera.focal_px * np.exp(by))
        elif name in size:
            size[name] += float(by)
        else:
            told[name] = float(getattr(camera, name)) + float(by)
    return replace(camera, **told), FieldSize(**size)  # type: ignore[arg-type] # numbers all


def fit(  # noqa: PLR0917 - what is moved, onto what, and how
    camera: Camera,
    marks: Marks,
    field: FieldSize,
    ridges: Ridges,
    free: tuple[str, ...],
    gates_px: tuple[float, ...],
    priors: dict[str, tuple[float, float]],
) -> Fit:
    """Move a camera so that the marks lie on the ridges.

    Args:
        free: names of `STEPS`.
        gates_px: for each round, how far a ridge may be from its mark.
        priors: mean and standard deviation of some of them, where that is known beforehand.
    """
    off = np.full(len(ridges), np.nan)
    mark = np.full(len(ridges), -1)
    covariance = np.full((len(free), len(free)), np.inf)
    for gate in gates_px:
        pairs, at, normal = _nearest(camera, marks, field, ridges, gate)
        off, mark = np.full(len(ridges), np.nan), np.full(len(ridges), -1)
        if len(pairs) < 2 * len(free):
            break
        seen = ridges.points_px[pairs]
        points = marks.on(field)[at]
        residual = np.sum((seen - camera.project(points)) * normal, axis=1)
        off[pairs], mark[pairs] = residual, marks.mark[at]
        jacobian = np.column_stack(
            [np.sum(_slope(camera, marks, field, at, one) * normal, axis=1) for one in free]
        )
        known = np.isfinite(jacobian).all(axis=1) & np.isfinite(residual)
        jacobian = np.where(known[:, None], jacobian, 0.0)
        residual = np.where(known, residual, 0.0)
        spread = max(0.3, 1.48 * float(np.median(np.abs(residual[known])))) if known.any() else 1.0
        weight = np.where(known, _tukey(residual, gate), 0.0)
        normal_matrix = jacobian.T @ (weight[:, None] * jacobian) / spread**2
        towards = jacobian.T @ (weight * residual) / spread**2
        for row, name in enumerate(free):
            if name in priors:
                mean, sd = priors[name]
                normal_matrix[row, row] += sd**-2
                towards[row] += (mean - _value(camera, field, name)) * sd**-2
        scale = np.sqrt(np.maximum(np.diag(normal_matrix), 1e-12))
        damped = normal_matrix / np.outer(scale, scale) + 1e-6 * np.eye(len(free))
        step = np.linalg.solve(damped, towards / scale) / scale
        camera, field = moved(camera, field, free, step)
        covariance = np.linalg.inv(damped) / np.outer(scale, scale)
        if not (1.0 < camera.z_m < 150 and camera.focal_px > 0.1 * camera.width_px):  # noqa: PLR2004
            break
    return Fit(camera, field, off, mark, free, covariance)


def matched(
    camera: Camera, marks: Marks, field: FieldSize, ridges: Ridges, gate_px: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Distance of each ridge point across its mark (NaN: none is near), and which mark (−1): n."""
    off, mark = np.full(len(ridges), np.nan), np.full(len(ridges), -1)
    pairs, at, normal = _nearest(camera, marks, field, ridges, gate_px)
    shown = camera.project(marks.on(field)[at]) if len(at) else np.empty((0, 2))
    off[pairs] = np.sum((ridges.points_px[pairs] - shown) * normal, axis=1)
    mark[pairs] = marks.mark[at]
    return off, mark


def _value(camera: Camera, field: FieldSize, name: str) -> float:
    if name == "focal_px":
        return float(np.log(camera.focal_px))
    return float(getattr(field if name in {"length_m", "width_m"} else camera, name))


def _slope(
    camera: Camera, marks: Marks, field: FieldSize, at: NDArray[np.int64], name: str
) -> Floats:
    step = np.array([STEPS[name]])
    sides = []
    for sign in (1, -1):
        other, size = moved(camera, field, (name,), sign * step)
        sides.append(other.project(marks.on(size)[at]))
    return np.asarray((sides[0] - sides[1]) / (2 * step), np.float64)


def _nearest(
    camera: Camera, marks: Marks, field: FieldSize, ridges: Ridges, gate_px: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Ridge points with a mark nearby that runs the same way, that mark's point, and across it."""
    from scipy.spatial import cKDTree

    shown, way, inside = marks.shown_by(camera, field)
    which = np.flatnonzero(inside)
    if not which.size:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 2))
    turn = 2.0 * gate_px  # a right angle costs as much as that distance
    tree = cKDTree(np.column_stack([shown[which], turn * _doubled(way[which])]))
    distance, nearest = tree.query(
        np.column_stack([ridges.points_px, turn * _doubled(ridges.along)]),
        distance_upper_bound=3 * gate_px,
    )
    pairs = np.flatnonzero(np.isfinite(distance))
    at = which[nearest[pairs]]
    normal = np.column_stack([-way[at, 1], way[at, 0]])
    across = np.abs(np.sum((ridges.points_px[pairs] - shown[at]) * normal, axis=1))
    aligned = np.abs(np.sum(ridges.along[pairs] * way[at], axis=1)) > np.cos(np.radians(25))
    good = (across < gate_px) & aligned
    return pairs[good], at[good], normal[good]


def _doubled(way: Floats) -> Floats:
    """Unit vectors of twice the angle, so that both senses of a direction are one."""
    return np.column_stack([way[:, 0] ** 2 - way[:, 1] ** 2, 2 * way[:, 0] * way[:, 1]])


def _tukey(residual: Floats, gate: float) -> Floats:
    """Weights of Tukey's biweight (Beaton & Tukey 1974)."""
    return np.asarray(np.maximum(1 - (residual / gate) ** 2, 0) ** 2, np.float64)
