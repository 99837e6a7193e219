"""One table of types: Arrow in the contracts, Iceberg in the record, DuckDB in the engine.

A contract type is either here, and reads back as exactly what it was, or it is refused. Iceberg has
no integers below 32 bit: a contract that asked for them would read back as another type.
"""

import pyarrow as pa
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    PrimitiveType,
    StringType,
    TimestamptzType,
)

from edge_ingest.contract import Column
from resources.errors import TableEvolutionError

_TYPES: dict[pa.DataType, tuple[PrimitiveType, str]] = {
    pa.string(): (StringType(), "VARCHAR"),
    pa.binary(): (BinaryType(), "BLOB"),
    pa.int32(): (IntegerType(), "INTEGER"),
    pa.int64(): (LongType(), "BIGINT"),
    pa.float32(): (FloatType(), "FLOAT"),
    pa.float64(): (DoubleType(), "DOUBLE"),
    pa.bool_(): (BooleanType(), "BOOLEAN"),
    pa.date32(): (DateType(), "DATE"),
    pa.timestamp("us", tz="UTC"): (TimestamptzType(), "TIMESTAMP WITH TIME ZONE"),
}


def iceberg_type(column: Column) -> PrimitiveType:
    """The Iceberg type of a contract column; raises TableEvolutionError where there is none."""
    return _entry(column)[0]


def duckdb_type(column: Column) -> str:
    """The DuckDB type of a contract column; raises TableEvolutionError where there is none."""
    return _entry(column)[1]


def arrow_type(stored: IcebergType) -> pa.DataType:
    """The contract type that reads back from an Iceberg type.

    Raises:
        TableEvolutionError: another program put a type into the table that no contract of ours
            can name.
    """
    for arrow, (iceberg, _) in _TYPES.items():
        if iceberg == stored:
            return arrow
    raise TableEvolutionError(f"a column is stored as {stored}, which no contract of ours can name")


def _entry(column: Column) -> tuple[PrimitiveType, str]:
    try:
        return _TYPES[column.type]
    except KeyError:
        known = ", ".join(str(known) for known in _TYPES)
        raise TableEvolutionError(
            f"column {column.name} is {column.type}, which the record cannot give back as it was: "
            f"use one of {known}"
        ) from None
