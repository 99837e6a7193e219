"""The golden table: settings, schema, partitions, order and snapshot properties."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog

from edge_ingest.records import ATHLETES, WELLNESS
from resources.iceberg import durable_files
from resources.iceberg.content_hash import table_hash
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import CommitContext
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import CONTEXT, MATCH, athletes, week, wellness

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "lakehouse_table.json"


def described(lakehouse: IcebergLakehouse, key: str) -> dict[str, object]:
    table = lakehouse._tables.find(key)
    assert table is not None
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    properties = snapshot.summary.additional_properties
    return {
        "properties": dict(sorted(table.properties.items())),
        "format_version": table.format_version,
        "partition": [str(field) for field in table.spec().fields],
        "order": [
            f"{table.schema().find_column_name(field.source_id)} {field.direction.name}"
            for field in table.sort_order().fields
        ],
        "schema": [str(field) for field in table.schema().fields],
        "snapshot": {k: v for k, v in sorted(properties.items()) if k.startswith("touchline.")},
    }


def test_tables_are_made_as_the_golden_file_says(place: Place) -> None:
    lakehouse = place.lakehouse
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    monday = date(2024, 3, 4)
    diary = wellness("diary", monday, 7, readiness=5)
    lakehouse.replace_slice(WELLNESS, diary, week("diary", monday), CONTEXT)
    found = {key: described(lakehouse, key) for key in ("raw/athletes", "raw/wellness")}
    assert found == json.loads(GOLDEN.read_text())


def test_what_a_writer_keeps_of_its_commit_is_what_others_read(place: Place) -> None:
    writer = place.lakehouse
    for revision in ("1", "2"):
        writer.replace_sessions(ATHLETES, athletes(MATCH, revision), [MATCH], CONTEXT)
    kept, read = (one._tables.find("raw/athletes") for one in (writer, place.lakehouse))
    assert kept is not None
    assert read is not None
    assert len(read.metadata.snapshots) == len(("1", "2"))
    assert (kept.metadata_location, kept.metadata) == (read.metadata_location, read.metadata)


def test_every_file_of_a_table_is_on_the_disk_before_the_catalogue_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    sync = durable_files._sync

    def told(place: Path) -> None:
        sync(place)
        synced.add(str(place))

    monkeypatch.setattr(durable_files, "_sync", told)
    warehouse = tmp_path / "warehouse"
    lakehouse = IcebergLakehouse(f"sqlite:///{tmp_path}/catalog.db", str(warehouse))
    commit_table = SqlCatalog.commit_table

    def checked(*arguments: Any) -> Any:
        assert {str(path) for path in warehouse.rglob("*.parquet")} <= synced
        done = commit_table(*arguments)
        assert {str(path) for path in warehouse.rglob("*") if path.is_file()} <= synced
        return done

    monkeypatch.setattr(SqlCatalog, "commit_table", checked)
    for revision in ("1", "2"):
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, revision), [MATCH], CONTEXT)
    kinds = {Path(path).suffix for path in synced}
    assert kinds == {"", ".parquet", ".avro", ".json"}
    assert str(warehouse / "raw" / "athletes" / "data") in synced  # where a new partition's name is


def test_what_a_snapshot_names_is_bounded(tmp_path: Path) -> None:
    lakehouse = IcebergLakehouse(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "warehouse"))
    sessions = [f"2024-01-01_football_session-{n:04d}" for n in range(300)]
    drops = tuple(f"{n:016x}" for n in range(900))
    lakehouse.replace_sessions(
        ATHLETES, ATHLETES.empty(), sessions, CommitContext("backfill", "v", drops)
    )
    named = described(lakehouse, "raw/athletes")["snapshot"]
    assert isinstance(named, dict)
    assert (named["touchline.session-count"], named["touchline.drop-count"]) == ("300", "900")
    assert len(json.dumps(named)) < 4000


NAMES = st.lists(st.text(st.characters(codec="ascii"), max_size=3), max_size=12)


@pytest.mark.slow
@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_content_hash_knows_rows_and_not_their_order(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    told = table_hash(ATHLETES, athletes(MATCH, *names))
    assert table_hash(ATHLETES, athletes(MATCH, *shuffled)) == told
    assert table_hash(ATHLETES, athletes(MATCH, *names, "one more")) != told
    # A row twice is not the same as no row, which an exclusive-or alone would say.
    assert table_hash(ATHLETES, athletes(MATCH, *names, "x", "x")) != told


def test_the_content_hash_does_not_depend_on_how_rows_are_chunked() -> None:
    whole = athletes(MATCH, "1", "2", "3")
    pieces = pa.concat_tables([whole.slice(2), whole.slice(0, 1), whole.slice(1, 1)])
    assert table_hash(ATHLETES, pieces) == table_hash(ATHLETES, whole)
