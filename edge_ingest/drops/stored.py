"""Columns of numbers as they stand in a drop's file, and back.

Belongs here: what each column is stored as, and what one count of it is worth. Does not belong
here: Parquet (`encoding.py`), how a value is counted (`counts.py`), and how counts become
differences (`differences.py`).

Encoding 1 stores coordinates and times as whole counts. Encoding 2, which we write, counts signals
as well; it stores what it counts, and what counts already, as differences; and time in a period
against the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from edge_ingest.drops.counts import (
    FloatArray,
    IntArray,
    device_step,
    from_counts,
    hold,
    refuse_beyond,
    to_counts,
)
from edge_ingest.drops.differences import from_differences, to_differences
from edge_ingest.errors import DropError
from edge_ingest.manifest import Encoding
from edge_ingest.records import FIDELITY

#: Coordinates, stored as counts of the drop's step.
COORDINATES = ("x_m", "y_m", "z_m", "end_x_m", "end_y_m")
#: Times are counted in microseconds, as instants are, s.
SECONDS_PER_COUNT = 1e-6
#: Values of signals are counted in a step of their channel: `signals.heart_rate` in the scale.
CHANNEL = "signals."


@dataclass(frozen=True)
class Stored:
    """How a number stands in a file of encoding 2: its type, and the order of its differences."""

    type: pa.DataType
    order: int


#: Columns that encoding 2 stores as folded differences of the rows before, null rows passed over.
#: Second differences where things go on as before, first ones where they step or are noisy.
DIFFERENCED: dict[str, Stored] = {
    **dict.fromkeys(COORDINATES, Stored(pa.int32(), 2)),
    "value": Stored(pa.int64(), 1),
    "frame_id": Stored(pa.int32(), 1),
    "sample_index": Stored(pa.int32(), 1),
    "captured_at_utc": Stored(pa.int64(), 1),
    "period_time_s": Stored(pa.int64(), 1),
}
_COUNTED_1 = {**dict.fromkeys(COORDINATES, pa.int32()), "period_time_s": pa.int64()}


def stored_types(scale: Mapping[str, float], encoding: Encoding) -> dict[str, pa.DataType]:
    """The type in a file of each column that stands there in another form."""
    if encoding == 1:
        return {name: kind for name, kind in _COUNTED_1.items() if name in scale}
    return {name: stored.type for name, stored in DIFFERENCED.items()}


def scale_of(rows: pa.Table, metres_per_count: float) -> dict[str, float]:
    """The unit of one count: for each column that is counted, and for each channel of signals.

    A channel's step is the one that its values stand on, else the finest of `FIDELITY`.

    Args:
        rows: a complete table.
        metres_per_count: step of coordinates, m.
    """
    scale = {name: metres_per_count for name in COORDINATES if name in rows.column_names}
    if "period_time_s" in rows.column_names:
        scale["period_time_s"] = SECONDS_PER_COUNT
    if "channel" in rows.column_names:
        channels, codes = _codes(rows.column("channel"))
        values = rows.column("value").to_numpy()  # null becomes NaN
        for code, channel in enumerate(channels):
            measured = values[codes == code]
            finest, _ = FIDELITY[channel]
            scale[CHANNEL + channel] = device_step(measured[np.isfinite(measured)], finest)
    return scale


def to_stored(
    where: str,
    rows: pa.Table,
    name: str,
    scale: Mapping[str, float],
    dead_bands: Mapping[str, float],
) -> pa.Array:
    """(n,) a column of sorted rows as it stands in a file of encoding 2.

    Args:
        where: what to call the column in an error.
        scale: as `scale_of` says of these rows.
        dead_bands: by channel, in its unit.

    Raises:
        ContractError: a number is too large to count at this scale, or is not finite.
    """
    column = rows.column(name)
    stored = DIFFERENCED[name]
    if not pa.types.is_floating(column.type):
        counts = column.cast(pa.int64()).fill_null(0).to_numpy()
    else:
        step = _worth(rows, name, scale, where)
        counts = to_counts(where, column, step)
        if name == "value":
            counts = _held(rows, counts, scale, dead_bands)
        elif name == "period_time_s":
            # What stays the same over a period is the instant at which its time was nought.
            counts = rows.column("captured_at_utc").cast(pa.int64()).to_numpy() - counts
        refuse_beyond(where, counts, stored.type.bit_width, step)
    is_null = np.asarray(column.is_null())
    folded = np.zeros(counts.size, stored.type.to_pandas_dtype())
    folded[~is_null] = to_differences(counts[~is_null].astype(folded.dtype), stored.order)
    return pa.array(folded, mask=is_null)


def from_stored(
    where: str,
    rows: pa.Table,
    field: pa.Field,
    scale: Mapping[str, float],
    encoding: Encoding,
) -> pa.Array | pa.ChunkedArray:
    """(n,) a column of a file in the contract's type and unit.

    Args:
        where: what to call the file in an error.
        rows: the file's columns, as they stand there.
        field: of the contract; null throughout where the file leaves it out.

    Raises:
        DropError: the scale does not say what a count is worth.
    """
    if field.name not in rows.column_names:
        return pa.nulls(rows.num_rows, field.type)
    column = rows.column(field.name)
    if field.name not in stored_types(scale, encoding):
        return column
    is_null = np.asarray(column.is_null())
    counts = _counts(rows, field.name, encoding)
    if not pa.types.is_floating(field.type):
        return pa.array(counts, mask=is_null).cast(field.type)
    return pa.array(from_counts(counts, _worth(rows, field.name, scale, where)), mask=is_null)


def _counts(rows: pa.Table, name: str, encoding: Encoding) -> IntArray:
    """(n,) the counts of a column of a file; nought for null."""
    column = rows.column(name)
    if encoding == 1:
        return np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy())
    is_valid = np.asarray(column.is_valid())
    counts = np.zeros(len(column), np.int64)
    numbers = column.drop_null().to_numpy()
    counts[is_valid] = from_differences(numbers, DIFFERENCED[name].order)
    if name == "period_time_s":
        counts = _counts(rows, "captured_at_utc", encoding) - counts
    return counts


def _held(
    rows: pa.Table, counts: IntArray, scale: Mapping[str, float], dead_bands: Mapping[str, float]
) -> IntArray:
    """Counts of signals after the dead bands, each athlete and channel by itself."""
    channels, of_channel = _codes(rows.column("channel"))
    athletes, of_athlete = _codes(rows.column("source_athlete_id"))
    is_known = np.asarray(rows.column("value").is_valid())
    counts = counts.copy()
    for code, channel in enumerate(channels):
        # A band of just so many steps holds them all, in spite of floating point.
        reach = int(dead_bands.get(channel, 0) / scale[CHANNEL + channel] + 1e-9)
        for athlete in range(len(athletes)) if reach else ():
            mine = is_known & (of_channel == code) & (of_athlete == athlete)
            counts[mine] = hold(counts[mine], reach)
    return counts


def _worth(rows: pa.Table, name: str, scale: Mapping[str, float], where: str) -> float | FloatArray:
    """What one count of a column is worth, in its unit; for signals (n,), as each row's channel."""
    names, codes = _codes(rows.column("channel")) if name == "value" else ([name], None)
    keys = names if codes is None else [CHANNEL + channel for channel in names]
    if untold := [key for key in keys if key not in scale]:
        raise DropError(
            f"{where}: the manifest's scale does not say what a count of {untold[0]} is worth: "
            "pack it again",
            rule="schema",
        )
    worth: FloatArray = np.array([scale[key] for key in keys])
    return float(worth[0]) if codes is None else worth[codes]


def _codes(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The distinct words of a column (none for null), and (n,) which of them each row bears."""
    encoded = column.fill_null("").combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
