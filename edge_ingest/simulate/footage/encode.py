"""H.264 files, frame by frame."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from edge_ingest.simulate.footage.textures import Image


def encode(path: Path, frames: Iterable[Image], fps: int, crf: int, key_interval_s: float) -> int:
    """Write frames (blue, green, red; even width and height) as an MP4; how many there were.

    The same frames give the same bytes: one thread encodes.
    """
    import av
    import cv2

    count = 0
    options = {
        "preset": "veryfast", "crf": str(crf), "g": str(max(1, round(fps * key_interval_s))),
        "threads": "1",
    }  # fmt: skip
    with av.open(str(path), "w", format="mp4") as made:
        stream = made.add_stream("libx264", rate=fps, options=options)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
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
