"""The nightly backup as Dagster runs it, and the two commands as an operator does."""

import time
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from edge_ingest.records import ATHLETES
from resources.dagster_resources import BackupResource, LakehouseResource, ModelsResource
from resources.environment import load_settings
from sports_assets.backup.assets import ops_backup
from sports_assets.cli import app
from sports_assets.definitions import defs
from sports_assets.keys import BACKUP_KEY
from tests.resources.backups import Club
from tests.resources.conftest import Place


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Club:
    """An installation with a few tables, as the settings name it by default."""
    monkeypatch.setenv("SPORTS_ENV", "test")
    monkeypatch.setenv("SPORTS_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    lake = tmp_path / "lakehouse"
    lake.mkdir()
    club = Club(Place(f"sqlite:///{lake}/catalog.db?timeout=60", str(lake), {}))
    club.fill()
    return club


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.slow
def test_the_asset_backs_up_and_checks_that_it_could_be_restored(
    club: Club, tmp_path: Path
) -> None:
    resources = {
        "lakehouse": LakehouseResource(
            catalog_uri=club.place.catalog_uri, warehouse_uri=club.warehouse
        ),
        "backups": BackupResource(backup_uri=str(tmp_path / "backups")),
        "models": ModelsResource(
            mlflow_uri=f"sqlite:///{tmp_path}/mlflow.db", model_uri=str(tmp_path / "models")
        ),
    }
    result = dg.materialize([ops_backup], resources=resources)
    (event,) = result.asset_materializations_for_node("ops__backup")
    assert event.metadata["tables"].value == 3
    assert event.metadata["data_files_named"].value == 4
    assert event.metadata["where"].value == str(tmp_path / "backups")
    (checked,) = result.get_asset_check_evaluations()
    assert checked.passed

    gone = club.data_files(ATHLETES)[0]
    club.lose(gone)
    time.sleep(1)  # backups are named by the second, and a second one of that name is refused
    later = dg.materialize([ops_backup], resources=resources)
    (checked,) = later.get_asset_check_evaluations()
    assert not checked.passed
    assert f"{gone} is missing" in (checked.description or "")


def test_the_code_location_backs_up_each_night_from_the_start() -> None:
    schedule = defs.resolve_schedule_def("nightly_backup")
    assert schedule.execution_timezone == load_settings().club_timezone
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    job = defs.resolve_job_def(schedule.job_name)
    assert job.asset_layer.executable_asset_keys == {BACKUP_KEY}


@pytest.mark.slow
def test_the_commands_tell_what_they_did_and_what_is_wrong(club: Club, tmp_path: Path) -> None:
    assert "no backup in" in told("restore", "--list")
    assert "there is no whole backup" in told("restore", code=2)
    said = told("backup")
    assert "3, with " in said
    assert "4 files" in said
    (name,) = club.store_at(str(tmp_path / "backups")).whole()
    assert name in told("restore", "--list")
    assert f"backup {name} can be restored" in told("restore", "--check")
    before = club.hashes()
    club.commit("2024-05-01_football_t", "1")
    assert "1 snapshot that the backup has not" in told("restore", code=2)
    club.lose_catalog()
    assert "3 tables: raw/athletes, raw/injuries, raw/wellness" in told("restore")
    assert club.hashes() == before
    club.lose(club.data_files(ATHLETES)[0])
    assert "is missing" in told("restore", "--check", code=1)
    assert "as it was  1 tables: raw/wellness" in told("restore", "--only", "raw/wellness")
