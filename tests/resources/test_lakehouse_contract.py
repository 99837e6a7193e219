"""What `Lakehouse` promises, on a local folder and on an object store alike."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.table import FileScanTask

from edge_ingest.contract import Column, TableContract
from edge_ingest.errors import ContractError
from edge_ingest.records import ATHLETES, POSITIONS, WELLNESS
from resources.contracts import ALL
from resources.errors import (
    ForeignRowsError,
    ResourceError,
    TableEvolutionError,
    UnreadableTableError,
)
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.resources.conftest import KINDS, Place, fresh_place
from tests.resources.lakehouse_rows import (
    CONTEXT,
    MATCH,
    NEXT_MATCH,
    SAME_DAY,
    athletes,
    week,
    wellness,
)

MONDAY = date(2024, 3, 4)


@pytest.fixture(params=[*KINDS, pytest.param("rest", marks=pytest.mark.soak)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The places of all contract tests, and those of tables in a REST catalogue."""
    return fresh_place(request, tmp_path)


@pytest.fixture
def lakehouse(place: Place) -> IcebergLakehouse:
    return place.lakehouse


def names(lakehouse: IcebergLakehouse, session_ids: list[str] | None = None) -> list[str]:
    with lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "athletes", session_ids)
        rows = connection.execute("select source_athlete_id from athletes order by all").fetchall()
    return [row[0] for row in rows]


def operations(lakehouse: IcebergLakehouse, key: str = "raw/athletes") -> list[str]:
    table = lakehouse._tables.find(key)
    assert table is not None
    return [snapshot.summary.operation.value for snapshot in table.snapshots()]


def test_a_table_never_committed_is_empty_and_has_no_snapshot(lakehouse: IcebergLakehouse) -> None:
    with lakehouse.connect() as connection:
        assert lakehouse.snapshot_id("raw/athletes") is None
        assert lakehouse.view(connection, ATHLETES, "before", [MATCH]) is None
        lakehouse.ensure_table(ATHLETES)
        lakehouse.ensure_table(ATHLETES)
        assert lakehouse.snapshot_id("raw/athletes") is None
        assert lakehouse.history(connection, ATHLETES, "after", [MATCH]) is None
        for name in ("before", "after"):
            read = connection.execute(f"select * from {name}").to_arrow_table()
            assert read.schema.types == ATHLETES.schema.types
            assert read.num_rows == 0


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.key)
def test_every_contract_reads_back_with_its_own_types(
    contract: TableContract, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("types")
    lakehouse = IcebergLakehouse(f"sqlite:///{folder}/catalog.db", str(folder / "warehouse"))
    lakehouse.ensure_table(contract)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, contract, "read")
        assert (
            connection.execute("select * from read").to_arrow_table().schema.types
            == contract.schema.types
        )


def test_rows_come_back_as_they_were_written(lakehouse: IcebergLakehouse) -> None:
    rows = athletes(MATCH, "10", "9")
    commit = lakehouse.replace_sessions(ATHLETES, rows, [MATCH], CONTEXT)
    with lakehouse.connect() as connection:
        snapshot = lakehouse.view(connection, ATHLETES, "read", [MATCH])
        read = connection.execute("select * from read").to_arrow_table()
    assert ATHLETES.conform(read) == rows
    assert snapshot == commit.snapshot_id == lakehouse.snapshot_id("raw/athletes")
    assert (commit.rows, commit.is_new) == (2, True)
    assert commit.bytes > 0
    assert lakehouse.content_hash(ATHLETES, [MATCH]) == commit.content_hash


@pytest.mark.slow
def test_a_new_session_is_appended_and_a_known_one_overwritten_in_one_snapshot(
    lakehouse: IcebergLakehouse,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1", "2", "3"), [MATCH], CONTEXT)
        lakehouse.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "1"), [NEXT_MATCH], CONTEXT)
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "2", "4"), [MATCH], CONTEXT)
    assert operations(lakehouse) == ["append", "append", "overwrite"]
    assert names(lakehouse, [MATCH]) == ["2", "4"]  # what the correction removed is gone
    assert names(lakehouse) == ["1", "2", "4"]
    assert lakehouse.committed_sessions(ATHLETES) == (MATCH, NEXT_MATCH)
    assert lakehouse.rows_by_session(ATHLETES, [MATCH, "never-sent"]) == {MATCH: 2}


def test_several_sessions_are_replaced_in_one_commit(lakehouse: IcebergLakehouse) -> None:
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    both = pa.concat_tables([athletes(MATCH, "5"), athletes(NEXT_MATCH, "6")])
    lakehouse.replace_sessions(ATHLETES, both, [NEXT_MATCH, MATCH], CONTEXT)
    assert operations(lakehouse) == ["append", "overwrite"]
    assert names(lakehouse) == ["5", "6"]


def test_rows_that_are_there_already_make_no_snapshot(lakehouse: IcebergLakehouse) -> None:
    first = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1", "2"), [MATCH], CONTEXT)
    later = replace(CONTEXT, run_id="run-2")
    again = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "2", "1"), [MATCH], later)
    assert again.is_new is False
    assert (again.snapshot_id, again.content_hash) == (first.snapshot_id, first.content_hash)
    assert operations(lakehouse) == ["append"]
    # As many rows, and other ones: counting them is not enough.
    changed = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1", "3"), [MATCH], CONTEXT)
    assert changed.is_new
    assert changed.content_hash != first.content_hash


def test_nothing_to_say_can_be_told_from_never_ran(lakehouse: IcebergLakehouse) -> None:
    first = lakehouse.replace_sessions(ATHLETES, ATHLETES.empty(), [MATCH], CONTEXT)
    assert first.is_new
    assert first.snapshot_id == lakehouse.snapshot_id("raw/athletes")
    second = lakehouse.replace_sessions(ATHLETES, ATHLETES.empty(), [NEXT_MATCH], CONTEXT)
    assert not second.is_new
    assert second.content_hash == first.content_hash
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    lakehouse.replace_sessions(ATHLETES, ATHLETES.empty(), [MATCH], CONTEXT)
    assert names(lakehouse) == []
    assert lakehouse.committed_sessions(ATHLETES) == ()


def test_rows_of_another_session_are_refused_by_name(lakehouse: IcebergLakehouse) -> None:
    rows = pa.concat_tables([athletes(MATCH, "1"), athletes(NEXT_MATCH, "2")])
    with pytest.raises(ForeignRowsError, match=NEXT_MATCH):
        lakehouse.replace_sessions(ATHLETES, rows, [MATCH], CONTEXT)
    assert lakehouse.snapshot_id("raw/athletes") is None


def test_a_write_that_names_no_session_is_refused(lakehouse: IcebergLakehouse) -> None:
    with pytest.raises(ResourceError, match="name the sessions"):
        lakehouse.replace_sessions(ATHLETES, ATHLETES.empty(), [], CONTEXT)


def test_rows_that_do_not_fit_the_contract_are_refused(lakehouse: IcebergLakehouse) -> None:
    with pytest.raises(ContractError, match="no column shoe_size"):
        lakehouse.replace_sessions(
            ATHLETES,
            athletes(MATCH, "1").append_column("shoe_size", pa.array([44])),
            [MATCH],
            CONTEXT,
        )


@pytest.mark.slow
def test_session_ids_are_data_and_not_sql(lakehouse: IcebergLakehouse) -> None:
    odd = "2024-01-01_football_o'neill's \"cup\" [50%]+*"
    lakehouse.replace_sessions(ATHLETES, athletes(odd, "1"), [odd], CONTEXT)
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "2"), [MATCH], CONTEXT)
    assert names(lakehouse, [odd]) == ["1"]
    with lakehouse.connect() as connection:
        connection.execute('create schema "a b"')
        lakehouse.history(connection, ATHLETES, 'a b.of "others"', [odd])
        found = connection.execute('select source_athlete_id from "a b"."of ""others"""').fetchall()
    assert found == [("2",)]


def test_history_is_every_committed_session_but_those(lakehouse: IcebergLakehouse) -> None:
    for session, name in ((MATCH, "1"), (SAME_DAY, "2"), (NEXT_MATCH, "3")):
        lakehouse.replace_sessions(ATHLETES, athletes(session, name), [session], CONTEXT)
    with lakehouse.connect() as connection:
        for excluding, expected in (
            ([MATCH], ["2", "3"]),
            ([], ["1", "2", "3"]),
            (["2030-01-01_football_unheard-of"], ["1", "2", "3"]),
            ([MATCH, SAME_DAY, NEXT_MATCH], []),
        ):
            lakehouse.history(connection, ATHLETES, "past", excluding)
            found = connection.execute("select source_athlete_id from past order by 1").fetchall()
            assert [row[0] for row in found] == expected


def test_no_session_asked_for_gives_no_rows(lakehouse: IcebergLakehouse) -> None:
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    assert names(lakehouse, []) == []


def test_a_view_stays_at_its_point_in_time(lakehouse: IcebergLakehouse) -> None:
    before = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, ATHLETES, "early", [MATCH])
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "2"), [MATCH], CONTEXT)
        assert connection.execute("select source_athlete_id from early").fetchall() == [("1",)]
        read = lakehouse.view(connection, ATHLETES, "again", [MATCH], before.snapshot_id)
        assert read == before.snapshot_id
        assert connection.execute("select source_athlete_id from again").fetchall() == [("1",)]
        with pytest.raises(UnreadableTableError, match="no snapshot 12345"):
            lakehouse.view(connection, ATHLETES, "never", None, 12345)


@pytest.mark.slow
def test_a_slice_replaces_its_days_and_source_only(lakehouse: IcebergLakehouse) -> None:
    for source in ("diary", "ring"):
        rows = wellness(source, MONDAY, 14, readiness=5)
        lakehouse.replace_slice(WELLNESS, rows, week(source, MONDAY, 14), CONTEXT)
    # A correction of diary's first week that has lost three of its days.
    corrected = wellness("diary", MONDAY, 4, readiness=9)
    commit = lakehouse.replace_slice(WELLNESS, corrected, week("diary", MONDAY), CONTEXT)
    assert commit.rows == 4
    assert operations(lakehouse, "raw/wellness") == ["append", "append", "overwrite"]
    with lakehouse.connect() as connection:
        lakehouse.view(connection, WELLNESS, "wellness")
        found = connection.execute(
            "select source, readiness, count(*) from wellness group by all order by all"
        ).fetchall()
    assert found == [("diary", 5, 7), ("diary", 9, 4), ("ring", 5, 14)]
    again = lakehouse.replace_slice(WELLNESS, corrected, week("diary", MONDAY), CONTEXT)
    assert not again.is_new
    assert again.content_hash == commit.content_hash


def test_an_empty_slice_is_emptied(lakehouse: IcebergLakehouse) -> None:
    rows = wellness("diary", MONDAY, 7, readiness=5)
    lakehouse.replace_slice(WELLNESS, rows, week("diary", MONDAY), CONTEXT)
    lakehouse.replace_slice(WELLNESS, WELLNESS.empty(), week("diary", MONDAY, 3), CONTEXT)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, WELLNESS, "wellness")
        assert connection.execute("select min(day), count(*) from wellness").fetchall() == [
            (date(2024, 3, 7), 4)
        ]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (wellness("diary", MONDAY, 8, 5), "2024-03-11"),
        (wellness("ring", MONDAY, 7, 5), "source = 'diary'"),
    ],
    ids=["days", "source"],
)
def test_rows_outside_of_the_slice_are_refused(
    lakehouse: IcebergLakehouse, rows: pa.Table, fault: str
) -> None:
    with pytest.raises(ForeignRowsError, match=fault):
        lakehouse.replace_slice(WELLNESS, rows, week("diary", MONDAY), CONTEXT)


def test_a_table_is_replaced_as_its_contract_says(lakehouse: IcebergLakehouse) -> None:
    with pytest.raises(ResourceError, match="use replace_slice"):
        lakehouse.replace_sessions(WELLNESS, WELLNESS.empty(), [MATCH], CONTEXT)
    with pytest.raises(ResourceError, match="use replace_sessions"):
        lakehouse.replace_slice(ATHLETES, ATHLETES.empty(), week("diary", MONDAY), CONTEXT)


def test_a_newer_contract_adds_columns_and_old_files_read_as_null(
    lakehouse: IcebergLakehouse,
) -> None:
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    height = Column("height_m", pa.float64(), "body height", "m", null_means="not told")
    # In the middle: columns are known by their id in the file, not by their place.
    newer = replace(ATHLETES, columns=(*ATHLETES.columns[:3], height, *ATHLETES.columns[3:]))
    with lakehouse.connect() as connection:
        lakehouse.view(connection, newer, "unseen")
        assert connection.execute("select height_m from unseen").fetchall() == [(None,)]
    rows = athletes(NEXT_MATCH, "2").append_column("height_m", pa.array([1.93]))
    lakehouse.replace_sessions(newer, rows, [NEXT_MATCH], CONTEXT)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, newer, "all_of_them")
        found = connection.execute(
            "select source_athlete_id, height_m, max_heart_rate_bpm from all_of_them order by 1"
        )
        assert found.fetchall() == [("1", None, 190.5), ("2", 1.93, 190.5)]
        # A reader with the older contract goes on as before.
        lakehouse.view(connection, ATHLETES, "older")
        assert len(connection.execute("select * from older").description) == len(ATHLETES.columns)


def test_an_older_writer_does_not_lose_what_a_newer_one_wrote_beside(
    lakehouse: IcebergLakehouse,
) -> None:
    weight = Column("weight_kg", pa.float64(), "on waking", "kg", null_means="not told")
    newer = replace(WELLNESS, columns=(*WELLNESS.columns, weight))
    rows = wellness("diary", MONDAY, 14, readiness=5)
    rows = rows.append_column("weight_kg", pa.array([80.0] * 14))
    lakehouse.replace_slice(newer, rows, week("diary", MONDAY, 14), CONTEXT)
    older = wellness("diary", MONDAY, 7, readiness=6)
    lakehouse.replace_slice(WELLNESS, older, week("diary", MONDAY), CONTEXT)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, newer, "wellness")
        found = connection.execute(
            "select readiness, weight_kg, count(*) from wellness group by all order by all"
        ).fetchall()
    assert found == [(5, 80, 7), (6, None, 7)]


def test_a_type_may_widen_and_may_not_change(lakehouse: IcebergLakehouse) -> None:
    def with_shirts(kind: pa.DataType) -> TableContract:
        columns = tuple(
            replace(column, type=kind) if column.name == "shirt_number" else column
            for column in ATHLETES.columns
        )
        return replace(ATHLETES, columns=columns)

    shirts = pa.array([7], pa.int32())
    rows = athletes(MATCH, "1")
    rows = rows.set_column(rows.column_names.index("shirt_number"), "shirt_number", shirts)
    lakehouse.replace_sessions(ATHLETES, rows, [MATCH], CONTEXT)
    wider = with_shirts(pa.int64())
    lakehouse.ensure_table(wider)
    with lakehouse.connect() as connection:
        lakehouse.view(connection, wider, "wide")
        read = connection.execute("select shirt_number from wide").to_arrow_table()
    assert read.column(0).to_pylist() == [7]
    assert read.schema.types == [pa.int64()]
    with pytest.raises(TableEvolutionError, match="new column name"):
        lakehouse.ensure_table(with_shirts(pa.string()))


def test_a_contract_type_that_would_not_read_back_is_refused(lakehouse: IcebergLakehouse) -> None:
    small = replace(ATHLETES, columns=(*ATHLETES.columns, Column("tiny", pa.int8(), "too small")))
    with pytest.raises(TableEvolutionError, match="tiny is int8"):
        lakehouse.ensure_table(small)


def test_delete_files_are_refused(
    lakehouse: IcebergLakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    # The library cannot write delete files: another engine's are given to the planner here.
    plain = FileScanTask.__init__

    def with_deletes(task: FileScanTask, data_file: object, *_: object, **__: object) -> None:
        plain(task, data_file, {data_file})

    monkeypatch.setattr(FileScanTask, "__init__", with_deletes)
    with lakehouse.connect() as connection, pytest.raises(UnreadableTableError, match="raw/athlet"):
        lakehouse.view(connection, ATHLETES, "athletes")


@pytest.mark.slow
def test_twenty_commits_at_once_all_land_once(place: Place) -> None:
    sessions = [f"2024-05-{day:02d}_football_training" for day in range(1, 21)]

    def write(session: str) -> None:
        with place.lakehouse as lakehouse:
            lakehouse.replace_sessions(ATHLETES, athletes(session, session), [session], CONTEXT)

    if place.table_bucket:  # SeaweedFS's catalogue makes a table twice that two ask for at once
        place.lakehouse.ensure_table(ATHLETES)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, sessions))
    assert names(place.lakehouse) == sessions


@pytest.mark.slow
def test_manifests_are_merged_and_appends_stay_appends(lakehouse: IcebergLakehouse) -> None:
    for day in range(1, 26):
        session = f"2024-05-{day:02d}_football_training"
        lakehouse.replace_sessions(ATHLETES, athletes(session, "1"), [session], CONTEXT)
    for day in range(1, 13):
        session = f"2024-05-{day:02d}_football_training"
        lakehouse.replace_sessions(ATHLETES, athletes(session, "2"), [session], CONTEXT)
    table = lakehouse._tables.find("raw/athletes")
    assert table is not None
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert len(snapshot.manifests(table.io)) < 20
    assert set(operations(lakehouse)[:25]) == {"append"}
    assert names(lakehouse) == ["1"] * 13 + ["2"] * 12


def test_a_session_whose_file_is_lost_or_damaged_is_mended_by_its_own_run(place: Place) -> None:
    lakehouse = place.lakehouse
    for damage in (b"", None):
        lakehouse.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "9"), [NEXT_MATCH], CONTEXT)
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        table = lakehouse._tables.find(ATHLETES.key)
        assert table is not None
        (task,) = table.scan(row_filter=f"session_id = '{MATCH}'").plan_files()
        table.io.delete(task.file.file_path)
        if damage is not None:
            with table.io.new_output(task.file.file_path).create() as output:
                output.write(damage)
        again = lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        assert again.is_new
        assert names(lakehouse) == ["1", "9"]


def test_an_engine_opened_elsewhere_reads_after_configure(lakehouse: IcebergLakehouse) -> None:
    lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
    with duckdb.connect() as connection:
        lakehouse.configure(connection)
        lakehouse.configure(connection)
        lakehouse.view(connection, ATHLETES, "athletes")
        cursor = connection.cursor()  # what dbt gives each of its threads
        assert cursor.execute("select count(*) from athletes").fetchone() == (1,)
        assert cursor.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)


def test_instants_are_utc_in_the_engine(lakehouse: IcebergLakehouse) -> None:
    with lakehouse.connect() as connection:
        lakehouse.view(connection, POSITIONS, "positions")
        kind = connection.execute("select captured_at_utc from positions").to_arrow_table()
    assert kind.schema.types == [pa.timestamp("us", tz="UTC")]
