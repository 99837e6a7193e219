"""The camera of a calibration that a person gave: it overrides what is found in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Calibration, Camera, Lens
from edge_ingest.errors import SourceError
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LEAST = 4
#: From so many points on the second coefficient of the lens is found, too.
_FOR_K2 = 12
#: A point that is read off by hand is wrong by so much, px.
_READ_SD_PX = 2.0
#: What the points do not tell is taken to be like most cameras: standard deviations of roll
#: (degrees), k1 and k2 about nought.
_ROLL_SD_DEG, _K1_SD, _K2_SD = 5.0, 0.2, 0.05
#: Points that miss by more than this share of the width are no slip of the hand but a mistake.
_MOST_OFF = 0.006
#: Points on one line tell no plane: their spread across it, as a share of that along it.
_LEAST_SPREAD = 0.02
#: Places along and across a field that tell which lawn it is.
_LAID_OUT = 60
#: Starts of the search: angles of view across the picture, degrees.
_VIEWS_DEG = (25.0, 45.0, 65.0, 90.0, 115.0)
#: Steps from each start, and from the few that are best then.
_FEW_STEPS, _MANY_STEPS, _ENDED = 12, 200, 3


@dataclass(frozen=True)
class ToldCamera:
    """A camera as a person told it.

    Attributes:
        camera, field: where it stands and how large the field is.
        reprojection_error_px: points beside where the camera shows them, root mean square; nought
            where the camera itself was told.
        reprojection_error_m: the same on the ground, median.
        pitch_seen_share: share of the field's area that is in the picture.
        method: as `vision/camera` has it: `points` or `told`.
    """

    camera: Camera
    field: FieldSize
    reprojection_error_px: float
    reprojection_error_m: float
    pitch_seen_share: float
    method: str


def told_camera(told: Calibration, width_px: int, height_px: int) -> ToldCamera:
    """The camera that a calibration describes, for pictures of a size.

    Points are fitted by least squares. The more there are, the more of the lens is found; with four
    it is mostly taken to be like most.

    Raises:
        SourceError: the points lie on a line, contradict each other (names the worst), or the
            camera is of pictures of another shape.
    """
    field = FieldSize()
    if told.field_length_m is not None and told.field_width_m is not None:
        field = FieldSize(told.field_length_m, told.field_width_m)
    if told.camera is not None:
        camera = _of_this_size(told.camera, width_px, height_px)
        return ToldCamera(camera, field, 0.0, 0.0, _seen_share(camera, field), "told")
    pixels = np.array([pixel for pixel, _ in told.points], np.float64)
    places = np.array([place for _, place in told.points], np.float64)
    _check(pixels, places, width_px, height_px)
    camera = _fitted(pixels, places, width_px, height_px)
    off = np.linalg.norm(camera.project(places) - pixels, axis=1)
    off = np.nan_to_num(off, nan=float(width_px))
    rms = float(np.sqrt(np.mean(off**2)))
    if rms > _MOST_OFF * width_px:
        worst = _worst(pixels, places, width_px, height_px)
        raise SourceError(
            f"the calibration's points contradict each other by {rms:.0f} px: look at point "
            f"{worst + 1} first (image_px {_text(pixels[worst])}, field_m {_text(places[worst])}); "
            "x grows to the picture's right, y away from the camera, both from the field's centre"
        )
    off_m = np.linalg.norm(camera.ground(pixels) - places, axis=1)
    return ToldCamera(
        camera, field, rms, float(np.nanmedian(off_m)), _seen_share(camera, field), "points"
    )


def _of_this_size(camera: Camera, width_px: int, height_px: int) -> Camera:
    if (camera.width_px, camera.height_px) == (width_px, height_px):
        return camera
    if abs(camera.height_px * width_px / camera.width_px - height_px) > 1:
        raise SourceError(
            f"the calibration's camera has pictures of {camera.width_px} × {camera.height_px} px, "
            f"and the video has {width_px} × {height_px}: give the camera of this video"
        )
    return camera.resized(width_px, height_px)


def lawn_of(told: ToldCamera, masks: Sequence[Mask]) -> Mask:
    """Which of some lawns is the field that a camera sees: height × width."""
    along, across = told.field.length_m / 2, told.field.width_m / 2
    grid = np.meshgrid(
        np.linspace(-along, along, _LAID_OUT), np.linspace(-across, across, _LAID_OUT)
    )
    pixels = told.camera.project(np.column_stack([one.ravel() for one in grid]))
    pixels = np.rint(pixels[np.isfinite(pixels).all(axis=1)]).astype(np.int64)
    height, width = masks[0].shape
    pixels = pixels[(pixels >= 0).all(axis=1) & (pixels < [width, height]).all(axis=1)]
    return max(masks, key=lambda mask: int(mask[pixels[:, 1], pixels[:, 0]].sum()))


def _check(pixels: Floats, places: Floats, width_px: int, height_px: int) -> None:
    if len(pixels) < _LEAST:
        raise SourceError(f"the calibration has {len(pixels)} points: give four or more")
    outside = (pixels < 0) | (pixels > np.array([width_px, height_px]))
    for number in np.flatnonzero(outside.any(axis=1)):
        raise SourceError(
            f"the calibration's point {number + 1} (image_px {_text(pixels[number])}) is outside "
            f"of the picture of {width_px} × {height_px} px: read it off the video at its full size"
        )
    for name, points in (("image_px", pixels), ("field_m", places)):
        alike = np.linalg.norm(points[:, None] - points[None, :], axis=2)
        first, second = np.nonzero(np.triu(alike < 1e-6, 1))  # noqa: PLR2004 - the same
        if first.size:
            raise SourceError(
                f"the calibration's points {first[0] + 1} and {second[0] + 1} have the same "
                f"{name}: give different ones"
            )
        if not _spans_a_plane(points):
            raise SourceError(
                f"the calibration's points lie on one line ({name}), or all but one do: give four "
                "of which no three are on a line, such as two corners and two of a penalty area"
            )


def _spans_a_plane(points: Floats) -> bool:
    """Whether no line holds all of them, or all but one."""
    if _flatness(points) < _LEAST_SPREAD:
        return False
    return all(_flatness(np.delete(points, one, axis=0)) >= _LEAST_SPREAD
               for one in range(len(points)))  # fmt: skip


def _flatness(points: Floats) -> float:
    values = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return float(values[1] / values[0]) if values[0] > 0 else 0.0


def _fitted(
    pixels: Floats, places: Floats, width_px: int, height_px: int, ended: int = _ENDED
) -> Camera:
    """Least squares, the lens among it, from each start and for each lens; the best of them."""
    size = (width_px, height_px)
    lenses: tuple[Lens, ...] = ("perspective", "fisheye")
    begun = [
        (*_solved(start, lens, pixels, places, size, _FEW_STEPS), lens)
        for start in _starts(pixels, places, size)
        for lens in lenses
    ]
    begun.sort(key=lambda one: one[0])
    if ended:
        begun = [
            (*_solved(numbers, lens, pixels, places, size, _MANY_STEPS), lens)
            for _, numbers, lens in begun[:ended]
        ]
    _, numbers, lens = min(begun, key=lambda one: one[0])
    return _camera(numbers, lens, *size)


def _starts(pixels: Floats, places: Floats, size: tuple[int, int]) -> list[Floats]:
    """x, y, z, pan, tilt, roll (degrees), log focal, k1, k2: from the plane's homography.

    For a focal length the homography tells the camera (Zhang 2000).
    """
    plane = _homography(pixels - (np.array(size) - 1) / 2, places)
    starts = []
    for view in _VIEWS_DEG:
        focal = size[0] / 2 / np.tan(np.radians(view / 2))
        columns = np.diag([1 / focal, 1 / focal, 1.0]) @ plane
        columns /= np.linalg.norm(columns[:, :2], axis=0).mean()
        ahead = columns[2] @ np.append(places.mean(axis=0), 1.0)
        columns *= np.sign(ahead) or 1.0
        axes = np.column_stack([columns[:, :2], np.cross(columns[:, 0], columns[:, 1])])
        left, _, right = np.linalg.svd(axes)
        turned = left @ right
        x, y, z = -turned.T @ columns[:, 2]
        look, to_right = turned[2], turned[0]
        pan, tilt = np.arctan2(look[1], look[0]), np.arcsin(np.clip(-look[2], -1, 1))
        level = np.array([np.sin(pan), -np.cos(pan), 0.0])
        roll = np.arctan2(to_right @ np.cross(look, level), to_right @ level)
        angles = np.degrees([pan, tilt, roll])
        starts.append(np.array([x, y, max(abs(z), 1.0), *angles, np.log(focal), 0.0, 0.0]))
    return starts


def _homography(pixels: Floats, places: Floats) -> Floats:
    """3 × 3 from places to pixels, by the direct linear transform."""
    scale_px, scale_m = np.abs(pixels).max(), np.abs(places).max()
    rows = []
    for (u, v), (x, y) in zip(pixels / scale_px, places / scale_m, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, -u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, -v])
    plane = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    back = np.diag([scale_px, scale_px, 1.0]) @ plane @ np.diag([1 / scale_m, 1 / scale_m, 1.0])
    return np.asarray(back, np.float64)


def _solved(  # noqa: PLR0917 - where from, what to, and how long
    start: Floats, lens: Lens, pixels: Floats, places: Floats, size: tuple[int, int], steps: int
) -> tuple[float, Floats]:
    """Cost and numbers of the least squares from a start."""
    from scipy.optimize import least_squares

    free = 9 if len(pixels) >= _FOR_K2 else 8
    sd = np.array([_ROLL_SD_DEG, _K1_SD, _K2_SD])

    def off(numbers: Floats) -> Floats:
        full = np.concatenate([numbers, start[free:]])
        shown = _camera(full, lens, *size).project(places)
        miss = np.nan_to_num(shown - pixels, nan=float(size[0])) / _READ_SD_PX
        return np.concatenate([miss.ravel(), full[[5, 7, 8]] / sd])

    scale = np.array([1, 1, 1, 1, 1, 1, 0.05, 0.05, 0.05])[:free]
    made = least_squares(off, start[:free], x_scale=scale, max_nfev=steps)
    return float(made.cost), np.concatenate([made.x, start[free:]])


def _camera(numbers: Floats, lens: Lens, width_px: int, height_px: int) -> Camera:
    x, y, z, pan, tilt, roll, focal, k1, k2 = (float(one) for one in numbers)
    focal_px = float(np.exp(np.clip(focal, 0.0, 15.0)))
    pan = (pan + 180.0) % 360.0 - 180.0
    return Camera(width_px, height_px, focal_px, x, y, abs(z), pan, tilt, roll, k1, k2, lens)


def _worst(pixels: Floats, places: Floats, width_px: int, height_px: int) -> int:
    """The point without which the others agree best."""
    left = []
    for one in range(len(pixels)):
        rest = np.arange(len(pixels)) != one
        if rest.sum() < _LEAST:
            camera = _fitted(pixels, places, width_px, height_px)
            off = np.linalg.norm(camera.project(places) - pixels, axis=1)
            return int(np.argmax(np.nan_to_num(off, nan=np.inf)))
        camera = _fitted(pixels[rest], places[rest], width_px, height_px, ended=0)
        off = np.linalg.norm(camera.project(places[rest]) - pixels[rest], axis=1)
        left.append(float(np.sum(np.nan_to_num(off, nan=float(width_px)) ** 2)) / rest.sum())
    return int(np.argmin(left))


def _seen_share(camera: Camera, field: FieldSize) -> float:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 61), np.linspace(-0.5, 0.5, 61))
    grid = np.column_stack([x.ravel() * field.length_m, y.ravel() * field.width_m])
    return float(camera.is_in_picture(camera.project(grid)).mean())


def _text(pair: Floats) -> str:
    return f"[{pair[0]:g}, {pair[1]:g}]"
