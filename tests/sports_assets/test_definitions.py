"""A snapshot of the asset graph: what changes it, changes it on purpose."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resources.environment import Environment
from sports_assets.definitions import defs
from sports_assets.keys import LAYERS
from tests.conftest import REPOSITORY

GRAPH = defs.resolve_asset_graph()
ASSETS = [GRAPH.get(key) for key in sorted(GRAPH.get_all_asset_keys())]

#: What a process of each environment is told, beside where its home is.
TOLD = {
    Environment.LOCAL: {},
    Environment.TEST: {},
    Environment.AWS: {
        "SPORTS_CATALOG_URI": "postgresql+psycopg2://club:not-to-be-shown@db.invalid/lakehouse",
        "SPORTS_WAREHOUSE_URI": "s3://club-lakehouse/warehouse",
        "SPORTS_LANDING_URI": "s3://club-landing",
        "SPORTS_REPORT_URI": "s3://club-reports/pages",
        "SPORTS_BACKUP_URI": "s3://club-backups",
        "SPORTS_MLFLOW_URI": "postgresql+psycopg2://mlflow:secret@db/mlflow",
        "SPORTS_MODEL_URI": "s3://club-models",
        "SPORTS_CLUB_TIMEZONE": "Europe/Madrid",
        "SPORTS_EDGE_KEYS": "/etc/touchline/nodes",
    },
}
LOAD = """
import socket

def refuse(*arguments, **named):
    raise AssertionError("the definitions asked for the network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

from sports_assets.definitions import defs

print(len(defs.resolve_asset_graph().get_all_asset_keys()))
print(defs.resources)
"""


def _describe(node: Any) -> dict[str, Any]:
    condition = node.automation_condition
    return {
        "group": node.group_name,
        "owners": sorted(node.owners),
        "kinds": sorted(node.kinds),
        "tags": {key: value for key, value in sorted(node.tags.items()) if "kind/" not in key},
        "deps": sorted(key.to_user_string() for key in node.parent_keys),
        "checks": sorted(
            f"{key.name} ({'blocking' if GRAPH.get(key).blocking else 'warns'})"
            for key in node.check_keys
        ),
        "condition": condition.get_label() if condition else None,
        "partitions": node.partitions_def.name if node.partitions_def else None,
    }


def test_graph_is_as_agreed(golden: Any) -> None:
    described = {node.key.to_user_string(): _describe(node) for node in ASSETS}
    golden("definitions.json", json.dumps(described, indent=1, sort_keys=True) + "\n")


@pytest.mark.parametrize("node", ASSETS, ids=lambda node: node.key.to_user_string())
def test_every_asset_says_who_what_and_how(node: Any) -> None:
    assert node.group_name == node.key.path[0]
    assert node.group_name in LAYERS
    assert node.owners
    assert node.kinds
    assert len(node.description or "") > 20
    assert set(node.tags) >= {"touchline/layer", "touchline/personal-data"}


def test_session_assets_share_one_partitioning_and_one_policy() -> None:
    partitioned = [node for node in ASSETS if node.is_partitioned]
    assert len(partitioned) > 15
    for node in partitioned:
        assert node.partitions_def == dg.DynamicPartitionsDefinition(name="session")
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), node.key


@pytest.mark.slow
@pytest.mark.parametrize("environment", Environment)
def test_definitions_load_in_every_environment_without_network(
    environment: Environment, tmp_path: Path
) -> None:
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=REPOSITORY,
        env=plain
        | {"SPORTS_ENV": environment.value, "SPORTS_HOME": str(tmp_path)}
        | TOLD[environment],
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    count, resources = loaded.stdout.splitlines()
    assert int(count) == len(ASSETS)
    assert TOLD[environment].get("SPORTS_LANDING_URI", str(tmp_path)) in resources
    assert "not-to-be-shown" not in resources
