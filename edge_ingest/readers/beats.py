"""Heart beat intervals to instants: by adding them up, tied to clock times where there are any.

A beat's interval ends at the beat, so the beat that closes interval i comes the sum of the first i
intervals after the beginning. Where a recorder also tells the time now and then, the sum is tied to
it; where beats were lost, the sum falls behind, and a new stretch begins.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.records import CHANNELS, INSTANT, Quality

#: The sum may differ from the recorder's clock by so much before beats are taken to be lost, s.
#: A recorder tells whole seconds, and tells them a moment after the beat.
SLACK_S = 2.0
#: Clock times that are looked at together: one alone is too rough.
_WINDOW = 9


def beat_times(
    intervals_s: NDArray[np.float64], told_s: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Time of each beat, never running backwards, s.

    Within a stretch the beats are exactly their intervals apart. A stretch is tied to the clock by
    the median of what its beats say of it, so a single late stamp moves nothing.

    Args:
        intervals_s: in order; one that is not finite or not above nought takes no time.
        told_s: the recorder's clock at (about) each beat, NaN where it told none; any origin. None
            where there is no clock.
    """
    step = np.where(np.isfinite(intervals_s) & (intervals_s > 0), intervals_s, 0.0)
    elapsed = np.cumsum(step)
    if told_s is None or not np.isfinite(told_s).any():
        return elapsed
    known = np.flatnonzero(np.isfinite(told_s))
    offset = told_s[known] - elapsed[known]
    starts = _stretches(offset)
    times = np.empty_like(elapsed)
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(known)
        first = known[start] if number else 0
        last = known[stop] if stop < len(known) else len(elapsed)
        times[first:last] = elapsed[first:last] + np.median(offset[start:stop])
    return np.maximum.accumulate(times)


def _stretches(offset: NDArray[np.float64]) -> list[int]:
    """Where the offset between clock and sum settles on another value: indices, from 0."""
    starts = [0]
    level = float(np.median(offset[:_WINDOW]))
    index = 1
    while index < len(offset):
        if abs(offset[index] - level) > SLACK_S:
            ahead = float(np.median(offset[index : index + _WINDOW]))
            if abs(ahead - level) > SLACK_S:
                starts.append(index)
                level = ahead
        index += 1
    return starts


def beats_table(
    instants: NDArray[np.datetime64], intervals_ms: NDArray[np.float64], athlete: str, quality: int
) -> tuple[pa.Table, int]:
    """One row a beat of channel `rr_interval`; and how many intervals cannot be true.

    Args:
        instants: of the beats that close the intervals, UTC.
        intervals_ms: NaN where the recorder wrote none.
        quality: bits of every row.
    """
    _, lowest, highest, _ = CHANNELS["rr_interval"]
    count = len(intervals_ms)
    sound = (intervals_ms >= lowest) & (intervals_ms <= highest)
    left_out, reason, bits = None, pa.nulls(count, pa.string()), np.full(count, quality, np.int32)
    out_of_range = 0
    if not sound.all():
        left_out, unseen = ~sound, np.isnan(intervals_ms)
        words = np.where(unseen, "no_signal", "out_of_range").astype(object)
        reason = pa.array(words, pa.string(), mask=sound)
        strange = left_out & ~unseen
        bits[strange] |= Quality.OUT_OF_RANGE.value
        out_of_range = int(strange.sum())
    table = pa.table(
        {
            "source_athlete_id": pa.repeat(athlete, count),
            "channel": pa.repeat("rr_interval", count),
            "sample_index": pa.array(np.arange(count, dtype=np.int32)),
            "captured_at_utc": pa.array(instants.astype("datetime64[us]")).view(INSTANT),
            "value": pa.array(intervals_ms, mask=left_out),
            "missing_reason": reason,
            "quality": pa.array(bits),
        }
    )
    return table, out_of_range
