"""The library's SQL catalogue, reading a table's metadata once at most.

A metadata file never changes, so the same place is the same table. The library reads the file to
load a table, once more to commit to it, and again what it has just written itself; with the
snapshots of a season that was a third of a commit.
"""

from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.update import TableRequirement, TableUpdate


class CachingSqlCatalog(SqlCatalog):
    """A `SqlCatalog` that keeps the metadata that it read or wrote last of each table."""

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

    def commit_table(
        self,
        table: Table,
        requirements: tuple[TableRequirement, ...],
        updates: tuple[TableUpdate, ...],
    ) -> CommitTableResponse:
        """As the library does, and keep what was written."""
        done = super().commit_table(table, requirements, updates)
        name = table.name()
        key = self.namespace_to_string(self.namespace_from(name)), self.table_name_from(name)
        self._read[key] = Table(name, done.metadata, done.metadata_location, table.io, self)
        return done
