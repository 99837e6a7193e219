"""A hash of rows that depends on what they say and not on their order, files or snapshot."""

import hashlib

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
    columns = ", ".join(quote(column.name) for column in contract.columns)
    found = connection.execute(
        f"with hashed as (select hash({columns}) as row_hash from {quote(relation)}) "  # noqa: S608
        "select count(*), coalesce(sum(row_hash::hugeint), 0), coalesce(bit_xor(row_hash), 0) "
        "from hashed"
    ).fetchone()
    return hashlib.sha256(repr(found).encode()).hexdigest()[:32]


def table_hash(contract: TableContract, table: pa.Table) -> str:
    """Hash an Arrow table that conforms to the contract; see `relation_hash`."""
    with connect() as connection:
        connection.register("given_rows", table)
        return relation_hash(connection, "given_rows", contract)
