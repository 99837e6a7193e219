"""Decoding: frames of a video with their exact times, upright, a few at a time.

A frame's number is its rank in the order of showing, and its time is what the container says: a
variable rate and damaged frames shift nothing. Memory is that of the decoder and one frame,
whatever the length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.video import open_video, probe, read_packets, video_packets

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Image = NDArray[np.uint8]

#: MPEG-TS has no index: it seeks by the time of decoding, and to any packet. So long before a key
#: frame there is another packet, s.
_SEEK_EARLY_S = 1
#: A frame is due for a look if it is shown at most so much of a frame before it, s.
_EARLY_S = 1e-4


@dataclass(frozen=True)
class Frame:
    """One picture.

    Attributes:
        frame_id: rank in the order of showing, from 0.
        t_s: since the first frame.
        image: blue, green, red, upright: height × width × 3.
    """

    frame_id: int
    t_s: float
    image: Image


@dataclass(frozen=True)
class Timeline:
    """When each frame of a video is shown.

    Attributes:
        pts: in the container's ticks, in the order of showing.
        t_s: the same in seconds since the first.
        is_timed: whether the container tells; else frames are taken in the order in which they
            decode.
        rotation_deg: counter-clockwise, to see it upright.
        size_px: width and height as stored; a picture of another size is no part of it.
        key_pts: of the frames at which decoding can begin, ascending.
        early: how long before one of them to seek to, in ticks.
    """

    pts: NDArray[np.int64]
    t_s: NDArray[np.float64]
    is_timed: bool
    rotation_deg: int
    size_px: tuple[int, int]
    key_pts: NDArray[np.int64]
    early: int

    def due(self, hz: float | None) -> NDArray[np.int64]:
        """Numbers of the frames for so many looks a second: the first at or after each tick.

        A rate that is lower than `hz` gives every frame; None, too.
        """
        if hz is None:
            return np.arange(self.t_s.size)
        ticks = np.arange(0.0, float(self.t_s[-1]) + _EARLY_S, 1 / hz)
        return np.unique(np.searchsorted(self.t_s, ticks - _EARLY_S, "left"))


def timeline(path: Path) -> Timeline:
    """When each frame is shown; decodes none but the first frame.

    Raises:
        SourceError: it is no video that we read, or it is damaged, cut short or of no known codec.
    """
    facts = probe(path)
    if not facts.can_decode:
        raise SourceError(
            f"{path} is of a codec that is unknown here: record it as H.264 or HEVC",
            rule="unknown_format",
        )
    packets = read_packets(path)
    pts = np.sort(packets.pts[packets.is_shown])
    t_s = np.array([packets.seconds(int(one)) for one in pts], np.float64)
    size_px = (facts.width_px or 0, facts.height_px or 0)
    key_pts = np.sort(packets.pts[packets.is_key])
    early = round(_SEEK_EARLY_S / packets.time_base)
    return Timeline(pts, t_s, packets.is_timed, facts.rotation_deg, size_px, key_pts, early)


def frames(
    path: Path, line: Timeline, numbers: Sequence[int] | NDArray[np.int64]
) -> Iterator[Frame]:
    """Decode these frames of a video, in order; one that is damaged is left out.

    Stretches without any of them are skipped by seeking where that is cheaper than decoding.

    Args:
        line: `timeline(path)`.
        numbers: frames wanted, ascending.

    Raises:
        SourceError: as `timeline`.
    """
    wanted = [int(one) for one in numbers]
    if not wanted:
        return
    due = iter(wanted)
    next_id: int | None = next(due)
    for number, frame in _decoded(path, line, wanted):
        while next_id is not None and number > next_id:
            next_id = next(due, None)  # it did not decode
        if next_id is None:
            return
        if number == next_id:
            yield Frame(number, float(line.t_s[number]), _upright(frame, line.rotation_deg))
            next_id = next(due, None)


def _decoded(
    path: Path, line: Timeline, wanted: Sequence[int]
) -> "Iterator[tuple[int, VideoFrame]]":
    """Frames with their numbers, from a key frame before the first that is wanted."""
    from av.error import FFmpegError

    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        counted = 0
        if line.is_timed and wanted[0] > 0:
            at = int(np.searchsorted(line.key_pts, line.pts[wanted[0]], "right")) - 1
            key = int(line.key_pts[max(at, 0)]) if line.key_pts.size else int(line.pts[0])
            container.seek(key - line.early, stream=stream, backward=True)
        for packet in chain(video_packets(container, stream), [None]):  # None empties the decoder
            try:
                found = stream.decode(packet)
            except FFmpegError:
                continue  # the gap tells
            for frame in found:
                number = _number(line, frame.pts, counted)
                counted += 1
                if (frame.width, frame.height) != line.size_px:
                    raise SourceError(
                        f"{path} changes from {line.size_px[0]} × {line.size_px[1]} to "
                        f"{frame.width} × {frame.height} pixels: cut it there",
                        rule="malformed",
                    )
                if number is not None and not frame.is_corrupt:
                    yield number, frame


def _number(line: Timeline, pts: int | None, counted: int) -> int | None:
    """Rank of a frame; None for one that an edit list hides."""
    if not line.is_timed:
        return counted if counted < line.pts.size else None
    if pts is None:
        return None
    place = int(np.searchsorted(line.pts, pts))
    return place if place < line.pts.size and line.pts[place] == pts else None


def _upright(frame: "VideoFrame", rotation_deg: int) -> Image:
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    return np.ascontiguousarray(np.rot90(image, rotation_deg // 90)) if rotation_deg else image
