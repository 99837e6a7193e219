"""What in a frame may be the ball: small things that stand out of the ground and were not there.

What does not move (lines, painted spots, spare balls) is in the background and stands out
nowhere. Whether one of the rest is the ball, the path through all of them says:
`sports_assets.vision.ball.path`.
"""

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.ball.blobs import Candidates
from sports_assets.vision.ball.filter import MOST_PEAKS, Band, bands, peaks, shape
from sports_assets.vision.ball.score import score
from sports_assets.vision.ball.size import BallSize
from sports_assets.vision.detect.person_sizes import BESIDE_M
from sports_assets.vision.detection import Scene
from sports_assets.vision.frames import Frame

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Most candidates that are kept, a frame.
_MOST = 48
#: A ball is looked for up to this height over the field, m: the higher, the more trees and
#: spectators.
_HIGHEST_M = 4.0
#: Pixels between two places at which that is worked out.
_STEP_PX = 8


class BallCandidates:
    """Looks for what may be the ball, frame after frame, as a `Detector` looks for people.

    Every frame is looked at by itself; the more of them, the better the path that is found: at 25
    a second a ball moves at most 1.4 m between two, at 5 a second 7 m.

    Args:
        size: of the ball; None: the scene's camera tells it, or else the width of the picture.
    """

    def __init__(self, size: BallSize | None = None) -> None:
        self._told = size
        self._scene: Scene | None = None
        self._size: BallSize | None = size
        self._ground: Mask = np.empty((0, 0), np.bool_)
        self._bands: list[Band] = []

    def look(self, frame: Frame, scene: Scene) -> Candidates:
        """What may be the ball in this frame, the likeliest first."""
        if scene is not self._scene:
            self._prepare(scene)
        assert self._size is not None
        places = [peak for band in self._bands for peak in peaks(frame.image, band)]
        places.sort(key=lambda peak: -peak.rank)
        rows = np.array([shape(peak) for peak in places[:MOST_PEAKS]]).reshape(-1, 8)
        found = Candidates(
            frame.frame_id, frame.t_s, rows[:, :2], rows[:, 2:4], self._size.at(rows[:, :2]),
            rows[:, 4], rows[:, 5], rows[:, 6], rows[:, 7], _is_on(self._ground, rows[:, :2]),
        )  # fmt: skip
        # As much as each looks like the ball, whoever stands there.
        told = score(found, np.empty((0, 4)), size=None if self._size.is_known else self._size)
        found = found.take(np.argsort(-told, kind="stable"))
        return found.take(np.flatnonzero(_apart(found.centre_px, found.expected_px))[:_MOST])

    def _prepare(self, scene: Scene) -> None:
        height, width = scene.pitch.shape
        size = self._told
        if size is None and scene.camera is not None:
            size = BallSize.from_camera(scene.camera, scene.field)
        if size is None:
            size = BallSize.from_people(np.empty((0, 4)), width, height)
        self._scene, self._size = scene, size
        self._ground = scene.pitch | _over_field(scene, 0.0, BESIDE_M)
        region = self._ground | _over_field(scene, _HIGHEST_M, 0.0)
        self._bands = bands(region, scene.background, size)


def _over_field(scene: Scene, z_m: float, beside_m: float) -> Mask:
    """Where a ball is seen at a height over the field, or so far beside: nowhere if unknown."""
    import cv2

    if scene.camera is None or scene.field is None:
        return np.zeros_like(scene.pitch)
    height, width = scene.pitch.shape
    along, down = np.meshgrid(np.arange(0, width, _STEP_PX), np.arange(0, height, _STEP_PX))
    pixels = np.column_stack([along.ravel(), down.ravel()]).astype(np.float64)
    over = np.nan_to_num(scene.camera.ground(pixels, z_m=z_m), nan=1e6)
    is_over = scene.field.holds(over, beside_m).reshape(along.shape).astype(np.uint8)
    grown = cv2.resize(is_over, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(grown > 0, np.bool_)


def _is_on(mask: Mask, pixels: Floats) -> Mask:
    places = np.clip(np.rint(pixels).astype(np.int64), 0, np.array(mask.shape[::-1]) - 1)
    return np.asarray(mask[places[:, 1], places[:, 0]], np.bool_)


def _apart(centres: Floats, sizes: Floats) -> NDArray[np.bool_]:
    """Of rows that lie within a diameter of one another the first: n."""
    kept = np.ones(len(centres), np.bool_)
    for row in range(1, len(centres)):
        gap = np.abs(centres[:row] - centres[row]).max(axis=1)
        kept[row] = not np.any((gap < sizes[row] * 0.7) & kept[:row])
    return kept
