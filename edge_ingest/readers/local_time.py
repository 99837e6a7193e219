"""Local clock times as UTC, where the clock changes with the seasons.

In autumn an hour is shown twice, in spring one is never shown. A recording that runs through the
doubled hour tells which of the two it means: where its clock steps back, or by what it follows or
precedes. One that lies in it whole does not say, and is not guessed at.
"""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.errors import SourceError

_Instants = NDArray[np.datetime64]
_DAY = np.timedelta64(1, "D")
#: A recording of more days is looked at sample by sample.
_LONGEST_LOOK = np.timedelta64(30, "D")


def to_utc(
    local: _Instants,
    timezone: str | None,
    path: Path,
    of: NDArray[np.integer] | None = None,
) -> tuple[_Instants, float]:
    """Local clock times as UTC, and what was added to them, s (at the first).

    Args:
        local: in the order of recording.
        timezone: IANA name of the clock's zone.
        path: named in what is raised.
        of: which of several devices showed each, where a file holds more than one.

    Raises:
        SourceError: no zone was told, or there is none of that name; a time lies in the hour that
            spring leaves out, or in the doubled one of autumn with nothing to tell which is meant.
    """
    if timezone is None:
        raise SourceError(
            f"{path} tells the local time and not where: give the clock's time zone "
            "(clock_timezone), such as Europe/Lisbon, or the instant of its first sample "
            "(started_at_utc)",
            rule="incomplete",
        )
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SourceError(
            f"{timezone!r} is no time zone: write one such as Europe/Lisbon", rule="incomplete"
        ) from error
    if (offset := _one_offset(local, timezone)) is not None:
        return local + offset, float(offset / np.timedelta64(1, "s"))
    early, late = _either(local, timezone)
    unsure = early != late
    if unsure.any():
        _refuse_left_out(local, early, unsure, timezone, path)
        early = early.copy()  # Arrow's memory is not ours to write
        for one in [np.arange(local.size)] if of is None else _each(of):
            is_late = _is_late(local[one], late[one] - early[one])
            if is_late is None:
                raise SourceError(
                    f"{path}: the clocks of {timezone} show {_hour(local[unsure])} twice, and "
                    "nothing in the file tells which is meant: give the instant of its first "
                    "sample (started_at_utc)",
                    rule="incomplete",
                )
            early[one] = np.where(is_late, late[one], early[one])
    return early, float((early[0] - local[0]) / np.timedelta64(1, "s"))


def _one_offset(local: _Instants, timezone: str) -> np.timedelta64 | None:
    """What makes UTC of all of them, where the clock was not changed for a day around."""
    first, last = local.min() - _DAY, local.max() + _DAY
    if np.isnat(first) or last - first > _LONGEST_LOOK:
        return None
    around = np.append(np.arange(first, last, np.timedelta64(1, "h")), last)
    early, late = _either(around, timezone)
    offsets = np.unique(np.concatenate([early - around, late - around]))
    return offsets[0] if offsets.size == 1 else None


def _either(local: _Instants, timezone: str) -> tuple[_Instants, _Instants]:
    """Both readings of each time; they differ where it is shown twice, or never."""
    shown = pa.array(local, pa.timestamp("us"))
    readings = (
        pc.assume_timezone(shown, timezone, ambiguous="earliest", nonexistent="earliest"),
        pc.assume_timezone(shown, timezone, ambiguous="latest", nonexistent="latest"),
    )
    early, late = (np.asarray(one.cast(pa.timestamp("us")), "datetime64[us]") for one in readings)
    return early, late


def _refuse_left_out(
    local: _Instants, early: _Instants, unsure: NDArray[np.bool_], timezone: str, path: Path
) -> None:
    there = pc.local_timestamp(pa.array(early[unsure], pa.timestamp("us", timezone)))
    never = np.asarray(there) != local[unsure]
    if never.any():
        raise SourceError(
            f"{path}: the clocks of {timezone} never showed {_hour(local[unsure][never])}, so this "
            "one was not put forward, or is of another zone: give its true zone (clock_timezone), "
            "or the instant of its first sample (started_at_utc)",
            rule="incomplete",
        )


def _each(of: NDArray[np.integer]) -> list[NDArray[np.intp]]:
    return [np.flatnonzero(of == one) for one in np.unique(of)]


def _is_late(local: _Instants, fold: NDArray[np.timedelta64]) -> NDArray[np.bool_] | None:
    """Of one clock: which times are the later of two; None where that cannot be told.

    Args:
        fold: by how much the two readings of each differ; zero where there is but one.
    """
    doubled = np.flatnonzero(fold)
    is_late = np.zeros(local.size, bool)
    if not doubled.size:
        return is_late
    first, last = int(doubled[0]), int(doubled[-1])
    if last - first + 1 != doubled.size:
        return None
    # A pause is shorter than this, or a whole hour might hide in it.
    half = fold[first] / 2
    steps = np.diff(local[max(first - 1, 0) : last + 2])
    inside = steps[int(first > 0) : int(first > 0) + doubled.size - 1]
    back = np.flatnonzero(inside < -half)
    if back.size == 1:
        is_late[first + int(back[0]) + 1 : last + 1] = True
        return is_late
    follows = first > 0 and abs(steps[0]) < half
    precedes = last + 1 < local.size and abs(steps[-1]) < half
    if back.size or follows == precedes or (inside > half).any():
        return None
    is_late[first : last + 1] = precedes
    return is_late


def _hour(local: _Instants) -> str:
    """The hour of the first of them, as people write it: of a clock, and no athlete's."""
    return str(local[0].astype("datetime64[h]")).replace("T", " ") + " h"
