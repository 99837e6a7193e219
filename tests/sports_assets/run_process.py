"""Processes that do one thing of the whole way and may die in it: `run_process.py`, jobs on stdin.

Importing takes longer than a run, and so does whatever is worked out on first use. So this process
does the first job itself, and forks a child for each other, which has all of that in memory. A job
is a line of JSON: what to do, for which session, and at which boundary to die. For each it answers
with a line: the exit code, negative where a signal killed the child.
"""

import gc
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import dagster as dg  # noqa: E402
from dagster._core.remote_origin import InProcessCodeLocationOrigin  # noqa: E402
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin  # noqa: E402
from dagster._core.workspace.context import WorkspaceProcessContext  # noqa: E402
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget  # noqa: E402
from dagster._daemon.sensor import execute_sensor_iteration  # noqa: E402
from dagster._time import get_current_datetime  # noqa: E402
from pyiceberg.utils.concurrent import ExecutorFactory  # noqa: E402

from sports_assets.definitions import defs  # noqa: E402
from sports_assets.keys import PERSONAL_NORM_KEY, UPKEEP_KEY, UPKEEP_PLAN_KEY  # noqa: E402
from sports_assets.partitions import SESSIONS_NAME  # noqa: E402
from tests.sports_assets.boundaries import Boundaries  # noqa: E402


def run(job: Mapping[str, Any]) -> None:
    """The way from drop to page for a session, as the sensor asks for it."""
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(SESSIONS_NAME, [job["session"]])
        _FACTS.execute_in_process(instance=instance, partition_key=job["session"])


def norms(_: Mapping[str, Any]) -> None:
    """The personal norms: their table, and the file for the ground."""
    with dg.DagsterInstance.get() as instance:
        _ALL.execute_in_process(instance=instance, asset_selection=[PERSONAL_NORM_KEY])


def upkeep(_: Mapping[str, Any]) -> None:
    """Upkeep, planned and applied."""
    with dg.DagsterInstance.get() as instance:
        keys = [UPKEEP_PLAN_KEY, UPKEEP_KEY]
        _ALL.execute_in_process(instance=instance, asset_selection=keys)


def tick(job: Mapping[str, Any]) -> None:
    """One look of the daemon at the sensor of drops, some minutes from now."""
    import dagster._core.test_utils as dagster_tests

    here = LoadableTargetOrigin(
        executable_path=sys.executable,
        module_name="sports_assets.definitions",
        working_directory=str(REPOSITORY),
    )
    place = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(here, location_name="here"))
    later = get_current_datetime() + timedelta(minutes=job["minutes"])
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(instance, place) as workspace,
        dagster_tests.freeze_time(later),
    ):
        for fault in execute_sensor_iteration(workspace, logging.getLogger("daemon"), None, None):
            if fault is not None:
                raise RuntimeError(fault.to_string())


_DO = {"run": run, "norms": norms, "upkeep": upkeep, "tick": tick}
_FACTS = defs.resolve_job_def("session_facts")
_ALL = defs.resolve_implicit_global_asset_job_def()


def _do(job: Mapping[str, Any]) -> int:
    said = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        Boundaries(Path(job["notes"]), job["die_at"]).install()
        _DO[job["do"]](job)
    except BaseException:  # noqa: BLE001 - told to whoever asked for the job
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    _DO["run"](json.loads(sys.stdin.readline()))
    _check_nothing_runs()
    gc.collect()
    gc.freeze()  # what is shared with the children stays shared
    print(0, flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = _do(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _check_nothing_runs() -> None:
    """A child has none of its parent's threads: whoever waited for one would wait for ever.

    pyiceberg's pool knows of forks, and makes itself anew in a child.
    """
    ExecutorFactory.get_or_create().shutdown()
    left = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    assert not left, left


if __name__ == "__main__":
    main()
