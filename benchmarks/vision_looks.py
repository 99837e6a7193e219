"""Footage looked at and followed without a lakehouse, as the benchmarks of vision need it.

`python -m benchmarks.vision_looks VIDEO motion|onnx [MODEL]` does so once, in a process of its own.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from sports_assets.vision.ball.rows import ball_rows, one_ball
from sports_assets.vision.ball.views import ball_views
from sports_assets.vision.detect.detectors import open_detector
from sports_assets.vision.follow.following import BALL_TRACK_ID, follow
from sports_assets.vision.follow.sightings import CameraView
from sports_assets.vision.follow.views import camera_views
from sports_assets.vision.look import Looked, Video, look_at

SESSION = "2024-05-04_football_benchmark"
_STARTED = datetime(2024, 5, 4, 14, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """What became of one video.

    Attributes:
        positions: contract vision/positions, the ball's rows among them.
    """

    looked: Looked
    view: CameraView | None
    positions: pa.Table


def see(path: Path, detector: str, model: Path | None = None) -> Seen:
    """Look at a video and follow who is in it."""
    video = Video(path, SESSION, path.name, path.stem, _STARTED)
    looked = look_at(video, open_detector(detector, model), made_by="benchmark")
    footage = pa.table(
        {
            "sha256": [path.name],
            "clock_uncertainty_s": [0.0],
            "duration_s": pa.nulls(1, pa.float64()),
        }
    )
    views = camera_views(footage, looked.camera, looked.looks)
    people = follow(SESSION, looked.detections, views)
    ball, _ = ball_rows(SESSION, BALL_TRACK_ID, one_ball(ball_views(looked.detections, views)))
    return Seen(looked, views[0] if views else None, pa.concat_tables([ball, people.positions]))


if __name__ == "__main__":
    see(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else None)  # noqa: PLR2004
