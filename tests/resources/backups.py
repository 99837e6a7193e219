"""A small lakehouse that is worth a backup, and ways to lose it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from edge_ingest.contract import TableContract
from edge_ingest.records import ATHLETES, INJURIES, WELLNESS
from resources.backup.manifest import BackupManifest
from resources.backup.place import BackupPlace
from resources.backup.run import Restored, back_up, restore
from resources.backup.store import BackupStore, backup_store
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.content_hash import relation_hash
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import (
    CONTEXT,
    MATCH,
    NEXT_MATCH,
    athletes,
    week,
    wellness,
)

MONDAY = date(2024, 3, 4)
NIGHT = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
#: What has rows, and a table that was made and never committed.
TABLES: tuple[TableContract, ...] = (ATHLETES, WELLNESS, INJURIES)


@dataclass(frozen=True)
class Club:
    """A lakehouse, and where its backups are."""

    place: Place
    dagster_home: Path | None = None
    mlflow_uri: str = "https://registry.example"

    @property
    def warehouse(self) -> str:
        return self.place.warehouse_uri

    @property
    def catalog(self) -> TableCatalog:
        return TableCatalog(self.place.catalog_uri, self.warehouse, self.place.s3)

    @property
    def seen(self) -> BackupPlace:
        return BackupPlace(
            self.catalog, self.warehouse, self.store, self.dagster_home, self.mlflow_uri
        )

    @property
    def store(self) -> BackupStore:
        return self.store_at(f"{self.place.uri}/backups")

    def store_at(self, uri: str) -> BackupStore:
        """Backups kept elsewhere."""
        return backup_store(uri, self.place.s3)

    def fill(self) -> None:
        """Three tables: of sessions, with an overwrite; of days; and one that holds nothing."""
        with self.place.lakehouse as lakehouse:
            for session, names in ((MATCH, "123"), (NEXT_MATCH, "12"), (MATCH, "24")):
                rows = athletes(session, *names)
                lakehouse.replace_sessions(ATHLETES, rows, [session], CONTEXT)
            for source in ("diary", "watch"):
                rows = wellness(source, MONDAY, 7, 60.0)
                lakehouse.replace_slice(WELLNESS, rows, week(source, MONDAY), CONTEXT)
            lakehouse.ensure_table(INJURIES)

    def commit(self, session: str, *names: str) -> None:
        """One more commit."""
        with self.place.lakehouse as lakehouse:
            lakehouse.replace_sessions(ATHLETES, athletes(session, *names), [session], CONTEXT)

    def hashes(self, of: BackupManifest | None = None) -> dict[str, str]:
        """Content of every table now, or as of the snapshots of a backup."""
        at = {table.key: table.snapshot_id for table in of.tables} if of else {}
        found = {}
        with self.place.lakehouse as lakehouse, lakehouse.connect() as connection:
            for contract in TABLES:
                lakehouse.view(connection, contract, "t", snapshot_id=at.get(contract.key))
                found[contract.key] = relation_hash(connection, "t", contract)
        return found

    def back_up(self, now: datetime = NIGHT) -> BackupManifest:
        return back_up(self.seen, now)

    def restore(self, backup: str, **how: object) -> Restored:
        return restore(self.seen, backup, **how)

    def lose(self, location: str) -> None:
        """Remove a file of the warehouse."""
        self.catalog.files(location).delete(location)

    def lose_metadata(self, key: str) -> int:
        """Remove every metadata file that a table needs; returns how many."""
        table = self.catalog.find(key)
        assert table is not None
        gone = {table.metadata_location}
        for snapshot in table.snapshots():
            gone |= {snapshot.manifest_list}
            gone |= {manifest.manifest_path for manifest in snapshot.manifests(table.io)}
        for location in gone:
            self.lose(location)
        return len(gone)

    def lose_catalog(self) -> None:
        """Remove every pointer: the file, or what is in the database."""
        url = make_url(self.place.catalog_uri)
        if url.get_backend_name() == "sqlite":
            Path(str(url.database)).unlink()
            return
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))

    def data_files(self, contract: TableContract, row_filter: str = "true") -> list[str]:
        """Data files of the current snapshot that may hold such rows."""
        table = self.catalog.find(contract.key)
        assert table is not None
        found = table.scan(row_filter=row_filter).plan_files()
        return sorted(task.file.file_path for task in found)

    def rows(self, contract: TableContract) -> pa.Table:
        """What a table holds."""
        with self.place.lakehouse as lakehouse, lakehouse.connect() as connection:
            lakehouse.view(connection, contract, "t")
            return connection.sql("select * from t").to_arrow_table()
