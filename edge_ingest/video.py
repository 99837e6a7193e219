"""What a video file is: container, codec, frames, times; from its index where it has one.

Nothing here holds more than a few numbers a frame: a match of 200 GB costs as much memory as one of
two. Only containers that hold their own pictures are opened; playlists, which name other files and
addresses, are no recordings.
"""

import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.inputs import VIDEO_CONTAINERS

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

#: Clocks that were never set say 1904 or 1970; no camera that we read is older than this.
_FIRST_YEAR = 2000
#: Intervals between frames that differ by less, as a share of one, are one rate.
_JITTER = 0.1
#: A frame that is there decodes within so many packets of the first key frame.
_PACKETS_TO_TRY = 200
#: How a Matroska file tells the length of a track.
_TRACK_LENGTH = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
#: Every x86-64 processor since 2009 has these instructions; others do not know the name.
_SAME_BYTES = (
    {"x264-params": "asm=sse4.2"} if platform.machine().lower() in {"x86_64", "amd64"} else {}
)


@dataclass(frozen=True)
class VideoFacts:
    """What is known of a video without decoding it.

    Attributes:
        container: suffix of its kind of container: mp4, mov, mkv, ts, avi.
        codec: FFmpeg's name of the codec; `unknown` where it knows none.
        width_px, height_px: as stored; None of a codec that is unknown here.
        frame_rate: mean frames a second; the exact rational where the rate is constant.
        is_variable_rate: intervals between frames differ: frame numbers do not tell time.
        frame_count: frames that are shown.
        duration_s: from the first frame to the end of the last one.
        rotation_deg: turn counter-clockwise by this to see it upright: 0, 90, 180 or 270.
        key_interval_s: longest time between two key frames, or to the end.
        recorded_at_utc: when the camera says that it began; None where it does not.
        track_count: video, sound and data tracks in the file.
    """

    container: str
    codec: str
    width_px: int | None
    height_px: int | None
    frame_rate: Fraction
    is_variable_rate: bool
    frame_count: int
    duration_s: float
    rotation_deg: int
    key_interval_s: float
    recorded_at_utc: datetime | None
    track_count: int

    @property
    def can_decode(self) -> bool:
        """Whether its pictures can be looked at here."""
        return self.width_px is not None


@dataclass(frozen=True)
class Packets:
    """Packets of the video track in decoding order; times in `time_base`.

    Attributes:
        pts: when each is shown.
        is_key: decoding can begin here.
        is_shown: false for those that an edit list hides.
        is_timed: whether the container tells when each frame is shown.
        frame_duration: usual time that a frame is shown.
    """

    time_base: Fraction
    pts: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    is_shown: NDArray[np.bool_]
    is_timed: bool
    frame_duration: int

    @property
    def first_pts(self) -> int:
        """Time of the first frame that is shown."""
        return int(self.pts[self.is_shown].min())

    @property
    def end_pts(self) -> int:
        """End of the last frame that is shown."""
        return int(self.pts[self.is_shown].max()) + self.frame_duration

    def seconds(self, pts: int) -> float:
        """A time of this track in seconds since its first frame."""
        return float((pts - self.first_pts) * self.time_base)


def probe(path: Path) -> VideoFacts:
    """Ask a video what it is; every byte is read only where the container keeps no index.

    Raises:
        SourceError: it is no video in a container that we read, or damaged, or cut short.
    """
    rotation = _rotation(path)
    with open_video(path) as (container, stream):
        packets = _indexed(path, stream)
        is_indexed = packets is not None
        if packets is None:
            packets = _packets(path, container, stream)
            _refuse_early_end(path, container, stream, packets)
        shown = np.sort(packets.pts[packets.is_shown])
        if not shown.size:
            raise SourceError(f"{path} holds no frame: record it again", rule="empty")
        told = stream.duration if is_indexed else None
        span = told or int(shown[-1] - shown[0]) + packets.frame_duration
        is_variable = _is_variable(np.diff(shown), packets)
        rate = stream.average_rate or stream.guessed_rate
        if is_variable or not rate:
            rate = (shown.size / (span * packets.time_base)).limit_denominator(100_000)
        # Of a codec that FFmpeg does not know there is no more to be had than its frames.
        codec = stream.codec_context if rotation is not None else None
        return VideoFacts(
            container=container_of(path),
            codec=codec.name if codec else "unknown",
            width_px=codec.width if codec else None,
            height_px=codec.height if codec else None,
            frame_rate=rate,
            is_variable_rate=is_variable,
            frame_count=int(shown.size),
            duration_s=float(span * packets.time_base),
            rotation_deg=rotation or 0,
            key_interval_s=_key_interval_s(packets),
            recorded_at_utc=_recorded_at(container.metadata),
            track_count=len(container.streams),
        )


def read_packets(path: Path) -> Packets:
    """Where each frame of a video is, and when; reads the file once, decodes nothing.

    Raises:
        SourceError: as `probe`.
    """
    with open_video(path) as (container, stream):
        return _packets(path, container, stream)


def container_of(path: Path) -> str:
    """Suffix of the container that a file is by its first bytes, whatever its name says.

    Raises:
        SourceError: it is none that we read.
    """
    return _container(path)[0]


@contextmanager
def open_video(
    path: Path, handle: BinaryIO | None = None
) -> "Iterator[tuple[InputContainer, VideoStream]]":
    """The file and its picture track; FFmpeg's errors become ours.

    Args:
        path: where the file is; of an open one its name, for messages.
        handle: the file itself, where it is no file of this machine; it can seek.

    Raises:
        SourceError: it is no video in a container that we read, or damaged.
    """
    import av
    from av.error import FFmpegError

    _, ffmpeg_name = _container(path, handle)
    try:
        # Neither a playlist nor a reference leads out of the file.
        options = {"protocol_whitelist": "file"}
        with av.open(
            handle or str(path), "r", format=ffmpeg_name, options=options, metadata_errors="replace"
        ) as container:
            tracks = [
                one
                for one in container.streams.video
                if not one.disposition & av.stream.Disposition.attached_pic
            ]
            if not tracks:
                raise SourceError(
                    f"{path} has no picture track: give the video itself", rule="unknown_format"
                )
            yield container, tracks[0]
    except FFmpegError as error:
        raise SourceError(
            f"{path} is damaged or cut short ({error.strerror}): copy it from the camera again, "
            "or repair it with the camera's own software",
            rule="malformed",
        ) from error


def add_h264(
    made: "OutputContainer", rate: Fraction | int | None, options: Mapping[str, str]
) -> "VideoStream":
    """A stream of H.264 in which the same pictures become the same bytes, on every machine.

    Args:
        options: of the encoder (FFmpeg's libx264).
    """
    # As many threads as cores would give other bytes on another machine, and x264's code for
    # AVX-512 does not always give the same ones.
    stream = made.add_stream("libx264", rate=rate, options={**options, **_SAME_BYTES})
    stream.codec_context.thread_count = 2
    return stream


def video_packets(
    container: "InputContainer", stream: "VideoStream"
) -> "Iterator[Packet[VideoStream]]":
    """The packets of a track that hold something, in the order of `Packets`.

    Raises:
        SourceError: a track that the file did not have at its beginning is in the middle of it.
    """
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except IndexError as error:  # PyAV looks among the tracks that there were on opening
        raise SourceError(
            f"{container.name} has a track that begins in the middle of it, or is damaged: copy it "
            "from the camera again, or wrap it anew (ffmpeg -i … -c copy -map 0:v)",
            rule="malformed",
        ) from error


def _container(path: Path, handle: BinaryIO | None = None) -> tuple[str, str]:
    try:
        if handle is None:
            with path.open("rb") as opened:
                head = opened.read(4096).decode("latin-1")
        else:
            handle.seek(0)
            head = handle.read(4096).decode("latin-1")
            handle.seek(0)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error}): check the path") from error
    for suffix, ffmpeg_name, pattern in VIDEO_CONTAINERS:
        if re.search(pattern, head, re.DOTALL):
            return suffix, ffmpeg_name
    raise SourceError(
        f"{path} is no video that we read: give MP4, QuickTime, Matroska, MPEG-TS or AVI",
        rule="unknown_format",
    )


def _indexed(path: Path, stream: "VideoStream") -> Packets | None:
    """Frames as the file's own index has them; None where it has none that is complete.

    Times are those of decoding: as many, as even, and as far apart as those of showing.
    """
    index = stream.index_entries
    if not 0 < stream.frames == len(index):
        return None
    times = [entry.timestamp for entry in index]
    _refuse_missing_end(path, max(entry.pos + entry.size for entry in index))
    return Packets(
        stream.time_base or Fraction(1),
        np.array(times, np.int64),
        np.array([entry.is_keyframe for entry in index], np.bool_),
        np.array([not entry.is_discard for entry in index], np.bool_),
        is_timed=False,
        frame_duration=_usual_interval(times),
    )


def _packets(path: Path, container: "InputContainer", stream: "VideoStream") -> Packets:
    # AVI tells when a frame is decoded; FFmpeg passes that off as when it is shown.
    is_timed = container_of(path) != "avi"
    pts: list[int] = []
    keys, shown = [], []
    for packet in video_packets(container, stream):
        if packet.is_corrupt:
            raise SourceError(
                f"{path} is cut short within its frame {len(pts) + 1}: copy it from the camera "
                "again",
                rule="cut_short",
            )
        is_timed &= packet.pts is not None
        pts.append((packet.pts if packet.pts is not None else packet.dts) or 0)
        keys.append(packet.is_keyframe)
        shown.append(not packet.is_discard)
    if not any(shown):
        raise SourceError(f"{path} holds no frame: record it again", rule="empty")
    return Packets(
        stream.time_base or Fraction(1),
        np.array(pts, np.int64),
        np.array(keys, np.bool_),
        np.array(shown, np.bool_),
        is_timed,
        _usual_interval(pts),
    )


def _usual_interval(times: list[int]) -> int:
    if len(times) < 2:  # noqa: PLR2004 - an interval needs two
        return 1
    return max(1, round(float(np.median(np.diff(np.sort(np.array(times, np.int64)))))))


def _is_variable(intervals: NDArray[np.int64], packets: Packets) -> bool:
    if not intervals.size:
        return False
    # A container counts in ticks: one of them more or less is no other rate.
    tolerance = max(_JITTER * packets.frame_duration, 2)
    return bool(intervals.max() - intervals.min() > tolerance)


def _key_interval_s(packets: Packets) -> float:
    ends = int(packets.pts.max()) + packets.frame_duration
    keys = np.sort(np.append(packets.pts[packets.is_key], ends))
    longest = int(np.diff(keys).max()) if keys.size > 1 else ends - int(packets.pts.min())
    return float(longest * packets.time_base)


def _refuse_missing_end(path: Path, needed: int) -> None:
    if needed > (there := path.stat().st_size):
        raise SourceError(
            f"{path} is cut short: it has {there:,} bytes, and its frames take {needed:,}: copy it "
            "from the camera again",
            rule="cut_short",
        )


def _refuse_early_end(
    path: Path, container: "InputContainer", stream: "VideoStream", packets: Packets
) -> None:
    """A container that says how long its pictures last, and they do not."""
    found_s = packets.seconds(packets.end_pts)
    if container.format.name.startswith("mpegts") or not container.duration:
        return  # its length is an estimate, or was never written
    told_s = _told_s(stream)
    if told_s is None:
        told_s = container.duration / 1_000_000
    if told_s - found_s > max(1.0, 0.01 * told_s):
        raise SourceError(
            f"{path} says that it lasts {told_s:.1f} s and breaks off after {found_s:.1f} s: copy "
            "it from the camera again",
            rule="cut_short",
        )


def _told_s(stream: "VideoStream") -> float | None:
    """How long a Matroska file says that one track lasts: sound may go on after the pictures."""
    for name, value in stream.metadata.items():
        if name.upper().startswith("DURATION") and (told := _TRACK_LENGTH.fullmatch(value)):
            hours, minutes, seconds = told.groups()
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return None


def _rotation(path: Path) -> int | None:
    """Turn of the first frame, from the container; None where no frame can be decoded.

    Raises:
        SourceError: the codec is known, and no frame decodes.
    """
    from av.error import FFmpegError

    with open_video(path) as (container, stream):
        codec: object = stream.codec_context
        if codec is None:
            return None
        for number, packet in enumerate(video_packets(container, stream)):
            try:
                frames = stream.decode(packet) if number < _PACKETS_TO_TRY else []
            except FFmpegError:
                continue
            if frames:
                return frames[0].rotation % 360
            if number >= _PACKETS_TO_TRY:
                break
        for frame in stream.decode(None):  # what a decoder still holds of a clip of few frames
            return frame.rotation % 360
    raise SourceError(
        f"{path}: none of its first frames can be decoded: copy it from the camera again",
        rule="malformed",
    )


def _recorded_at(metadata: dict[str, str]) -> datetime | None:
    """When the camera began, where the container says so with its offset from UTC."""
    for key in ("com.apple.quicktime.creationdate", "creation_time"):
        text = metadata.get(key)
        if not text:
            continue
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is not None and instant.year >= _FIRST_YEAR:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
