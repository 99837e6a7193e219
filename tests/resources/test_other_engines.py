"""The same tables read by a second engine: Polars' own Parquet reader, through the catalogue.

Which data files there are is planned by pyiceberg for both; decoding, types, columns that a file is
older than, and reading from the object store are each engine's own.
"""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
import pyarrow as pa
import pytest

from edge_ingest.contract import Column, TableContract
from edge_ingest.records import ATHLETES, INJURIES, WELLNESS
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.content_hash import table_hash
from resources.object_store import iceberg_properties
from tests.resources.backups import Club
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import CONTEXT, MATCH, SAME_DAY, athletes
from tests.sports_assets.test_session_runs import CONTRACTS, SESSION_ASSETS
from tests.sports_assets.test_session_runs import Club as Graph
from tests.sports_assets.workouts import ride, send


@pytest.fixture(autouse=True)
def _planner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its own planner, which is another package, Polars warns; it may not be installed."""
    monkeypatch.setenv("POLARS_ICEBERG_PLANNER", "pyiceberg")


def read_by_polars(
    catalog: TableCatalog, contract: TableContract, s3: Mapping[str, str] | None = None
) -> pa.Table:
    """Every row of a table; fails rather than let pyiceberg read it for Polars."""
    table = catalog.find(contract.key)
    assert table is not None
    options = iceberg_properties(s3) if s3 else None
    scan = pl.scan_iceberg(table, reader_override="native", storage_options=options)
    return scan.collect().to_arrow()


def hash_by_polars(
    catalog: TableCatalog, contract: TableContract, s3: Mapping[str, str] | None = None
) -> str:
    rows = read_by_polars(catalog, contract, s3)
    known = rows.select([column.name for column in contract.columns])
    return table_hash(contract, contract.conform(known))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """A session from drop to page, and again after a correction, so that every table has both."""
    graph = Graph(tmp_path_factory.mktemp("graph"))
    for speed_mps in (8.0, 9.0):
        session = send(graph.landing, ride(speed_mps=speed_mps)).session_id
        graph.run([session])
    return graph


@pytest.fixture(scope="module")
def ours(graph: Graph) -> Mapping[str, str]:
    """What our own engine makes of every table."""
    with graph.resources["lakehouse"].open() as store:
        return {key: store.content_hash(CONTRACTS[key]) for key in SESSION_ASSETS}


@pytest.mark.slow
@pytest.mark.parametrize("key", SESSION_ASSETS)
def test_every_table_of_a_run_reads_the_same(
    graph: Graph, ours: Mapping[str, str], key: str
) -> None:
    catalog = graph.resources["lakehouse"].open_catalog()
    assert hash_by_polars(catalog, CONTRACTS[key]) == ours[key]


@pytest.mark.slow
def test_tables_of_every_layer_have_rows_and_an_overwrite(graph: Graph) -> None:
    catalog = graph.resources["lakehouse"].open_catalog()
    overwritten = set()
    for key in SESSION_ASSETS:
        table = catalog.find(key)
        assert table is not None
        made_by = {snapshot.summary.operation.value for snapshot in table.snapshots()}
        if "overwrite" in made_by and list(table.scan().plan_files()):
            overwritten.add(key)
    assert {key.partition("/")[0] for key in overwritten} == {
        "raw", "tracking", "core", "mart", "report",
    }, overwritten  # fmt: skip


def test_overwrites_days_and_a_table_without_rows_read_the_same(place: Place) -> None:
    club = Club(place)
    club.fill()
    theirs = {
        contract.key: hash_by_polars(club.catalog, contract, place.s3)
        for contract in (ATHLETES, WELLNESS, INJURIES)
    }
    assert theirs == club.hashes()
    assert len(set(theirs.values())) == 3


def test_files_older_than_a_column_read_as_null_there_and_wider_types_as_wide(
    place: Place,
) -> None:
    narrow = tuple(
        replace(column, type=pa.float32()) if column.name == "max_heart_rate_bpm" else column
        for column in ATHLETES.columns
    )
    old = replace(ATHLETES, columns=narrow)
    new = replace(
        ATHLETES,
        columns=(*ATHLETES.columns, Column("boot_size_eu", pa.int32(), "Size", null_means="-")),
    )
    with place.lakehouse as lakehouse:
        rows = old.conform(athletes(MATCH, "1", "2").cast(old.schema))
        lakehouse.replace_sessions(old, rows, [MATCH], CONTEXT)
        rows = athletes(SAME_DAY, "3").append_column("boot_size_eu", pa.array([44], pa.int32()))
        lakehouse.replace_sessions(new, new.conform(rows), [SAME_DAY], CONTEXT)
        ours = lakehouse.content_hash(new)
    catalog = Club(place).catalog
    assert hash_by_polars(catalog, new, place.s3) == ours
    read = read_by_polars(catalog, new, place.s3).sort_by("source_athlete_id")
    assert read.column("boot_size_eu").to_pylist() == [None, None, 44]
    assert read.column("max_heart_rate_bpm").type == pa.float64()
