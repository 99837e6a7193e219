"""The two lists of whoever looks after the lakehouse, in a real lakehouse."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resources.contracts import OPS_FAILED_RUN, OPS_STALE_ASSET
from resources.failed_runs import fault_metadata
from resources.faults import Fault, FaultKind
from sports_assets.definitions import defs
from sports_assets.keys import REPORT_SESSION_KEY
from sports_assets.partitions import SESSIONS, SESSIONS_NAME
from sports_assets.watchdog.assets import NOTHING_IS_LATE
from tests.sports_assets.test_session_runs import Club
from tests.sports_assets.workouts import ride, send

pytestmark = pytest.mark.slow


@dg.op
def refused() -> None:
    fault = Fault(FaultKind.BAD_DROP, "its drop was altered | send it again")
    raise dg.Failure("as asked", fault_metadata(fault), allow_retries=False)


@dg.job
def session_facts() -> None:
    refused()


@dg.asset(key=REPORT_SESSION_KEY, partitions_def=SESSIONS)
def page() -> None:
    """Stands for the page: what is looked at is that, and when, it was made."""


@pytest.fixture
def club(tmp_path: Path) -> Club:
    return Club(tmp_path)


def _make(club: Club, contract: Any) -> tuple[dg.ExecuteInProcessResult, list[dict[str, Any]]]:
    result = dg.materialize(
        list(defs.assets or []),
        selection=[dg.AssetKey(contract.key.split("/"))],
        resources=club.resources,
        instance=club.instance,
    )
    with club.resources["lakehouse"].open() as store, store.connect() as connection:
        store.view(connection, contract, "listed")
        return result, connection.sql("select * from listed").to_arrow_table().to_pylist()


def test_failed_runs_are_listed_with_what_stopped_them_and_what_to_read(club: Club) -> None:
    session = "2024-03-01_cycling_session-1000"
    failed = session_facts.execute_in_process(
        instance=club.instance, tags={"dagster/partition": session}, raise_on_error=False
    )
    result, (row,) = _make(club, OPS_FAILED_RUN)
    assert row["run_id"] == failed.run_id
    assert (row["job"], row["session_id"]) == ("session_facts", session)
    assert (row["fault"], row["runbook"]) == ("bad-drop", "docs/runbooks/bad-drop.md")
    assert row["reason"] == "its drop was altered | send it again"
    assert (row["again"], row["again_run_id"]) == ("not tried", None)
    (made,) = result.asset_materializations_for_node("ops__failed_run")
    assert made.metadata["waiting_for_a_person"].value == 1
    assert "| its drop was altered / send it again |" in str(made.metadata["failed"].value)


def test_what_is_late_is_listed_warned_of_and_leaves_the_list(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.late.PATIENCE", timedelta(0))
    session = send(club.landing, ride()).session_id
    result, (row,) = _make(club, OPS_STALE_ASSET)
    assert (row["late_id"], row["session_id"]) == (f"report/session {session}", session)
    assert row["runbook"] == "docs/runbooks/late.md"
    (warning,) = [
        one for one in result.get_asset_check_evaluations() if one.check_name == NOTHING_IS_LATE
    ]
    assert not warning.passed
    assert warning.severity == dg.AssetCheckSeverity.WARN
    club.instance.add_dynamic_partitions(SESSIONS_NAME, [session])
    dg.materialize([page], partition_key=session, instance=club.instance)
    result, rows = _make(club, OPS_STALE_ASSET)
    assert rows == []
    assert all(one.passed for one in result.get_asset_check_evaluations())
