"""How fast footage is looked at, beside decoding it alone, and how much memory that takes.

`python -m benchmarks.vision_speed [--seconds 120]`. Each look runs in a process of its own, as in
the product; decode alone is PyAV to blue, green and red of every frame, in the same run.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.memory import Memory
from benchmarks.outcome import Target, print_outcome
from edge_ingest.simulate.footage.parameters import draw_parameters
from edge_ingest.simulate.footage.scene import SceneFiles, write_scene
from edge_ingest.simulate.footage.sources import read_stretch

_REAL = Path(os.environ.get("SPORTS_REAL_DATA", "../shared/data"))
_MODEL = _REAL / "models" / "yolox_nano_dyn.onnx"
_CLIP = _REAL / "footage" / "left_camera.mp4"
_SEED, _BEGIN_S = 1100, 300.0
_LOOK = ("-m", "benchmarks.vision_looks")
_DECODE = (
    "-c",
    """
import av, sys
video = av.open(sys.argv[1])
video.streams.video[0].thread_type = "AUTO"
for frame in video.decode(video=0):
    frame.to_ndarray(format="bgr24")
""",
)


def main(
    seconds: Annotated[float, typer.Option(help="Length of the 720p scene, s.")] = 120.0,
) -> None:
    """Measure, and print one JSON object last."""
    source = "j03wmx" if (_REAL / "tracking_events").is_dir() else "skillcorner"
    with tempfile.TemporaryDirectory() as folder:
        files = SceneFiles.of(Path(folder), "scene")
        tracking = read_stretch(source, _BEGIN_S, seconds, _REAL)
        write_scene(tracking, draw_parameters(_SEED, size_px=(1280, 720), fps=25), files, seconds)
        decode_s, _ = _timed(*_DECODE, str(files.video))
        motion_s, motion_mb = _timed(*_LOOK, str(files.video), "motion")
    clip_s = clip_decode_s = None
    clip_mb = 0.0
    if _CLIP.is_file() and _MODEL.is_file():
        clip_decode_s, _ = _timed(*_DECODE, str(_CLIP))
        clip_s, clip_mb = _timed(*_LOOK, str(_CLIP), "onnx", str(_MODEL))
    targets = [
        Target("motion_720p_realtime_factor", motion_s / seconds, "1", "<= 1"),
        Target("onnx_3072_clip_s", clip_s, "s", "<= 30"),
        Target("peak_rss_mb", max(motion_mb, clip_mb), "MB", "<= 2000"),
    ]
    detail = {
        "seconds": seconds,
        "decode_720p_realtime_factor": decode_s / seconds,
        "decode_3072_clip_s": clip_decode_s,
        "motion_720p_rss_mb": motion_mb,
        "onnx_3072_rss_mb": clip_mb,
    }
    print_outcome("vision_speed", targets, detail)


def _timed(*told: str) -> tuple[float, float]:
    """Seconds that a process of its own takes, its start included, and its highest memory, MB."""
    memory = Memory()
    with memory:
        began = time.perf_counter()
        subprocess.run([sys.executable, *told], check=True)
        took = time.perf_counter() - began
    return took, memory.peak_mb()


if __name__ == "__main__":
    typer.run(main)
