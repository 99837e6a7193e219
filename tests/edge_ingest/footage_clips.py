"""Short videos for tests: a drawn pitch with and without play, and real frames encoded anew."""

import hashlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEIGHT = 320, 180
RATE = 10


def drawn(seconds: Iterable[tuple[str, float]], rate: int = RATE, seed: int = 5) -> Iterator[Any]:
    """Frames of a pitch below a sky: `play` has twelve people who move, `empty` has noise alone."""
    chance = np.random.default_rng(seed)
    pitch = np.empty((HEIGHT, WIDTH, 3), np.int16)
    pitch[:60], pitch[60:] = (150, 170, 230), (70, 120, 60)
    pitch[100:102] = 220  # a line
    noise = chance.normal(0, 2, (8, HEIGHT, WIDTH, 1)).astype(np.int16)
    phase, reach = chance.uniform(0, 6, 12), chance.uniform(8, 20, 12)
    number = 0
    for what, length_s in seconds:
        for _ in range(round(length_s * rate)):
            frame = pitch.copy()
            if what == "play":
                for one in range(12):
                    x = int(20 + 24 * one + reach[one] * np.sin(number / rate + phase[one]))
                    y = 75 + 8 * one
                    frame[y : y + 10, x : x + 4] = (240, 240, 240) if one % 2 else (20, 20, 160)
            frame += noise[number % 8]
            yield np.clip(frame, 0, 255).astype(np.uint8)
            number += 1


def encode(  # noqa: PLR0917 - what a recorder can be set to
    path: Path,
    frames: Iterable[Any],
    rate: int = RATE,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    times: Iterable[int] | None = None,
) -> Path:
    """Write frames; a key frame every second unless the options say otherwise.

    Args:
        times: when each is shown, in 1/1000 s; else evenly by the rate.
    """
    import av

    default = {"libx264": {"preset": "veryfast"}, "libx265": {"preset": "ultrafast"}}
    with av.open(str(path), "w") as made:
        made.metadata.update(metadata or {})
        given = default.get(codec, {}) | (options or {"g": str(rate), "sc_threshold": "0"})
        stream = made.add_stream(codec, rate=rate, options=given)
        stream.pix_fmt = "yuv420p"
        stamps = iter(times) if times is not None else None
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(frames):
            if not number:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = next(stamps), Fraction(1, 1000)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return path


def shown(path: Path) -> list[tuple[float, str]]:
    """Time (s) and a hash of the picture of every frame, as an independent decoder shows them."""
    import av

    with av.open(str(path)) as container:
        found = []
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="gray").tobytes()
            time_s = float(frame.pts * frame.time_base)
            found.append((time_s, hashlib.sha256(picture).hexdigest()[:16]))
        return found


def rewrapped(source: Path, target: Path, turned_deg: int = 0) -> Path:
    """The same packets in the container that the target's suffix names."""
    import av

    with av.open(str(source)) as container, av.open(str(target), "w") as made:
        stream = container.streams.video[0]
        copied = made.add_stream_from_template(stream)
        if turned_deg:
            copied.set_display_rotation(turned_deg)
        for packet in container.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                made.mux(packet)
    return target
