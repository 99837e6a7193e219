"""When was no play? Stretches of frames in which no ball is seen and nobody moves.

Before kick-off, after the whistle and at half-time the cameras often run on. What is flagged stays
in the drop; only long stretches that the settings name are left out.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from edge_ingest.cleaning.settings import OpticalSettings
from edge_ingest.cleaning.tracks import BoolArray, FloatArray, IntArray, is_kind, numbers


@dataclass(frozen=True)
class Frames:
    """Frames of a table of positions, (f) in order of period and number.

    Attributes:
        of_row: (n,) each row's frame.
        period: (f,) code of the period; frames without one have the last.
        t_s: (f,) instant, s since the first.
    """

    of_row: IntArray
    period: IntArray
    t_s: FloatArray


def number_frames(positions: pa.Table) -> Frames:
    """Number the frames of positions, one for each period and frame number."""
    frame = positions["frame_id"].to_numpy().astype(np.int64)
    period = np.zeros(frame.size, np.int64)
    if "period_id" in positions.column_names:
        period = (
            positions["period_id"]
            .cast(pa.int64())
            .fill_null(_NO_PERIOD)
            .to_numpy()
            .astype(np.int64)
        )
    _, first, of_row = np.unique(period << 32 | frame, return_index=True, return_inverse=True)
    clock = positions["captured_at_utc"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    t_s = (clock[first] - clock.min()) / 1e6 if first.size else np.empty(0)
    return Frames(of_row.astype(np.int64), period[first], t_s)


def idle_frames(
    positions: pa.Table, frames: Frames, speed_mps: FloatArray, settings: OpticalSettings
) -> BoolArray:
    """(f,) frames of long stretches without play.

    A frame is still if no ball is seen in it and its athletes move by less than the limit on
    average, or none is seen. Where a source never tells of a ball, movement alone decides.

    Args:
        positions: raw/positions.
        frames: its frames.
        speed_mps: (n,) speed of each row's object about then, m/s; NaN where it has none.
        settings: speed, length and gaps.
    """
    count = frames.t_s.size
    seen = np.isfinite(numbers(positions["x_m"]))
    with_ball = np.bincount(frames.of_row, is_kind(positions, "ball") & seen, count) > 0
    moving = is_kind(positions, "athlete") & np.isfinite(speed_mps)
    athletes = np.bincount(frames.of_row, moving, count)
    total = np.bincount(frames.of_row, np.where(moving, speed_mps, 0.0), count)
    still = ~with_ball & (total <= settings.idle_speed_mps * athletes)
    idle = np.zeros(count, np.bool_)
    for low, high in _stretches(frames, still, settings.longest_frame_gap_s):
        if frames.t_s[high] - frames.t_s[low] >= settings.shortest_idle_s:
            idle[low : high + 1] = True
    return idle


def dead_frames(frames: Frames, idle: BoolArray, settings: OpticalSettings) -> BoolArray:
    """(f,) idle frames that are left out: in long stretches, where the settings allow it.

    `edges` leaves out only what touches the begin or end of a period, or has no period: never
    anything with play of the same period before and after it.
    """
    dead = np.zeros(idle.size, np.bool_)
    if settings.leave_out == "none":
        return dead
    change = np.flatnonzero(np.diff(frames.period)) + 1
    begins = {0, *change.tolist()}
    ends = {idle.size - 1, *(change - 1).tolist()}
    for low, high in _stretches(frames, idle, settings.longest_frame_gap_s):
        at_edge = low in begins or high in ends or frames.period[low] == _NO_PERIOD
        long = frames.t_s[high] - frames.t_s[low] >= settings.leave_out_longer_than_s
        if long and (at_edge or settings.leave_out == "any"):
            dead[low : high + 1] = True
    return dead


def _stretches(frames: Frames, chosen: BoolArray, longest_gap_s: float) -> list[tuple[int, int]]:
    """First and last frame of every unbroken stretch of chosen frames within a period."""
    joined = np.zeros(chosen.size, np.bool_)
    joined[1:] = chosen[1:] & chosen[:-1] & (np.diff(frames.period) == 0)
    joined[1:] &= np.diff(frames.t_s) <= longest_gap_s
    first = np.flatnonzero(chosen & ~joined)
    last = np.flatnonzero(chosen & ~np.append(joined[1:], np.False_))
    return list(zip(first.tolist(), last.tolist(), strict=True))


#: Stands for a null period: beyond any.
_NO_PERIOD = 1 << 20
