"""Dagster as in production: its storage on PostgreSQL, its logs and every table on S3."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from typer.testing import CliRunner

from deploy.local.postgres import Cluster
from edge_ingest.drops.drop import pack
from edge_ingest.drops.signing import make_key, public_line
from edge_ingest.identity import mint_session_id
from resources.dagster_resources import resources_for
from resources.environment import load_settings
from resources.object_store import s3_client
from sports_assets.cli import app
from sports_assets.definitions import defs
from sports_assets.partitions import SESSIONS_NAME
from tests.conftest import REPOSITORY
from tests.resources.conftest import new_bucket
from tests.sports_assets.test_session_runs import SESSION_ASSETS
from tests.sports_assets.workouts import PACKED, ride

INSTANCE = REPOSITORY / "deploy" / "aws" / "dagster.yaml"
NUMBER_ID = re.compile(r'data-number-id="([^"]+)"')


def test_both_instances_agree_on_all_but_storage() -> None:
    local = yaml.safe_load((REPOSITORY / "deploy" / "local" / "dagster.yaml").read_text())
    production = yaml.safe_load(INSTANCE.read_text())
    assert production.pop("storage")
    assert production.pop("compute_logs")
    assert production == local


@pytest.fixture
def production(
    tmp_path: Path,
    postgres: Cluster,
    s3_options: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The environment of production, as docs/production.md sets it; its one bucket."""
    bucket = new_bucket(s3_options)
    told = {
        "SPORTS_ENV": "aws",
        "SPORTS_CATALOG_URI": postgres.new_database(),
        "SPORTS_WAREHOUSE_URI": f"s3://{bucket}/warehouse",
        "SPORTS_LANDING_URI": f"s3://{bucket}/landing",
        "SPORTS_REPORT_URI": f"s3://{bucket}/reports",
        "SPORTS_BACKUP_URI": f"s3://{bucket}/backups",
        "SPORTS_MLFLOW_URI": f"sqlite:///{tmp_path}/mlflow.db",
        "SPORTS_MODEL_URI": f"s3://{bucket}/models",
        "SPORTS_CLUB_TIMEZONE": "Europe/Berlin",
        "SPORTS_EDGE_KEYS": str(tmp_path / "nodes"),
        "SPORTS_DAGSTER_POSTGRES_URL": postgres.new_database().replace("+psycopg2", ""),
        "SPORTS_DAGSTER_LOG_BUCKET": bucket,
        "SPORTS_S3_ENDPOINT": s3_options["endpoint"],
        "AWS_ENDPOINT_URL_S3": s3_options["endpoint"],
        "AWS_REGION": s3_options["region"],
        "AWS_ACCESS_KEY_ID": s3_options["access-key-id"],
        "AWS_SECRET_ACCESS_KEY": s3_options["secret-access-key"],
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "SPORTS_HOME": str(tmp_path / "home"),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "dagster").mkdir()
    shutil.copy(INSTANCE, tmp_path / "dagster" / "dagster.yaml")
    return bucket


@pytest.mark.slow
def test_a_signed_drop_becomes_a_page_on_s3_and_every_command_finds_its_way_there(
    production: str,
    tmp_path: Path,
    s3_options: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = s3_client(s3_options)
    session = send_signed(store, production, tmp_path)
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(SESSIONS_NAME, [session])
        result = dg.materialize(
            list(defs.assets or []),
            selection=[dg.AssetKey(name.split("/")) for name in SESSION_ASSETS],
            resources=resources_for(load_settings()),
            instance=instance,
            partition_key=session,
        )
    with dg.DagsterInstance.get() as later:  # as another process finds it
        run = later.get_run_by_id(result.run_id)
        assert run is not None
        assert run.status is dg.DagsterRunStatus.SUCCESS
        materialised = later.get_materialized_partitions(dg.AssetKey(["report", "session"]))
    assert materialised == {session}
    kept = store.list_objects_v2(Bucket=production)["Contents"]
    names = [found["Key"] for found in kept]
    logs = [name for name in names if name.startswith("dagster/") and result.run_id in name]
    assert any(name.endswith(".err") for name in logs)
    assert any(name.startswith("warehouse/") and name.endswith(".parquet") for name in names)
    assert not list((tmp_path / "dagster").rglob("*.db"))  # nothing stays on the machine

    (page,) = (name for name in names if name.startswith("reports/") and name.endswith(".html"))
    html = store.get_object(Bucket=production, Key=page)["Body"].read().decode()
    number = next(one for one in NUMBER_ID.findall(html) if one.endswith("/total_distance_m"))
    explained = told("explain", session, number)
    assert f"s3://{production}/landing/" in explained
    assert result.run_id in explained
    checks = json.loads(told("doctor", "--json"))
    assert {one["name"] for one in checks if one["state"] != "ok"} == {"daemon"}  # none runs here
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("SPORTS_S3_ENDPOINT", "http://127.0.0.1:9")
    refused = told("explain", session, number, code=2)
    assert "docs/runbooks/object-store-unavailable.md" in refused
    assert "Traceback" not in refused


def send_signed(store: Any, bucket: str, folder: Path) -> str:
    """A ride as a stadium that the club knows sends it; its session."""
    key = make_key("stadium-1", folder / "keys")
    (folder / "nodes").write_text(public_line(key) + "\n")
    recording = ride()
    facts = recording.session
    identity = mint_session_id(facts.started_at_utc, "Europe/Berlin", facts.sport, None, ())
    pack(recording, folder / "edge", identity, PACKED, key=key)
    files = [path for path in (folder / "edge").rglob("*") if path.is_file()]
    for file in sorted(files, key=lambda path: path.suffix == ".json"):  # the manifest last
        store.upload_file(str(file), bucket, f"landing/{file.relative_to(folder / 'edge')}")
    return identity.session_id


def told(*arguments: str, code: int = 0) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output
