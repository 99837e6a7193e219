"""A moment of a long recording as a file of its own, without reading the rest of it.

A copy begins at a key frame and keeps the camera's own bytes; an exact clip is decoded and encoded
anew. Both seek: of a match only the moment and the file's index are read. Times are seconds since
the recording's first frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from edge_ingest.errors import SourceError
from edge_ingest.video import add_h264, open_video
from sports_assets.vision.clips.crop_path import CropPath
from sports_assets.vision.clips.range import PacketRange, Source, find_range, from_key

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: Codecs that MP4 holds.
_MP4_CODECS = ("h264", "hevc", "av1")
#: Encoded anew, a shirt's number must still be told, and a phone must play it.
_QUALITY = {"crf": "18", "preset": "veryfast"}


@dataclass(frozen=True)
class ClipFile:
    """What a cut wrote.

    Attributes:
        start_s, end_s: its first frame, and the end of its last.
        width_px, height_px: of its pictures, as stored.
        is_encoded_anew: its pictures are not the camera's own bytes.
    """

    path: Path
    start_s: float
    end_s: float
    frame_count: int
    width_px: int
    height_px: int
    is_encoded_anew: bool


def suffix_of(source: Source, *, is_exact: bool) -> str:
    """Suffix of the file that a clip becomes: Matroska holds what MP4 does not.

    Raises:
        SourceError: the recording is no video, or damaged.
    """
    if is_exact:
        return ".mp4"
    with open_video(source.path, source.handle) as (_, stream):
        return ".mp4" if stream.codec_context.name in _MP4_CODECS else ".mkv"


def copy_clip(source: Source, start_s: float, end_s: float, target: Path) -> ClipFile:
    """Copy every frame shown in a stretch, and what lies between the key frame before and it.

    Args:
        target: where to; its suffix is that of `suffix_of`.

    Raises:
        SourceError: the recording is damaged, shows nothing then, or does not tell when its frames
            are shown.
    """
    with open_video(source.path, source.handle) as (container, stream):
        found = find_range(source, container, stream, start_s, end_s)
        count = 0
        with _output(target) as made:
            copied = made.add_stream_from_template(stream)
            copied.time_base = stream.time_base
            for index, packet in enumerate(from_key(container, stream, found.seek_pts)):
                if index >= found.stop:
                    break
                # Pictures that lean on what is before the key frame would not decode.
                if index < found.first or packet.pts is None or packet.pts < found.key_pts:
                    continue
                packet.pts -= found.key_pts
                packet.dts = None if packet.dts is None else packet.dts - found.key_pts
                packet.stream = copied
                made.mux(packet)
                count += 1
        codec = stream.codec_context
        begin_s, stop_s = found.seconds(found.key_pts), found.seconds(found.copy_end)
        return ClipFile(target, begin_s, stop_s, count, codec.width, codec.height, False)


def encode_clip(
    source: Source, start_s: float, end_s: float, target: Path, follow: CropPath | None = None
) -> ClipFile:
    """Encode exactly the frames shown in a stretch, upright, as H.264.

    Args:
        follow: cut this part out of each picture.

    Raises:
        SourceError: as `copy_clip`.
    """
    from av.video.frame import PictureType

    with open_video(source.path, source.handle) as (container, stream), _output(target) as made:
        found = find_range(source, container, stream, start_s, end_s)
        stream.thread_type = "AUTO"
        encoder = add_h264(made, stream.average_rate, _QUALITY)
        encoder.pix_fmt = "yuv420p"
        encoder.codec_context.time_base = cast("Fraction", stream.time_base)
        shown: list[int] = []
        for frame in _decoded(container, stream, found):
            pts = frame.pts
            if pts is None or not found.begin <= pts < found.end:
                continue
            picture = _pictured(frame, found.seconds(pts), follow)
            if not shown:
                encoder.width, encoder.height = picture.width, picture.height
                _keep_colours(stream, picture, encoder)
            picture.pts, picture.time_base = pts - found.begin, found.time_base
            picture.pict_type = PictureType.NONE  # the encoder chooses
            shown.append(pts)
            made.mux(encoder.encode(picture))
        if not shown:
            raise SourceError(
                f"{source.path}: no frame between {start_s:.2f} s and {end_s:.2f} s decodes: ask "
                "for another moment, or copy the recording from the camera again"
            )
        made.mux(encoder.encode(None))
        usual = int(np.median(np.diff(shown))) if len(shown) > 1 else 1
        return ClipFile(
            target, found.seconds(shown[0]), found.seconds(shown[-1] + usual), len(shown),
            encoder.width, encoder.height, True,
        )  # fmt: skip


def _decoded(
    container: "InputContainer", stream: "VideoStream", found: PacketRange
) -> "Iterator[VideoFrame]":
    from av.error import FFmpegError

    packets = enumerate(from_key(container, stream, found.seek_pts))
    needed = (packet for index, packet in packets if found.first <= index)
    for number, packet in enumerate(needed):
        if number >= found.stop - found.first:
            break
        try:
            yield from stream.decode(packet)
        except FFmpegError:
            continue  # a damaged frame is left out
    yield from stream.decode(None)


def _pictured(frame: "VideoFrame", t_s: float, follow: CropPath | None) -> "VideoFrame":
    """The picture upright, cut out, of even size; its colours stay as the camera coded them."""
    import av

    size = frame.width // 2 * 2, frame.height // 2 * 2
    plain = frame.reformat(*size, format="yuv420p")
    turns = frame.rotation % 360 // 90
    if not turns and follow is None:
        return plain
    width, height = size
    packed = np.asarray(plain.to_ndarray(), np.uint8)
    light, colour = packed[:height], packed[height:].reshape(2, height // 2, width // 2)
    planes = [np.rot90(plane, turns) for plane in (light, *colour)]
    if follow is not None:
        high, wide = planes[0].shape
        left, top = follow.corner(t_s, wide, high)
        planes = [
            plane[
                top // by : (top + follow.height_px) // by,
                left // by : (left + follow.width_px) // by,
            ]
            for plane, by in zip(planes, (1, 2, 2), strict=True)
        ]
    high, wide = planes[0].shape
    joined = np.concatenate([plane.ravel() for plane in planes]).reshape(high * 3 // 2, wide)
    made = av.VideoFrame.from_ndarray(joined, format="yuv420p")
    made.colorspace, made.color_range = plain.colorspace, plain.color_range
    if follow is None:
        return made
    return made.reformat(follow.width_out_px, follow.height_out_px, interpolation="BICUBIC")


def _keep_colours(source: "VideoStream", picture: "VideoFrame", encoder: "VideoStream") -> None:
    """Say of the new file what the camera says of its colours."""
    told = encoder.codec_context
    told.colorspace, told.color_range = picture.colorspace, picture.color_range
    told.color_primaries = source.codec_context.color_primaries
    told.color_trc = source.codec_context.color_trc


def _output(target: Path) -> "OutputContainer":
    import av

    # The same cut gives the same bytes; a player need not read to the end to begin.
    options = {"fflags": "+bitexact"}
    if target.suffix == ".mp4":
        options["movflags"] = "+faststart"
    return av.open(str(target), "w", options=options)
