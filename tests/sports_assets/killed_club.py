"""A club whose processes are killed: its home, what stands in it, and what nothing reaches."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog

from edge_ingest.contract import TableContract
from edge_ingest.norms import NORMS_NAME
from resources.iceberg.catalog import CATALOG_NAME
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.conftest import REPOSITORY

PROCESS = Path(__file__).with_name("run_process.py")
UNFINISHED = ".writing-"
#: No function of the input: when a row was written, and the hash of a page with its stopwatch.
_OF_THE_RUN = ("written_at_utc", "page_sha256")


class KilledClub:
    """Everything that is kept, in one folder, and a process that runs what may be killed in it."""

    def __init__(self, folder: Path, contracts: Mapping[str, TableContract], dbt: Path) -> None:
        self.home = folder / "club"
        self.landing = self.home / "landing"
        self._saved = folder / "saved"
        self._folder = folder
        self._contracts = contracts
        (self.home / "dagster").mkdir(parents=True)
        shutil.copyfile(
            REPOSITORY / "deploy" / "local" / "dagster.yaml", self.home / "dagster" / "dagster.yaml"
        )
        (self.home / "dbt").symlink_to(dbt)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SPORTS_", "AWS_", "DAGSTER_"))
        } | {"SPORTS_HOME": str(self.home), "DAGSTER_HOME": str(self.home / "dagster")}
        self._process = subprocess.Popen(
            [sys.executable, PROCESS],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "said").open("w"),
            text=True,
        )

    def warm_up(self, session: str) -> None:
        """A session's whole way, by the process itself; before anything else."""
        self._ask({"session": session})
        assert self._answer() == "0", (self._folder / "said").read_text()[-4000:]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)

    def do(self, what: str, die_at: int | str | None = None, **job: Any) -> list[str]:
        """Do something in a process of its own, to its end or to a boundary.

        Returns:
            Names of the boundaries that it passed; at the last one it died, if it was to.
        """
        notes, log = self._folder / "notes", self._folder / "log"
        told = {"do": what, "die_at": die_at, "notes": str(notes), "log": str(log)} | job
        self._ask(told)
        code = int(self._answer())
        passed = notes.read_text().splitlines()
        died = die_at is not None
        assert code == (-9 if died else 0), f"{what} ended with {code}:\n{log.read_text()[-4000:]}"
        return passed

    def start(self, job: str, session: str) -> subprocess.Popen[str]:
        """A run as Dagster's command starts it, first in a group of processes of its own."""
        return subprocess.Popen(
            [Path(sys.executable).with_name("dagster"), "job", "execute",
             "--module-name", "sports_assets.definitions", "--job", job,
             "--tags", json.dumps({"dagster/partition": session})],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=(self._folder / "log").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )  # fmt: skip

    def save(self, place: Path | None = None) -> None:
        """Keep everything as it is now, for `restore`."""
        shutil.rmtree(place or self._saved, ignore_errors=True)
        shutil.copytree(self.home, place or self._saved, symlinks=True)

    def restore(self, place: Path | None = None) -> None:
        """Put everything back as it was saved, in the same place: tables name their files by it."""
        shutil.rmtree(self.home)
        shutil.copytree(place or self._saved, self.home, symlinks=True)

    def state(self) -> dict[str, Any]:
        """What stands in tables and folders, as far as it is a function of the input."""
        with self._lakehouse() as lakehouse:
            found: dict[str, Any] = {
                key: self._rows(lakehouse, contract) if _has_run(contract) else
                lakehouse.content_hash(contract)
                for key, contract in self._contracts.items()
                if contract.layer != "ops"
            }  # fmt: skip
        found["pages"] = sorted(
            str(path.relative_to(self.home))
            for path in (self.home / "reports").rglob("*")
            if path.is_file() and not path.name.startswith(UNFINISHED)
        )
        norms = self.landing / NORMS_NAME
        if norms.is_file():
            told = json.loads(norms.read_text())
            found["norms"] = told | {"made_at_utc": None, "provenance": None}
        return found

    def check_pages(self) -> None:
        """Each row of the ledger is of the page that it names."""
        contract = self._contracts["report/session"]
        with self._lakehouse() as lakehouse, lakehouse.connect() as connection:
            lakehouse.view(connection, contract, "t")
            entries = connection.sql("select uri, page_sha256 from t").fetchall()
        assert entries
        for uri, digest in entries:
            assert sha256(Path(uri).read_bytes()).hexdigest() == digest

    def unreached(self) -> list[Path]:
        """Files of the warehouse that no snapshot and no metadata of any table leads to."""
        warehouse = self.home / "lakehouse" / "warehouse"
        stored = {path for path in warehouse.rglob("*") if path.is_file()}
        return sorted(stored - set(self._reached()))

    def age(self, days: float) -> None:
        """Make every file of the warehouse older, by its own clock."""
        for path in (self.home / "lakehouse" / "warehouse").rglob("*"):
            stat = path.stat()
            os.utime(path, (stat.st_atime - days * 86400, stat.st_mtime - days * 86400))

    def _reached(self) -> Iterator[Path]:
        catalog = SqlCatalog(
            CATALOG_NAME,
            uri=f"sqlite:///{self.home}/lakehouse/catalog.db",
            warehouse=str(self.home / "lakehouse" / "warehouse"),
        )
        for namespace in catalog.list_namespaces():
            for name in catalog.list_tables(namespace):
                table = catalog.load_table(name)
                yield _path(table.metadata_location)
                yield from (_path(one.metadata_file) for one in table.metadata.metadata_log)
                yield from (_path(one.statistics_path) for one in table.metadata.statistics)
                for snapshot in table.snapshots():
                    yield _path(snapshot.manifest_list)
                    for manifest in snapshot.manifests(table.io):
                        yield _path(manifest.manifest_path)
                        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                            yield _path(entry.data_file.file_path)
        catalog.close()

    def _lakehouse(self) -> IcebergLakehouse:
        lake = self.home / "lakehouse"
        return IcebergLakehouse(f"sqlite:///{lake}/catalog.db?timeout=60", str(lake / "warehouse"))

    def _rows(self, lakehouse: IcebergLakehouse, contract: TableContract) -> list[dict[str, Any]]:
        with lakehouse.connect() as connection:
            lakehouse.view(connection, contract, "t")
            rows = connection.sql("select * from t").to_arrow_table().to_pylist()
        return sorted((_of_the_input(row) for row in rows), key=str)

    def _ask(self, job: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _has_run(contract: TableContract) -> bool:
    return any(column.name == "provenance" for column in contract.columns)


def _of_the_input(row: Mapping[str, Any]) -> dict[str, Any]:
    provenance = json.loads(row["provenance"])
    return {name: value for name, value in row.items() if name not in _OF_THE_RUN} | {
        "provenance": provenance | {"snapshots": None}
    }


def _path(location: str) -> Path:
    return Path(location.removeprefix("file://"))
