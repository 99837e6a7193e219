"""One table to Parquet bytes and back: columns, order of rows, pages.

The same rows give the same bytes, whatever order the reader found them in. Does not belong here:
folders, manifests and revisions (`drop.py`), and what a number is stored as (`stored.py`).
"""

import io
from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from edge_ingest.contract import TableContract
from edge_ingest.drops.footer import read_rows
from edge_ingest.drops.row_order import in_order
from edge_ingest.drops.stored import COORDINATES, DIFFERENCED, from_stored, stored_types, to_stored
from edge_ingest.errors import ContractError
from edge_ingest.manifest import ENCODING, Encoding
from edge_ingest.records import DAY_TABLES, SESSION_TABLES

#: Columns that raw adds to a drop's rows: constant over the drop, or known only on arrival.
ADDED_IN_RAW: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(SESSION_TABLES, ("session_id", "stream_id")),
    **dict.fromkeys(DAY_TABLES, ()),
    "sessions": (
        "session_id", "stream_id", "drop_id", "revision", "edge_session_id", "filter_settings",
    ),
    "footage": ("session_id", "stream_id", "drop_id", "revision"),
}  # fmt: skip

_ROW_GROUP = 1 << 20
#: Differences spread over a few bytes: the stream of each byte packs well by itself.
_BYTES_SPLIT = (*COORDINATES, "value")
#: With fewer rows a dictionary costs more than it saves.
_DICTIONARY_FROM = 1000
_NO_BANDS: Mapping[str, float] = MappingProxyType({})


def drop_schema(
    contract: TableContract, scale: Mapping[str, float], encoding: Encoding = ENCODING
) -> pa.Schema:
    """The Arrow schema of a table as it stands in a drop; `scale` as in its manifest."""
    types = stored_types(scale, encoding)
    return pa.schema(
        pa.field(field.name, types.get(field.name, field.type), field.nullable)
        for field in contract.schema
        if field.name not in ADDED_IN_RAW[contract.name]
    )


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


def encode(
    contract: TableContract,
    rows: pa.Table,
    scale: Mapping[str, float],
    dead_bands: Mapping[str, float] = _NO_BANDS,
) -> bytes:
    """Parquet bytes of a complete table, sorted by the contract's order, in the newest encoding.

    A column that holds nothing is left out.

    Args:
        scale: as `stored.scale_of` says of these rows.
        dead_bands: by channel, in its unit; a channel without one is written value by value.

    Raises:
        ContractError: a number is too large to count at this scale, or is not finite.
    """
    rows = in_order(rows, [name for name in contract.sort_by if name in rows.column_names])
    fields = [
        field
        for field in drop_schema(contract, scale)
        if not field.nullable or rows.column(field.name).null_count < rows.num_rows
    ]
    columns = [
        to_stored(f"{contract.key}.{field.name}", rows, field.name, scale, dead_bands)
        if field.name in DIFFERENCED
        else rows.column(field.name)
        for field in fields
    ]
    names = [field.name for field in fields]
    is_long = rows.num_rows >= _DICTIONARY_FROM
    sink = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(columns, schema=pa.schema(fields)),
        sink,
        compression="zstd",
        compression_level=3,
        row_group_size=_ROW_GROUP,
        use_dictionary=[name for name in names if is_long and name not in _BYTES_SPLIT],
        column_encoding={name: "BYTE_STREAM_SPLIT" for name in names if name in _BYTES_SPLIT},
        # Nobody searches within a drop, and folded differences have no order to search by.
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue()


def decode(
    contract: TableContract,
    payload: bytes,
    scale: Mapping[str, float],
    where: str,
    encoding: Encoding = ENCODING,
) -> pa.Table:
    """Rows of a drop's file in the contract's types and units again.

    Args:
        scale, encoding: as the drop's manifest says.
        where: what to call the file in an error.

    Raises:
        DropError: the bytes are no Parquet, its columns are not those of the contract, its rows not
            those that it tells of, or the scale does not say what a count is worth.
    """
    expected = drop_schema(contract, scale, encoding)
    rows = read_rows(payload, expected, contract.key, where)
    fields = [field for field in contract.schema if field.name in expected.names]
    return pa.Table.from_arrays(
        [from_stored(where, rows, field, scale, encoding) for field in fields],
        schema=pa.schema([field.remove_metadata() for field in fields]),
    )
