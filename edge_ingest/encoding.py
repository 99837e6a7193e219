"""One table to Parquet bytes and back: order of rows, whole-number coordinates, encodings.

The same rows give the same bytes, whatever order the reader found them in. Does not belong here:
folders, manifests and revisions; those stand in `drop.py`.
"""

import io
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from edge_ingest.contract import TableContract
from edge_ingest.errors import ContractError, DropError
from edge_ingest.records import SESSION_TABLES

#: Columns that raw adds to a drop's rows: constant over the drop, or known only on arrival.
ADDED_IN_RAW: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SESSION_TABLES, ("session_id", "stream_id")),
    "sessions": (
        "session_id", "stream_id", "drop_id", "revision", "edge_session_id", "filter_settings",
    ),
}  # fmt: skip

#: Coordinates, stored as counts of the drop's step.
COORDINATES = ("x_m", "y_m", "z_m", "end_x_m", "end_y_m")
#: Columns stored as whole counts of `scale` in their unit, and the type of the count.
COUNTED: dict[str, pa.DataType] = {
    **dict.fromkeys(COORDINATES, pa.int32()),
    "period_time_s": pa.int64(),
}
#: Times are counted in microseconds, as instants are, s.
SECONDS_PER_COUNT = 1e-6

_ROW_GROUP = 1 << 20
#: Whole numbers that step evenly when rows stand in the contract's order.
_STEPPING = ("frame_id", "captured_at_utc", "sample_index", *COUNTED)
_BYTES_SPLIT = ("value",)


def drop_schema(contract: TableContract, scale: Mapping[str, float]) -> pa.Schema:
    """The Arrow schema of a table as it stands in a drop: `scale` names the counted columns."""
    return pa.schema(
        pa.field(
            field.name, COUNTED[field.name] if field.name in scale else field.type, field.nullable
        )
        for field in contract.schema
        if field.name not in ADDED_IN_RAW[contract.name]
    )


def scale_of(contract: TableContract, metres_per_count: float) -> dict[str, float]:
    """The unit of one count, for each column of the table that is stored in counts."""
    return {
        name: metres_per_count if name in COORDINATES else SECONDS_PER_COUNT
        for name in COUNTED
        if name in contract.schema.names
    }


def complete(contract: TableContract, table: pa.Table) -> pa.Table:
    """Bring a reader's table to the contract's columns, without those added in raw.

    Raises:
        ContractError: a column is unknown, missing, or does not cast.
    """
    blank = pa.nulls(table.num_rows, pa.string())
    for name in ADDED_IN_RAW[contract.name]:
        if name in table.column_names:
            raise ContractError(
                f"{contract.key}.{name} is added on arrival: leave it out of a drop"
            )
        table = table.append_column(name, blank.cast(contract.schema.field(name).type))
    return contract.conform(table).drop_columns(list(ADDED_IN_RAW[contract.name]))


def add_constants(
    contract: TableContract, rows: pa.Table, constants: Mapping[str, str | int]
) -> pa.Table:
    """Put back what `ADDED_IN_RAW` left out, so that rows fit the contract.

    Args:
        constants: value of each added column; more than the table needs is no harm.

    Raises:
        ContractError: rows do not fit the contract.
    """
    for name in ADDED_IN_RAW[contract.name]:
        kind = contract.schema.field(name).type
        rows = rows.append_column(name, pa.repeat(pa.scalar(constants[name], kind), rows.num_rows))
    return contract.conform(rows)


def encode(contract: TableContract, rows: pa.Table, metres_per_count: float) -> bytes:
    """Parquet bytes of a complete table, sorted by the contract's order.

    Raises:
        ContractError: a coordinate is too large to count at this scale, or is not finite.
    """
    order = [name for name in contract.sort_by if name in rows.column_names]
    rows = rows.take(_sorted_indices(rows, order)) if order else rows
    scale = scale_of(contract, metres_per_count)
    for name, step in scale.items():
        counts = _to_counts(f"{contract.key}.{name}", rows.column(name), step, COUNTED[name])
        rows = rows.set_column(rows.schema.get_field_index(name), name, counts)
    rows = rows.cast(drop_schema(contract, scale))
    encoding = {
        name: "DELTA_BINARY_PACKED" if name in _STEPPING else "BYTE_STREAM_SPLIT"
        for name in rows.column_names
        if name in (*_STEPPING, *_BYTES_SPLIT)
    }
    sink = io.BytesIO()
    pq.write_table(
        rows,
        sink,
        compression="zstd",
        compression_level=3,
        row_group_size=_ROW_GROUP,
        use_dictionary=[name for name in rows.column_names if name not in encoding],
        column_encoding=encoding,
        store_schema=False,
    )
    return sink.getvalue()


def decode(
    contract: TableContract, payload: bytes, scale: Mapping[str, float], where: str
) -> pa.Table:
    """Rows of a drop's file in the contract's types, coordinates in metres again.

    Args:
        where: what to call the file in an error.

    Raises:
        DropError: the bytes are no Parquet, or its columns are not those of the contract.
    """
    try:
        rows = pq.read_table(pa.BufferReader(payload))
    except (pa.ArrowException, OSError) as error:
        raise DropError(
            f"{where} is no Parquet file that we can read: {error}", rule="unreadable"
        ) from error
    counted = {name: scale[name] for name in COUNTED if name in scale}
    expected = drop_schema(contract, counted)
    if rows.column_names != expected.names:
        raise DropError(
            f"{where} has the columns {', '.join(rows.column_names)}; a drop of {contract.key} "
            f"has {', '.join(expected.names)}: pack it again with this version",
            rule="schema",
        )
    for field in expected:
        if rows.schema.field(field.name).type != field.type:
            raise DropError(
                f"{where}: {field.name} is {rows.schema.field(field.name).type} and must be "
                f"{field.type}: pack it again with this version",
                rule="schema",
            )
    for name in set(counted) & set(rows.column_names):
        values = _from_counts(rows.column(name), counted[name])
        rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    return rows


def _to_counts(
    where: str, column: pa.ChunkedArray, step: float, count_type: pa.DataType
) -> pa.Array:
    mask = np.asarray(column.is_null())
    counts = column.fill_null(0.0).to_numpy() / step
    limit = 2.0 ** (count_type.bit_width - 1) - 1
    if counts.size and not (np.abs(counts) <= limit).all():
        raise ContractError(
            f"{where} holds a value that is not finite or beyond {limit * step:.0f}: check the "
            "reader, or pack at a coarser scale"
        )
    return pa.array(np.rint(counts).astype(count_type.to_pandas_dtype()), mask=mask)


def _from_counts(counts: pa.ChunkedArray, step: float) -> pa.ChunkedArray:
    """Counts in their unit; by division where the step is one n-th, so that 0.1 stays 0.1."""
    per_unit = round(1 / step)
    values = counts.cast(pa.float64())
    if per_unit and abs(per_unit * step - 1) < 1e-9:  # noqa: PLR2004 - rounding of 1 / step
        return pc.divide(values, float(per_unit))
    return pc.multiply(values, step)


def _sorted_indices(rows: pa.Table, order: list[str]) -> np.ndarray:
    """Stable order of the rows, nulls last; text by code point."""
    keys = [_ranks(rows.column(name)) for name in reversed(order)]
    return np.asarray(np.lexsort(keys))


def _ranks(column: pa.ChunkedArray) -> np.ndarray:
    if not pa.types.is_string(column.type):
        if not column.null_count:
            return np.asarray(column.to_numpy())
        values = column.fill_null(0).to_numpy().astype(np.float64)
        return np.where(np.asarray(column.is_null()), np.inf, values)
    encoded = column.combine_chunks().dictionary_encode()
    words = np.array(encoded.dictionary.to_pylist(), dtype=object)
    rank = np.empty(len(words) + 1, np.int64)
    rank[np.argsort(words, kind="stable")] = np.arange(len(words))
    rank[-1] = len(words)
    indices = encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    return np.asarray(rank[indices])
