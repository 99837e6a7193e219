"""A hash of rows that depends on what they say and not on their order, files or snapshot."""

import hashlib
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.duckdb_engine import connect, quote


def relation_hash(
    connection: duckdb.DuckDBPyConnection, relation: str, contract: TableContract
) -> str:
    """Hash the rows of a view or registered table that has the contract's columns and types.

    Each row is hashed over the columns in the contract's order; count, sum and exclusive-or of the
    row hashes then do not depend on the order of rows. The sum tells doubled rows from none, which
    exclusive-or alone does not.

    Returns:
        32 hexadecimal digits.
    """
    return _hash(connection, relation, [column.name for column in contract.columns])


def table_hash(contract: TableContract, table: pa.Table) -> str:
    """Hash an Arrow table that conforms to the contract; see `relation_hash`."""
    return rows_hash(table.select([column.name for column in contract.columns]))


def rows_hash(rows: pa.Table) -> str:
    """Hash an Arrow table over all its columns, in their order; see `relation_hash`."""
    with connect() as connection:
        connection.register("given_rows", rows)
        return _hash(connection, "given_rows", rows.column_names)


def _hash(connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> str:
    columns = ", ".join(map(quote, names))
    found = connection.execute(
        f"with hashed as (select hash({columns}) as row_hash from {quote(relation)}) "  # noqa: S608
        "select count(*), coalesce(sum(row_hash::hugeint), 0), coalesce(bit_xor(row_hash), 0) "
        "from hashed"
    ).fetchone()
    return hashlib.sha256(repr(found).encode()).hexdigest()[:32]
