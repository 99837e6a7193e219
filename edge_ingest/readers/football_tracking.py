"""Tracking on a football field: a vendor's columns to our tables.

What every tracking reader shares: which way the home side attacks, flags, and the rules by which a
file as a whole is refused. Does not belong here: any vendor's format.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.records import INSTANT, Quality

#: Room around the field in which players are still plausible, m.
RUN_OFF_M = 5.0
#: Further than this from the centre lies outside of every field and its stands, m.
BEYOND_ANY_FIELD_M = 100.0
#: Further than this no value can be true: null, with a reason, m.
CANNOT_BE_TRUE_M = 1000.0
#: Longest pause before each period under Law 7 (half-time) and custom (extra time, shoot-out), s.
INTERVALS_S = {1: 0, 2: 900, 3: 300, 4: 60, 5: 300}

_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class TrackedObject:
    """Who or what is tracked. The ball has neither id nor side; officials have no side."""

    kind: Literal["athlete", "ball", "official"]
    source_id: str | None = None
    side: str | None = None
    is_identified: bool = True


@dataclass(frozen=True)
class Rows:
    """Tracking as columns, one value a row; nobody is listed twice in a frame.

    Attributes:
        captured: instant in UTC, microseconds.
        period_time_s: since the period began, s.
        object_index: place in the list of tracked objects.
        x_m, y_m, z_m: from the field's centre, y to the left of +x, as the source turns them; NaN
            where it did not see the object, or has no third dimension.
    """

    period_id: NDArray[np.integer[Any]]
    frame_id: NDArray[np.integer[Any]]
    captured: NDArray[np.datetime64]
    period_time_s: NDArray[np.float64]
    object_index: NDArray[np.integer[Any]]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    z_m: NDArray[np.float64]


def refuse_unsound(rows: Rows, objects: Sequence[TrackedObject], path: Path) -> None:
    """Refuse a file whose rows contradict each other.

    Raises:
        SourceError: empty; an object stands twice in a frame; most values cannot be true.
    """
    if not rows.frame_id.size:
        raise SourceError(f"{path} holds no frame of play: give the whole match", rule="empty")
    if rows.frame_id.min() < 0 or rows.frame_id.max() > np.iinfo(np.int32).max:
        raise SourceError(f"{path} has a frame number that is none: export it again")
    key = _frame_key(rows) * len(objects) + rows.object_index
    key.sort()
    if (twice := int((key[1:] == key[:-1]).sum())) > 0:
        raise SourceError(
            f"{path} has {twice} rows in which one id stands twice in a frame: correct the squad "
            "list at the vendor and export again",
            rule="duplicate_athlete",
        )
    seen = ~(np.isnan(rows.x_m) | np.isnan(rows.y_m))
    beyond = int((seen & _beyond(rows, BEYOND_ANY_FIELD_M)).sum())
    if 2 * beyond > int(seen.sum()):
        raise SourceError(
            f"{path} has {beyond} of {int(seen.sum())} places further than "
            f"{BEYOND_ANY_FIELD_M:g} m from the centre: its unit or origin is not this vendor's",
            rule="absurd_values",
        )


def while_on_the_field(rows: Rows, objects: Sequence[TrackedObject]) -> Rows:
    """Leave out athletes before their first and after their last place; the gaps between stay.

    For vendors that list the whole squad in every frame, with no place for those who do not play.
    """
    seen = np.flatnonzero(~(np.isnan(rows.x_m) | np.isnan(rows.y_m)))
    at = np.arange(rows.x_m.size)
    first, last = np.full(len(objects), at.size), np.full(len(objects), -1)
    np.minimum.at(first, rows.object_index[seen], seen)
    np.maximum.at(last, rows.object_index[seen], seen)
    is_athlete = np.array([one.kind == "athlete" for one in objects])[rows.object_index]
    stay = ~is_athlete | ((at >= first[rows.object_index]) & (at <= last[rows.object_index]))
    if stay.all():
        return rows
    return Rows(*(getattr(rows, one.name)[stay] for one in fields(Rows)))


def must_be_turned(rows: Rows, objects: Sequence[TrackedObject], path: Path) -> bool:
    """Whether half a turn puts the rows in our axes: home attacks +x in odd periods.

    Decided by the vote of all frames of the file's first period on which side stands further left.
    A side of which nobody is there counts as standing at the centre.

    Raises:
        SourceError: as many frames say one as the other.
    """
    first = int(rows.period_id.min())
    side = np.array([{"home": 1, "away": -1}.get(one.side or "", 0) for one in objects], np.int8)
    sign = side[rows.object_index]
    voting = (rows.period_id == first) & (sign != 0) & np.isfinite(rows.x_m)
    _, frame = np.unique(rows.frame_id[voting], return_inverse=True)
    frames = int(frame.max()) + 1 if frame.size else 0
    mean = []
    for which in (1, -1):
        of_side = sign[voting] == which
        count = np.bincount(frame[of_side], minlength=frames)
        total = np.bincount(frame[of_side], rows.x_m[voting][of_side], minlength=frames)
        mean.append(total / np.maximum(count, 1))
    home_left, home_right = int((mean[0] < mean[1]).sum()), int((mean[0] > mean[1]).sum())
    if home_left == home_right:
        raise SourceError(
            f"nothing in {path} shows which way the home side attacks: give the whole match",
            rule="incomplete",
        )
    return (home_right > home_left) == (first % 2 == 1)


def positions(
    rows: Rows,
    objects: Sequence[TrackedObject],
    field_m: tuple[float, float],
    *,
    is_turned: bool,
    is_estimated: NDArray[np.bool_] | None = None,
) -> tuple[pa.Table, dict[str, int]]:
    """The table `positions`, and how many rows each rule found.

    Args:
        is_estimated: a value a row, for vendors that say which they filled in themselves.
    """
    unseen = np.isnan(rows.x_m) | np.isnan(rows.y_m)
    untrue = ~unseen & _beyond(rows, CANNOT_BE_TRUE_M)
    missing = unseen | untrue
    outside = ~missing & (
        (np.abs(rows.x_m) > field_m[0] / 2 + RUN_OFF_M)
        | (np.abs(rows.y_m) > field_m[1] / 2 + RUN_OFF_M)
    )
    unidentified = np.array([not one.is_identified for one in objects])[rows.object_index]
    quality = outside * np.int32(Quality.OUT_OF_FIELD)
    quality += unidentified * np.int32(Quality.UNIDENTIFIED)
    counts = {
        "not_seen": int(unseen.sum()),
        "out_of_range": int(untrue.sum()),
        "out_of_field": int(outside.sum()),
        "unidentified": int(unidentified.sum()),
    }
    if is_estimated is not None:
        quality += is_estimated * np.int32(Quality.ESTIMATED)
        counts["estimated"] = int(is_estimated.sum())
    sign = -1.0 if is_turned else 1.0
    no_height = missing | ~(np.abs(rows.z_m) <= CANNOT_BE_TRUE_M)
    reason = np.where(untrue, 2, unseen.astype(np.int8))
    table = pa.table(
        {
            "period_id": pa.array(rows.period_id.astype(np.int32)),
            "frame_id": pa.array(rows.frame_id.astype(np.int32)),
            "captured_at_utc": pa.array(rows.captured).cast(INSTANT),
            "period_time_s": pa.array(rows.period_time_s),
            "object_kind": words([one.kind for one in objects], rows.object_index),
            "source_athlete_id": words([one.source_id for one in objects], rows.object_index),
            "team_side": words([one.side for one in objects], rows.object_index),
            "x_m": pa.array(sign * rows.x_m, mask=missing),
            "y_m": pa.array(sign * rows.y_m, mask=missing),
            "z_m": pa.array(rows.z_m, mask=no_height),
            "missing_reason": words([None, "not_seen", "out_of_range"], reason),
            "quality": pa.array(quality),
        }
    )
    return table, counts


def words(known: Sequence[str | None], index: NDArray[np.integer[Any]]) -> pa.Array:
    """One of few words for each row."""
    return pa.array(known, pa.string()).take(pa.array(index))


def athletes(source: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The table `athletes`: each mapping holds some of its columns.

    Raises:
        SourceError: two athletes bear one id.
    """
    listed = [{"source": source, "is_identified": True, **row} for row in rows]
    ids = [row["source_athlete_id"] for row in listed]
    if twice := len(ids) - len(set(ids)):
        raise SourceError(
            f"{twice} athletes of the squad lists bear an id that another has: correct the lists "
            "at the vendor and export again",
            rule="duplicate_athlete",
        )
    schema = {
        "source": pa.string(), "source_athlete_id": pa.string(), "display_name": pa.string(),
        "team_side": pa.string(), "team_name": pa.string(), "shirt_number": pa.int32(),
        "role": pa.string(), "is_identified": pa.bool_(),
    }  # fmt: skip
    return pa.Table.from_pylist(listed, pa.schema(list(schema.items())))


def refuse_clock_backwards(
    frame_id: NDArray[np.integer[Any]], path: Path, *, what: str = "frame numbers"
) -> None:
    """Frames, in the order of the file, must count upwards.

    Raises:
        SourceError: they do not.
    """
    steps = np.diff(frame_id.astype(np.int64))
    if back := int((steps <= 0).sum()):
        raise SourceError(
            f"{path}: the {what} step back or stand still {back} times: export the match again "
            "from the vendor's archive",
            rule="clock_backwards",
        )


def instant(when: datetime) -> np.datetime64:
    """An aware datetime as numpy's, UTC, microseconds."""
    return np.datetime64(when.astimezone(UTC).replace(tzinfo=None), "us")


def moment(when: np.datetime64) -> datetime:
    """The same the other way."""
    found: datetime = when.astype("datetime64[us]").item()
    return found.replace(tzinfo=UTC)


def after(start: datetime, seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Instants some seconds after a start, to the microsecond."""
    microseconds = np.rint(seconds * _MICROSECONDS).astype("timedelta64[us]")
    return np.asarray(instant(start) + microseconds)


def _beyond(rows: Rows, limit_m: float) -> NDArray[np.bool_]:
    return np.asarray((np.abs(rows.x_m) > limit_m) | (np.abs(rows.y_m) > limit_m))


def _frame_key(rows: Rows) -> NDArray[np.int64]:
    return (rows.period_id.astype(np.int64) << 32) + rows.frame_id
