"""Planned reading: which data files hold the rows asked for, and the SQL that reads just those."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pyiceberg.expressions import BooleanExpression
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from edge_ingest.contract import Column, TableContract
from resources.duckdb_engine import literal, literals, quote
from resources.errors import UnreadableTableError
from resources.iceberg.column_types import duckdb_type


def plan_files(
    table: Table, row_filter: BooleanExpression, snapshot_id: int | None = None
) -> list[DataFile]:
    """Data files that may hold rows of the filter, at a snapshot or at the current one.

    Raises:
        UnreadableTableError: the snapshot is gone, or rows are deleted by delete files.
    """
    key = "/".join(table.name())
    if snapshot_id is not None and table.snapshot_by_id(snapshot_id) is None:
        raise UnreadableTableError(
            f"{key} has no snapshot {snapshot_id}: it was expired, or belongs to another table"
        )
    tasks = list(table.scan(row_filter=row_filter, snapshot_id=snapshot_id).plan_files())
    if deleting := sum(1 for task in tasks if task.delete_files):
        raise UnreadableTableError(
            f"{key} has delete files on {deleting} data files, which planned reading does not "
            "honour: rewrite the table copy-on-write, and set write.delete.mode=copy-on-write in "
            "the engine that wrote them"
        )
    return sorted((task.file for task in tasks), key=lambda file: file.file_path)


def select(
    contract: TableContract, schema: Schema | None, files: Sequence[DataFile], where: str = "true"
) -> str:
    """SQL that reads the contract's columns from these files.

    Columns are found by Iceberg field id, so files older than a column read as null there.

    Args:
        schema: the table's schema; None for a table that does not exist.
        files: planned data files; none gives no rows.
        where: SQL condition over the contract's columns.
    """
    if schema is None or not files:
        empty = ", ".join(_null(column) for column in contract.columns)
        return f"select {empty} where false"
    ids = {field.name: field.field_id for field in schema.fields}
    columns = ", ".join(
        quote(column.name) if column.name in ids else _null(column) for column in contract.columns
    )
    fields = ", ".join(
        f"{ids[column.name]}: {{name: {literal(column.name)}, "
        f"type: {literal(duckdb_type(column))}, default_value: null}}"
        for column in contract.columns
        if column.name in ids
    )
    paths = literals(_path(file.file_path) for file in files)
    return (
        f"select {columns} from read_parquet([{paths}], hive_partitioning = false, "  # noqa: S608
        f"schema = map {{{fields}}}) where {where}"
    )


def _null(column: Column) -> str:
    return f"null::{duckdb_type(column)} as {quote(column.name)}"


def _path(location: str) -> str:
    """A data file's location as DuckDB opens it."""
    if location.startswith("file:"):
        return url2pathname(urlsplit(location).path)
    return location
