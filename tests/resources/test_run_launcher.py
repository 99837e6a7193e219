"""A run whose process is gone is found out, whoever went with it."""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from resources.run_launcher import (
    BOOT_TAG,
    HOST_TAG,
    BootClock,
    RunProcess,
    WatchedRunLauncher,
    is_alive,
)

#: As Dagster notes them of a code server of its own, and of another one.
OWN_SERVER = {GRPC_INFO_TAG: '{"host": "localhost", "socket": "/tmp/a-socket"}'}
SERVER_APART = {GRPC_INFO_TAG: '{"host": "code", "port": 4000}'}
HERE = {HOST_TAG: socket.gethostname()}
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
        tags=OWN_SERVER | HERE if tags is None else tags,
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
    assert not is_alive(RunProcess(process.pid, time.time()))


def test_another_process_with_the_same_id_is_another(process: subprocess.Popen[bytes]) -> None:
    assert is_alive(RunProcess(process.pid, time.time()))
    assert not is_alive(RunProcess(process.pid, time.time() - 3600))
    clock = BootClock.now()
    assert not is_alive(RunProcess(process.pid, time.time() - 10, clock))
    assert clock is not None
    before_the_restart = replace(clock, boot_id="another")
    assert not is_alive(RunProcess(process.pid, time.time(), before_the_restart))


@pytest.mark.parametrize("off_s", [-3600.0, -10.0, 10.0, 3600.0])
def test_a_clock_that_was_set_since_costs_no_run(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes], off_s: float
) -> None:
    """The clock was off when the run was launched, and its events bear what it showed."""
    clock = BootClock.now()
    assert clock is not None
    was = replace(clock, booted_at=clock.booted_at + off_s)
    assert is_alive(RunProcess(process.pid, time.time() + off_s, was))
    run = _started(instance, process.pid, OWN_SERVER | HERE | {BOOT_TAG: str(clock)})
    assert _status(instance, run) == WorkerStatus.RUNNING
    assert BootClock.parse(str(was)) == replace(was, booted_at=round(was.booted_at, 3))


def test_a_run_of_another_machine_is_gone_with_its_daemon(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes]
) -> None:
    run = _started(instance, process.pid, OWN_SERVER | {HOST_TAG: "a-machine-that-was-replaced"})
    assert _status(instance, run) == WorkerStatus.NOT_FOUND


@pytest.mark.parametrize("host", [socket.gethostname(), "a-machine-that-was-replaced"])
def test_a_run_of_a_code_server_that_was_started_apart_is_left_alone(
    instance: dg.DagsterInstance, process: subprocess.Popen[bytes], host: str
) -> None:
    """Its process id says nothing here: there it is another process, or none."""
    process.kill()
    process.wait()
    run = _started(instance, process.pid, SERVER_APART | {HOST_TAG: host})
    assert _status(instance, run) == WorkerStatus.RUNNING


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
