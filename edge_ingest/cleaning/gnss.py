"""Satellite positions: which fixes are not where the athlete was?

Poor geometry (HDOP, satellites), frozen fixes, teleports, and what no athlete of the sport can do.
Gaps are kept: a fix that is not there is not made up.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.cleaning.excursions import longest_excursion
from edge_ingest.cleaning.movement import Gates, judge
from edge_ingest.cleaning.settings import CleaningSettings
from edge_ingest.cleaning.tracks import (
    BoolArray,
    Cleaned,
    FloatArray,
    IntArray,
    arrange,
    numbers,
    on_rows,
    with_bits,
)
from edge_ingest.records import Quality

#: Settings that this filter reads.
SECTIONS = ("gnss", "frozen", "limits")


def clean_gnss(
    positions: pa.Table, signals: pa.Table | None, sport: str, settings: CleaningSettings
) -> Cleaned:
    """Flag satellite positions: POOR_FIX, FROZEN, IMPLAUSIBLE_SPEED, IMPLAUSIBLE_ACCELERATION.

    No row is removed, moved or changed but for `quality`. POOR_FIX adds to what the source said;
    the other three are judged anew.

    Args:
        positions: raw/positions of one stream, in any order; `frame_id` numbers the fixes.
        signals: raw/signals of the same stream with the channels `hdop` and `satellites`, whose
            `sample_index` is the fix's `frame_id`; without them no fix is called poor. `speed`, the
            device's own, tells a frozen fix from a standstill (or from a bicycle on rollers, whose
            wheel turns).
        sport: whose limits hold.
        settings: gates and windows.

    Raises:
        SettingsError: the sport has no limits.
    """
    limits, gnss = settings.limits_of(sport), settings.gnss
    if not positions.num_rows:
        return Cleaned(positions, dict.fromkeys(_RULES, 0))
    tracks = arrange(positions, ("x_m", "y_m"), "frame_id")
    size = tracks.track.size
    gates = Gates(
        speed_mps=np.full(size, limits.speed_mps),
        acceleration_mps2=np.full(size, limits.acceleration_mps2),
        noise_m=gnss.noise_m,
        longest_excursion=longest_excursion(
            tracks, gnss.longest_excursion_s, gnss.longest_excursion_samples
        ),
        speed_window_s=gnss.speed_window_s,
        acceleration_window_s=gnss.acceleration_window_s,
        may_freeze=np.ones(size, np.bool_),
        told_mps=_told_speeds(positions, signals)[tracks.row],
    )
    found = judge(tracks, gates, settings.frozen)
    count = positions.num_rows
    bits = {
        Quality.POOR_FIX: _poor_fixes(positions, signals, gnss.max_hdop, gnss.min_satellites),
        Quality.FROZEN: on_rows(count, tracks, found.frozen),
        Quality.IMPLAUSIBLE_SPEED: on_rows(count, tracks, found.too_fast),
        Quality.IMPLAUSIBLE_ACCELERATION: on_rows(count, tracks, found.too_hard),
    }
    anew = Quality.FROZEN | Quality.IMPLAUSIBLE_SPEED | Quality.IMPLAUSIBLE_ACCELERATION
    return Cleaned(
        with_bits(positions, bits, anew),
        {rule: int(rows.sum()) for rule, rows in zip(_RULES, bits.values(), strict=True)},
    )


_RULES = ("poor_fix", "frozen", "implausible_speed", "implausible_acceleration")


def _poor_fixes(
    positions: pa.Table, signals: pa.Table | None, max_hdop: float, min_satellites: int
) -> BoolArray:
    """(n,) fixes whose HDOP or satellites are beyond the gate; what is not told is not poor."""
    poor = np.zeros(positions.num_rows, np.bool_)
    if signals is None:
        return poor
    for channel in ("hdop", "satellites"):
        rows = signals.filter(pc.equal(signals["channel"], channel))
        values = numbers(rows["value"])
        with np.errstate(invalid="ignore"):
            is_poor = values > max_hdop if channel == "hdop" else values < min_satellites
        rows = rows.filter(pa.array(is_poor))
        if rows.num_rows:
            poor |= _has_key(positions, rows)
    return poor


def _told_speeds(positions: pa.Table, signals: pa.Table | None) -> FloatArray:
    """(n,) the device's own speed at each fix, m/s; NaN where it tells none."""
    speeds = np.full(positions.num_rows, np.nan)
    if signals is None:
        return speeds
    rows = signals.filter(
        pc.and_(pc.equal(signals["channel"], "speed"), pc.is_valid(signals["value"]))
    )
    if not rows.num_rows:
        return speeds
    mine, theirs = _keys(positions, rows)
    order = np.argsort(theirs, kind="stable")
    place = np.minimum(np.searchsorted(theirs[order], mine), order.size - 1)
    same = theirs[order][place] == mine
    speeds[same] = numbers(rows["value"])[order][place][same]
    return speeds


def _has_key(positions: pa.Table, signals: pa.Table) -> BoolArray:
    """(n,) whether the position's athlete and frame are among the signals'."""
    found: BoolArray = np.isin(*_keys(positions, signals))
    return found


def _keys(positions: pa.Table, signals: pa.Table) -> tuple[IntArray, IntArray]:
    """Athlete and frame of each position, and athlete and sample of each signal, as one number."""
    athletes = pc.unique(signals["source_athlete_id"])
    whose = pc.index_in(positions["source_athlete_id"], athletes).fill_null(-1).to_numpy()
    theirs = pc.index_in(signals["source_athlete_id"], athletes).to_numpy()
    frame = positions["frame_id"].to_numpy().astype(np.int64)
    return (
        whose.astype(np.int64) << 32 | frame,
        theirs.astype(np.int64) << 32 | signals["sample_index"].to_numpy(),
    )
