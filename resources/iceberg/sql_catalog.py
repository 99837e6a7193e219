"""The library's SQL catalogue, reading a table's metadata once.

A metadata file never changes, so the same place is the same table. The library reads the file to
load a table and once more to commit to it; with the snapshots of a season that was a fifth of a
commit.
"""

from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table


class CachingSqlCatalog(SqlCatalog):
    """A `SqlCatalog` that keeps the metadata that it read last of each table."""

    def __init__(self, name: str, **properties: str) -> None:
        super().__init__(name, **properties)
        self._read: dict[tuple[str, str], Table] = {}

    def _convert_orm_to_iceberg(self, orm_table: Any) -> Table:  # noqa: ANN401 - a row of its table
        name = orm_table.table_namespace, orm_table.table_name
        known = self._read.get(name)
        if known is None or known.metadata_location != orm_table.metadata_location:
            known = self._read[name] = super()._convert_orm_to_iceberg(orm_table)
        # Another one each time: whoever commits to a table changes it.
        return Table(known.name(), known.metadata, known.metadata_location, known.io, self)
