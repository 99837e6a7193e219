"""Where a camera may stand, and how it is turned so that what it is to show fills its picture."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera, Lens

Floats = NDArray[np.float64]
View = Literal["whole", "left half", "right half"]

#: Share of the picture that stays free at each side.
_MARGIN = 0.015
#: Share of the picture's height below the near touchline, and the most that may be above the far
#: one, for boards, trees and sky.
_FOREGROUND = (0.03, 0.16)
_MOST_SKY = 0.5
#: Someone at the far touchline is at least so tall, px: below it nobody would film a match.
_SMALLEST_PX = 13.5
_TALL_M = 1.8
#: A picture this many times as wide as high is a panorama.
_PANORAMA = 2.4
#: Steps until the focal length is known to a thousandth, and until a turn fits it.
_HALVINGS, _AIMS = 12, 5


def draw_camera(
    rng: np.random.Generator,
    view: View,
    size_px: tuple[int, int],
    field_m: tuple[float, float],
    *,
    is_court: bool = False,
) -> Camera:
    """A still camera on a stand or mast behind the near touchline, at random.

    Views that would be of no use (the far side too small to see, a lens that cannot show it) are
    drawn anew.
    """
    lens: Lens = "perspective"  # chosen once: a lens that is hard to place is not the rarer for it
    if size_px[0] > _PANORAMA * size_px[1]:
        lens = "cylindrical" if rng.random() < 0.6 else "fisheye"  # noqa: PLR2004
    elif view == "whole" and rng.random() < 0.5:  # noqa: PLR2004
        lens = "fisheye"
    best: Camera | None = None
    for _ in range(60):
        if is_court:
            camera = _in_hall(rng, size_px, field_m)
        else:
            camera = _candidate(rng, view, lens, size_px, field_m)
        if camera is None:
            continue
        far = camera.upright_px(np.array([[0.0, field_m[1] / 2]]), _TALL_M)[0]
        if far >= _SMALLEST_PX:
            return camera
        best = best or camera
    if best is None:  # cannot be: perspective from far enough always shows the pitch
        raise AssertionError("no camera shows the pitch")
    return best


def _candidate(
    rng: np.random.Generator,
    view: View,
    lens: Lens,
    size_px: tuple[int, int],
    field_m: tuple[float, float],
) -> Camera | None:
    half = np.array(field_m) / 2
    k1 = k2 = 0.0
    if lens == "perspective":
        away = rng.uniform(26, 55) if view == "whole" else rng.uniform(9, 24)
        if rng.random() < 0.75:  # noqa: PLR2004 - most wide lenses bend
            k1 = rng.uniform(-0.14, -0.02)
            k2 = rng.uniform(0.0, 0.02)
    else:
        away = rng.uniform(9, 24)
        k1 = rng.uniform(-0.03, 0.02) if lens == "fisheye" else 0.0
    height = rng.uniform(6, 25) if away > 14 else rng.uniform(6, 15)  # noqa: PLR2004
    if view == "whole":
        height = max(height, 0.28 * away + 2)
    camera = Camera(
        size_px[0], size_px[1], 1000.0,
        x_m=float(rng.uniform(-8, 8) if view == "whole" else rng.uniform(-6, 6)),
        y_m=float(-half[1] - away), z_m=float(height), pan_deg=90.0, tilt_deg=12.0,
        roll_deg=float(rng.normal(0, 0.5)), k1=float(k1), k2=float(k2), lens=lens,
    )  # fmt: skip
    return frame_on(camera, wanted_places(view, half, camera), rng.uniform(*_FOREGROUND))


def _in_hall(
    rng: np.random.Generator, size_px: tuple[int, int], field_m: tuple[float, float]
) -> Camera | None:
    """On a gallery of a hall, whose wide lens bends."""
    half = np.array(field_m) / 2
    camera = Camera(
        size_px[0], size_px[1], 1000.0, x_m=float(rng.uniform(-2, 2)),
        y_m=float(-half[1] - rng.uniform(3, 8)), z_m=float(rng.uniform(4, 6.5)), pan_deg=90.0,
        tilt_deg=20.0, k1=float(rng.uniform(-0.03, 0.0)), lens="fisheye",
    )  # fmt: skip
    return frame_on(camera, wanted_places("whole", half, camera), rng.uniform(*_FOREGROUND))


def wanted_places(view: View, half: Floats, camera: Camera) -> Floats:
    """Places that a view must show.

    Of a whole pitch seen in perspective: the far corners, and of the near touchline as much as a
    lens of 124° takes in.
    """
    x, y = half
    left, right = -x - 1, x + 1
    if view == "left half":
        right = 6.0
    elif view == "right half":
        left = -6.0
    far = [(one, y + 0.5) for one in np.linspace(left, right, 9)]
    near_y = -y - 0.5
    reach = np.inf
    if camera.lens == "perspective":
        reach = (near_y - camera.y_m) * np.tan(np.radians(62))
    near = [
        (float(np.clip(one, camera.x_m - reach, camera.x_m + reach)), near_y)
        for one in np.linspace(left, right, 9)
    ]
    sides = [(one, between) for one in (left, right) for between in np.linspace(0, y, 4)]
    return np.array(far + near + sides)


def frame_on(camera: Camera, places: Floats, foreground: float) -> Camera | None:
    """Turn and zoom a camera so that places fill its picture above some foreground.

    Returns:
        None where it cannot.
    """
    low, high = 0.1 * camera.width_px, 4.0 * camera.width_px
    found = None
    for _ in range(_HALVINGS):
        focal = float(np.sqrt(low * high))
        aimed = _aimed(replace(camera, focal_px=focal), places, foreground)
        if aimed is not None and _fits(aimed, places):
            low, found = focal, aimed
        else:
            high = focal
    return found if found is not None and _shows_corners(found) else None


def _aimed(camera: Camera, places: Floats, foreground: float) -> Camera | None:
    """Pan so that left and right are even; tilt so that the near end lies above the foreground."""
    ahead = np.degrees(np.arctan2(places[:, 1] - camera.y_m, places[:, 0] - camera.x_m))
    pan, tilt = float((ahead.min() + ahead.max()) / 2), 12.0
    for _ in range(_AIMS):
        camera = replace(camera, pan_deg=pan, tilt_deg=tilt)
        seen = camera.project(places)
        if not np.isfinite(seen).all():
            return None
        aside = (seen[:, 0].min() + seen[:, 0].max()) / 2 - camera.width_px / 2
        down = seen[:, 1].max() - (1 - foreground) * camera.height_px
        sky = seen[:, 1].min() - down
        down += max(0.0, sky - _MOST_SKY * camera.height_px)
        pan -= float(np.degrees(np.arctan(aside / camera.focal_px)))
        tilt += float(np.degrees(np.arctan(down / camera.focal_px)))
        tilt = min(max(tilt, -5.0), 60.0)
    return replace(camera, pan_deg=pan, tilt_deg=tilt)


def _fits(camera: Camera, places: Floats) -> bool:
    seen = camera.project(places)
    width, height = camera.width_px, camera.height_px
    inside = (seen >= [_MARGIN * width, 0.08 * height]) & (
        seen <= [(1 - _MARGIN) * width, (1 - _MARGIN) * height]
    )
    return bool(np.all(inside))


def _shows_corners(camera: Camera) -> bool:
    """Whether the lens reaches close to each corner of the picture."""
    inset = 0.04 * camera.width_px
    x, y = camera.width_px - 1 - inset, camera.height_px - 1 - inset
    below = camera.ground([[inset, y], [x, y], [camera.width_px / 2, y]])
    above = camera.ground([[inset, inset], [x, inset]], camera.z_m + 5)
    on_ground = camera.ground([[inset, inset], [x, inset]])
    top = np.isfinite(above[:, 0]) | np.isfinite(on_ground[:, 0])
    return bool(np.isfinite(below).all() and top.all())
