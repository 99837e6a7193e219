"""Pictures as a video that every browser plays: H.264, yuv420p, its index in front."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from edge_ingest.video import add_h264
from sports_assets.vision.frames import Image

#: Ticks a second: holds every usual frame rate to the tick.
_TICKS: Final = 90_000
#: Visible quality at which grass is calm and shirts stay clean.
_CRF: Final = 25
#: What a video may take on average, bit/s: 20 s stay under 4 MB, and in base64 under 5.4 MB.
_BITS_A_SECOND: Final = 1_500_000
#: A player who moves the slider sees a picture at once, s.
_KEY_INTERVAL_S: Final = 2


@dataclass(frozen=True)
class BrowserVideo:
    """A video as bytes.

    Attributes:
        mp4: the whole file.
        frame_count: pictures in it.
    """

    mp4: bytes
    width_px: int
    height_px: int
    frame_count: int


def encode_video(pictures: Iterable[tuple[float, Image]], rate_hz: float) -> BrowserVideo:
    """Encode pictures with the times at which they are shown. Equal pictures give equal bytes.

    Args:
        pictures: seconds since the first, ascending, and blue, green, red of even width and height,
            all of one size.
        rate_hz: usual rate, by which bits are given out.

    Raises:
        ValueError: there is no picture, or one of an odd size.
    """
    import av

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"  # the index comes in front only in a real file
        width = height = count = 0
        with av.open(
            str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}
        ) as made:
            stream = None
            for t_s, picture in pictures:
                if stream is None:
                    height, width = picture.shape[:2]
                    if height % 2 or width % 2:
                        raise ValueError(f"a picture of {width} × {height}: give even sizes")
                    stream = add_h264(made, _rate(rate_hz), _options(rate_hz))
                    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                    context = stream.codec_context
                    context.time_base = Fraction(1, _TICKS)
                    # Threads see what the others have spent of the bits at no fixed moment.
                    context.thread_count = 1
                    context.colorspace = context.color_primaries = context.color_trc = _BT709
                    context.color_range = _LIMITED
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(
                    format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
                )
                frame.pts, frame.time_base = round(t_s * _TICKS), Fraction(1, _TICKS)
                made.mux(stream.encode(frame))
                count += 1
            if stream is None:
                raise ValueError("no picture to encode: choose a stretch that has any")
            made.mux(stream.encode(None))
        return BrowserVideo(path.read_bytes(), width, height, count)


#: As FFmpeg numbers them: BT.709, and luma from 16 to 235, which browsers expect.
_BT709: Final = 1
_LIMITED: Final = 1


def _rate(rate_hz: float) -> Fraction:
    return Fraction(rate_hz).limit_denominator(1001)


def _options(rate_hz: float) -> dict[str, str]:
    return {
        "preset": "veryfast",
        "profile": "high",
        "crf": str(_CRF),
        "maxrate": str(_BITS_A_SECOND),
        "bufsize": str(2 * _BITS_A_SECOND),
        "g": str(max(1, round(_KEY_INTERVAL_S * rate_hz))),
        "flags": "+bitexact",
    }
