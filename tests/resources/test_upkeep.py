"""Compaction, expiry and orphans: what is named stays, what nothing names goes, no row changes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

import resources.iceberg.compaction
import resources.iceberg.upkeep
from edge_ingest.records import ATHLETES, WELLNESS
from resources.errors import UnreadableTableError
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.iceberg.stored_files import list_files, plain_path
from resources.upkeep import Action, Done, UpkeepPolicy
from tests.resources.conftest import Place
from tests.resources.lakehouse_rows import CONTEXT, MATCH, NEXT_MATCH, athletes, week, wellness

NOW = datetime.now(UTC)
MONDAY = date(2024, 3, 4)
POLICY = UpkeepPolicy(keep_last=2)
KEYS = (ATHLETES.key, WELLNESS.key)


@contextmanager
def days_ago(days: float) -> Iterator[None]:
    """Commits are dated so many days back; files are not: see `age`."""
    with patch("time.time", (NOW - timedelta(days=days)).timestamp):
        yield


def age(place: Place, days: float) -> None:
    """Date every file of a local warehouse so many days back."""
    then = (NOW - timedelta(days=days)).timestamp()
    for path in Path(place.uri).rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def table(lakehouse: IcebergLakehouse, key: str) -> Table:
    found = lakehouse._tables.find(key)
    assert found is not None
    return found


def files(place: Place) -> set[str]:
    return {file.path for file in list_files(place.warehouse_uri, place.s3)}


def subjects(lakehouse: IcebergLakehouse, action: Action, **named: frozenset[int]) -> list[str]:
    told = {key.replace("__", "/"): ids for key, ids in named.items()}
    steps = lakehouse.upkeep(POLICY).plan(KEYS, told, NOW).steps
    return [step.subject for step in steps if step.action is action]


def keep(
    lakehouse: IcebergLakehouse, now: datetime = NOW, policy: UpkeepPolicy = POLICY
) -> list[Done]:
    upkeep = lakehouse.upkeep(policy)
    return list(upkeep.apply(upkeep.plan(KEYS, {}, now).steps, {}, now))


def fourteen_days(lakehouse: IcebergLakehouse) -> None:
    """A table of days as it grows: a file a day."""
    for number in range(14):
        day = MONDAY + timedelta(days=number)
        rows = wellness("diary", day, 1, readiness=1 + number % 9)
        lakehouse.replace_slice(WELLNESS, rows, week("diary", day, 1), CONTEXT)


@pytest.mark.slow
class TestCompaction:
    def test_small_files_become_one_and_no_row_changes(self, place: Place) -> None:
        lakehouse = place.lakehouse
        fourteen_days(lakehouse)
        before, read = lakehouse.content_hash(WELLNESS), lakehouse.snapshot_id(WELLNESS.key)
        (done,) = keep(lakehouse)
        assert (done.step.action, done.outcome) == (Action.COMPACT, "done")
        assert done.step.reason.startswith("14 files")
        assert lakehouse.content_hash(WELLNESS) == before
        kept = table(lakehouse, WELLNESS.key)
        assert len(list(kept.scan().plan_files())) == 1
        # Readers of changes pass over it: other engines by the operation, ours by the property.
        snapshot = kept.current_snapshot()
        assert snapshot is not None
        assert snapshot.summary is not None
        assert snapshot.summary.operation.value == "replace"
        assert snapshot.summary["touchline.operation"] == "compaction"
        assert snapshot.summary["total-records"] == "14"
        assert not lakehouse.has_changed(WELLNESS.key, read)
        assert keep(lakehouse) == []  # nothing is left to do

    def test_a_change_after_it_is_a_change(self, place: Place) -> None:
        lakehouse = place.lakehouse
        fourteen_days(lakehouse)
        read = lakehouse.snapshot_id(WELLNESS.key)
        keep(lakehouse)
        rows = wellness("diary", MONDAY, 1, readiness=10)
        commit = lakehouse.replace_slice(WELLNESS, rows, week("diary", MONDAY, 1), CONTEXT)
        assert commit.is_new
        assert lakehouse.has_changed(WELLNESS.key, read)
        assert lakehouse.has_changed(WELLNESS.key, 12345)
        assert not lakehouse.has_changed(WELLNESS.key, commit.snapshot_id)
        assert not lakehouse.has_changed("raw/never_made", None)

    def test_the_same_rows_again_make_no_snapshot_after_it(self, place: Place) -> None:
        lakehouse = place.lakehouse
        fourteen_days(lakehouse)
        keep(lakehouse)
        rows = wellness("diary", MONDAY, 1, readiness=1)
        again = lakehouse.replace_slice(WELLNESS, rows, week("diary", MONDAY, 1), CONTEXT)
        assert not again.is_new

    def test_sessions_keep_files_of_their_own(self, place: Place) -> None:
        lakehouse = place.lakehouse
        for number in range(10):
            session = f"2024-05-{number + 1:02d}_football_home"
            lakehouse.replace_sessions(ATHLETES, athletes(session, "1"), [session], CONTEXT)
        assert keep(lakehouse) == []

    def test_a_writer_that_replaces_its_rows_meanwhile_wins(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        lakehouse, other = place.lakehouse, place.lakehouse
        fourteen_days(lakehouse)
        commit = resources.iceberg.compaction.commit_compaction
        turns = iter([True])

        def overtaken(*arguments: object) -> int:
            if next(turns, False):
                rows = wellness("diary", MONDAY, 1, readiness=10)
                other.replace_slice(WELLNESS, rows, week("diary", MONDAY, 1), CONTEXT)
                rows = wellness("ring", MONDAY, 1, readiness=3)
                other.replace_slice(WELLNESS, rows, week("ring", MONDAY, 1), CONTEXT)
            return commit(*arguments)

        monkeypatch.setattr(resources.iceberg.compaction, "commit_compaction", overtaken)
        (done,) = keep(lakehouse)
        assert done.outcome == "done"
        with lakehouse.connect() as connection:
            lakehouse.view(connection, WELLNESS, "w")
            monday = "select source, readiness from w where day = date '2024-03-04' order by 1"
            assert connection.sql(monday).fetchall() == [("diary", 10), ("ring", 3)]
            assert connection.sql("select count(*) from w").fetchone() == (15,)

    def test_a_writer_that_adds_rows_meanwhile_is_no_conflict_and_neither_is_the_compaction(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        lakehouse, other = place.lakehouse, place.lakehouse
        fourteen_days(lakehouse)
        commits = []
        commit = resources.iceberg.compaction.commit_compaction

        def beside(*arguments: object) -> int:
            rows = wellness("ring", MONDAY, 3, readiness=3)
            other.replace_slice(WELLNESS, rows, week("ring", MONDAY, 3), CONTEXT)
            commits.append(1)
            return commit(*arguments)

        monkeypatch.setattr(resources.iceberg.compaction, "commit_compaction", beside)
        (done,) = keep(lakehouse)
        assert (done.outcome, len(commits)) == ("done", 1)
        with lakehouse.connect() as connection:
            lakehouse.view(connection, WELLNESS, "w")
            assert connection.sql("select count(*) from w").fetchone() == (17,)


class TestExpiry:
    def test_a_snapshot_goes_some_days_after_another_took_its_place(self, place: Place) -> None:
        lakehouse = place.lakehouse
        made = []
        for days, name in ((400, "1"), (8, "2"), (6, "3"), (2, "4"), (1, "5")):
            with days_ago(days):
                rows = athletes(MATCH, name)
                made.append(lakehouse.replace_sessions(ATHLETES, rows, [MATCH], CONTEXT))
        # The second was replaced six days ago: it stays, though it is older than a week.
        assert subjects(lakehouse, Action.EXPIRE) == [str(made[0].snapshot_id)]
        assert (
            subjects(lakehouse, Action.EXPIRE, raw__athletes=frozenset({made[0].snapshot_id})) == []
        )
        later = NOW + timedelta(days=30)
        outcomes = keep(lakehouse, later)
        assert [done.outcome for done in outcomes if done.step.action is Action.EXPIRE] == [
            "done", "done", "done",
        ]  # fmt: skip
        left = [one.snapshot_id for one in table(lakehouse, ATHLETES.key).snapshots()]
        assert left == [one.snapshot_id for one in made[3:]]
        with (
            lakehouse.connect() as connection,
            pytest.raises(UnreadableTableError, match="expired"),
        ):
            lakehouse.view(connection, ATHLETES, "gone", snapshot_id=made[0].snapshot_id)

    def test_what_was_named_since_the_plan_stays(self, place: Place) -> None:
        lakehouse = place.lakehouse
        made = []
        with days_ago(30):
            for name in "1234":
                rows = athletes(MATCH, name)
                made.append(lakehouse.replace_sessions(ATHLETES, rows, [MATCH], CONTEXT))
        upkeep = lakehouse.upkeep(POLICY)
        plan = upkeep.plan(KEYS, {}, NOW)
        named = {ATHLETES.key: frozenset({made[1].snapshot_id})}
        done = list(upkeep.apply(plan.steps, named, NOW))
        assert [one.outcome for one in done] == ["done", "passed_over"]
        with lakehouse.connect() as connection:
            lakehouse.view(connection, ATHLETES, "early", snapshot_id=made[1].snapshot_id)
            assert connection.sql("select source_athlete_id from early").fetchall() == [("2",)]


class TestOrphans:
    def test_only_old_files_that_nothing_names_go(self, tmp_path: Path) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "a folder"), {})
        lakehouse = place.lakehouse
        with days_ago(30):
            for name in "12345":
                lakehouse.replace_sessions(ATHLETES, athletes(MATCH, name), [MATCH], CONTEXT)
            lakehouse.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "9"), [NEXT_MATCH], CONTEXT)
        here = Path(plain_path(table(lakehouse, ATHLETES.key).location()))
        lost = here / "data" / f"session_id={MATCH}" / "lost.parquet"
        lost.write_bytes(b"a writer died")
        age(place, 10)
        young = here / "data" / "young.parquet"
        young.write_bytes(b"a writer is at work")
        before = lakehouse.content_hash(ATHLETES)
        assert [done.outcome for done in keep(lakehouse)].count("done") == 5  # four snapshots, one
        assert not lost.exists()
        # What the expired snapshots alone named is unnamed now, and goes the next time.
        freed = keep(lakehouse)
        assert {done.outcome for done in freed} == {"done"}
        assert all(done.step.action is Action.REMOVE and done.bytes > 0 for done in freed)
        assert len(list(here.rglob("*.parquet"))) == 3  # two sessions, and the young one
        assert young.exists()
        assert lakehouse.content_hash(ATHLETES) == before
        assert keep(lakehouse) == []
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "6"), [MATCH], CONTEXT)

    @pytest.mark.slow
    def test_in_an_object_store_as_in_a_folder(self, place: Place) -> None:
        lakehouse = place.lakehouse
        with days_ago(30):
            for name in "12345":
                lakehouse.replace_sessions(ATHLETES, athletes(MATCH, name), [MATCH], CONTEXT)
        before, stood = lakehouse.content_hash(ATHLETES), files(place)
        later = NOW + timedelta(days=10)
        keep(lakehouse, later)
        keep(lakehouse, later)
        left = files(place)
        assert left < stood | left
        assert len([path for path in left if path.endswith(".parquet")]) == 2  # keep_last
        assert lakehouse.content_hash(ATHLETES) == before

    def test_a_file_named_since_the_plan_stays(self, tmp_path: Path) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        lakehouse = place.lakehouse
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        kept = table(lakehouse, ATHLETES.key)
        (task,) = kept.scan().plan_files()
        other = lakehouse.replace_sessions(ATHLETES, ATHLETES.empty(), [MATCH], CONTEXT)
        assert other.is_new
        kept = table(lakehouse, ATHLETES.key)
        kept.maintenance.expire_snapshots().by_id(kept.snapshots()[0].snapshot_id).commit()
        age(place, 10)
        upkeep = lakehouse.upkeep(POLICY)
        plan = upkeep.plan(KEYS, {}, NOW)
        assert plain_path(task.file.file_path) in {step.subject for step in plan.steps}
        table(lakehouse, ATHLETES.key).add_files([task.file.file_path])
        outcomes = {done.step.subject: done.outcome for done in upkeep.apply(plan.steps, {}, NOW)}
        assert outcomes[plain_path(task.file.file_path)] == "passed_over"
        with lakehouse.connect() as connection:
            lakehouse.view(connection, ATHLETES, "a")
            assert connection.sql("select count(*) from a").fetchone() == (1,)

    def test_a_lost_catalogue_begun_anew_costs_no_file_of_the_old_one(self, tmp_path: Path) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        place.lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        (tmp_path / "catalog.db").unlink()
        anew = place.lakehouse
        anew.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "2"), [NEXT_MATCH], CONTEXT)
        age(place, 100)
        stood = files(place)
        plan = anew.upkeep(POLICY).plan(KEYS, {}, NOW)
        assert plan.steps == ()
        assert "a catalogue was lost and begun anew" in plan.tables[0].withheld
        assert keep(anew) == []
        assert files(place) == stood

    def test_however_young_the_old_ones_newest_metadata_is(self, tmp_path: Path) -> None:
        """A busy table: of its metadata only what is minutes old is left."""
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        place.lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        age(place, 100)
        young = max(path for path in files(place) if path.endswith(".metadata.json"))
        os.utime(young)
        for path in files(place):
            if path.endswith(".metadata.json") and path != young:
                Path(path).unlink()
        (tmp_path / "catalog.db").unlink()
        anew = place.lakehouse
        anew.replace_sessions(ATHLETES, athletes(NEXT_MATCH, "2"), [NEXT_MATCH], CONTEXT)
        stood = files(place)
        assert "begun anew" in anew.upkeep(POLICY).plan(KEYS, {}, NOW).tables[0].withheld
        assert keep(anew) == []
        assert files(place) == stood

    def test_what_a_writer_left_half_written_goes_like_any_other(self, tmp_path: Path) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        lakehouse = place.lakehouse
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        here = Path(plain_path(table(lakehouse, ATHLETES.key).location())) / "metadata"
        (here / "00002-torn.metadata.json").write_bytes(b'{"table-uu')
        (here / "00003-empty.metadata.json").touch()
        age(place, 10)
        assert [done.outcome for done in keep(lakehouse)] == ["done", "done"]

    @pytest.mark.slow
    def test_a_table_that_cannot_be_read_costs_itself(self, tmp_path: Path) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
        lakehouse = place.lakehouse
        fourteen_days(lakehouse)
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        snapshot = table(lakehouse, ATHLETES.key).current_snapshot()
        assert snapshot is not None
        Path(plain_path(snapshot.manifest_list)).unlink()
        plan = lakehouse.upkeep(POLICY).plan(KEYS, {}, NOW)
        assert [step.table for step in plan.steps] == [WELLNESS.key]
        assert "docs/runbooks/" in plan.tables[0].withheld

    def test_a_table_outside_of_the_warehouse_is_left_alone(self, tmp_path: Path) -> None:
        place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "club"), {})
        place.lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "1"), [MATCH], CONTEXT)
        moved = IcebergLakehouse(place.catalog_uri, str(tmp_path / "elsewhere"))
        plan = moved.upkeep(POLICY).plan(KEYS, {}, NOW)
        assert plan.steps == ()
        assert "SPORTS_WAREHOUSE_URI" in plan.tables[0].withheld


@pytest.mark.slow
def test_a_reader_and_a_writer_go_on_while_upkeep_runs(place: Place) -> None:
    """Nothing that was current within the last days loses a file."""
    lakehouse = place.lakehouse
    with days_ago(30):
        fourteen_days(lakehouse)
    if not place.s3:
        age(place, 30)
    eager = replace(POLICY, keep_last=1)
    with lakehouse.connect() as connection:
        read_at = lakehouse.view(connection, WELLNESS, "mine")
        mine = connection.sql("select count(*), sum(readiness) from mine").fetchone()
        for turn in range(3):
            keep(lakehouse, NOW, eager)
            rows = wellness("ring", MONDAY + timedelta(days=turn), 1, readiness=2)
            lakehouse.replace_slice(
                WELLNESS, rows, week("ring", MONDAY + timedelta(days=turn), 1), CONTEXT
            )
            assert connection.sql("select count(*), sum(readiness) from mine").fetchone() == mine
        lakehouse.view(connection, WELLNESS, "again", snapshot_id=read_at)
        assert connection.sql("select count(*), sum(readiness) from again").fetchone() == mine


@pytest.mark.slow
def test_other_writers_that_keep_winning_cost_the_step_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path), {})
    lakehouse = place.lakehouse
    fourteen_days(lakehouse)
    with days_ago(30):
        for name in "1234":
            lakehouse.replace_sessions(ATHLETES, athletes(MATCH, name), [MATCH], CONTEXT)

    def lose(*_: object) -> int:
        raise CommitFailedException("another was first")

    monkeypatch.setattr(resources.iceberg.compaction, "commit_compaction", lose)
    monkeypatch.setattr(resources.iceberg.upkeep, "back_off", lambda *_, **__: None)
    outcomes = keep(lakehouse)
    assert {(one.step.action, one.outcome) for one in outcomes} == {
        (Action.COMPACT, "failed"), (Action.EXPIRE, "done"),
    }  # fmt: skip
    assert "5 times another writer was first" in next(
        one.reason for one in outcomes if one.outcome == "failed"
    )
