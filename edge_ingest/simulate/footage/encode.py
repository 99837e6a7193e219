"""H.264 files, frame by frame."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from edge_ingest.simulate.footage.textures import Image
from edge_ingest.video import add_h264


def encode(path: Path, frames: Iterable[Image], fps: int, crf: int, key_interval_s: float) -> int:
    """Write frames (blue, green, red; even width and height) as an MP4; how many there were.

    The same frames give the same bytes.
    """
    import av
    import cv2

    count = 0
    options = {
        "preset": "veryfast", "crf": str(crf), "g": str(max(1, round(fps * key_interval_s))),
    }  # fmt: skip
    with av.open(str(path), "w", format="mp4") as made:
        stream = add_h264(made, fps, options)
        stream.pix_fmt = "yuv420p"
        for image in frames:
            if count == 0:
                stream.height, stream.width = image.shape[:2]
            planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = count, Fraction(1, fps)
            made.mux(stream.encode(frame))
            count += 1
        made.mux(stream.encode(None))
    return count
