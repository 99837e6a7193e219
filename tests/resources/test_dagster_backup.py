"""Dagster's own storage comes back, from SQLite files and from PostgreSQL."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import make_url

from deploy.local.postgres import find_postgres
from resources.backup import databases
from resources.backup.dagster_storage import back_up_dagster, put_back_dagster
from resources.backup.store import BackupStore, backup_store
from resources.errors import BackupError
from resources.faults import fault_of


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return backup_store(str(tmp_path / "backups"), {})


def home(folder: Path, storage: str = "") -> Path:
    folder.mkdir()
    (folder / "dagster.yaml").write_text(f"telemetry: {{enabled: false}}\n{storage}")
    return folder


def partitions(at: Path) -> list[str]:
    with dg.DagsterInstance.from_config(str(at)) as instance:
        return list(instance.get_dynamic_partitions("session"))


def add(at: Path, *keys: str) -> None:
    with dg.DagsterInstance.from_config(str(at)) as instance:
        instance.add_dynamic_partitions("session", list(keys))


@pytest.mark.slow
def test_sqlite_files_are_copied_amid_a_write_and_put_back_where_there_are_none(
    tmp_path: Path, store: BackupStore
) -> None:
    dagster = home(tmp_path / "dagster")
    add(dagster, "first", "second")
    files = sorted((dagster / "history").rglob("*.db")) or sorted(dagster.rglob("*.db"))
    (of_events,) = [path for path in files if path.name == "index.db"]
    with closing(sqlite3.connect(of_events)) as writer:
        writer.execute("begin immediate")
        writer.execute("delete from dynamic_partitions")
        kept = back_up_dagster(dagster, store, "b")
        writer.rollback()
    assert kept.kind == "sqlite"
    add(dagster, "third")

    said = put_back_dagster(dagster, store, "b", kept)
    assert "left alone" in said
    assert partitions(dagster) == ["first", "second", "third"]

    fresh = home(tmp_path / "fresh")
    assert f"{len(kept.files)} SQLite file" in put_back_dagster(fresh, store, "b", kept)
    assert f"{len(kept.files)} SQLite file" in put_back_dagster(fresh, store, "b", kept)
    assert partitions(fresh) == ["first", "second"]
    add(fresh, "fourth")
    assert partitions(fresh) == ["first", "second", "fourth"]


@pytest.mark.slow
def test_the_log_of_a_killed_process_is_not_played_into_what_was_put_back(
    tmp_path: Path, store: BackupStore
) -> None:
    dagster = home(tmp_path / "dagster")
    add(dagster, "first")
    kept = back_up_dagster(dagster, store, "b")
    (of_events,) = dagster.rglob("index.db")
    fresh = home(tmp_path / "fresh")
    back = fresh / of_events.relative_to(dagster)
    back.parent.mkdir(parents=True)
    with closing(sqlite3.connect(of_events)) as writer:
        writer.execute("pragma journal_mode=wal")
        writer.execute("create table big (x)")
        writer.executemany("insert into big values (?)", [(f"{n:0900d}",) for n in range(500)])
        writer.commit()
        # Closing would take the log in and remove it; a process that is killed does not.
        Path(f"{back}-wal").write_bytes(Path(f"{of_events}-wal").read_bytes())
    assert "SQLite files" in put_back_dagster(fresh, store, "b", kept)
    with closing(sqlite3.connect(back)) as reader:
        assert reader.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert not reader.execute("select 1 from sqlite_master where name = 'big'").fetchall()
    assert partitions(fresh) == ["first"]


def test_a_file_that_went_meanwhile_is_skipped_and_one_that_stays_locked_is_waited_for_in_vain(
    tmp_path: Path, store: BackupStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "_LONGEST_LOCK_S", 0.1)
    dagster = home(tmp_path / "dagster")
    folder = dagster / "storage"
    folder.mkdir()
    # As a file of old runs that was listed before Dagster removed it.
    (folder / "gone.db").symlink_to(folder / "nowhere")
    with closing(sqlite3.connect(folder / "a ?#%.db")) as writer:
        writer.execute("create table t (x)")
        kept = back_up_dagster(dagster, store, "b")
        assert kept.note.startswith("1 SQLite file of")
        writer.execute("begin exclusive")
        with pytest.raises(sqlite3.OperationalError, match="locked") as locked:
            back_up_dagster(dagster, store, "c")
    assert fault_of(locked.value).is_transient


def test_where_dagster_keeps_nothing_there_is_nothing_to_copy(
    tmp_path: Path, store: BackupStore
) -> None:
    assert back_up_dagster(None, store, "b").kind == "none"
    nothing = back_up_dagster(home(tmp_path / "new"), store, "b")
    assert nothing.archive is None
    assert "nothing of Dagster's storage yet" in put_back_dagster(
        tmp_path / "new", store, "b", nothing
    )


@pytest.mark.slow
def test_postgresql_is_dumped_by_its_own_tool_and_comes_back(
    tmp_path: Path, store: BackupStore, postgres_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_PG_URL", postgres_uri.replace("+psycopg2", ""))
    storage = "storage: {postgres: {postgres_url: {env: DAGSTER_PG_URL}}}\n"
    dagster = home(tmp_path / "dagster", storage)
    add(dagster, "first")
    binaries = find_postgres()
    assert binaries is not None

    monkeypatch.setenv("PATH", "/nowhere")
    told = back_up_dagster(dagster, store, "without")
    assert told.archive is None
    assert "run `pg_dump --format=custom" in told.note

    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    kept = back_up_dagster(dagster, store, "b")
    assert kept.archive is not None
    password = make_url(postgres_uri).password
    assert password
    assert password not in kept.model_dump_json()
    add(dagster, "second")

    dump = tmp_path / "dump"
    dump.write_bytes(store.get("b", kept.archive))
    place = postgres_uri.replace("+psycopg2", "")
    subprocess.run(
        ["pg_restore", "--clean", "--if-exists", f"--dbname={place}", dump],
        check=True,
        capture_output=True,
    )
    assert partitions(dagster) == ["first"]

    monkeypatch.setenv("DAGSTER_PG_URL", postgres_uri.replace("+psycopg2", "") + "_gone")
    with pytest.raises(BackupError, match=r"pg_dump .* failed: .*does not exist"):
        back_up_dagster(dagster, store, "c")
