"""Where a track is unbroken: rows in order, and which of them go on from the row before.

Belongs here: sorting, the nominal interval of a stream, gaps and jumps, neighbours. Does not belong
here: speed; see `kinematics.py`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.cleaning.kinematics_settings import LONGEST_STEP_S, KinematicsSettings
from resources.quality import NO_PLACE
from sports_assets.tracking.zero_phase import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

_TRACK = ("session_id", "stream_id", "object_kind", "source_athlete_id", "period_id")
_SECOND_US = 1_000_000


@dataclass(frozen=True)
class Segments:
    """A table of positions, (n) rows in the contract's order, cut into unbroken stretches.

    Attributes:
        rows: the table, sorted.
        place: (2, n), m; NaN where not seen, or not trusted.
        is_ball: (n,).
        stream: (n,) number of the row's stream, from 0.
        interval_s: (streams,) nominal interval: the median step of the stream.
        linked: (n,) whether the row goes on from the row before.
        is_jump: (n,) whether the row stands at either end of a jump.
        before: (n,) index of the row before within the segment, of the row itself at its start.
        after: (n,) index of the row after within the segment, of the row itself at its end.
        span_s: (n,) time from `before` to `after`, s; 0 for a lone row.
        tick: (n,) place on an even grid of nominal intervals: one more than the row before, or as
            many more as the step to it lasted, where samples were lost within a segment.
    """

    rows: pa.Table
    place: FloatArray
    is_ball: BoolArray
    stream: IntArray
    interval_s: FloatArray
    linked: BoolArray
    is_jump: BoolArray
    before: IntArray
    after: IntArray
    span_s: FloatArray
    tick: IntArray

    @property
    def is_seen(self) -> BoolArray:
        """(n,) whether the row has a position that is trusted."""
        seen: BoolArray = np.all(np.isfinite(self.place), axis=0)
        return seen

    @property
    def starts(self) -> IntArray:
        """(segments,) index of each segment's first row."""
        return np.flatnonzero(self.is_seen & ~self.linked)

    @property
    def ends(self) -> IntArray:
        """(segments,) index of each segment's last row."""
        return np.flatnonzero(self.is_seen & (self.after == np.arange(self.linked.size)))

    @property
    def ids(self) -> npt.NDArray[np.int32]:
        """(n,) number of the row's segment within its stream, from 0; of no meaning if not seen."""
        running = np.cumsum(self.is_seen & ~self.linked)
        first = np.flatnonzero(np.diff(self.stream, prepend=-1))
        earlier = np.where(first > 0, running[first - 1], 0)
        return (running - 1 - earlier[self.stream]).astype(np.int32)


def cut(
    positions: pa.Table, speed_limits: tuple[float, float], settings: KinematicsSettings
) -> Segments:
    """Sort positions and cut them at nulls, gaps, jumps, and a clock that stands or runs back.

    A position that is not trusted counts as not seen.

    Args:
        positions: contract raw/positions; at least one row.
        speed_limits: of athletes and of the ball, m/s.
        settings: what a gap and a jump are.
    """
    rows, track, stream = _sorted(positions)
    clock_us = rows["captured_at_utc"].cast(pa.int64()).to_numpy()
    place = np.stack([rows["x_m"].to_numpy(), rows["y_m"].to_numpy()])  # null becomes NaN
    place[:, rows["quality"].to_numpy() & int(NO_PLACE) > 0] = np.nan
    is_ball = pc.equal(rows["object_kind"], "ball").to_numpy()

    step_s = np.diff(clock_us) / _SECOND_US
    same = np.diff(track) == 0
    interval_s = _nominal_intervals(step_s, same & (step_s > 0), stream)
    longest = np.array([settings.longest_step_s(interval) for interval in interval_s])
    seen = np.isfinite(place).all(axis=0)
    near = same & seen[1:] & seen[:-1] & (step_s > 0) & (step_s <= longest[stream[1:]])

    way = np.hypot(*np.diff(place, axis=1))
    limit = np.where(is_ball[1:], speed_limits[1], speed_limits[0])
    with np.errstate(invalid="ignore"):
        jump = near & (way > limit * step_s + settings.jump_tolerance_m)
    linked = np.concatenate([[False], near & ~jump])
    intervals = np.rint(step_s / interval_s[stream[1:]]).astype(np.int64)
    tick = np.cumsum(np.append(0, np.where(linked[1:], np.maximum(intervals, 1), 1)))
    row = np.arange(linked.size)
    before, after = row - linked, row + np.append(linked[1:], np.False_)
    return Segments(
        rows=rows,
        place=place,
        is_ball=is_ball,
        stream=stream,
        interval_s=interval_s,
        linked=linked,
        is_jump=np.append(jump, np.False_) | np.concatenate([[False], jump]),
        before=before,
        after=after,
        span_s=(clock_us[after] - clock_us[before]) / _SECOND_US,
        tick=tick,
    )


def _sorted(table: pa.Table) -> tuple[pa.Table, IntArray, IntArray]:
    """Rows in the contract's order, with the number of each row's track and stream."""
    track = np.zeros(table.num_rows, np.int64)
    stream = track
    for name in _TRACK:
        codes, distinct = _ranks(table[name])
        track = track * distinct + codes
        if name == "stream_id":
            stream = track
    frame = table["frame_id"].to_numpy()
    change = np.diff(track)
    if not ((change > 0) | ((change == 0) & (np.diff(frame) >= 0))).all():
        order = np.lexsort((frame, track))
        table, track, stream = table.take(order), track[order], stream[order]
    numbered = np.unique(stream, return_inverse=True)[1].astype(np.int64)
    return table, track, numbered


def _ranks(column: pa.ChunkedArray) -> tuple[IntArray, int]:
    """Each value's rank among the column's distinct values, null last, and how many there are."""
    encoded = column.combine_chunks().dictionary_encode()
    size = len(encoded.dictionary)
    rank = np.empty(size + 1, np.int64)
    rank[pc.array_sort_indices(encoded.dictionary).to_numpy()] = np.arange(size)
    rank[size] = size
    return rank[encoded.indices.fill_null(size).to_numpy()], size + 1


def _nominal_intervals(step_s: FloatArray, is_step: BoolArray, stream: IntArray) -> FloatArray:
    """Median step of each stream, s; the longest allowed where no object has two samples."""
    steps = [step_s[is_step & (stream[1:] == number)] for number in range(int(stream.max()) + 1)]
    return np.array([np.median(each) if each.size else LONGEST_STEP_S for each in steps])
