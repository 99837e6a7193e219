"""Positions in the order of each object's way, and bits put back where the rows stood.

Belongs here: order, time and neighbours of samples, and setting bits. Does not belong here: what is
wrong with a sample; each signal has a module for that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.records import Quality

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SECOND_US = 1_000_000
#: Rows of one value of these make one track, ordered by `frame_id` or `sample_index`.
_KEYS = ("object_kind", "source_athlete_id", "channel", "period_id")


@dataclass(frozen=True)
class Tracks:
    """Samples that have a value, (m) of a table's (n) rows, each track in one piece and in order.

    Attributes:
        row: (m,) the sample's row in the table.
        track: (m,) number of its track, growing; a clock that stands still or steps back begins a
            new one, as no speed can be told across it.
        t_s: (m,) s since the table's first instant.
        values: (d, m): x and y, m, or one signal in its unit.
    """

    row: IntArray
    track: IntArray
    t_s: FloatArray
    values: FloatArray

    def only(self, chosen: BoolArray) -> "Tracks":
        """These samples alone."""
        return Tracks(
            self.row[chosen], self.track[chosen], self.t_s[chosen], self.values[:, chosen]
        )

    def split(self, begins: BoolArray) -> "Tracks":
        """The same samples, with new tracks beginning also where told."""
        fresh = begins | (np.diff(self.track, prepend=-1) > 0)
        return Tracks(self.row, np.cumsum(fresh) - 1, self.t_s, self.values)

    @cached_property
    def goes_on(self) -> BoolArray:
        """(m,) whether the sample follows another one of its track."""
        same: BoolArray = np.diff(self.track, prepend=-1) == 0
        return same

    @cached_property
    def step_s(self) -> FloatArray:
        """(m,) time since the sample before in the track, s; NaN for the first."""
        steps = np.where(self.goes_on, np.diff(self.t_s, prepend=0), np.nan)
        return np.asarray(steps, np.float64)

    @cached_property
    def step(self) -> FloatArray:
        """(m,) way from the sample before in the track; NaN for the first."""
        moved = np.diff(self.values, axis=1, prepend=0)
        way = np.hypot(*moved) if len(moved) > 1 else np.abs(moved[0])
        return np.where(self.goes_on, way, np.nan)

    @cached_property
    def interval_s(self) -> float:
        """Median step, s; 1 where no track has two samples."""
        steps = self.step_s[self.goes_on]
        return float(np.median(steps)) if steps.size else 1.0

    def seek(self, since_s: float) -> IntArray:
        """(m,) index of the nearest sample at least so long after each one (before, if negative).

        Where the track ends sooner: its last (first) sample. A thousandth of a second of slack.
        """
        if not self.t_s.size:
            return np.empty(0, np.int64)
        first = np.flatnonzero(~self.goes_on)
        span = float(np.ptp(self.t_s)) + abs(since_s) + 1.0
        # Tracks laid end to end on one line of time, further apart than anyone looks.
        line = self.t_s - self.t_s.min() + self.track * 2 * span
        if since_s < 0:
            found = np.searchsorted(line, line + since_s + 1e-3, side="right") - 1
            return np.asarray(np.maximum(found, first[self._ordinal()]), np.int64)
        last = np.append(first[1:], self.t_s.size) - 1
        found = np.searchsorted(line, line + since_s - 1e-3, side="left")
        return np.asarray(np.minimum(found, last[self._ordinal()]), np.int64)

    def _ordinal(self) -> IntArray:
        return np.asarray(np.cumsum(~self.goes_on) - 1, np.int64)


@dataclass(frozen=True)
class Cleaned:
    """A table with its bits, and how many rows each rule found."""

    table: pa.Table
    rows_by_rule: dict[str, int]


def arrange(table: pa.Table, columns: tuple[str, ...], order: str) -> Tracks:
    """Put a table's samples in order; those where a value is null or not finite are left out.

    Args:
        table: contract raw/positions or raw/signals, in any order; columns that may be null may be
            missing.
        columns: of the values.
        order: column that orders a track.
    """
    codes = track_codes(table)
    index = table[order].to_numpy()
    rows = np.arange(table.num_rows)
    ordered = (np.diff(codes) > 0) | ((np.diff(codes) == 0) & (np.diff(index) >= 0))
    if not ordered.all():
        rows = np.lexsort((index, codes))
    values = np.stack([numbers(table[name]) for name in columns])[:, rows]
    seen = np.isfinite(values).all(axis=0)
    rows, values = rows[seen], values[:, seen]
    clock = table["captured_at_utc"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    t_us = clock[rows] - (clock.min() if clock.size else 0)
    fresh = np.diff(codes[rows], prepend=-1) != 0
    fresh[1:] |= np.diff(t_us) <= 0
    return Tracks(rows.astype(np.int64), np.cumsum(fresh) - 1, t_us / _SECOND_US, values)


def track_codes(table: pa.Table) -> IntArray:
    """(n,) a number for each row's track."""
    codes = np.zeros(table.num_rows, np.int64)
    for name in _KEYS:
        if name in table.column_names:
            encoded = pa.chunked_array(table[name]).combine_chunks().dictionary_encode()
            size = len(encoded.dictionary)
            codes = codes * (size + 1) + encoded.indices.fill_null(size).to_numpy()
    return codes


def numbers(column: pa.ChunkedArray) -> FloatArray:
    """A column as floats, null as NaN."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def is_kind(table: pa.Table, kind: str) -> BoolArray:
    """(n,) whether the row is of this `object_kind`."""
    return np.asarray(pc.equal(table["object_kind"], kind))


def with_bits(
    table: pa.Table, found: Mapping[Quality, BoolArray], judged_anew: Quality
) -> pa.Table:
    """The table with its `quality` judged; all else stays as it is, row by row.

    Args:
        found: rows that bear each bit.
        judged_anew: bits of `found` that are taken off first; others add to what the source said.
    """
    bits = table["quality"].to_numpy().astype(np.int32) & ~np.int32(judged_anew)
    for bit, rows in found.items():
        bits |= rows * np.int32(bit)
    place = table.schema.get_field_index("quality")
    return table.set_column(place, table.schema.field(place), pa.array(bits, pa.int32()))


def on_rows(count: int, tracks: Tracks, chosen: BoolArray) -> BoolArray:
    """(n,) mask over the table of the (m) samples that are chosen."""
    mask = np.zeros(count, np.bool_)
    mask[tracks.row[chosen]] = True
    return mask


def spans(size: int, first: IntArray, last: IntArray) -> BoolArray:
    """(size,) mask of stretches, both ends included; they may overlap."""
    edges = np.zeros(size + 1, np.int64)
    np.add.at(edges, first, 1)
    np.add.at(edges, last + 1, -1)
    inside: BoolArray = np.cumsum(edges[:-1]) > 0
    return inside
