"""People of the two real cameras, counted and placed by eye, and cameras fitted to the lines."""

import json
from pathlib import Path

import numpy as np

from edge_ingest.camera import Camera
from sports_assets.vision.detection import Scene, Seen
from sports_assets.vision.frames import Image
from sports_assets.vision.pitch import FieldSize

HERE = Path(__file__).parent
#: Found from the lines of the pitch, which they meet to 1.4 px.
CAMERAS = {
    "left": Camera(
        3072, 1728, 2115.8887, -1.3899, -48.6366, 7.4358, 121.7988, 7.4963,
        5.6109, -0.064809, -0.003698, "fisheye", 64.1073, 38.8059,
    ),
    "right": Camera(
        3072, 1728, 2114.142, -0.9851, -48.6954, 7.4575, 56.8211, 7.6298,
        -5.1659, -0.065919, -0.009416, "fisheye", 24.6319, 26.1099,
    ),
}  # fmt: skip
FIELD = FieldSize()
#: A foot is the person's if it is nearer than this, of its height.
NEAR = 0.35
#: Beside the field so far somebody still counts as on it: the cameras are known to that.
MARGIN_M = 0.5


def people(camera: str) -> dict[int, np.ndarray]:
    """Foot points of the people on the pitch by frame: n × 2 px."""
    told = json.loads((HERE / f"{camera}_camera_people.json").read_text())
    return {int(number): np.array(feet, float) for number, feet in told["on_pitch"].items()}


def beside(camera: str, number: int) -> np.ndarray:
    """Of those who stand at the touchline and take no part in the count."""
    told = json.loads((HERE / f"{camera}_camera_people.json").read_text())
    return np.array(told["beside"].get(str(number), []), float).reshape(-1, 2)


def scene(name: str, background: Image) -> Scene:
    """With the camera that was fitted."""
    camera = CAMERAS[name]
    height, width = background.shape[:2]
    rows, columns = np.mgrid[0:height:8, 0:width:8]
    places = camera.ground(np.column_stack([columns.ravel(), rows.ravel()]))
    coarse = FIELD.holds(np.nan_to_num(places, nan=1e6), 1.0).reshape(rows.shape)
    pitch = np.repeat(np.repeat(coarse, 8, 0), 8, 1)[:height, :width]
    return Scene(background, pitch, camera, FIELD)


def missed_and_extra(name: str, number: int, seen: Seen, at_least: float) -> tuple[int, int]:
    """How many people on the pitch were not seen, and how many were seen who are not there."""
    from scipy.optimize import linear_sum_assignment

    camera = CAMERAS[name]
    told = people(name)[number]
    feet = seen.ground_px[~seen.is_ball & (seen.confidence >= at_least)]
    feet = feet[FIELD.holds(np.nan_to_num(camera.ground(feet), nan=1e6), MARGIN_M)]
    tall = camera.upright_px(camera.ground(told), 1.8)
    away = np.linalg.norm(told[:, None] - feet[None], axis=2) / tall[:, None]
    one, other = linear_sum_assignment(np.where(away < NEAR, away, 1e3))
    matched = away[one, other] < NEAR
    extra = np.setdiff1d(np.arange(len(feet)), other[matched])
    for place in beside(name, number):
        reach = camera.upright_px(camera.ground(place[None]), 1.8)[0]
        extra = extra[np.linalg.norm(feet[extra] - place, axis=1) > NEAR * reach]
    return len(told) - int(matched.sum()), len(extra)
