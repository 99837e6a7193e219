"""Footage: which stretches of a camera's recording show play, and a recording of only those.

Play is motion on the pitch. The pitch is where the picture is green on average; motion is the share
of it that changed its brightness from one look to the next. Nobody on the pitch moves for half a
minute: nobody plays. In doubt a stretch is kept: a picture that cannot be compared counts as play.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.cleaning.footage_cut import CutResult, Stretch, cut
from edge_ingest.cleaning.settings import CleaningSettings, FootageSettings
from edge_ingest.drops.media import known_sha256
from edge_ingest.errors import NothingRecordedError
from edge_ingest.footage import FootageObject, footage_table
from edge_ingest.recording import Recording
from edge_ingest.video import open_video, probe, video_packets

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

#: Blocks of the picture in which changes are counted: rows, columns, and pixels along each side.
_ROWS, _COLUMNS, _SIDE = 27, 48, 8
#: Weights of red, green and blue in brightness (ITU-R BT.601).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
#: Grass is even: brightness within a block spreads less than this share of it; trees spread more.
_SMOOTH = 0.1
#: A patch that is a smaller share of the picture is a hedge or a flag.
_LEAST_PATCH = 0.015
#: A picture with less grass than this share of it is no pitch: all of it is looked at.
_LEAST_GRASS = 0.1


def leave_out_idle(recording: Recording, folder: Path, settings: CleaningSettings) -> Recording:
    """A camera's recording without the stretches in which nobody plays.

    Each stretch of play becomes a file and a row of `footage` of its own, with the instant of its
    first frame; sound and data tracks stay behind, for nothing reads them and they hold voices.
    What cannot be cut exactly (a codec that is unknown here, AVI, which does not tell when a frame
    is shown) goes whole.

    Args:
        recording: as `readers.video` makes it.
        folder: an empty folder for the files; they are there as long as it is.

    Raises:
        NothingRecordedError: nobody plays from beginning to end.
        SourceError: the file is damaged.
    """
    told = settings.footage
    ((name, path),) = recording.media.items()
    recording = replace(
        recording, filter_settings={**recording.filter_settings, **settings.flat(["footage"])}
    )
    facts = probe(path)
    if not told.is_on or not facts.can_decode or facts.container == "avi":
        return recording
    stretches = play_stretches(motion(path, told), facts.duration_s, told)
    if not stretches:
        raise NothingRecordedError(
            f"{path} shows nobody who moves on the pitch, from beginning to end: nothing to send; "
            "if that is wrong, pack it whole (--whole)"
        )
    is_whole = stretches == [Stretch(0.0, facts.duration_s)]
    if is_whole and facts.track_count == 1:
        return replace(recording, rows_by_rule=_left_out(0, 0.0))
    longest_lead_s = told.longest_lead_s if told.is_encoding_allowed else None
    made = cut(path, stretches, folder / name, longest_lead_s)
    return _of_pieces(recording, made)


def motion(path: Path, settings: FootageSettings) -> pa.Table:
    """How much of the pitch changed between looks at a video.

    Memory: 1.3 kB a look, some 20 MB for four hours.

    Returns:
        `t_s` (since the first frame) and `share` (of the pitch that changed since the look before,
        0 to 1; null where there is nothing to compare with). The first look is compared with the
        second.

    Raises:
        SourceError: it is no video that we read, or damaged.
    """
    facts = probe(path)
    are_keys_enough = facts.key_interval_s <= settings.longest_key_interval_s
    apart_s = facts.key_interval_s if are_keys_enough else settings.look_s
    looks = _Looks(settings.changed_levels, 2 * apart_s + 0.5)
    for t_s, frame in _frames(path, None if are_keys_enough else settings.look_s):
        looks.add(t_s, frame)
    looks.end(facts.duration_s)
    return looks.table()


def play_stretches(looks: pa.Table, end_s: float, settings: FootageSettings) -> list[Stretch]:
    """When somebody plays, in order, apart from each other, within 0 and `end_s`.

    More motion never gives less play.

    Args:
        looks: as `motion` returns it.
        end_s: length of the video, s.
    """
    t_s = looks["t_s"].to_numpy()
    if not t_s.size:
        return [Stretch(0.0, end_s)]  # nothing could be looked at
    share = looks["share"].to_pylist()
    motion_share = np.array([np.inf if one is None else one for one in share], np.float64)
    smooth = _moving_median(t_s, motion_share, settings.smooth_s)
    # A look tells of the time since the look before it; the last one of what follows, too.
    since = np.concatenate([[0.0], t_s[:-1]])
    until = np.append(t_s[:-1], end_s)
    found: list[Stretch] = []
    is_play = _with_hysteresis(smooth, settings.still_share, settings.play_share)
    for first_s, last_s in zip(since[is_play], until[is_play], strict=True):
        begin = max(0.0, float(first_s) - settings.margin_s)
        end = min(end_s, float(last_s) + settings.margin_s)
        if begin < settings.shortest_idle_s and not found:
            begin = 0.0
        if found and begin - found[-1].end_s < settings.shortest_idle_s:
            begin = found.pop().start_s
        found.append(Stretch(begin, end))
    if found and end_s - found[-1].end_s < settings.shortest_idle_s:
        found.append(Stretch(found.pop().start_s, end_s))
    return found


class _Looks:
    """Small pictures, each compared with the one before; of each only counts by block are kept."""

    def __init__(self, changed_levels: float, longest_gap_s: float) -> None:
        self._changed_levels = changed_levels
        self._longest_gap_s = longest_gap_s
        self._t_s: list[float] = []
        self._changed: list[NDArray[np.uint8] | None] = []
        self._colour = np.zeros((_ROWS, _COLUMNS, 3))
        self._spread = np.zeros((_ROWS, _COLUMNS))
        self._before: NDArray[np.float32] | None = None

    def add(self, t_s: float, frame: "VideoFrame | None") -> None:
        """Look at a frame; None where it could not be decoded.

        After a gap in which frames did not decode there is nothing to compare with.
        """
        if t_s - (self._t_s[-1] if self._t_s else 0.0) > self._longest_gap_s:
            self._before = None
        self._t_s.append(t_s)
        if frame is None:
            self._before = None
            self._changed.append(None)
            return
        colours = frame.reformat(
            width=_COLUMNS * _SIDE, height=_ROWS * _SIDE, format="rgb24", interpolation="AREA"
        ).to_ndarray()
        blocks = colours.reshape(_ROWS, _SIDE, _COLUMNS, _SIDE, 3)
        self._colour += blocks.mean(axis=(1, 3))
        grey = colours @ _LUMA
        self._spread += grey.reshape(_ROWS, _SIDE, _COLUMNS, _SIDE).std(axis=(1, 3))
        self._changed.append(None if self._before is None else self._compare(grey, self._before))
        self._before = grey

    def end(self, end_s: float) -> None:
        """Say how long the video is: an end that did not decode is not known either."""
        if self._t_s and end_s - self._t_s[-1] > self._longest_gap_s:
            self.add(end_s, None)

    def table(self) -> pa.Table:
        """`t_s` and `share`, as `motion` returns them."""
        pitch = pitch_blocks(self._colour, self._spread)
        pixels = int(pitch.sum()) * _SIDE**2
        share = [
            None if changed is None else int(changed[pitch].sum()) / pixels
            for changed in self._changed
        ]
        if len(share) > 1 and self._t_s[0] <= self._longest_gap_s:
            share[0] = share[1]
        return pa.table(
            {"t_s": pa.array(self._t_s, pa.float64()), "share": pa.array(share, pa.float64())}
        )

    def _compare(self, grey: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.uint8]:
        difference = grey - before
        difference -= np.median(difference)  # a cloud, or the camera's own exposure
        changed = np.abs(difference) > self._changed_levels
        counts = changed.reshape(_ROWS, _SIDE, _COLUMNS, _SIDE).sum(axis=(1, 3))
        return np.asarray(counts, np.uint8)  # 64 at most


def pitch_blocks(colour: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Blocks of large even green patches; all of them where there is little of that.

    Args:
        colour: red, green and blue of each block, on any scale: rows × columns × 3.
        spread: standard deviation of brightness within each block, on the same scale.
    """
    red, green, blue = colour[..., 0], colour[..., 1], colour[..., 2]
    is_green = (green > 1.05 * red) & (green > 1.15 * blue) & (spread < _SMOOTH * (colour @ _LUMA))
    found = np.zeros_like(is_green)
    waiting = {(int(row), int(column)) for row, column in np.argwhere(is_green)}
    while waiting:
        edge = [waiting.pop()]
        patch = set(edge)
        while edge:
            row, column = edge.pop()
            around = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)}
            edge += (near := around & waiting)
            patch |= near
            waiting -= near
        if len(patch) >= _LEAST_PATCH * is_green.size:  # a line parts the pitch in two
            found[tuple(np.array(list(patch)).T)] = True
    if found.mean() < _LEAST_GRASS:
        return np.ones_like(is_green)
    return _filled(found)


def _filled(patch: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With what stands between two blocks of one row: players, lines and worn grass."""
    left = np.logical_or.accumulate(patch, axis=1)
    right = np.logical_or.accumulate(patch[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(left & right)


def _frames(path: Path, apart_s: float | None) -> "Iterator[tuple[float, VideoFrame | None]]":
    """Frames to look at with their time; None in place of one that is damaged.

    Args:
        apart_s: time between them; None for key frames alone.
    """
    from av.error import FFmpegError

    with open_video(path) as (container, stream):
        base = float(stream.time_base or 1)
        stream.thread_type = "AUTO"
        # Frames that no other is made from need not be decoded: others stand close by.
        stream.codec_context.skip_frame = "NONKEY" if apart_s is None else "NONREF"
        first, due_s = stream.start_time, 0.0
        for packet in chain(video_packets(container, stream), [None]):  # None empties the decoder
            try:
                frames = stream.decode(packet)
            except FFmpegError:
                continue  # the gap tells
            for frame in frames:
                if frame.pts is None:
                    continue
                first = frame.pts if first is None else first
                t_s = (frame.pts - first) * base
                if apart_s is not None and t_s < due_s:
                    continue
                due_s = t_s + (apart_s or 0.0)
                yield t_s, None if frame.is_corrupt else frame


def _moving_median(
    t_s: NDArray[np.float64], values: NDArray[np.float64], window_s: float
) -> NDArray[np.float64]:
    begins = np.searchsorted(t_s, t_s - window_s / 2, "left")
    ends = np.searchsorted(t_s, t_s + window_s / 2, "right")
    return np.array([_middle(values[a:b]) for a, b in zip(begins, ends, strict=True)])


def _middle(values: NDArray[np.float64]) -> float:
    """The median; of two in the middle the larger, which may be infinite."""
    return float(np.sort(values)[values.size // 2])


def _with_hysteresis(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    """True from above `high` until below `low`; true, too, before either was reached."""
    state = np.where(values > high, 1, np.where(values < low, 0, -1))
    last_known = np.maximum.accumulate(np.where(state >= 0, np.arange(state.size), -1))
    return np.asarray(np.where(last_known >= 0, state[np.maximum(last_known, 0)], 1) == 1)


def _of_pieces(recording: Recording, made: CutResult) -> Recording:
    (row,) = recording.tables["footage"].to_pylist()
    objects = []
    for piece in made.pieces:
        started = row["started_at_utc"] + timedelta(seconds=piece.start_s)
        objects.append(
            FootageObject(
                piece.path.name, known_sha256(piece.path), piece.path.stat().st_size,
                probe(piece.path), started, piece.start_s,
            )
        )  # fmt: skip
    return replace(
        recording,
        tables={
            **recording.tables,
            "footage": footage_table(
                objects, row["camera"], recording.clock, row.get("calibration")
            ),
        },
        media={piece.path.name: piece.path for piece in made.pieces},
        rows_by_rule=_left_out(made.frames_left_out, made.left_out_s),
    )


def _left_out(frames: int, seconds: float) -> dict[str, int]:
    return {"idle_frames_left_out": frames, "idle_s_left_out": round(seconds)}
