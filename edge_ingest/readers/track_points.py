"""Track points of one athlete as columns, and those columns as rows of the raw tables.

What watches, bike computers, GNSS vests and cars write ends here, whatever the format: an instant,
a place perhaps, and some quantities. Belongs here: order of time, places to metres, what cannot be
true, rows. Does not belong here: what a format calls things; that stands in its reader.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.geodesy import to_earth_centred, to_local
from edge_ingest.records import CHANNELS, EVENTS, INSTANT, Quality

Instants = NDArray[np.datetime64]
Numbers = NDArray[np.float64]
#: Latitude and longitude, degrees, to x and y, m.
Projection = Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]

#: Key of `TrackPoints.quality` that speaks of places.
PLACE = "place"
#: Samples may come out of order by so much without a word: devices write what they buffered.
DISORDER = np.timedelta64(2, "s")
#: No session is longer: what `period_time_s` can hold.
LONGEST = np.timedelta64(7, "D")
#: No session reaches further from its middle, m.
REACH_M = 1_000_000.0
#: So many degrees north and as many east are less than `REACH_M`, wherever that is (a degree is
#: 112 km at most).
_NEAR_DEG = 6.0


@dataclass(frozen=True)
class TrackPoints:
    """Samples of one athlete; all arrays have one entry a sample, NaN where nothing was told.

    Attributes:
        instants: UTC, datetime64[us].
        channels: values by channel of `records.CHANNELS`, in its unit.
        latitude_deg, longitude_deg: WGS 84; None where the format has no places.
        quality: quality bits by channel, or by `PLACE`; what is not listed has none.
    """

    instants: Instants
    channels: Mapping[str, Numbers] = field(default_factory=dict)
    latitude_deg: Numbers | None = None
    longitude_deg: Numbers | None = None
    quality: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.instants)


@dataclass(frozen=True)
class Moment:
    """An event of a track: the end of a lap, or the timer.

    Attributes:
        word: the source's own.
        duration_s: of a lap, where the source tells it.
    """

    event_id: str
    event_type: str
    word: str
    instant: datetime
    duration_s: float | None = None


def in_order(points: TrackPoints, where: str) -> tuple[TrackPoints, dict[str, int]]:
    """Samples by time, one an instant, and what that took by rule.

    Of several samples of one instant, the last value of each quantity stands. Stretches that stand
    in the wrong order are sorted, as long as no two of them claim the same time.

    Args:
        where: the file, for an error.

    Raises:
        SourceError: there is no sample, the clock was set back, or the session is endless.
    """
    instants = points.instants
    if not len(instants):
        raise SourceError(f"{where} holds no sample: nothing was recorded", rule="empty")
    _refuse_a_clock_set_back(points, where)
    if (instants[1:] > instants[:-1]).all():
        _refuse_endless(instants, where)
        return points, {"same_instant": 0, "out_of_order": 0}
    order = np.argsort(instants, kind="stable")
    in_time = instants[order]
    _refuse_endless(in_time, where)
    starts = np.flatnonzero(np.concatenate([[True], in_time[1:] != in_time[:-1]]))
    found = {
        "same_instant": len(instants) - len(starts),
        "out_of_order": int((np.diff(instants) < np.timedelta64(0)).sum()),
    }
    index = np.arange(len(order))

    def last(told: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Of each instant, the last sample that tells something, or else simply the last."""
        picked = np.maximum.reduceat(np.where(told[order], index, -1), starts)
        ends = np.append(starts[1:], len(order)) - 1
        return np.asarray(order[np.where(picked >= 0, picked, ends)])

    chosen = {name: last(~np.isnan(values)) for name, values in points.channels.items()}
    latitude, longitude = points.latitude_deg, points.longitude_deg
    if latitude is not None and longitude is not None:
        chosen[PLACE] = last(~np.isnan(latitude) & ~np.isnan(longitude))
        latitude, longitude = latitude[chosen[PLACE]], longitude[chosen[PLACE]]
    return TrackPoints(
        in_time[starts],
        {name: values[chosen[name]] for name, values in points.channels.items()},
        latitude,
        longitude,
        {name: bits[chosen[name]] for name, bits in points.quality.items()},
    ), found


def _refuse_endless(in_time: Instants, where: str) -> None:
    if in_time[-1] - in_time[0] > LONGEST:
        days = (in_time[-1] - in_time[0]) / np.timedelta64(1, "D")
        raise SourceError(
            f"{where} spans {days:.0f} days, and a session lasts {LONGEST / np.timedelta64(1, 'D')}"
            " at most: check the device's clock, or export one session at a time",
            rule="absurd_values",
        )


def _refuse_a_clock_set_back(points: TrackPoints, where: str) -> None:
    instants = points.instants
    if not (np.diff(instants) < -DISORDER).any():
        return
    # The same samples twice, such as a file that was joined to its own copy, are no second time.
    columns = [instants.astype(np.int64).astype(np.float64), *points.channels.values()]
    columns += [c for c in (points.latitude_deg, points.longitude_deg) if c is not None]
    _, once = np.unique(np.nan_to_num(np.stack(columns), nan=-1e300), axis=1, return_index=True)
    once.sort()
    instants = instants[once]
    breaks = np.flatnonzero(np.diff(instants) < -DISORDER) + 1
    if not breaks.size:
        return
    starts = np.concatenate([[0], breaks])
    first, last = np.minimum.reduceat(instants, starts), np.maximum.reduceat(instants, starts)
    order = np.argsort(first, kind="stable")
    overlap = np.maximum.accumulate(last[order])[:-1] - first[order][1:]
    if (overlap > DISORDER).any():
        step = (instants[breaks - 1] - instants[breaks]).max() / np.timedelta64(1, "s")
        raise SourceError(
            f"{where}: the clock steps back by {step:.0f} s at sample {once[breaks[0]]} and runs "
            "over the same time twice: split the file there, and tell each part's start",
            rule="clock_backwards",
        )


def moved_to(points: TrackPoints, start: datetime | None) -> tuple[TrackPoints, float]:
    """The points with the earliest sample at `start` (unmoved for None); and the shift, s."""
    if start is None or not len(points):
        return points, 0.0
    shift = np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "us") - points.instants.min()
    return replace(points, instants=points.instants + shift), float(shift / np.timedelta64(1, "s"))


def signals_table(
    points: TrackPoints, athlete: str, quality: int = 0
) -> tuple[pa.Table | None, int]:
    """One row a sample and quantity; and how many values cannot be true. None: no quantity.

    Args:
        points: by time, as `in_order` gives them.
        quality: bits of every row.
    """
    tables, out_of_range = [], 0
    count = len(points)
    captured = pa.array(points.instants).cast(INSTANT)
    index = pa.array(np.arange(count, dtype=np.int32))
    for channel, values in points.channels.items():
        _, lowest, highest, _ = CHANNELS[channel]
        # A strap that has fallen off reports a heart rate of nought.
        unseen = np.isnan(values) | ((values == 0) & (channel == "heart_rate"))
        if unseen.all():
            continue
        strange = ~unseen & ((values < lowest) | (values > highest))
        out_of_range += int(strange.sum())
        left_out = unseen | strange
        reason = pa.nulls(count, pa.string())
        if left_out.any():
            words = np.where(unseen, "no_signal", "out_of_range").astype(object)
            reason = pa.array(words, pa.string(), mask=~left_out)
        bits = points.quality.get(channel, np.zeros(count, np.int32)) | quality
        tables.append(
            pa.table(
                {
                    "source_athlete_id": pa.repeat(athlete, count),
                    "channel": pa.repeat(channel, count),
                    "sample_index": index,
                    "captured_at_utc": captured,
                    "value": pa.array(values, mask=left_out),
                    "missing_reason": reason,
                    "quality": pa.array(
                        (bits | strange * Quality.OUT_OF_RANGE.value).astype(np.int32)
                    ),
                }
            )
        )
    return (pa.concat_tables(tables) if tables else None), out_of_range


@dataclass(frozen=True)
class Places:
    """Rows of positions, the place of x = y = 0 in degrees, and what was wrong by rule.

    `table` is None where no sample has a place that can be true.
    """

    table: pa.Table | None
    origin: tuple[float, float] | None
    found: Mapping[str, int]


def positions_table(
    points: TrackPoints,
    started: datetime,
    athlete: str,
    quality: int = 0,
    *,
    where: str,
    projection: Projection | None = None,
) -> Places:
    """Metres of each place: by `projection`, or else east and north of the first one.

    Null Island is what a device says that has no fix. Places that are on no globe, or a thousand
    kilometres from the middle of the session, are null and flagged.

    Args:
        points: by time, as `in_order` gives them.
        quality: bits of every row.
        where: the file, for an error.
        projection: onto a pitch; then there is no origin to tell.

    Raises:
        SourceError: most places cannot be true.
    """
    latitude, longitude = points.latitude_deg, points.longitude_deg
    found = {"null_island": 0, "out_of_range_place": 0}
    if latitude is None or longitude is None:
        return Places(None, None, found)
    told = ~np.isnan(latitude) & ~np.isnan(longitude)
    nowhere = told & (latitude == 0) & (longitude == 0)
    absurd = told & ~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 180))  # noqa: PLR2004
    fixed = told & ~nowhere & ~absurd
    if 2 * absurd.sum() > told.sum():
        raise SourceError(
            f"{where}: {absurd.sum()} of {told.sum()} places are on no globe (latitude beyond 90° "
            "or longitude beyond 180°): check the units of the export",
            rule="absurd_values",
        )
    if fixed.any() and not _is_near(latitude[fixed], longitude[fixed]):
        earth = np.stack(to_earth_centred(latitude, longitude))
        middle = np.median(earth[:, fixed], axis=1)
        far = fixed & ~(np.linalg.norm(earth - middle[:, None], axis=0) <= REACH_M)
        fixed, absurd = fixed & ~far, absurd | far
    found = {"null_island": int(nowhere.sum()), "out_of_range_place": int(absurd.sum())}
    if not fixed.any():
        return Places(None, None, found)
    first = int(np.argmax(fixed))
    origin = None
    if projection is None:
        origin = float(latitude[first]), float(longitude[first])
        x, y, _ = to_local(latitude, longitude, *origin)
    else:
        x, y = projection(latitude, longitude)
    since = points.instants - _plain(started)
    count = len(points)
    bits = points.quality.get(PLACE, np.zeros(count, np.int32)) | quality
    reason, unfixed = pa.nulls(count, pa.string()), None
    if not fixed.all():
        unfixed = ~fixed
        words = np.where(absurd, "out_of_range", "no_signal").astype(object)
        reason = pa.array(words, pa.string(), mask=fixed)
    table = pa.table(
        {
            "frame_id": pa.array(np.arange(count, dtype=np.int32)),
            "captured_at_utc": pa.array(points.instants).cast(INSTANT),
            "period_time_s": pa.array(since / np.timedelta64(1, "s")),
            "object_kind": pa.repeat("athlete", count),
            "source_athlete_id": pa.repeat(athlete, count),
            "x_m": pa.array(x, mask=unfixed),
            "y_m": pa.array(y, mask=unfixed),
            "missing_reason": reason,
            "quality": pa.array((bits | absurd * Quality.OUT_OF_RANGE.value).astype(np.int32)),
        }
    )
    return Places(table, origin, found)


def _is_near(latitude: Numbers, longitude: Numbers) -> bool:
    """Whether places lie within so few degrees that none is `REACH_M` from any other."""
    return bool(np.ptp(latitude) <= _NEAR_DEG and np.ptp(longitude) <= _NEAR_DEG)


def events_table(
    moments: Sequence[Moment], started: datetime, athlete: str, quality: int = 0
) -> pa.Table:
    """Rows of events, in the order given; an empty table where there are none."""
    names = ("source_event_id", "captured_at_utc", "period_time_s", "event_type",
             "source_event_type", "source_athlete_id", "duration_s", "quality")  # fmt: skip
    rows = [
        (one.event_id, one.instant, (one.instant - started).total_seconds(), one.event_type,
         one.word, athlete, one.duration_s, quality)
        for one in moments
    ]  # fmt: skip
    schema = pa.schema([(name, EVENTS.schema.field(name).type) for name in names])
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema)


def athletes_table(source: str, names_by_id: Mapping[str, str | None]) -> pa.Table:
    """Who wore the devices: ids as the source has them, with names where it tells them."""
    return pa.table(
        {
            "source": pa.array([source] * len(names_by_id), pa.string()),
            "source_athlete_id": pa.array(list(names_by_id), pa.string()),
            "display_name": pa.array(list(names_by_id.values()), pa.string()),
            "is_identified": pa.array([True] * len(names_by_id)),
        }
    )


def sampling_rate_hz(instants: Instants) -> float | None:
    """One over the usual distance between samples; a pause does not count."""
    return rate_of_steps(np.diff(instants))


def rate_of_steps(steps: NDArray[np.timedelta64]) -> float | None:
    """One over the usual step, Hz; None without any, or where most samples share an instant."""
    if not len(steps):
        return None
    usual_us = np.median(steps.astype("timedelta64[us]").astype(np.int64))
    return float(1 / (usual_us / 1e6)) if usual_us > 0 else None


def instant(moment: np.datetime64) -> datetime:
    """A moment of an array as an instant of Python, UTC."""
    micros = int(moment.astype("datetime64[us]").astype(np.int64))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _plain(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
