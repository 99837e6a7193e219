"""Stretches of a video as files of their own, copied without encoding wherever that can be.

A copy can begin at a key frame only: it takes in what lies between that and the stretch. It ends
at the first place after the stretch where no frame that is shown earlier is still to come. Pictures
that refer to what lies before the first key frame are left out of the copy (they are shown before
it, and would not decode); so each file has every frame from its first to its last.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.video import Packets, add_h264, open_video, read_packets, video_packets

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: What goes into MP4; other codecs go into Matroska, which holds everything.
_MP4_CODECS = ("h264", "hevc", "av1")
#: Encoded anew, a picture must still show a shirt's number.
_QUALITY = {"crf": "18", "preset": "veryfast"}


@dataclass(frozen=True)
class Stretch:
    """A stretch of a video, in seconds since its first frame."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Piece:
    """One file that a cut made.

    Attributes:
        start_s, end_s: its first frame, and the end of its last, in seconds since the first frame
            of the source.
        frame_count: frames in it: all that the source shows between the two.
        is_encoded_anew: its pictures are not the camera's own bytes.
    """

    path: Path
    start_s: float
    end_s: float
    frame_count: int
    is_encoded_anew: bool


@dataclass(frozen=True)
class CutResult:
    """What a cut made of a video; no frame is in two pieces."""

    pieces: tuple[Piece, ...]
    frames_left_out: int
    left_out_s: float


@dataclass
class _Plan:
    """Packets `first` to `stop` are needed, and frames shown from `start` to before `end` kept."""

    first: int
    stop: int
    start: int
    end: int
    is_encoded_anew: bool = False


def cut(
    path: Path, stretches: Sequence[Stretch], target: Path, longest_lead_s: float | None = None
) -> CutResult:
    """Write stretches of a video to `<target>_001.mp4` and so on; its sound is left out.

    Every frame that is shown within a stretch is in one of the files. The source is read twice
    from end to end, and neither it nor a result is ever in memory.

    Args:
        stretches: in order, apart from each other.
        target: folder and beginning of the names; a suffix is replaced.
        longest_lead_s: where the key frame lies further before a stretch than this, its beginning
            is decoded and encoded anew, into a file of its own; None: the copy begins there.

    Raises:
        SourceError: the video is damaged, or does not tell when its frames are shown.
    """
    packets = read_packets(path)
    if not packets.is_timed:
        raise SourceError(
            f"{path} does not tell when its frames are shown, and cannot be cut: pack it whole"
        )
    plans = _plan(packets, stretches, longest_lead_s)
    with open_video(path) as (_, stream):
        suffix = ".mp4" if stream.codec_context.name in _MP4_CODECS else ".mkv"
    targets = [
        target.with_name(f"{target.stem}_{number:03d}{suffix}")
        for number in range(1, len(plans) + 1)
    ]
    _write(path, plans, targets)
    pieces = tuple(
        Piece(
            place, packets.seconds(plan.start), packets.seconds(plan.end),
            int(_is_in(packets, plan).sum()), plan.is_encoded_anew,
        )
        for plan, place in zip(plans, targets, strict=True)
    )  # fmt: skip
    is_kept = np.zeros(packets.pts.size, np.bool_)
    for plan in plans:
        is_kept |= _is_in(packets, plan)
    kept_s = sum(piece.end_s - piece.start_s for piece in pieces)
    return CutResult(
        pieces,
        frames_left_out=int((packets.is_shown & ~is_kept).sum()),
        left_out_s=max(0.0, packets.seconds(packets.end_pts) - kept_s),
    )


def _plan(
    packets: Packets, stretches: Sequence[Stretch], longest_lead_s: float | None
) -> list[_Plan]:
    """Which packets go where. Copies that would meet become one."""
    pts, keys = packets.pts, np.flatnonzero(packets.is_key)
    if not keys.size:
        return [_Plan(0, pts.size, packets.first_pts, packets.end_pts)]
    still_to_come = np.minimum.accumulate(pts[::-1])[::-1]
    plans: list[_Plan] = []
    for stretch in stretches:
        start = packets.first_pts + math.floor(Fraction(stretch.start_s) / packets.time_base)
        end = packets.first_pts + math.ceil(Fraction(stretch.end_s) / packets.time_base)
        within = np.flatnonzero((pts >= start) & (pts < end))
        if not within.size:
            continue
        # The frame that is on show when the stretch begins belongs to it.
        before = pts[pts <= start]
        start = int(before.max() if before.size else pts[within].min())
        key = int(keys[pts[keys] <= start].max(initial=int(keys[0])))
        stop = _closed(pts, still_to_come, key, int(within.max()) + 1)
        lead_s = float((start - int(pts[key])) * packets.time_base)
        if longest_lead_s is not None and lead_s > longest_lead_s:
            later = keys[(pts[keys] > start) & (pts[keys] < end)]
            head_end = int(pts[later[0]]) if later.size else end
            head_stop = int(np.flatnonzero(pts < head_end).max()) + 1
            if not later.size:
                head_end = int(pts[pts < end].max()) + packets.frame_duration
            head = _Plan(key, head_stop, start, head_end, is_encoded_anew=True)
            if plans and start < plans[-1].end:
                head.start = plans[-1].end
            if head.start < head.end:
                plans.append(head)
            if not later.size:
                continue
            key = int(later[0])
        if plans and not plans[-1].is_encoded_anew and key < plans[-1].stop:
            plans[-1].stop = max(plans[-1].stop, stop)
            plans[-1].end = _end(packets, plans[-1].first, plans[-1].stop)
        else:
            plans.append(_Plan(key, stop, int(pts[key]), _end(packets, key, stop)))
    return plans


def _closed(pts: NDArray[np.int64], still_to_come: NDArray[np.int64], first: int, stop: int) -> int:
    """The first place from `stop` on where nothing is still to come that is shown earlier."""
    latest = int(pts[first:stop].max())
    while stop < pts.size and still_to_come[stop] < latest:
        latest = max(latest, int(pts[stop]))
        stop += 1
    return stop


def _end(packets: Packets, first: int, stop: int) -> int:
    shown = packets.pts[first:stop]
    return int(shown.max()) + packets.frame_duration


def _is_in(packets: Packets, plan: _Plan) -> NDArray[np.bool_]:
    """Which packets' frames a piece shows."""
    place = np.arange(packets.pts.size)
    is_needed = (place >= plan.first) & (place < plan.stop)
    return is_needed & (packets.pts >= plan.start) & (packets.pts < plan.end)


def _write(path: Path, plans: Sequence[_Plan], targets: Sequence[Path]) -> None:
    """All copies in one reading of the source; what is encoded anew reads it again."""
    from av.error import FFmpegError

    both = list(zip(plans, targets, strict=True))
    with open_video(path) as (container, stream):
        source = enumerate(video_packets(container, stream))
        try:
            for plan, place in both:
                if not plan.is_encoded_anew:
                    _copy(source, plan, place, stream)
        except FFmpegError as error:
            raise SourceError(
                f"{path} cannot be cut without encoding it anew ({error.strerror}): pack it whole "
                "(--whole)"
            ) from error
    for plan, place in both:
        if plan.is_encoded_anew:
            _encode(path, plan, place)


def _copy(
    source: "Iterator[tuple[int, Packet[VideoStream]]]",
    plan: _Plan,
    target: Path,
    stream: "VideoStream",
) -> None:
    with _output(target) as made:
        copied = made.add_stream_from_template(stream)
        copied.time_base = stream.time_base
        for index, packet in source:
            if index >= plan.first and packet.pts is not None and packet.pts >= plan.start:
                packet.pts -= plan.start
                packet.dts = None if packet.dts is None else packet.dts - plan.start
                packet.stream = copied
                made.mux(packet)
            if index + 1 >= plan.stop:
                break


def _encode(path: Path, plan: _Plan, target: Path) -> None:
    """Decode from the key frame before, encode what is to be kept; times stay as they are."""
    from av.video.frame import PictureType

    with open_video(path) as (container, stream), _output(target) as made:
        stream.thread_type = "AUTO"
        encoder = add_h264(made, stream.average_rate, _QUALITY)
        encoder.width = stream.codec_context.width
        encoder.height = stream.codec_context.height
        encoder.pix_fmt = "yuv420p"
        encoder.codec_context.time_base = cast("Fraction", stream.time_base)
        for frame in _decoded(video_packets(container, stream), stream, plan):
            if frame.pts is not None and plan.start <= frame.pts < plan.end:
                frame.pts -= plan.start
                frame.pict_type = PictureType.NONE  # the encoder chooses
                made.mux(encoder.encode(frame))
        made.mux(encoder.encode(None))


def _decoded(
    source: "Iterator[Packet[VideoStream]]", stream: "VideoStream", plan: _Plan
) -> "Iterator[VideoFrame]":
    for index, packet in enumerate(source):
        if index >= plan.first:
            yield from stream.decode(packet)
        if index + 1 >= plan.stop:
            break
    yield from stream.decode(None)


def _output(target: Path) -> "AbstractContextManager[OutputContainer]":
    import av

    # The same cut gives the same bytes, whenever and by whichever version it is made.
    return av.open(str(target), "w", options={"fflags": "+bitexact"})
