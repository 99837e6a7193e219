"""How well footage is read: two real cameras first, then drawn scenes whose truth is known.

`python -m benchmarks.vision_accuracy [--scenes 4] [--seconds 120] [--onnx-scenes 1]`. The real
figures need the recordings in SPORTS_REAL_DATA; scenes are drawn from their tracking where it is
there, else from the match in the kloppy wheel. Scenes are drawn anew, of seeds from 1000 on, on
which nothing was chosen. A figure from drawn scenes says that the chain is right; the real cameras
say whether it is good.
"""

import json
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import typer
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.outcome import Target, print_outcome
from benchmarks.vision_formation import formation_accuracy
from benchmarks.vision_looks import Seen, see
from benchmarks.vision_measures import (
    ball_found,
    detected,
    followed_hota,
    told_of_people,
)
from edge_ingest.simulate.footage.parameters import draw_parameters
from edge_ingest.simulate.footage.scene import SceneFiles, write_scene
from edge_ingest.simulate.footage.sources import read_stretch
from sports_assets.vision.follow.tracking import SURE

Floats = NDArray[np.float64]

_REAL = Path(os.environ.get("SPORTS_REAL_DATA", "../shared/data"))
_MODEL = _REAL / "models" / "yolox_nano_dyn.onnx"
_TRUTH = Path(__file__).parents[1] / "tests" / "vision"
#: A person is found if somebody is seen so near to the true foot, in shares of the box's height.
_NEAR = 0.35
#: Seeds of test scenes, and the minutes of the match that they show, spread over both.
_FIRST_SEED, _BEGIN_S, _APART_S = 1000, 60.0, 210.0
_FIELD_M = (105.0, 68.0)


def main(
    scenes: Annotated[int, typer.Option(help="Drawn scenes.")] = 4,
    seconds: Annotated[float, typer.Option(help="Length of each, s.")] = 120.0,
    onnx_scenes: Annotated[int, typer.Option(help="How many of them onnx looks at, too.")] = 1,
) -> None:
    """Measure, and print one JSON object last."""
    detectors = ["motion", "onnx"] if _MODEL.is_file() else ["motion"]
    real = {name: dict(_real_cameras(name)) for name in detectors}
    with tempfile.TemporaryDirectory() as folder:
        drawn = _drawn(
            Path(folder),
            seconds,
            {"motion": scenes, "onnx": min(scenes, onnx_scenes) if "onnx" in real else 0},
        )
    formations = [formation_accuracy(seed)["formation_accuracy"] for seed in (1001, 1002)]
    motion = drawn["motion"]
    targets = [
        Target("real_missed_onnx", _worst(real.get("onnx"), "left", "missed"), "people", "<= 2"),
        Target("real_extra_onnx", _worst(real.get("onnx"), "left", "extra"), "people", "<= 2"),
        Target("recall", _mean(motion, "recall"), "1", ">= 0.95"),
        Target("precision", _mean(motion, "precision"), "1", ">= 0.95"),
        Target("position_median_m", _mean(motion, "position_median_m"), "m", "<= 0.5"),
        Target("hota", _mean(motion, "hota"), "1", ">= 0.75"),
        Target("team_purity", _mean(motion, "team_purity"), "1", ">= 0.97"),
        Target("ball_recall", _mean(motion, "ball_recall"), "1", ">= 0.80"),
        Target("ball_precision", _mean(motion, "ball_precision"), "1", ">= 0.90"),
        Target("formation_accuracy", min(float(str(one)) for one in formations), "1", ">= 0.95"),
    ]
    print_outcome("vision_accuracy", targets, {"real": real, "drawn": drawn})


def _real_cameras(detector: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """People missed and seen too many in frames that were counted by eye, camera by camera."""
    for camera in ("left", "right"):
        path = _REAL / "footage" / f"{camera}_camera.mp4"
        if not path.is_file():
            continue
        seen = see(path, detector, _MODEL)
        told = json.loads((_TRUTH / f"{camera}_camera_people.json").read_text())
        (row,) = seen.looked.camera.to_pylist()
        found = {
            "state": row["state"],
            "reprojection_error_px": row["reprojection_error_px"],
            "reprojection_error_m": row["reprojection_error_m"],
            "frames": {
                frame: _beside_eye(seen.looked.detections, int(frame), np.array(feet))
                for frame, feet in told["on_pitch"].items()
            },
        }
        print(f"real {camera} {detector}: {json.dumps(found)}", flush=True)
        yield camera, found


def _beside_eye(detections: pa.Table, frame: int, feet: Floats) -> dict[str, int]:
    here = detections.filter(
        pc.and_(
            pc.equal(detections["frame_id"], frame), pc.equal(detections["object_kind"], "person")
        )
    )
    here = _sure(here).to_pydict()
    ground = np.column_stack([here["ground_x_px"], here["ground_y_px"]]).astype(np.float64)
    tall = np.array(here["bottom_px"]) - np.array(here["top_px"])
    places = np.column_stack([here["x_m"], here["y_m"]]).astype(np.float64)
    # Whoever stands beside the lines is neither missed nor one too many.
    beside = np.asarray(np.abs(places) > np.array(_FIELD_M) / 2).any(axis=1)
    far = np.linalg.norm(feet[:, None] - ground[None], axis=2) / tall
    one, other = linear_sum_assignment(np.where(far <= _NEAR, far, 1e3))
    matched = {int(b) for a, b in zip(one, other, strict=True) if far[a, b] <= _NEAR}
    extra = set(np.flatnonzero(~beside).tolist()) - matched
    return {"people": len(feet), "missed": len(feet) - len(matched), "extra": len(extra)}


def _sure(detections: pa.Table) -> pa.Table:
    """Those that may begin a track; less sure ones only continue one."""
    return detections.filter(pc.greater_equal(detections["confidence"], SURE))


def _drawn(
    folder: Path, seconds: float, scenes: Mapping[str, int]
) -> dict[str, list[dict[str, Any]]]:
    """Figures of each scene by detector; `scenes`: of how many. A core each: all are alike."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in scenes}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        asked = [
            (number, [name for name, many in scenes.items() if number < many])
            for number in range(max(scenes.values()))
        ]
        for rows in pool.map(_of_scene, asked, repeat(folder), repeat(seconds)):
            for name, row in rows.items():
                print(f"drawn {name}: {json.dumps(row)}", flush=True)
                found[name].append(row)
    return found


def _of_scene(
    asked: tuple[int, Sequence[str]], folder: Path, seconds: float
) -> dict[str, dict[str, Any]]:
    number, detectors = asked
    source = "j03wmx" if (_REAL / "tracking_events").is_dir() else "skillcorner"
    seed = _FIRST_SEED + number
    files = SceneFiles.of(folder, f"scene_{seed}")
    tracking = read_stretch(source, _BEGIN_S + number * _APART_S, seconds, _REAL)
    write_scene(tracking, draw_parameters(seed), files, seconds)
    truth = pq.read_table(files.truth)
    return {
        name: {"seed": seed, **_measured(see(files.video, name, _MODEL), truth)}
        for name in detectors
    }


def _measured(seen: Seen, truth: pa.Table) -> dict[str, Any]:
    (camera,) = seen.looked.camera.to_pylist()
    row: dict[str, Any] = {
        "state": camera["state"],
        "reason": camera["reason"],
        "size_px": [camera["width_px"], camera["height_px"]],
        "reprojection_error_m": camera["reprojection_error_m"],
    }
    if seen.view is None or not seen.view.is_calibrated:
        return row
    looks = seen.view.frame_ids
    people = detected(truth, _sure(seen.looked.detections), looks, _FIELD_M)
    boxes = followed_hota(truth, seen.positions, looks, _FIELD_M)
    ground = followed_hota(truth, seen.positions, looks, _FIELD_M, on_ground=True)
    told = told_of_people(truth, seen.positions, looks, _FIELD_M)
    ball = ball_found(truth, seen.positions, looks)
    return {
        **row,
        **asdict(people),
        **asdict(told),
        "hota": boxes.hota,
        "hota_detection": boxes.detection,
        "hota_association": boxes.association,
        "hota_ground": ground.hota,
        "ball_recall": ball.recall,
        "ball_precision": ball.precision,
    }


def _mean(rows: list[dict[str, Any]], name: str) -> float | None:
    """Over scenes; one whose camera was not found has nothing to tell, and counts as 0."""
    values = [row.get(name, float("inf") if name.endswith("_m") else 0.0) for row in rows]
    return statistics.fmean(values) if values else None


def _worst(real: Mapping[str, Mapping[str, Any]] | None, camera: str, name: str) -> float | None:
    """The sum over the frames that were counted by eye."""
    if not real or camera not in real:
        return None
    return float(sum(frame[name] for frame in real[camera]["frames"].values()))


if __name__ == "__main__":
    typer.run(main)
