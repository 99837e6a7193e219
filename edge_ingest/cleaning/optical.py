"""Optical and broadcast tracking: swapped names, jumps, points off the field, and idle time."""

import numpy as np
import pyarrow as pa

from edge_ingest.cleaning.excursions import longest_excursion
from edge_ingest.cleaning.idle import dead_frames, idle_frames, number_frames
from edge_ingest.cleaning.movement import Gates, judge
from edge_ingest.cleaning.settings import CleaningSettings
from edge_ingest.cleaning.swaps import find_swaps
from edge_ingest.cleaning.tracks import (
    BoolArray,
    Cleaned,
    FloatArray,
    Tracks,
    arrange,
    is_kind,
    numbers,
    on_rows,
    with_bits,
)
from edge_ingest.records import Quality

#: Settings that this filter reads.
SECTIONS = ("optical", "frozen", "limits")
_RULES = (
    "out_of_field", "identity_swap", "frozen", "implausible_speed", "implausible_acceleration",
    "idle",
)  # fmt: skip
_ANEW = (
    Quality.OUT_OF_FIELD
    | Quality.IDENTITY_SWAP
    | Quality.FROZEN
    | Quality.IMPLAUSIBLE_SPEED
    | Quality.IMPLAUSIBLE_ACCELERATION
)
#: Mean speed over so long decides whether somebody moves, and whether a drift is too fast, s.
_SPEED_WINDOW_S = 1.0
_ACCELERATION_WINDOW_S = 0.5
#: Two frames are consecutive if no more than this many intervals lie between them.
_CONSECUTIVE = 1.5


def clean_optical(
    positions: pa.Table,
    field_m: tuple[float, float] | None,
    sport: str,
    settings: CleaningSettings,
) -> Cleaned:
    """Flag tracked positions: OUT_OF_FIELD, IDENTITY_SWAP, FROZEN, IMPLAUSIBLE_*, IDLE.

    No row is removed, moved or changed but for `quality`. IDLE adds to what the source said of
    play; the others are judged anew. Officials are held to the athletes' limits; the ball to its
    own speed, and it may lie still.

    Args:
        positions: raw/positions of one stream, in any order.
        field_m: length and width of the field, m; None: nothing is off it.
        sport: whose limits hold.
        settings: gates and windows.

    Raises:
        SettingsError: the sport has no limits.
    """
    limits, told = settings.limits_of(sport), settings.optical
    count = positions.num_rows
    if not count:
        return Cleaned(positions, dict.fromkeys(_RULES, 0))
    tracks = arrange(positions, ("x_m", "y_m"), "frame_id")
    is_ball = is_kind(positions, "ball")[tracks.row]
    gates = Gates(
        speed_mps=np.where(is_ball, told.ball_speed_mps, limits.speed_mps),
        # A kick is no acceleration that a frame rate could show.
        acceleration_mps2=np.where(is_ball, np.inf, limits.acceleration_mps2),
        noise_m=told.noise_m,
        longest_excursion=longest_excursion(
            tracks, told.longest_excursion_s, told.longest_excursion_samples
        ),
        speed_window_s=_SPEED_WINDOW_S,
        acceleration_window_s=_ACCELERATION_WINDOW_S,
        may_freeze=~is_ball,
        told_mps=np.full(is_ball.size, np.nan),
    )
    found = judge(tracks, gates, settings.frozen)
    frames = number_frames(positions)
    on_foot = is_kind(positions, "athlete")[tracks.row]
    athletes = tracks.only(on_foot)
    swapped = find_swaps(
        athletes,
        frames.of_row[athletes.row],
        speed_mps=limits.speed_mps,
        acceleration_mps2=limits.acceleration_mps2,
        noise_m=told.noise_m,
        ratio=told.swap_ratio,
        longest_step_s=_CONSECUTIVE * tracks.interval_s,
    )
    idle = idle_frames(positions, frames, _speeds(count, tracks), told)
    bits = {
        Quality.OUT_OF_FIELD: _off_field(positions, field_m, told.run_off_m),
        Quality.IDENTITY_SWAP: on_rows(count, athletes, swapped),
        Quality.FROZEN: on_rows(count, tracks, found.frozen),
        Quality.IMPLAUSIBLE_SPEED: on_rows(count, tracks, found.too_fast),
        Quality.IMPLAUSIBLE_ACCELERATION: on_rows(count, tracks, found.too_hard),
        Quality.IDLE: idle[frames.of_row],
    }
    return Cleaned(
        with_bits(positions, bits, _ANEW),
        {rule: int(rows.sum()) for rule, rows in zip(_RULES, bits.values(), strict=True)},
    )


def leave_out_dead_time(positions: pa.Table, settings: CleaningSettings) -> Cleaned:
    """Leave out the rows of long idle stretches, as far as the settings allow.

    Args:
        positions: as `clean_optical` left them.
        settings: `optical.leave_out`, `optical.leave_out_longer_than_s`.
    """
    if not positions.num_rows:
        return Cleaned(positions, {"dead_time_left_out": 0})
    frames = number_frames(positions)
    idle_rows = positions["quality"].to_numpy() & int(Quality.IDLE) > 0
    idle = np.zeros(frames.t_s.size, np.bool_)
    idle[frames.of_row[idle_rows]] = True
    dead = dead_frames(frames, idle, settings.optical)[frames.of_row]
    return Cleaned(positions.filter(pa.array(~dead)), {"dead_time_left_out": int(dead.sum())})


def _off_field(
    positions: pa.Table, field_m: tuple[float, float] | None, run_off_m: float
) -> BoolArray:
    off = np.zeros(positions.num_rows, np.bool_)
    if field_m is not None:
        for name, size in zip(("x_m", "y_m"), field_m, strict=True):
            with np.errstate(invalid="ignore"):
                off |= np.abs(numbers(positions[name])) > size / 2 + run_off_m
    return off


def _speeds(count: int, tracks: Tracks) -> FloatArray:
    """(n,) mean speed over about a second from each row on; NaN where nothing is seen."""
    ahead, back = tracks.seek(_SPEED_WINDOW_S), tracks.seek(-_SPEED_WINDOW_S)
    here = np.arange(tracks.track.size)
    # At the end of a track, what was before.
    begin = np.where(ahead > here, here, back)
    end = np.where(ahead > here, ahead, here)
    passed_s = tracks.t_s[end] - tracks.t_s[begin]
    way = np.hypot(*(tracks.values[:, end] - tracks.values[:, begin]))
    speeds = np.full(count, np.nan)
    speeds[tracks.row] = way / np.maximum(passed_s, 1e-3)
    return speeds
