"""What was seen of one video, as rows of `vision/look` and `vision/detection`."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from resources.vision_contracts import BODY_PARTS, VISION_DETECTION, VISION_LOOK
from sports_assets.vision.ball.path import BallPath
from sports_assets.vision.detection import Scene, Seen
from sports_assets.vision.frames import Frame

Floats = NDArray[np.float64]

#: A foot is told to within so much of the person's height in the picture, and so many pixels:
#: boots and shadow blur it, and so do pixels.
_FOOT_SHARE, _FOOT_PX = 0.02, 1.0
#: Pixels near the horizon show places as far as one likes: they are no place, m.
_BEYOND_M = 1000.0
_BOX = ("left_px", "top_px", "right_px", "bottom_px")
_LAB = tuple(f"{what}_{one}" for what in BODY_PARTS for one in "lab")


class LookRows:
    """Gathers what was seen, look after look.

    Args:
        scene: of the video; where it is calibrated, rows have places.
        due: frames that are to be looked at; those that are damaged never come.
    """

    def __init__(self, scene: Scene, due: int) -> None:
        self._scene, self.due = scene, due
        self._frames: list[tuple[int, float, int]] = []
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._balls: Counter[int] = Counter()

    @property
    def looks(self) -> int:
        """Frames that were looked at so far."""
        return len(self._frames)

    def add(self, frame: Frame, seen: Seen) -> None:
        """Add the people of a look; what its detector takes for balls goes the ball's own way."""
        people = ~seen.is_ball
        boxes, ground = seen.boxes_px[people], seen.ground_px[people]
        self._frames.append((frame.frame_id, frame.t_s, len(boxes)))
        places, sd = self._places(boxes, ground)
        self._parts.append(
            {
                "frame_id": np.full(len(boxes), frame.frame_id),
                "is_ball": np.zeros(len(boxes), np.bool_),
                "is_interpolated": np.zeros(len(boxes), np.bool_),
                "confidence": seen.confidence[people],
                "boxes": boxes,
                "ground": ground,
                "places": places,
                "sd": sd,
                "lab": seen.colours_lab[people],
            }
        )

    def add_ball(self, path: BallPath) -> None:
        """Add the ball in the looks in which it was seen, or stood between two that saw it."""
        known = path.is_seen | path.is_interpolated
        boxes = path.boxes_px[known]
        far = _is_far(path.place_m[known], path.place_sd_m[known])
        self._balls.update(path.frame_id[path.is_seen].tolist())
        self._parts.append(
            {
                "frame_id": path.frame_id[known],
                "is_ball": np.ones(len(boxes), np.bool_),
                "is_interpolated": ~path.is_seen[known],
                "confidence": path.confidence[known],
                "boxes": boxes,
                "ground": np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, 3]]),
                "places": np.where(far[:, None], np.nan, path.place_m[known]),
                "sd": np.where(far, np.nan, path.place_sd_m[known]),
                "lab": np.full((len(boxes), len(_LAB)), np.nan),
            }
        )

    def tables(
        self, session_id: str, sha256: str, started_at_utc: datetime
    ) -> tuple[pa.Table, pa.Table]:
        """Rows of `vision/look` and `vision/detection`, as the contracts sort them."""
        start_us = round(started_at_utc.timestamp() * 1e6)
        instants = {frame: start_us + round(t_s * 1e6) for frame, t_s, _ in self._frames}

        def common(frame: NDArray[Any]) -> dict[str, pa.Array]:
            at_us = np.array([instants[one] for one in frame.tolist()], np.int64)
            return {
                "session_id": pa.array([session_id] * len(frame), pa.string()),
                "footage_sha256": pa.array([sha256] * len(frame), pa.string()),
                "frame_id": pa.array(frame, pa.int32()),
                "captured_at_utc": pa.array(at_us).cast(
                    VISION_LOOK.schema.field("captured_at_utc").type
                ),
            }

        frame = np.array([one[0] for one in self._frames], np.int64)
        looks = {
            **common(frame),
            "people": pa.array([one[2] for one in self._frames], pa.int32()),
            "balls": pa.array([self._balls[one] for one in frame.tolist()], pa.int32()),
        }
        return VISION_LOOK.conform(pa.table(looks)), self._detections(common)

    def _detections(self, common: "Callable[[NDArray[Any]], dict[str, pa.Array]]") -> pa.Table:
        if not self._parts:
            return VISION_DETECTION.empty()
        columns = {
            name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]
        }
        order = np.lexsort([columns["is_ball"], columns["frame_id"]])
        columns = {name: values[order] for name, values in columns.items()}
        frame = columns["frame_id"].astype(np.int64)
        within = np.arange(len(frame)) - np.searchsorted(frame, frame, "left")
        told = {
            **common(frame),
            "detection_id": pa.array(within, pa.int32()),
            "object_kind": pa.array(np.where(columns["is_ball"], "ball", "person"), pa.string()),
            "confidence": pa.array(np.clip(columns["confidence"], 0, 1)),
            "is_interpolated": pa.array(columns["is_interpolated"]),
            "position_sd_m": _nullable(columns["sd"]),
        }
        for names, group in (
            (_BOX, "boxes"),
            (("ground_x_px", "ground_y_px"), "ground"),
            (("x_m", "y_m"), "places"),
            (_LAB, "lab"),
        ):
            told |= {name: _nullable(columns[group][:, one]) for one, name in enumerate(names)}
        return VISION_DETECTION.conform(pa.table(told))

    def _places(self, boxes: Floats, ground: Floats) -> tuple[Floats, Floats]:
        camera = self._scene.camera
        if camera is None or not len(boxes):
            return np.full((len(boxes), 2), np.nan), np.full(len(boxes), np.nan)
        places = camera.ground(ground)
        sd_px = _FOOT_PX + _FOOT_SHARE * (boxes[:, 3] - boxes[:, 1])
        sd = camera.ground_sd_m(ground, 1.0) * sd_px
        far = _is_far(places, sd)
        return np.where(far[:, None], np.nan, places), np.where(far, np.nan, sd)


def _is_far(places: Floats, sd: Floats) -> NDArray[np.bool_]:
    """Which places are so far, or so uncertain, that they are none."""
    far = ~np.isfinite(sd) | ~np.isfinite(places).all(axis=1)
    return np.asarray(far | (np.abs(places) >= _BEYOND_M).any(axis=1) | (sd >= _BEYOND_M), np.bool_)


def _nullable(values: NDArray[Any]) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
