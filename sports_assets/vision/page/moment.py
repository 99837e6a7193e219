"""Which stretch of footage to show: the one with the most people seen, and the ball in view."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: A coach watches so much of it, and it stays small enough to mail, s.
LENGTH_S: Final = 20.0
#: Begins that are tried lie so far apart, s: a second more or less is the same moment.
_STEP_S: Final = 1.0
#: The ball is in view where at least so many looks have it: half of them.
_WITH_BALL: Final = 0.5
#: A look belongs to a stretch that begins at it, whatever the last digit of its time, s.
_ROUNDING_S: Final = 1e-6
_US: Final = 1_000_000


@dataclass(frozen=True)
class Moment:
    """A stretch of one video object.

    Attributes:
        camera: which camera.
        recorded_at_utc: instant of the first frame of the video object.
        start_s, end_s: since that first frame.
        people: seen in a look, mean.
        ball_share: share of its looks with the ball, as in `vision/quality`.
        is_whole: the video object is no longer than this.
    """

    footage_sha256: str
    camera: str
    recorded_at_utc: datetime
    start_s: float
    end_s: float
    people: float
    ball_share: float
    is_whole: bool

    @property
    def has_ball(self) -> bool:
        """Whether the ball is in view for half of it or more."""
        return self.ball_share >= _WITH_BALL

    @property
    def started_at_utc(self) -> datetime:
        """Instant of its begin."""
        return self.recorded_at_utc + timedelta(seconds=self.start_s)


def choose_moment(
    positions: pa.Table, footage: pa.Table, length_s: float = LENGTH_S
) -> Moment | None:
    """The stretch with the most people in a look, among those with the ball in view.

    Where no stretch has the ball for half of its looks, all of them count. Of equals, the first
    camera by name and the earliest.

    Args:
        positions: rows of `vision/positions`.
        footage: rows of `raw/footage` of the same session.

    Returns:
        None where nobody is seen anywhere.
    """
    listed = sorted(footage.to_pylist(), key=lambda row: (row["camera"], row["started_at_utc"]))
    found = [one for row in listed for one in _stretches(positions, row, length_s)]
    found = [one for one in found if one.people > 0]
    with_ball = [one for one in found if one.has_ball]
    return max(with_ball or found, key=lambda one: one.people, default=None)


def _stretches(positions: pa.Table, row: dict[str, object], length_s: float) -> Iterator[Moment]:
    seen = positions.filter(
        pc.and_(
            pc.equal(positions["footage_sha256"], str(row["sha256"])),
            pc.is_valid(positions["left_px"]),
        )
    )
    if not seen.num_rows:
        return
    began, duration_s = row["started_at_utc"], row["duration_s"]
    assert isinstance(began, datetime)
    assert isinstance(duration_s, float)
    t_s = seconds_since(seen["captured_at_utc"], began)
    is_own = ~np.asarray(seen["is_interpolated"])
    kinds = np.asarray(seen["object_kind"])
    is_person = is_own & np.isin(kinds, ("athlete", "official"))
    looks, at = np.unique(t_s, return_inverse=True)
    people = np.bincount(at, is_person, looks.size).astype(np.float64)
    # As `vision/quality` has it: the ball between two frames that show it is there, too.
    ball = np.minimum(np.bincount(at, kinds == "ball", looks.size), 1.0)
    # A look that saw nothing has no row: how many there were follows from how close they lie.
    apart_s = float(np.median(np.diff(looks))) if looks.size > 1 else duration_s
    is_whole = duration_s <= length_s
    length_s = min(length_s, duration_s)
    count = max(1.0, length_s / apart_s)
    starts = np.arange(0.0, duration_s - length_s + _ROUNDING_S, _STEP_S)
    first = np.searchsorted(looks, starts - _ROUNDING_S)
    last = np.searchsorted(looks, starts + length_s - _ROUNDING_S)
    for start_s, mean, share in zip(
        starts, _sums(people, first, last) / count, _sums(ball, first, last) / count, strict=True
    ):
        yield Moment(
            footage_sha256=str(row["sha256"]),
            camera=str(row["camera"]),
            recorded_at_utc=began,
            start_s=float(start_s),
            end_s=float(start_s + length_s),
            people=float(mean),
            ball_share=min(1.0, float(share)),
            is_whole=is_whole,
        )


def seconds_since(instants: pa.ChunkedArray, begin: datetime) -> NDArray[np.float64]:
    """Seconds from an instant to each of a column of instants: n."""
    micros = np.asarray(pc.cast(pc.cast(instants, pa.timestamp("us", "UTC")), pa.int64()))
    first = pa.scalar(begin, pa.timestamp("us", "UTC")).cast(pa.int64()).as_py()
    return np.asarray((micros - first) / _US, np.float64)


def _sums(
    values: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[last] - total[first], np.float64)
