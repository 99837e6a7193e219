"""Several writers at once, and writers that are killed: nothing lost, nothing twice."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from edge_ingest.records import ATHLETES
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.resources.conftest import Place, fresh_place
from tests.resources.lakehouse_rows import CONTEXT, MATCH, athletes

WRITER = Path(__file__).parent / "writer_process.py"
WRITERS = 4
TIMES = 3


@pytest.fixture(params=["local", pytest.param("production", marks=pytest.mark.soak)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """As every test's, but for the object store at soak: its contract has a race of its own."""
    return fresh_place(request, tmp_path)


def start(place: Place, **job: object) -> subprocess.Popen[str]:
    told = {"catalog": place.catalog_uri, "warehouse": place.warehouse_uri, "s3": place.s3}
    return subprocess.Popen(
        [sys.executable, WRITER, json.dumps(told | job)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(writers: list[subprocess.Popen[str]]) -> None:
    try:
        for writer in writers:
            _, complaint = writer.communicate(timeout=900)
            assert writer.returncode == 0, complaint
    finally:
        for writer in writers:
            writer.kill()


def athletes_of(lakehouse: IcebergLakehouse) -> list[str]:
    with lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "athletes")
        found = connection.execute("select source_athlete_id from athletes order by 1").fetchall()
    return [row[0] for row in found]


@pytest.mark.slow
def test_processes_writing_different_sessions_all_land(place: Place) -> None:
    # Nothing exists yet: catalogue, namespace and table are made by four processes at once.
    finish(
        [
            start(place, writer=w, times=TIMES, session=f"2024-05-0{w + 1}_football_t-{{number}}")
            for w in range(WRITERS)
        ]
    )
    expected = [f"{w}-{t}-{n}" for w in range(WRITERS) for t in range(TIMES) for n in range(3)]
    assert athletes_of(place.lakehouse) == sorted(expected)


@pytest.mark.soak
@pytest.mark.parametrize("place", ["local", "production"], indirect=True)
def test_eight_processes_of_ten_commits_lose_none_and_double_none(place: Place) -> None:
    """Sessions of one table, from nothing on: catalogue and table are made in the race as well."""
    finish(
        [
            start(place, writer=w, times=10, session=f"2024-06-{w + 1:02d}_football_t-{{number}}")
            for w in range(8)
        ]
    )
    expected = [f"{w}-{t}-{n}" for w in range(8) for t in range(10) for n in range(3)]
    assert athletes_of(place.lakehouse) == sorted(expected)
    table = TableCatalog(place.catalog_uri, place.warehouse_uri, place.s3).find(ATHLETES.key)
    assert table is not None
    assert len(table.snapshots()) == 80  # a commit each, none of them landed twice


@pytest.mark.slow
def test_processes_overwriting_one_session_leave_the_rows_of_one_write(place: Place) -> None:
    finish([start(place, writer=w, times=TIMES, session=MATCH) for w in range(WRITERS)])
    writes = Counter(name.rsplit("-", 1)[0] for name in athletes_of(place.lakehouse))
    assert list(writes.values()) == [3]
    # Whoever came last of all had come to its last turn.
    assert next(iter(writes)).endswith(f"-{TIMES - 1}")


@pytest.mark.slow
def test_every_snapshot_of_concurrent_overwrites_holds_the_rows_of_one_write(place: Place) -> None:
    finish([start(place, writer=w, times=TIMES, session=MATCH) for w in range(WRITERS)])
    lakehouse = place.lakehouse
    table = TableCatalog(place.catalog_uri, place.warehouse_uri, place.s3).find(ATHLETES.key)
    assert table is not None
    snapshots = table.snapshots()
    # One a write: neither a delete before its append, nor a retry that landed twice.
    assert len(snapshots) == WRITERS * TIMES
    seen = set()
    with lakehouse.connect() as connection:
        for snapshot in snapshots:
            lakehouse.view(connection, ATHLETES, "a", snapshot_id=snapshot.snapshot_id)
            names = [row[0] for row in connection.sql("select source_athlete_id from a").fetchall()]
            (write,) = {name.rsplit("-", 1)[0] for name in names}
            assert len(names) == 3
            seen.add(write)
    assert seen == {f"{w}-{t}" for w in range(WRITERS) for t in range(TIMES)}


@pytest.mark.slow
@pytest.mark.parametrize("before", [(), ("1", "2")], ids=["new", "overwrite"])
def test_a_writer_killed_before_its_commit_leaves_the_table_as_it_was(
    place: Place, before: tuple[str, ...]
) -> None:
    lakehouse = place.lakehouse
    if before:
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, *before), [MATCH], CONTEXT)
    snapshot = lakehouse.snapshot_id("raw/athletes")
    writer = start(place, writer="w", times=1, session=MATCH, hang=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "files written\n"
    writer.kill()
    writer.communicate(timeout=30)
    assert lakehouse.snapshot_id("raw/athletes") == snapshot
    assert athletes_of(lakehouse) == list(before)
    finish([start(place, writer="w", times=1, session=MATCH)])
    assert athletes_of(lakehouse) == ["w-0-0", "w-0-1", "w-0-2"]
