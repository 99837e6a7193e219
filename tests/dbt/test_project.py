"""The project itself: parsed once, described throughout, at one with the contracts in code."""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from edge_ingest.identity import ATHLETES_SCHEMA
from edge_ingest.records import SPORTS, Quality
from resources.contracts import ALL
from resources.dbt.build import dbt_build
from resources.dbt.contracts import dbt_contracts
from resources.dbt.graph import DbtGraph
from resources.dbt.invocation import invoke_dbt
from resources.dbt.project import PROJECT, DbtProject, load_project
from resources.errors import DbtError
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.iceberg.tables import iceberg_schema
from resources.lakehouse import Slice
from tests.dbt.conftest import MATCH
from tests.dbt.crafted import CONTEXT, match


@pytest.mark.slow
def test_unit_tests_of_the_sql_pass(lakehouse: IcebergLakehouse, project: DbtProject) -> None:
    with dbt_build(lakehouse, [MATCH], project=project, context=CONTEXT) as active:
        outcomes = active.run_unit_tests()
    assert {name: said for name, said in outcomes.items() if said != "pass"} == {}
    assert outcomes.keys() == {test["name"] for test in project.manifest["unit_tests"].values()}


def test_every_table_has_a_contract_that_the_record_can_hold(project: DbtProject) -> None:
    contracts = dbt_contracts(project.manifest)
    assert len(contracts) == 13
    for contract in contracts.values():
        assert iceberg_schema(contract)
        assert set(contract.sort_by) <= {column.name for column in contract.columns}
        assert contract.empty().schema == contract.schema


def test_everything_is_described(project: DbtProject) -> None:
    described = [
        node
        for part in ("nodes", "sources")
        for node in project.manifest[part].values()
        if node["resource_type"] in ("model", "source")
    ]  # fmt: skip
    assert [node["unique_id"] for node in described if not node["description"]] == []


def test_every_table_has_its_key_and_contract_tested_and_blocking(project: DbtProject) -> None:
    graph = DbtGraph(project.manifest)
    for key in graph.contracts:
        blocking = {test.name for test in graph.tests if test.model == key and test.blocks}
        assert any(name.endswith("key_is_unique") for name in blocking), key
        assert any(name.endswith("contract_is_kept") for name in blocking), key


def test_units_follow_the_names_of_columns(project: DbtProject) -> None:
    units = {"_mps": "m/s", "_mps2": "m/s²", "_m": "m", "_s": "s", "_bpm": "bpm", "_w": "W",
             "_kj": "kJ", "_au": "au", "_deg": "°", "_percent": "%"}  # fmt: skip
    for contract in dbt_contracts(project.manifest).values():
        for column in contract.columns:
            ending = column.name[column.name.rfind("_") :]
            if ending in units and not column.name.endswith("per_min_m"):
                assert column.unit == units[ending], f"{contract.key}.{column.name}"


def test_sources_are_tables_that_have_a_contract(project: DbtProject) -> None:
    known = {contract.key for contract in ALL} | {"identity/athletes"}
    assert DbtGraph(project.manifest).sources <= known


def test_bits_of_quality_are_those_of_the_records() -> None:
    text = (PROJECT / "macros" / "columns.sql").read_text()
    found = re.search(r"set bits = (\{.*?\})", text, re.DOTALL)
    assert found
    assert ast.literal_eval(found[1]) == {bit.name.lower(): bit.value for bit in Quality}


def test_every_sport_has_its_thresholds(project: DbtProject) -> None:
    text = (PROJECT / "models" / "staging" / "sport_threshold.sql").read_text()
    assert re.findall(r"^        \('(\w+)'", text, re.MULTILINE) == list(SPORTS)
    (sport,) = [
        column for column in dbt_contracts(project.manifest)["core/session"].columns
        if column.name == "sport"
    ]  # fmt: skip
    assert sport.allowed == SPORTS


def test_the_crosswalk_is_read_whole(project: DbtProject) -> None:
    node = project.manifest["nodes"]["model.touchline.stg_identity__athletes"]
    assert [name for name in ATHLETES_SCHEMA.names if name not in node["raw_code"]] == []


def test_a_build_reads_history_of_what_calls_for_it(project: DbtProject) -> None:
    graph = DbtGraph(project.manifest)
    assert graph.history_of(["core/session"]) == set()
    assert graph.history_of(["mart/athlete_session_baseline"]) == {
        "core/session", "mart/athlete_session_external_load", "mart/athlete_session_internal_load",
    }  # fmt: skip


def test_history_is_read_as_far_back_as_it_can_matter(project: DbtProject) -> None:
    graph = DbtGraph(project.manifest)
    assert graph.history_days(["mart/athlete_day"]) == 0
    assert graph.history_days(["core/session", "mart/athlete_session_baseline"]) == 365


@pytest.mark.slow
def test_the_project_is_parsed_again_when_a_file_of_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    first = load_project(tmp_path / "cache", folder)
    written = first.manifest_path.stat().st_mtime_ns
    assert load_project(tmp_path / "cache", folder).manifest_path.stat().st_mtime_ns == written

    dead, at_work = tmp_path / "cache" / "parsing-dead", tmp_path / "cache" / "parsing-at-work"
    for path in (dead, at_work):
        (path / "parsed").mkdir(parents=True)
    two_hours_ago = time.time() - 7200
    os.utime(dead, (two_hours_ago, two_hours_ago))

    with (folder / "models" / "core" / "session.sql").open("a") as model:
        model.write("-- changed\n")
    changed = load_project(tmp_path / "cache", folder)
    assert changed.artifacts != first.artifacts
    code = changed.manifest["nodes"]["model.touchline.session"]["raw_code"]
    assert code.endswith("-- changed")
    assert not dead.exists(), "a process that died while parsing left it"
    assert at_work.exists()


@pytest.mark.slow
def test_a_project_that_does_not_parse_is_told_with_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    (folder / "models" / "core" / "session.sql").write_text("select * from {{ ref('nothing') }}")
    with pytest.raises(DbtError, match="nothing"):
        load_project(tmp_path / "cache", folder)
    assert not list((tmp_path / "cache").glob("*/manifest.json"))
    with pytest.raises(DbtError, match=r"no dbt_project\.yml"):
        load_project(tmp_path / "cache", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("sessions", [MATCH, ""])
def test_dbt_by_hand_shows_rows_and_publishes_nothing(
    sessions: str,
    tmp_path: Path,
    project: DbtProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lakehouse = IcebergLakehouse(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "warehouse"))
    match(MATCH).commit(lakehouse)
    days = dbt_contracts(project.manifest)["mart/athlete_day"]
    lakehouse.replace_slice(
        days, days.empty(), Slice("local_day", date(2024, 3, 2), date(2024, 3, 2), {}), CONTEXT
    )
    for name, value in {
        "SPORTS_ENV": "test", "SPORTS_HOME": str(tmp_path), "SPORTS_SESSIONS": sessions,
        "SPORTS_CATALOG_URI": f"sqlite:///{tmp_path}/catalog.db",
        "SPORTS_WAREHOUSE_URI": str(tmp_path / "warehouse"),
        "DBT_TARGET": "nowhere", "DBT_VARS": "{not: heeded}",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    outcome = invoke_dbt(
        ["build", "--select", "session", "athlete_day", "--exclude-resource-type", "unit_test"],
        PROJECT, project.artifacts, project.runtime_manifest(),
    )  # fmt: skip
    assert outcome.success
    assert "nothing is published" in capsys.readouterr().out
    assert lakehouse.snapshot_id("core/session") is None


@pytest.mark.slow
def test_the_plugin_loads_neither_dagster_nor_the_asset_graph() -> None:
    code = (
        "import sys, resources.dbt.plugin, resources.dbt.by_hand; "
        "print([m for m in sys.modules if m.split('.')[0] in ('dagster', 'sports_assets')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
