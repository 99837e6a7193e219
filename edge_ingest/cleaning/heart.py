"""Heart rate and beat intervals: which values are no heart's, and RMSSD over those that are.

Belongs here: the channels `heart_rate`, `rr_interval` and `ln_rmssd` of raw/signals. Does not
belong here: the mathematics of beat series; see `beats.py`.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.cleaning.beats import Beat, Classes, classify, kamath, malik
from edge_ingest.cleaning.excursions import find_jumps, longest_excursion
from edge_ingest.cleaning.normal_beats import untrue_intervals
from edge_ingest.cleaning.settings import BeatSettings, CleaningSettings, HeartRateSettings
from edge_ingest.cleaning.tracks import (
    BoolArray,
    Cleaned,
    FloatArray,
    IntArray,
    Tracks,
    arrange,
    numbers,
    on_rows,
    spans,
    with_bits,
)
from edge_ingest.records import CHANNELS, INSTANT, Quality

_MICROSECONDS = 1_000_000
#: Smart recording writes every 7 s or so; longer, and twice the usual step, is a pause.
_PAUSE_S = 10.0
#: Where the clock runs ahead of the beats by more, beats were lost (as readers of beats have it).
_GAP_S = 2.0
#: Beats on either side that tell so: a device may write as many with one instant.
_GAP_BEATS = 8


def clean_heart_rate(signals: pa.Table, settings: CleaningSettings) -> Cleaned:
    """Flag heart rates: OUT_OF_RANGE, ARTEFACT (leaps), FROZEN. Other channels pass as they are.

    Args:
        signals: raw/signals of one stream, in any order.
        settings: `heart_rate` is read.
    """
    told = settings.heart_rate
    mine = _is_channel(signals, "heart_rate")
    tracks = _of_rows(signals, mine)
    rate = tracks.values[0]
    odd = (rate < told.lowest_bpm) | (rate > told.highest_bpm)
    usable = np.flatnonzero(~odd)
    way = tracks.only(~odd)
    jumps = find_jumps(
        way,
        np.full(usable.size, told.fastest_change_bpm_per_s),
        told.noise_bpm,
        longest_excursion(way, told.longest_excursion_s, told.longest_excursion_samples),
    )
    leaps = np.zeros(rate.size, np.bool_)
    leaps[usable[jumps.away]] = True
    bits = {
        Quality.OUT_OF_RANGE: on_rows(signals.num_rows, tracks, odd),
        Quality.ARTEFACT: on_rows(signals.num_rows, tracks, leaps),
        Quality.FROZEN: on_rows(signals.num_rows, tracks, _frozen(tracks, told)),
    }
    return Cleaned(
        _judged(signals, mine, bits),
        {
            "heart_rate_out_of_range": int(odd.sum()),
            "heart_rate_leap": int(leaps.sum()),
            "heart_rate_frozen": int(bits[Quality.FROZEN].sum()),
        },
    )


def clean_beats(signals: pa.Table, settings: CleaningSettings) -> Cleaned:
    """Flag beat intervals: OUT_OF_RANGE, and ARTEFACT where no normal beat begins or ends them.

    Every rule is counted: Malik's, Kamath's, and the classes of Lipponen and Tarvainen. What the
    settings' rule suspects bears ARTEFACT as `normal_beats.untrue_intervals` confirms it. A null
    interval and a gap part the series: what comes after is compared with nothing before. Values
    stay.

    Args:
        signals: raw/signals of one stream, in any order; `sample_index` orders the beats.
        settings: `beats` is read.
    """
    told = settings.beats
    mine = _is_channel(signals, "rr_interval")
    tracks = _of_rows(signals, mine)
    rr_ms = tracks.values[0]
    odd = (rr_ms < told.shortest_ms) | (rr_ms > told.longest_ms)
    classes = np.zeros(rr_ms.size, np.int8)
    by_malik, by_kamath = np.zeros(rr_ms.size, np.bool_), np.zeros(rr_ms.size, np.bool_)
    artefact = np.zeros(rr_ms.size, np.bool_)
    for series in _series(signals, tracks):
        classes[series] = classify(rr_ms[series], told)
        by_malik[series] = malik(rr_ms[series], told.malik_change)
        by_kamath[series] = kamath(rr_ms[series], told.kamath_rise, told.kamath_fall)
        suspected = _by_rule(told, classes[series], by_malik[series], by_kamath[series])
        if told.is_confirmed:
            suspected = untrue_intervals(rr_ms[series], suspected, told)
        artefact[series] = suspected
    bits = {
        Quality.OUT_OF_RANGE: on_rows(signals.num_rows, tracks, odd),
        Quality.ARTEFACT: on_rows(signals.num_rows, tracks, artefact),
    }
    counts = {f"beat_{kind.name.lower()}": int((classes == kind).sum()) for kind in Beat if kind}
    return Cleaned(
        _judged(signals, mine, bits),
        {
            "beat_out_of_range": int(odd.sum()),
            "beat_malik": int(by_malik.sum()),
            "beat_kamath": int(by_kamath.sum()),
            "beat_untrue": int(artefact.sum()),
            **counts,
        },
    )


def ln_rmssd_rows(signals: pa.Table, settings: CleaningSettings) -> pa.Table:
    """RMSSD in windows, as rows of the channel `ln_rmssd`.

    RMSSD is taken over differences of intervals from normal beat to normal beat that follow one
    another without a gap (Task Force 1996): a beat that was moved to where it may have been changes
    two differences, and over a series mended so, RMSSD comes out several per cent too high. Windows
    begin with an athlete's first beat and follow one another without overlap; one without a beat
    has no row. A row's instant is the end of its window; its value is null where beats fill too
    little of the window, or, with the bit ARTEFACT, too many of them are artefacts.

    Args:
        signals: raw/signals as `clean_beats` left them.
        settings: `beats` is read.

    Returns:
        Rows with the columns of `signals` that raw/signals needs; none for an athlete whose device
        gives `ln_rmssd` itself.
    """
    told = settings.beats
    theirs = signals.filter(pc.equal(signals["channel"], "ln_rmssd"))["source_athlete_id"].unique()
    beats = signals.filter(
        pc.and_(
            pc.equal(signals["channel"], "rr_interval"),
            pc.invert(pc.is_in(signals["source_athlete_id"], theirs.combine_chunks()
                               if isinstance(theirs, pa.ChunkedArray) else theirs)),
        )
    )  # fmt: skip
    parts = [
        _windows(beats.filter(pc.equal(beats["source_athlete_id"], athlete)), athlete, told)
        for athlete in beats["source_athlete_id"].unique().to_pylist()
    ]
    return pa.concat_tables(parts) if parts else _window_rows("", [], [], [])


def _windows(beats: pa.Table, athlete: str, told: BeatSettings) -> pa.Table:
    index = beats["sample_index"].to_numpy()
    order = np.argsort(index, kind="stable")
    index = index[order]
    rr_ms = numbers(beats["value"])[order]
    bits = beats["quality"].to_numpy()[order]
    captured_us = beats["captured_at_utc"].cast(INSTANT).cast(pa.int64()).to_numpy()[order]
    refused = Quality.ARTEFACT | Quality.OUT_OF_RANGE
    seen = np.isfinite(rr_ms)
    normal = seen & (bits & int(refused) == 0)
    width_us = round(told.window_s * _MICROSECONDS)
    number = np.maximum(captured_us - captured_us[0], 0) // width_us
    numbers_seen, window = np.unique(number, return_inverse=True)
    follows = np.zeros(rr_ms.size, np.bool_)
    follows[seen] = ~_begins(index[seen], captured_us[seen] / _MICROSECONDS, rr_ms[seen])
    pair = normal[1:] & normal[:-1] & follows[1:] & (window[1:] == window[:-1])
    squared = np.where(pair, np.diff(rr_ms) ** 2, 0.0)

    count = numbers_seen.size
    known = np.bincount(window, seen, count)
    covered_s = np.bincount(window, np.nan_to_num(rr_ms) / 1000, count)
    is_full = covered_s >= told.least_covered_s
    artefacts = np.bincount(window, seen & ~normal, count)
    pairs = np.bincount(window[1:], pair, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.log(np.sqrt(np.bincount(window[1:], squared, count) / pairs))
        spoilt = is_full & (artefacts > told.most_artefacts * known)
    _, lowest, highest, _ = CHANNELS["ln_rmssd"]
    valid = is_full & ~spoilt & (value >= lowest) & (value <= highest)
    ends_us = captured_us[0] + (numbers_seen + 1) * width_us
    values = [float(one) if good else None for one, good in zip(value, valid, strict=True)]
    return _window_rows(athlete, ends_us.tolist(), values, spoilt.tolist())


def _window_rows(
    athlete: str, ends_us: list[int], values: list[float | None], spoilt: list[bool]
) -> pa.Table:
    count = len(ends_us)
    return pa.table(
        {
            "source_athlete_id": pa.array([athlete] * count, pa.string()),
            "channel": pa.array(["ln_rmssd"] * count, pa.string()),
            "sample_index": pa.array(range(count), pa.int32()),
            "captured_at_utc": pa.array(ends_us, pa.int64()).cast(INSTANT),
            "value": pa.array(values, pa.float64()),
            "missing_reason": pa.array(
                [None if value is not None else "no_signal" for value in values], pa.string()
            ),
            "quality": pa.array([int(Quality.ARTEFACT) * one for one in spoilt], pa.int32()),
        }
    )


def _is_channel(signals: pa.Table, channel: str) -> BoolArray:
    return np.asarray(pc.equal(signals["channel"], channel))


def _of_rows(signals: pa.Table, mine: BoolArray) -> Tracks:
    """Samples of some rows in order, by their row in the whole table."""
    tracks = arrange(signals.filter(pa.array(mine)), ("value",), "sample_index")
    return Tracks(np.flatnonzero(mine)[tracks.row], tracks.track, tracks.t_s, tracks.values)


def _judged(signals: pa.Table, mine: BoolArray, bits: dict[Quality, BoolArray]) -> pa.Table:
    """Signals with the bits of one channel judged anew; OUT_OF_RANGE also says why a value is null.

    The bits of other channels stay, so they are taken off by hand and not for the whole table.
    """
    anew = np.int32(sum(bit for bit in bits if bit != Quality.OUT_OF_RANGE))
    place = signals.schema.get_field_index("quality")
    quality = signals["quality"].to_numpy().astype(np.int32)
    quality = np.where(mine, quality & ~anew, quality).astype(np.int32)
    field = signals.schema.field(place)
    bare = signals.set_column(place, field, pa.array(quality, pa.int32()))
    return with_bits(bare, bits, Quality(0))


def _frozen(tracks: Tracks, told: HeartRateSettings) -> BoolArray:
    """The very same value for longer than a heart keeps it; the first of the run was measured.

    What was not seen may have been another: a pause ends the run.
    """
    size = tracks.track.size
    known_s = tracks.step_s[np.isfinite(tracks.step_s)]
    pause_s = max(_PAUSE_S, 2 * float(np.median(known_s))) if known_s.size else _PAUSE_S
    with np.errstate(invalid="ignore"):
        first = np.flatnonzero(~((tracks.step == 0) & (tracks.step_s <= pause_s)))
    last = np.append(first[1:], size)[: first.size] - 1
    long = tracks.t_s[last] - tracks.t_s[first] >= told.frozen_s
    return spans(size, first[long] + 1, last[long])


def _series(signals: pa.Table, tracks: Tracks) -> list[slice]:
    """Stretches of beats without a null or a gap between them; the clock may stand still within."""
    if not tracks.row.size:
        return []
    index = signals["sample_index"].to_numpy()[tracks.row]
    athlete = signals["source_athlete_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    begins = _begins(index, tracks.t_s, tracks.values[0])
    begins |= np.diff(athlete[tracks.row], prepend=-1) != 0
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], tracks.row.size)
    return [slice(low, high) for low, high in zip(starts.tolist(), ends.tolist(), strict=True)]


def _begins(index: IntArray, t_s: FloatArray, rr_ms: FloatArray) -> BoolArray:
    """(m,) whether a beat's interval does not follow the one before it.

    It does not where a number is left out or comes twice, or where beats were lost: the clock went
    on by more than the interval, and the beats around are that much later by the clock than by
    their sum. A clock that stands still for some beats and then catches up is no gap.
    """
    begins = np.ones(index.size, np.bool_)
    begins[1:] = np.diff(index) != 1
    late_s = t_s - np.cumsum(rr_ms) / 1000
    for place in (np.flatnonzero(np.diff(late_s) > _GAP_S) + 1).tolist():
        before = late_s[max(place - _GAP_BEATS, 0) : place].min()
        begins[place] |= late_s[place : place + _GAP_BEATS].min() - before > _GAP_S
    return begins


def _by_rule(
    told: BeatSettings, classes: Classes, by_malik: BoolArray, by_kamath: BoolArray
) -> BoolArray:
    if told.rule == "malik":
        return by_malik
    if told.rule == "kamath":
        return by_kamath
    artefact: BoolArray = classes != Beat.NORMAL
    return artefact
