"""Positions to smoothed speed and acceleration: the one place where this is done.

Belongs here: velocity, the filter's use, the plausibility gates, the time that a sample stands for.
Does not belong here: what is made of speed (load, efforts, shape): that is SQL in `dbt_project`.

How a consumer adds up. Distance is Σ speed_mps · dt_s. Tracked time is Σ dt_s over rows *with* a
speed: a stretch too short to smooth, or a refused sample, is then missing from both and biases
neither.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
from edge_ingest.cleaning.low_pass import design_low_pass
from edge_ingest.records import Quality
from resources.contracts import KINEMATICS
from sports_assets.tracking.segments import BoolArray, Segments, cut
from sports_assets.tracking.zero_phase import FloatArray, IntArray, smooth_segments

__all__ = ["KinematicsSettings", "kinematics"]


def kinematics(positions: pa.Table, settings: KinematicsSettings) -> pa.Table:
    """Give every sample of an athlete or the ball its smoothed speed and acceleration.

    A *segment* is a stretch of one object in one period without a gap. It ends at a null position,
    at one that the edge does not trust (POOR_FIX, FROZEN, IDENTITY_SWAP), at a step that is too
    long (see `KinematicsSettings`), at a clock that stands still or runs back, and at a jump.

    Velocity is the central difference of position (one-sided at both ends), m/s. Where sampling
    allows, vx and vy then pass a Butterworth low pass forward and backward (the practice of GNSS
    units: 4th order, 1 Hz at 10 Hz). Where a sample or two were lost within a segment, the filter
    is given velocity interpolated at their instants; no row is made of it. A segment of one period
    of the cut-off or less is too short to smooth: it keeps its rows and has no speed. Speed is the
    length of smoothed velocity; acceleration is the central difference of smoothed speed, m/s².

    `dt_s` is half the way to the sample before plus half the way to the one after, within the
    segment: n samples stand for n − 1 intervals, a lone one for 0. A gap counts nothing, and
    Σ speed · dt_s over constant motion is exactly the way covered.

    A sample beyond a gate, the two ends of a jump, and what lies within `refusal_reach_s` of them
    are flagged (IMPLAUSIBLE_SPEED, IMPLAUSIBLE_ACCELERATION) and lose velocity, speed and
    acceleration: no load is made from a teleport. (Without the reach, half the players of the
    broadcast match "ran" 11–12 m/s on the flanks of a refused spike.) These two bits are judged
    anew here, on smoothed speed; all others pass from raw.

    Args:
        positions: contract raw/positions, in any order; streams are kept apart.
        settings: filter, gaps and gates.

    Returns:
        A table that fits resources.contracts.KINEMATICS, in the order of its `sort_by`, without
        officials.
    """
    tracked = positions.filter(pc.not_equal(positions["object_kind"], "official"))
    if not tracked.num_rows:
        return KINEMATICS.empty()
    limits = settings.speed_limit_mps, settings.ball_speed_limit_mps
    segments = cut(tracked, limits, settings)

    velocity = _smoothed(_slopes(segments.place, segments), segments, settings)
    speed = np.hypot(velocity[0], velocity[1])
    acceleration = _slopes(speed, segments)
    too_fast, too_hard = _implausible(speed, acceleration, segments, settings)
    refused = too_fast | too_hard

    unseen = ~segments.is_seen
    made = {
        "segment_id": pa.array(segments.ids, mask=unseen),
        "dt_s": pa.array(segments.span_s / 2, mask=unseen),
        "vx_mps": _nullable(velocity[0], refused),
        "vy_mps": _nullable(velocity[1], refused),
        "speed_mps": _nullable(speed, refused),
        "acceleration_mps2": _nullable(acceleration, refused),
        "speed_filter": _filter_texts(segments, settings),
        "quality": _quality(segments, too_fast, too_hard),
    }
    kept = [column.name for column in KINEMATICS.columns if column.name not in made]
    return KINEMATICS.conform(pa.table({name: segments.rows[name] for name in kept} | made))


def _slopes(values: FloatArray, segments: Segments) -> FloatArray:
    """Central difference within the segment, one-sided at its ends, NaN for a lone sample."""
    with np.errstate(invalid="ignore", divide="ignore"):
        way = values[..., segments.after] - values[..., segments.before]
        slopes: FloatArray = way / segments.span_s
    return slopes


def _smoothed(velocity: FloatArray, segments: Segments, settings: KinematicsSettings) -> FloatArray:
    """Low-passed velocity where sampling allows, bare velocity where it does not."""
    tick = segments.tick
    even = _bridged(velocity, segments)
    starts, lengths = tick[segments.starts], tick[segments.ends] - tick[segments.starts] + 1
    result = velocity
    for interval_s in np.unique(segments.interval_s).tolist():
        if not settings.is_filtered(interval_s):
            continue
        mine = segments.interval_s[segments.stream] == interval_s
        padding = settings.padding(interval_s)
        chosen = mine[segments.starts] & (lengths > padding)
        sections = design_low_pass(settings.order, settings.cutoff_hz, 1.0 / interval_s)
        smooth = smooth_segments(
            even, starts[chosen], lengths[chosen], sections=sections, padding=padding
        )
        result = np.where(mine, smooth[:, tick], result)
    return result


def _bridged(velocity: FloatArray, segments: Segments) -> FloatArray:
    """Velocity on the even grid of `segments.tick`, interpolated where a sample was lost."""
    tick, known = segments.tick, np.isfinite(velocity[0])
    if tick[-1] + 1 == tick.size or not known.any():
        return velocity
    grid = np.arange(tick[-1] + 1)
    return np.stack([np.interp(grid, tick[known], each[known]) for each in velocity])


def _implausible(
    speed: FloatArray, acceleration: FloatArray, segments: Segments, settings: KinematicsSettings
) -> tuple[BoolArray, BoolArray]:
    """Samples beyond the gate of speed and of acceleration, each with what lies near."""
    ball = segments.is_ball
    fastest = np.where(ball, settings.ball_speed_limit_mps, settings.speed_limit_mps)
    hardest = np.where(
        ball, settings.ball_acceleration_limit_mps2, settings.acceleration_limit_mps2
    )
    reach = np.array([settings.reach_samples(interval) for interval in segments.interval_s])
    with np.errstate(invalid="ignore"):
        too_fast = segments.is_jump | (speed > fastest)
        too_hard = np.abs(acceleration) > hardest
    return _spread(too_fast, segments, reach), _spread(too_hard, segments, reach)


def _spread(flagged: BoolArray, segments: Segments, reach: IntArray) -> BoolArray:
    """Let each flag reach so many samples of its stream to both sides, within its segment."""
    row_reach = reach[segments.stream]
    for step in range(int(reach.max())):
        near = flagged[segments.before] | flagged[segments.after]
        flagged = flagged | (near & (step < row_reach))
    return flagged


def _quality(segments: Segments, too_fast: BoolArray, too_hard: BoolArray) -> pa.Array:
    judged = Quality.IMPLAUSIBLE_SPEED | Quality.IMPLAUSIBLE_ACCELERATION
    bits: npt.NDArray[np.int32] = segments.rows["quality"].to_numpy() & ~np.int32(judged)
    bits |= too_fast * np.int32(Quality.IMPLAUSIBLE_SPEED)
    bits |= too_hard * np.int32(Quality.IMPLAUSIBLE_ACCELERATION)
    return pa.array(bits)


def _nullable(values: FloatArray, refused: BoolArray) -> pa.Array:
    return pa.array(values, mask=refused | ~np.isfinite(values))


def _filter_texts(segments: Segments, settings: KinematicsSettings) -> pa.Array:
    texts = [
        settings.describe(interval_s, ball=ball)
        for interval_s in segments.interval_s.tolist()
        for ball in (False, True)
    ]
    codes = pa.array(segments.stream * 2 + segments.is_ball, pa.int32())
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts)).cast(pa.string())
