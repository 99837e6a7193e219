"""A run whose process is gone is found out, whoever went with it."""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from resources.run_launcher import HOST_TAG, WatchedRunLauncher, is_alive

LAUNCHER = {"module": "resources.run_launcher", "class": "WatchedRunLauncher"}


@dg.job
def nothing() -> None:
    """A job without steps: what is asked here is asked of its process alone."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    settings = {
        "run_launcher": LAUNCHER,
        "run_retries": {
            "enabled": True,
            "max_retries": 2,
            "retry_on_asset_or_op_failure": False,
        },
    }
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=settings) as instance:
        yield instance


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield sleeper
    sleeper.kill()
    sleeper.wait()


def _started(
    instance: dg.DagsterInstance, pid: int | None, tags: dict[str, str] | None = None
) -> dg.DagsterRun:
    run = instance.create_run_for_job(
        nothing,
        status=dg.DagsterRunStatus.STARTED,
        tags={HOST_TAG: socket.gethostname()} if tags is None else tags,
    )
    if pid is not None:
        instance.report_engine_event("Started process", run, EngineEventData.in_process(pid))
    return run


def _status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    assert isinstance(instance.run_launcher, WatchedRunLauncher)
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_run_lives_as_long_as_its_process(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = _started(instance, process.pid)
    assert _status(instance, run) == WorkerStatus.RUNNING
    process.kill()
    process.wait()
    assert _status(instance, run) == WorkerStatus.NOT_FOUND


def test_a_killed_process_that_nobody_waited_for_is_gone(
    process: subprocess.Popen[bytes],
) -> None:
    process.kill()
    while not Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].startswith(" Z"):
        time.sleep(0.01)
    assert not is_alive(process.pid, time.time())


def test_another_process_with_the_same_id_is_another(process: subprocess.Popen[bytes]) -> None:
    assert is_alive(process.pid, time.time())
    assert not is_alive(process.pid, time.time() - 3600)


def test_a_run_of_another_machine_is_gone_with_its_daemon(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = _started(instance, process.pid, {HOST_TAG: "a-machine-that-was-replaced"})
    assert _status(instance, run) == WorkerStatus.NOT_FOUND


def test_a_run_that_was_not_launched_from_here_is_left_alone(instance: dg.DagsterInstance) -> None:
    assert _status(instance, _started(instance, None, {})) == WorkerStatus.RUNNING


def test_monitoring_marks_a_dead_run_failed_and_it_will_be_launched_again(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = _started(instance, process.pid)
    _monitor(instance, run)
    assert _reload(instance, run).status == dg.DagsterRunStatus.STARTED
    process.kill()
    process.wait()
    _monitor(instance, run)
    dead = _reload(instance, run)
    assert dead.status == dg.DagsterRunStatus.FAILURE
    assert dead.tags["dagster/will_retry"] == "true"


def _reload(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def _monitor(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    (record,) = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    monitor_started_run(instance, None, record, logging.getLogger("test"))  # type: ignore[arg-type]
