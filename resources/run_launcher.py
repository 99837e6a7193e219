"""Launches runs as Dagster does by default, and knows whether the process of a run still lives.

Dagster's own launcher leaves that to the code server that started the process: it reports a run of
its own that died, within a second. What nobody reports is a run that died together with its code
server, as when the machine goes down: it would stay STARTED for ever, and hold its lane. With this
launcher Dagster's run monitoring asks for the process, and marks the run failed once it is gone.
A run that outlived its code server is left alone: it ends by itself.
"""

import os
import socket
import time
from pathlib import Path

import dagster as dg
from dagster._core.launcher import (
    CheckRunHealthResult,
    DefaultRunLauncher,
    LaunchRunContext,
    WorkerStatus,
)

#: The machine that a run was launched on.
HOST_TAG = "touchline/host"
#: Clocks of the kernel and of an event may differ by so much, s.
_TOLERANCE_S = 2.0


class WatchedRunLauncher(DefaultRunLauncher):
    """Runs as children of the code server on this machine, watched by their process id."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch a run, and note on which machine.

        Raises:
            DagsterLaunchFailedError: the code server would not start it.
        """
        run = context.dagster_run
        self._instance.add_run_tags(run.run_id, {HOST_TAG: socket.gethostname()})
        super().launch_run(context)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run that has started still lives.

        A run that this launcher did not launch (by `dagster asset materialize`, say) is taken for
        alive: nothing is known of its process. `max_runtime_seconds` bounds it.
        """
        host = run.tags.get(HOST_TAG)
        if host is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "not launched from here")
        if host != socket.gethostname():
            # Code servers are children of the daemon: with another machine, it has gone as well.
            return CheckRunHealthResult(
                WorkerStatus.NOT_FOUND, f"it ran on {host}, and the daemon is elsewhere now"
            )
        process = self._process(run.run_id)
        if process is None:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "it never said its process id")
        pid, said_at = process
        if is_alive(pid, said_at):
            return CheckRunHealthResult(WorkerStatus.RUNNING, run_worker_id=str(pid))
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"its process {pid} is gone")

    def _process(self, run_id: str) -> tuple[int, float] | None:
        """Process id of a run, and when the process said so, in s since 1970."""
        for entry in self._instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            pid = event.engine_event_data.metadata.get("pid") if event else None
            if pid is not None:
                return int(str(pid.value)), entry.timestamp
        return None


def is_alive(pid: int, seen_at: float) -> bool:
    """Whether the process that had this id at an instant still lives.

    An id is given again, soon so after a restart of the machine or container: a process that
    started later is another one. A dead one that nobody has waited for yet is dead.

    Args:
        seen_at: s since 1970.
    """
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").is_file():  # macOS: no more is known
        return _has_process(pid)
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return False
    state, started_ticks = fields[0], int(fields[19])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - started_ticks / os.sysconf("SC_CLK_TCK")
    return state not in {"Z", "X"} and time.time() - age_s <= seen_at + _TOLERANCE_S


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
