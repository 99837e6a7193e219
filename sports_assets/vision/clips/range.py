"""Where in a recording a stretch of it lies: found by seeking, without reading the rest."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.video import video_packets

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

#: Instants are told in microseconds, frames are not.
_ROUNDED_S = Fraction(1, 10**6)
#: Frames are shown at most so many packets before or after they are stored.
_REORDERED = 64


@dataclass(frozen=True)
class Source:
    """A recording.

    Attributes:
        path: the file; where there is a handle, its name for messages.
        handle: the open recording, where it is no file of this machine.
    """

    path: Path
    handle: BinaryIO | None = None


@dataclass(frozen=True)
class PacketRange:
    """Packets that a clip needs, counted from the one where reading begins.

    Attributes:
        seek_pts: where to seek to get there: `from_key`.
        first, stop: packets to copy, or to decode.
        key_pts: when the first of them is shown.
        begin, end: frames shown from `begin` to before `end` are asked for.
        copy_end: end of the last frame of a copy.
        first_pts: of the recording.
    """

    seek_pts: int
    first: int
    stop: int
    key_pts: int
    begin: int
    end: int
    copy_end: int
    first_pts: int
    time_base: Fraction

    def seconds(self, pts: int) -> float:
        """A time of the track in seconds since the recording's first frame."""
        return float((pts - self.first_pts) * self.time_base)


def find_range(
    source: Source, container: "InputContainer", stream: "VideoStream", start_s: float, end_s: float
) -> PacketRange:
    """The packets that show a stretch; reads those once, and the first of the recording.

    Args:
        start_s, end_s: since the recording's first frame.

    Raises:
        SourceError: it shows nothing then, or does not tell when its frames are shown.
    """
    if container.format.name == "avi":  # tells when a frame is decoded, not when it is shown
        raise SourceError(
            f"{source.path} does not tell when its frames are shown, and no moment can be cut out "
            "of it: wrap it anew (ffmpeg -i … -c copy new.mkv), and send that"
        )
    time_base = cast("Fraction", stream.time_base)
    first_pts = _first_pts(container, stream)
    start = first_pts + math.floor((Fraction(start_s) + _ROUNDED_S) / time_base)
    end = first_pts + math.ceil((Fraction(end_s) - _ROUNDED_S) / time_base)
    pts: list[int] = []
    keys: list[bool] = []
    last, latest = -1, 0
    for index, packet in enumerate(from_key(container, stream, start)):
        shown = packet.pts if packet.pts is not None else packet.dts
        if shown is None:
            raise SourceError(
                f"{source.path} does not tell when its frames are shown: wrap it anew"
            )
        pts.append(shown)
        keys.append(packet.is_keyframe)
        if shown < end:
            last, latest = index, max(pts)
        # Nothing that is still to come is shown earlier than it is decoded.
        if packet.dts is not None and packet.dts >= max(end, latest):
            break
    times, is_key = np.array(pts, np.int64), np.array(keys, np.bool_)
    is_within = (times >= start) & (times < end)
    before = times[times <= start]
    if last < 0 or not (is_within.any() or (before.size and times.size > before.size)):
        raise SourceError(
            f"{source.path} shows nothing between {start_s:.2f} s and {end_s:.2f} s of it"
        )
    begin = int(before.max() if before.size else times[is_within].min())
    able = np.flatnonzero(is_key & (times <= begin))
    first = int(able[-1]) if able.size else 0
    stop = _closed(times, first, last + 1)
    ordered = np.sort(times)
    usual = int(np.median(np.diff(ordered))) if ordered.size > 1 else 1
    copied = times[first:stop]
    key_pts = int(times[first])
    return PacketRange(
        start, first, stop, key_pts, begin, end, int(copied.max()) + usual, first_pts, time_base
    )


def _closed(pts: NDArray[np.int64], first: int, stop: int) -> int:
    """The first place from `stop` on where nothing is still to come that is shown earlier."""
    while stop < pts.size and pts[stop:].min() < pts[first:stop].max():
        stop += 1
    return stop


def _first_pts(container: "InputContainer", stream: "VideoStream") -> int:
    shown = []
    for number, packet in enumerate(video_packets(container, stream)):
        if packet.pts is not None and not packet.is_discard:
            shown.append(packet.pts)
        if number >= _REORDERED:
            break
    return min(shown) if shown else int(stream.start_time or 0)


def from_key(
    container: "InputContainer", stream: "VideoStream", pts: int
) -> "Iterator[Packet[VideoStream]]":
    """Packets from a key frame on that is shown at `pts` or before, where there is one."""
    second = max(1, round(1 / cast("Fraction", stream.time_base)))
    # A transport stream is searched by its clock: what begins at its begin is found from before it.
    earliest = int(stream.start_time or 0) - 10 * second
    target, back = pts, second
    while True:
        container.seek(max(target, earliest), stream=stream, backward=True)
        packets = video_packets(container, stream)
        key = next((packet for packet in packets if packet.is_keyframe), None)
        if key is not None and (key.pts is None or key.pts <= pts or target <= earliest):
            return chain([key], packets)
        if target <= earliest:
            return iter(())
        # An index by decoding time leads to a key frame that is shown later.
        target, back = target - back, 2 * back
