"""A Parquet file beside what it says of itself: whoever lies is refused, and nothing fills up.

Belongs here: the footer, and whether the rows are those that it tells of. Does not belong here:
what the columns mean (`stored.py`), and what a manifest says (`arrival.py`).

What is not looked into: the header of each page, which Arrow does not show. Rows that stand in a
file beyond those that footer and manifest agree on are not read.
"""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from edge_ingest.errors import DropError

#: No table of a drop has more rows: a match at 25 Hz has four million.
MOST_ROWS = 50_000_000
#: No table of a drop is larger once it is unpacked, B.
LARGEST_UNPACKED = 4 * 1024**3


def check_footer(payload: bytes, rows: int, where: str) -> None:
    """Refuse by what a file says of itself, before it is unpacked.

    Args:
        rows: that it must have, as its manifest says.
        where: what to call the file in an error.

    Raises:
        DropError: it is no Parquet, has other rows, contradicts itself, or is too large.
    """
    footer = _opened(payload, where).metadata
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    if footer.num_rows != rows or sum(group.num_rows for group in groups) != rows:
        raise DropError(
            f"{where} has {footer.num_rows} rows and the manifest says {rows}: pack it again",
            rule="rows",
        )
    for group in groups:
        for index in range(group.num_columns):
            column = group.column(index)
            # Flat columns, as all of ours are, hold a value or a null for each row.
            if column.num_values != group.num_rows:
                raise _lie(where, f"{column.path_in_schema} has {column.num_values} values for "
                                  f"{group.num_rows} rows")  # fmt: skip
    unpacked = sum(group.total_byte_size for group in groups)
    if rows > MOST_ROWS or unpacked > LARGEST_UNPACKED:
        raise DropError(
            f"{where} would unpack to {rows:,} rows and {unpacked / 1e9:.1f} GB, which no "
            "recording has: check what it is",
            rule="too_large",
        )


def read_rows(payload: bytes, expected: pa.Schema, contract_key: str, where: str) -> pa.Table:
    """The rows of a file, if they are what its footer says, and its columns what they must be.

    Args:
        expected: columns in their order; nullable ones may be left out.
        contract_key: table that the columns are of, for the error.

    Raises:
        DropError: it cannot be read, has other columns, other rows, other values than its
            statistics say, or text beyond all bounds.
    """
    file = _opened(payload, where)
    _check_columns(file.schema_arrow, expected, contract_key, where)
    texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    try:
        # Text as a dictionary: what stands there once is unpacked once, however often it is meant.
        rows = pq.ParquetFile(pa.BufferReader(payload), read_dictionary=texts).read()
    except (pa.ArrowException, OSError) as error:
        raise DropError(
            f"{where} is no Parquet file that we can read: {error}", rule="unreadable"
        ) from error
    if rows.num_rows != file.metadata.num_rows:
        raise _lie(where, f"it says {file.metadata.num_rows} rows and holds {rows.num_rows}")
    _check_statistics(file.metadata, rows, where)
    for name in texts:
        _refuse_endless_text(rows.column(name), f"{where}: {name}")
    return rows.cast(file.schema_arrow.remove_metadata())


def _opened(payload: bytes, where: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(pa.BufferReader(payload))
    except (pa.ArrowException, OSError) as error:
        raise DropError(
            f"{where} is no Parquet file that we can read: pack it again", rule="unreadable"
        ) from error


def _check_columns(schema: pa.Schema, expected: pa.Schema, contract_key: str, where: str) -> None:
    # Left out because it holds nothing, or because the version that packed it did not know it.
    may_lack = {field.name for field in expected if field.nullable}
    names = schema.names
    if names != [name for name in expected.names if name in names or name not in may_lack]:
        raise DropError(
            f"{where} has the columns {', '.join(names)}; a drop of {contract_key} "
            f"has {', '.join(expected.names)}: pack it again with this version",
            rule="schema",
        )
    for field in schema:
        if field.type != expected.field(field.name).type:
            raise DropError(
                f"{where}: {field.name} is {field.type} and must be "
                f"{expected.field(field.name).type}: pack it again with this version",
                rule="schema",
            )


def _check_statistics(footer: pq.FileMetaData, rows: pa.Table, where: str) -> None:
    """Hold what a footer tells of its values against them; our own packer tells nothing there."""
    first = 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        part = rows.slice(first, group.num_rows)
        first += group.num_rows
        for index in range(group.num_columns):
            told = group.column(index).statistics
            if told is not None:
                name = group.column(index).path_in_schema
                _check_statistic(told, part.column(name), f"{where}: {name}")


def _check_statistic(told: pq.Statistics, values: pa.ChunkedArray, where: str) -> None:
    if told.has_null_count and told.null_count != values.null_count:
        raise _lie(where, f"its statistics say {told.null_count} nulls of {values.null_count}")
    # Writers may shorten the bounds of text; all else must be exact.
    if not told.has_min_max or pa.types.is_dictionary(values.type):
        return
    if pa.types.is_floating(values.type):
        values = values.filter(pc.invert(pc.is_nan(values)))
    found = pc.min_max(values)
    if (told.min, told.max) != (found["min"].as_py(), found["max"].as_py()):
        raise _lie(where, "its statistics say other bounds than its values have")


def _refuse_endless_text(column: pa.ChunkedArray, where: str) -> None:
    unpacked = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
        unpacked += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if unpacked > LARGEST_UNPACKED:
        raise DropError(
            f"{where} would unpack to {unpacked / 1e9:.1f} GB of text, which no recording has: "
            "check what it is",
            rule="too_large",
        )


def _lie(where: str, what: str) -> DropError:
    return DropError(
        f"{where} does not hold what it says of itself ({what}): pack it again", rule="malformed"
    )
