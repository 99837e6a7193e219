"""The ball as `vision/detection` keeps it, video by video, for the rows of a whole session."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sports_assets.vision.ball.path import BallPath
from sports_assets.vision.ball.rows import BallView
from sports_assets.vision.follow.sightings import CameraView

_BOX = ("left_px", "top_px", "right_px", "bottom_px")


def ball_views(detections: pa.Table, views: Sequence[CameraView]) -> list[BallView]:
    """Where the ball was in each look of each video.

    Args:
        detections: contract vision/detection, of the whole session.
        views: every video object that was looked at.
    """
    balls = detections.filter(pc.equal(detections["object_kind"], "ball"))
    return [_view(balls, view) for view in views]


def _view(balls: pa.Table, view: CameraView) -> BallView:
    mine = balls.filter(pc.equal(balls["footage_sha256"], view.footage_sha256))
    look = np.searchsorted(view.frame_ids, mine["frame_id"].to_numpy())
    count = view.frame_ids.size

    def told(names: Sequence[str]) -> NDArray[np.float64]:
        columns = np.full((count, len(names)), np.nan)
        columns[look] = np.column_stack([mine[name].to_numpy().astype(float) for name in names])
        return columns

    is_there, is_between = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    is_there[look] = True
    is_between[look] = mine["is_interpolated"].to_numpy(zero_copy_only=False)
    return BallView(
        view.footage_sha256,
        BallPath(
            frame_id=view.frame_ids,
            t_s=(view.times_us - view.times_us[0]) / 1e6,
            boxes_px=told(_BOX),
            place_m=told(("x_m", "y_m")),
            place_sd_m=told(("position_sd_m",))[:, 0],
            is_seen=is_there & ~is_between,
            is_interpolated=is_between,
            confidence=np.nan_to_num(told(("confidence",))[:, 0]),
        ),
        view.times_us,
    )
