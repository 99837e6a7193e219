"""Processes die, and the lakehouse picks itself up: real daemon, real runs, `kill -9`."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psutil
import pytest

from deploy.local.services import daemon, make_home, wait_for
from resources.failed_runs import FAULT_TAG
from sports_assets.keys import LANE_TAG, REPORT_SESSION_KEY
from tests.e2e.conftest import RUN_S, START_S, Club
from tests.sports_assets.workouts import ride, send

pytestmark = [pytest.mark.slow]

#: Two runs at once on a machine that has other work to do.
PATIENCE_S = 3 * RUN_S
WHEN = datetime(2024, 5, 4, 9, 0, tzinfo=UTC)


def _runs(instance: dg.DagsterInstance, session: str) -> list[dg.DagsterRun]:
    """Runs of a session, oldest first."""
    found = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": session}))
    return sorted(found, key=lambda run: int(run.tags.get("dagster/retry_number", "0")))


def _pid(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The process of a run, once it is at work on its steps."""
    pid = None
    for entry in instance.all_logs(run_id):
        event = entry.dagster_event
        if event and event.event_type == dg.DagsterEventType.ENGINE_EVENT and pid is None:
            said = event.engine_event_data.metadata.get("pid")
            pid = int(str(said.value)) if said else None
        if event and event.event_type == dg.DagsterEventType.STEP_START:
            return pid
    return None


def _working(instance: dg.DagsterInstance, session: str) -> Callable[[], tuple[str, int] | None]:
    def look() -> tuple[str, int] | None:
        runs = _runs(instance, session)
        pid = _pid(instance, runs[-1].run_id) if runs else None
        return (runs[-1].run_id, pid) if pid else None

    return look


def _fault(instance: dg.DagsterInstance, run_id: str) -> str | None:
    run = instance.get_run_by_id(run_id)
    return run.tags.get(FAULT_TAG) if run else None


def _page_after_retry(
    instance: dg.DagsterInstance, session: str, died: str
) -> Callable[[], str | None]:
    def look() -> str | None:
        runs = _runs(instance, session)
        if len(runs) < 2 or not runs[-1].is_finished:
            return None
        first, *_, last = runs
        assert first.run_id == died
        assert first.status == dg.DagsterRunStatus.FAILURE
        if last.tags.get("dagster/will_retry") == "true":  # a busy machine, and no further fault
            return None
        assert last.status == dg.DagsterRunStatus.SUCCESS, last.status
        assert last.root_run_id == died
        assert last.tags[LANE_TAG] == first.tags[LANE_TAG] == f"{session}:facts"
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(REPORT_SESSION_KEY, asset_partitions=[session]), limit=1
        ).records
        made = records[0].asset_materialization if records else None
        return str(made.metadata["page"].value) if made else None

    return look


@pytest.mark.e2e
def test_a_killed_run_fails_frees_its_lane_and_is_launched_again_to_its_page(club: Club) -> None:
    session = send(club.home / "landing", ride(WHEN)).session_id
    run_id, pid = wait_for("a run at work", _working(club.instance, session), START_S)
    os.kill(pid, signal.SIGKILL)
    page = wait_for("the page", _page_after_retry(club.instance, session, run_id), RUN_S)
    assert Path(page).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert wait_for("its fault", lambda: _fault(club.instance, run_id), RUN_S) == "process-died"


@pytest.mark.soak
def test_runs_that_died_with_their_daemon_are_found_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the machine goes down: daemon, code server and run all at once."""
    environment = make_home(tmp_path) | {"SPORTS_ENV": "test"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = send(tmp_path / "landing", ride(WHEN)).session_id
    with dg.DagsterInstance.get() as instance:
        with daemon(environment, tmp_path / "daemon.log") as process:
            run_id, _ = wait_for("a run at work", _working(instance, session), START_S)
            _kill_all(process.pid)
        # A second session's drop comes while nobody is there: it must not wait behind the dead run.
        later = send(tmp_path / "landing", ride(WHEN + timedelta(days=1))).session_id
        with daemon(environment, tmp_path / "daemon.log"):
            page = wait_for("the page", _page_after_retry(instance, session, run_id), PATIENCE_S)
            assert Path(page).is_file()
            assert wait_for("its fault", lambda: _fault(instance, run_id), RUN_S) == "process-died"
            wait_for(
                "the page of the drop that came meanwhile",
                lambda: True if _is_done(instance, later) else None,
                PATIENCE_S,
            )


def _is_done(instance: dg.DagsterInstance, session: str) -> bool:
    return any(run.status == dg.DagsterRunStatus.SUCCESS for run in _runs(instance, session))


def _kill_all(pid: int) -> None:
    """Kill a process and everything below it, the whole tree stopped first."""
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for one in tree:
        one.suspend()
    for one in tree:
        one.kill()
