"""Each fault of an installation is named with its remedy; a healthy one is all well."""

import os
import shutil
import socket
import tempfile
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.types import DaemonHeartbeat

from edge_ingest.records import ATHLETES
from resources.doctor.examine import examine
from resources.doctor.finding import Check
from resources.doctor.machine import check_home, check_settings
from resources.doctor.orchestration import check_instance
from resources.doctor.places import check_places
from resources.doctor.record import check_record
from resources.environment import Environment, load_settings
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.object_store import s3_client
from resources.run_launcher import HOST_TAG
from tests.conftest import REPOSITORY
from tests.resources.lakehouse_rows import CONTEXT, MATCH, athletes


def now() -> datetime:
    return datetime.now(UTC)


def environ(home: Path, **changes: str) -> dict[str, str]:
    return {"SPORTS_ENV": "test", "SPORTS_HOME": str(home)} | changes


def only(checks: Iterator[Check] | list[Check], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one committed table."""
    settings = load_settings(environ(tmp_path / "home"))
    with IcebergLakehouse(settings.catalog_uri, settings.warehouse_uri) as lakehouse:
        lakehouse.replace_sessions(ATHLETES, athletes(MATCH, "7", "9"), [MATCH], CONTEXT)
    return tmp_path / "home"


def beat(instance: dg.DagsterInstance, at: datetime) -> None:
    instance.add_daemon_heartbeat(DaemonHeartbeat(at.timestamp(), "SENSOR", "1", []))


@pytest.mark.slow
def test_a_healthy_installation_is_all_well(
    home: Path, dbt_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(dbt_cache, home / "dbt", dirs_exist_ok=True)
    (home / "dagster").mkdir()
    shutil.copy(REPOSITORY / "deploy" / "local" / "dagster.yaml", home / "dagster")
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    with dg.DagsterInstance.get() as instance:
        beat(instance, now())
    told = environ(home, DAGSTER_HOME=str(home / "dagster"))
    checks = list(examine(told, now))
    assert [check for check in checks if check.state != "ok"] == []
    assert {"catalogue", "tables", "warehouse", "landing zone", "reports", "dbt", "upkeep",
            "backup", "dagster", "daemon", "runs", "queue", "packages", "room"} <= {
        check.name for check in checks
    }  # fmt: skip
    assert "1 can be read; all 1 files" in only(checks, "tables").found


def test_a_file_that_is_gone_is_named_with_its_table(home: Path) -> None:
    (file,) = (home / "lakehouse" / "warehouse").rglob("*.parquet")
    file.unlink()
    found = only(check_record(load_settings(environ(home))), "tables")
    assert found.state == "bad"
    assert f"raw/athletes: 1 of 1 files are gone: {file.as_uri()[:5]}" in found.found.replace(
        str(file), file.as_uri()
    )
    assert "materialise raw/athletes again" in found.remedy


def test_metadata_that_cannot_be_read_is_named_with_its_table(home: Path) -> None:
    for file in (home / "lakehouse" / "warehouse").rglob("*.metadata.json"):
        file.write_text("{")
    found = only(check_record(load_settings(environ(home))), "tables")
    assert found.state == "bad"
    assert "raw/athletes: its metadata cannot be read" in found.found
    assert "restore" in found.remedy


def test_a_catalogue_that_is_stopped_is_named_without_its_password(home: Path) -> None:
    uri = "postgresql+psycopg2://club:hunter2@127.0.0.1:1/lakehouse"
    settings = load_settings(environ(home, SPORTS_CATALOG_URI=uri))
    (found,) = check_record(settings)
    assert (found.name, found.state) == ("catalogue", "bad")
    assert "start it, and check SPORTS_CATALOG_URI" in found.remedy
    told = "".join(
        check.found + check.remedy
        for check in (found, *check_settings(settings, environ(home, SPORTS_CATALOG_URI=uri)))
    )
    assert "127.0.0.1" in told
    assert "hunter2" not in told


def test_a_setting_that_no_map_knows_ends_the_examination_with_its_remedy(tmp_path: Path) -> None:
    found = next(iter(examine({"SPORTS_ENV": "azure"}, now)))
    assert (found.name, found.state) == ("settings", "bad")
    assert "azure" in found.found
    assert "local, test, aws" in found.remedy


def test_a_misspelt_setting_is_told(home: Path) -> None:
    told = environ(home, SPORTS_WAREHOUSE_URL="s3://club/warehouse")
    found = only(check_settings(load_settings(told), told), "unknown")
    assert (found.state, found.found) == ("warn", "SPORTS_WAREHOUSE_URL: nothing reads it")


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder in which this process has no right to write."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:  # who may write anywhere
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(folder)


def test_a_folder_that_may_not_be_written_is_named_with_its_remedy(locked: Path) -> None:
    settings = load_settings(environ(locked / "home", SPORTS_LANDING_URI=str(locked)))
    landing = only(check_places(settings, now), "landing zone")
    assert landing == Check(
        "landing zone", "bad", f"{locked}: Permission denied",
        "give this user the right to read, write and remove files there, or free space",
    )  # fmt: skip
    kept = only(check_home(settings), "home")
    assert kept.state == "bad"
    assert "cannot be written: Permission denied" in kept.found


@pytest.mark.slow
class TestObjectStore:
    @pytest.fixture
    def bucket(self, s3_options: dict[str, str]) -> str:
        name = f"club-{uuid.uuid4().hex[:12]}"
        s3_client(s3_options).create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3_options["region"]}
        )
        return name

    def settings(self, home: Path, s3: dict[str, str], bucket: str, **changes: str):
        uris = {
            f"SPORTS_{name}_URI": f"s3://{bucket}/{name.lower()}"
            for name in ("WAREHOUSE", "LANDING", "REPORT")
        }
        keys = {
            "SPORTS_S3_ENDPOINT": s3["endpoint"], "AWS_REGION": s3["region"],
            "AWS_ACCESS_KEY_ID": s3["access-key-id"],
            "AWS_SECRET_ACCESS_KEY": s3["secret-access-key"],
        }  # fmt: skip
        return load_settings(environ(home, **(uris | keys | changes)))

    def test_a_store_that_does_all_is_well_and_nothing_stays_there(
        self, tmp_path: Path, s3_options: dict[str, str], bucket: str
    ) -> None:
        checks = list(check_places(self.settings(tmp_path, s3_options, bucket), now))
        assert [check.state for check in checks] == ["ok"] * 4
        assert "Contents" not in s3_client(s3_options).list_objects_v2(Bucket=bucket)

    def test_a_wrong_bucket_is_named_with_its_setting(
        self, tmp_path: Path, s3_options: dict[str, str], bucket: str
    ) -> None:
        wrong = self.settings(tmp_path, s3_options, bucket, SPORTS_REPORT_URI="s3://nobody/reports")
        found = only(check_places(wrong, now), "reports")
        assert found.found == "s3://nobody/reports: there is no such bucket"
        assert "SPORTS_REPORT_URI" in found.remedy

    def test_a_clock_that_is_off_is_told(
        self, tmp_path: Path, s3_options: dict[str, str], bucket: str
    ) -> None:
        settings = self.settings(tmp_path, s3_options, bucket)
        late = only(check_places(settings, lambda: now() + timedelta(hours=1)), "clock")
        assert (late.state, late.found) == ("bad", "60 min ahead of the object store’s")

    def test_keys_that_are_refused_are_told_and_not_shown(
        self, tmp_path: Path, s3_options: dict[str, str], bucket: str
    ) -> None:
        wrong = self.settings(
            tmp_path, s3_options, bucket,
            AWS_ACCESS_KEY_ID="AKIANOBODY", AWS_SECRET_ACCESS_KEY="hush",
        )  # fmt: skip
        _ask_for_keys(s3_options["endpoint"], after=0)
        try:
            checks = list(check_places(wrong, now))
        finally:
            _ask_for_keys(s3_options["endpoint"], after=1_000_000_000)
        places = [check for check in checks if check.name != "clock"]
        assert [check.state for check in places] == ["bad"] * 3
        assert all("the keys are refused (InvalidAccessKeyId)" in check.found for check in places)
        assert not any("hush" in check.found or "AKIANOBODY" in check.found for check in checks)


def _ask_for_keys(endpoint: str, after: int) -> None:
    """Let moto check keys and rights from so many requests on."""
    request = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", str(after).encode(), {"Content-Type": "text/plain"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.slow
class TestDagster:
    @pytest.fixture
    def instance(self, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
        with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
            yield made

    def checks(self, instance: dg.DagsterInstance) -> list[Check]:
        return list(check_instance(instance, Environment.LOCAL, now()))

    def test_a_silent_daemon_is_told(self, instance: dg.DagsterInstance) -> None:
        assert "none ever worked here" in only(self.checks(instance), "daemon").found
        beat(instance, now() - timedelta(hours=3))
        found = only(self.checks(instance), "daemon")
        assert (found.state, found.found[:14]) == ("warn", "silent for 3 h")
        beat(instance, now())
        assert only(self.checks(instance), "daemon").state == "ok"

    def test_a_run_whose_process_is_gone_is_named(self, instance: dg.DagsterInstance) -> None:
        run = dg.DagsterRun(job_name="session_facts", status=dg.DagsterRunStatus.STARTED)
        instance.add_run(run)
        instance.report_engine_event("", run, EngineEventData.in_process(os.getpid()))
        # A step's process comes and goes while the run's own lives.
        instance.report_engine_event("", run, EngineEventData.in_process(_a_dead_process()))
        assert only(self.checks(instance), "runs").state == "ok"
        run = dg.DagsterRun(job_name="session_facts", status=dg.DagsterRunStatus.STARTED)
        instance.add_run(run)
        instance.report_engine_event("", run, EngineEventData.in_process(_a_dead_process()))
        found = only(self.checks(instance), "runs")
        assert found.state == "bad"
        assert run.run_id[:8] in found.found
        assert "run monitoring" in found.remedy

    def test_a_run_whose_process_cannot_be_asked_is_left_alone(
        self, instance: dg.DagsterInstance
    ) -> None:
        tags = {HOST_TAG: socket.gethostname(), GRPC_INFO_TAG: '{"host": "code", "port": 4000}'}
        run = dg.DagsterRun(job_name="session_facts", status=dg.DagsterRunStatus.STARTED, tags=tags)
        instance.add_run(run)
        instance.report_engine_event("", run, EngineEventData.in_process(_a_dead_process()))
        assert only(self.checks(instance), "runs").state == "ok"

    def test_who_waits_behind_whom_is_told(self, instance: dg.DagsterInstance) -> None:
        location = RegisteredCodeLocationOrigin("touchline")
        repository = RemoteRepositoryOrigin(location, "__repository__")
        for _ in range(2):
            instance.add_run(
                dg.DagsterRun(
                    job_name="session_facts",
                    status=dg.DagsterRunStatus.QUEUED,
                    tags={"touchline/lane": f"{MATCH}:facts"},
                    remote_job_origin=RemoteJobOrigin(repository, "session_facts"),
                )
            )
        found = only(self.checks(instance), "queue").found
        assert found == f"2 waiting; 1 lanes with others behind: {MATCH}:facts"


def _a_dead_process() -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
