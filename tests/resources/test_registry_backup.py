"""The model registry comes back: who served, by which version, and why."""

import sqlite3
from pathlib import Path

import pytest

from resources.backup.registry_storage import back_up_registry, put_back_registry
from resources.backup.store import BackupStore, backup_store
from resources.model_registry import Alias
from tests.resources.model_records import BECAUSE, record, registry_in

NAME = "recovery"


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return backup_store(str(tmp_path / "backups"), {})


def uri_in(folder: Path) -> str:
    """The database of `registry_in`."""
    return f"sqlite:///{folder}/mlflow/mlflow.db"


@pytest.mark.slow
def test_a_registry_that_is_lost_comes_back_with_its_champion(
    tmp_path: Path, store: BackupStore
) -> None:
    registry = registry_in(tmp_path)
    registry.log_and_register(record(name=NAME), b"one")
    registry.set_alias(NAME, Alias.CHAMPION, 1, expected=None, because=BECAUSE)
    kept = back_up_registry(uri_in(tmp_path), store, "b")
    registry.log_and_register(record(name=NAME), b"two")

    assert "left alone" in put_back_registry(uri_in(tmp_path), store, "b", kept)
    assert len(registry.versions(NAME)) == 2

    elsewhere = tmp_path / "elsewhere"
    assert "1 SQLite file in" in put_back_registry(uri_in(elsewhere), store, "b", kept)
    again = registry_in(elsewhere)
    assert again.load(again.version(NAME, Alias.CHAMPION)) == b"one"
    assert again.history(NAME).current == 1
    assert [one.version for one in again.versions(NAME)] == [1]


def test_what_is_not_ours_to_copy_is_told(tmp_path: Path, store: BackupStore) -> None:
    server = back_up_registry("https://club:secret@mlflow.example", store, "b")
    assert "secret" not in server.note
    assert (server.kind, server.archive) == ("other", None)
    assert "its own tools" in put_back_registry("https://mlflow.example", store, "b", server)
    nothing = back_up_registry(f"sqlite:///{tmp_path}/none.db", store, "b")
    assert "nothing of the model registry yet" in nothing.note


def test_another_place_is_not_written_to(tmp_path: Path, store: BackupStore) -> None:
    (tmp_path / "mlflow").mkdir()
    sqlite3.connect(tmp_path / "mlflow" / "mlflow.db").execute("create table t (x)")
    kept = back_up_registry(uri_in(tmp_path), store, "b")
    other = f"sqlite:///{tmp_path}/other.db"
    for uri in (other, "postgresql://club@db/models", "https://mlflow.example"):
        assert "names another place" in put_back_registry(uri, store, "b", kept)
    assert not (tmp_path / "other.db").exists()
