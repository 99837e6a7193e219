"""One look at one video, in a process of its own: `python -m sports_assets.vision.step`.

Whoever starts it speaks Dagster Pipes: a run on this machine, or a job in a cluster, where many
videos are looked at side by side. What it needs stands in the extras: `video` (fields of
`look.Video`, its place as `uri`), `detector`, `model_path`, `made_by`, `into` (a folder, or
s3://…). It leaves `look.parquet`, `detection.parquet` and `camera.parquet` there and says so. A
video that cannot be looked at is no fault of the step: its row of `vision/camera` says why.
"""

import io
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from dagster_pipes import open_dagster_pipes

from resources.environment import s3_options
from resources.errors import AnalyserRefusedError, SettingsError
from resources.object_folder import object_folder
from resources.stored_object import local_copy
from sports_assets.vision.detect.detectors import open_detector
from sports_assets.vision.errors import DetectorError
from sports_assets.vision.look import Looked, Video, look_at

_PROGRESS_LOOKS = 300


def look_as_told(told: Mapping[str, Any], log: Any) -> Looked:  # noqa: ANN401 - Pipes has no type
    """Look at the video that the extras name, and write what is seen.

    Raises:
        SettingsError, DetectorError: the detector cannot be opened.
        AnalyserRefusedError: the service will not look, however often it is asked.
        OSError, ClientError: the video or the folder cannot be reached now: launch it again.
    """
    row = dict(told["video"])
    scratch = Path(os.environ.get("SPORTS_HOME", ".sports")).expanduser().resolve() / "scratch"
    with local_copy(row.pop("uri"), s3_options(), scratch) as path:
        row["started_at_utc"] = datetime.fromisoformat(row["started_at_utc"])
        model = Path(told["model_path"]) if told["model_path"] else None
        detector = open_detector(told["detector"], model)

        def tell(looks: int, of: int) -> None:
            if looks % _PROGRESS_LOOKS == 0:
                log.info("%s: %d of %d looks", row["camera"], looks, of)

        looked = look_at(Video(path=path, **row), detector, told["made_by"], tell=tell)
    folder = object_folder(told["into"], s3_options())
    for name, rows in (
        ("look", looked.looks),
        ("detection", looked.detections),
        ("camera", looked.camera),
    ):
        payload = io.BytesIO()
        pq.write_table(rows, payload, compression="zstd")
        folder.replace(f"{name}.parquet", payload.getvalue())
    return looked


def main() -> int:
    """Look once, as the one who started this process says."""
    with open_dagster_pipes() as pipes:
        try:
            looked = look_as_told(pipes.extras, pipes.log)
        except (SettingsError, DetectorError, AnalyserRefusedError) as error:
            pipes.report_custom_message({"settings": str(error)})
            return 0
        (camera,) = looked.camera.to_pylist()
        pipes.report_custom_message(
            {
                "state": camera["state"],
                "looks": camera["looks"],
                "detections": looked.detections.num_rows,
            }
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
