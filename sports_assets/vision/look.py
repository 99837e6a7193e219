"""One look at one video: how its camera stands, whom a detector sees in it, and where the ball is.

The video is read twice: a few frames, spread over its length, tell whether the camera stands still
and where; then all of it is decoded in order. Memory hardly grows with the length.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.camera import Calibration
from edge_ingest.checksum import sha256_of
from edge_ingest.errors import SourceError
from resources.vision_contracts import VISION_CAMERA, VISION_DETECTION, VISION_LOOK
from sports_assets.vision.ball.pieces import BallPieces
from sports_assets.vision.camera.background import background, looks_kept, pooled
from sports_assets.vision.camera.calibrate import find_camera
from sports_assets.vision.camera.field_mask import NoGrass, field_masks
from sports_assets.vision.camera.judge import FoundCamera, NotFound
from sports_assets.vision.camera.stillness import judge_stillness
from sports_assets.vision.camera.told import ToldCamera, lawn_of, told_camera
from sports_assets.vision.detection import Detector, Scene
from sports_assets.vision.frames import Frame, Image, Timeline, frames, timeline
from sports_assets.vision.look_rows import LookRows

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Raised whenever the same video would give other rows.
VERSION = "4"
#: Sports whose footage is read; of others nobody would know what a place or a track means.
SPORTS = ("football",)

Mask = NDArray[np.bool_]

_OTHER_SPORT = (
    "footage of {} is kept and cut into clips, and not looked at: football is what is read so far"
)


@dataclass(frozen=True)
class LookSettings:
    """How a video is looked at.

    Attributes:
        looks_hz: looks for people in a second. An athlete runs at most 2 m between two at 5 Hz,
            less than two of them stand apart, so that more looks tell little more.
        ball_hz: frames in a second in which the ball is looked for, besides: at 12.5 Hz it flies
            at most 2.8 m between two, and its path is found as well as at 25.
    """

    looks_hz: float = 5.0
    ball_hz: float = 12.5


@dataclass(frozen=True)
class Video:
    """A row of `raw/footage`, as far as a look needs it.

    Attributes:
        path: the file.
        calibration: JSON that a person told, as `edge_ingest.camera.Calibration`; None: nobody.
        sport: of the session; footage of one that is not in `SPORTS` is refused.
    """

    path: Path
    session_id: str
    sha256: str
    camera: str
    started_at_utc: datetime
    calibration: str | None = None
    sport: str = "football"


@dataclass(frozen=True)
class Looked:
    """What came of it.

    Attributes:
        camera: contract vision/camera, one row.
        looks: contract vision/look.
        detections: contract vision/detection.
    """

    camera: pa.Table
    looks: pa.Table
    detections: pa.Table


def made_by(
    detector: str,
    model: Path | None,
    calibration: str | None,
    camera: str = "",
    started_at_utc: datetime | None = None,
) -> str:
    """Which look it is: the same for the same video gives the same rows."""
    told = {
        "version": VERSION,
        "detector": detector,
        "model": sha256_of(model) if model is not None else None,
        "calibration": calibration,
        "camera": camera,
        "started_at_utc": started_at_utc.isoformat() if started_at_utc else None,
        "settings": asdict(LookSettings()),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def look_at(
    video: Video,
    detector: Detector,
    made_by: str,
    settings: LookSettings | None = None,
    tell: Callable[[int, int], None] = lambda _looks, _of: None,
) -> Looked:
    """Look at all of a video.

    A video that cannot be looked at (damaged, moving camera, nothing to see) gives a row that says
    why, and no detection.

    Args:
        made_by: as `made_by` says.
        tell: is told how many looks are done, of how many.
    """
    refuse = partial(refused, video.session_id, video.sha256, video.camera, made_by)
    try:
        line = timeline(video.path)
        images, reason = _still_pictures(video, line)
        if reason is not None:
            return refuse(reason)
        scene, found = _scene(video, images)
        del images
        rows = _look(video.path, line, scene, detector, settings or LookSettings(), tell)
    except SourceError as error:
        return refuse(str(error))
    except _faults() as error:
        # The same video would fail again, and those that wait behind it would never be looked at.
        logging.getLogger(__name__).exception("%s cannot be looked at", video.path)
        return refuse(
            f"looking at it failed ({type(error).__name__}: {error}): report this with the video"
        )
    height, width = scene.pitch.shape
    camera = {
        "session_id": video.session_id,
        "footage_sha256": video.sha256,
        "camera": video.camera,
        "made_by": made_by,
        **found,
        "width_px": width,
        "height_px": height,
        "detector": detector.name,
        "looks": rows.looks,
        "frames_damaged": rows.due - rows.looks,
    }
    row = VISION_CAMERA.conform(pa.Table.from_pylist([camera]))
    return Looked(row, *rows.tables(video.session_id, video.sha256, video.started_at_utc))


def refused(session_id: str, sha256: str, camera: str, made_by: str, reason: str) -> Looked:
    """What comes of a video that cannot be looked at: a row that says why."""
    row = {
        "session_id": session_id,
        "footage_sha256": sha256,
        "camera": camera,
        "state": "refused",
        "reason": reason,
        "looks": 0,
        "frames_damaged": 0,
        "made_by": made_by,
    }
    told = VISION_CAMERA.conform(pa.Table.from_pylist([row]))
    return Looked(told, VISION_LOOK.empty(), VISION_DETECTION.empty())


def _faults() -> tuple[type[Exception], ...]:
    """What mathematics raises on pictures that it was not made for."""
    import cv2

    return ValueError, ArithmeticError, np.linalg.LinAlgError, cv2.error


def _still_pictures(video: Video, line: Timeline) -> tuple[list[Image], str | None]:
    """Frames for the background, and why the video cannot be used; None: it can."""
    if video.sport not in SPORTS:
        return [], _OTHER_SPORT.format(video.sport)
    images: list[Image] = []

    def kept() -> Iterator[Frame]:
        for at, frame in enumerate(pooled(video.path, line)):
            height, width = frame.image.shape[:2]
            if at in looks_kept(height, width, line.pts.size):
                images.append(frame.image)
            yield frame

    return images, judge_stillness(kept()).reason


def _scene(video: Video, images: "Sequence[Image]") -> tuple[Scene, dict[str, Any]]:
    """What is known before anyone is looked for, and its part of the row of `vision/camera`."""
    still = background(images)
    masks = field_masks(still)
    found, pitch = _found(video, still, masks)
    if isinstance(found, str):
        return Scene(still, pitch), {"state": "uncalibrated", "reason": found}
    row = {
        "state": "calibrated",
        "method": found.method,
        "model": json.dumps(found.camera.to_dict(), sort_keys=True),
        "field_length_m": found.field.length_m,
        "field_width_m": found.field.width_m,
        "reprojection_error_px": found.reprojection_error_px,
        "reprojection_error_m": found.reprojection_error_m,
        "pitch_seen_share": found.pitch_seen_share,
    }
    return Scene(still, pitch, found.camera, found.field), row


def _found(
    video: Video, still: Image, masks: tuple[Mask, ...] | NoGrass
) -> tuple[FoundCamera | ToldCamera | str, Mask]:
    """The camera, or why there is none, and which of the lawns is the pitch."""
    height, width = still.shape[:2]
    pitch = np.ones((height, width), np.bool_) if isinstance(masks, NoGrass) else masks[0]
    if video.calibration is not None:
        told = told_camera(Calibration.from_json(video.calibration), width, height)
        return told, pitch if isinstance(masks, NoGrass) else lawn_of(told, masks)
    if isinstance(masks, NoGrass):
        return masks.reason, pitch
    reasons = []
    for mask in masks:
        found = find_camera(still, mask)
        if not isinstance(found, NotFound):
            return found, mask
        reasons.append(found.reason)
    # Of several lawns without a camera the one that most was found on is told of.
    most = max(range(len(masks)), key=lambda one: len(reasons[one]))
    return reasons[most], masks[most]


def _look(  # noqa: PLR0917 - everything that a look is made with
    path: Path,
    line: Timeline,
    scene: Scene,
    detector: Detector,
    settings: LookSettings,
    tell: Callable[[int, int], None],
) -> LookRows:
    due = line.due(settings.looks_hz)
    is_look = set(due.tolist())
    rows, ball = LookRows(scene, due.size), BallPieces(scene)
    for frame in frames(path, line, np.union1d(due, line.due(settings.ball_hz))):
        seen = detector.look(frame, scene) if frame.frame_id in is_look else None
        if seen is not None:
            rows.add(frame, seen)
            tell(rows.looks, rows.due)
        ball.add(frame, seen)
        for stretch in ball.finished():
            rows.add_ball(stretch)
    for stretch in ball.rest():
        rows.add_ball(stretch)
    return rows
