"""Launches runs as Dagster does by default, and knows whether the process of a run still lives.

Dagster's own launcher leaves that to the code server that started the process: it reports a run of
its own that died, within a second. What nobody reports is a run that died together with its code
server, as when the machine goes down: it would stay STARTED for ever, and hold its lane. With this
launcher Dagster's run monitoring asks for the process, and marks the run failed once it is gone.
A run that outlived its code server is left alone: it ends by itself.

Only runs of a code server that the daemon or the webserver started are judged. One that somebody
started apart may live in a container of its own, where the same process ids mean other processes.
"""

import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.launcher import (
    CheckRunHealthResult,
    DefaultRunLauncher,
    LaunchRunContext,
    WorkerStatus,
)
from dagster._core.storage.tags import GRPC_INFO_TAG

#: The machine that a run was launched on, and by which of its clocks: see `BootClock`.
HOST_TAG = "touchline/host"
BOOT_TAG = "touchline/boot"
#: The kernel counts in ticks, and an event tells of a process a little after it began, s.
_TOLERANCE_S = 2.0
#: Where it is not known what the clock showed then: one that was set at boot was off by seconds.
_UNSURE_S = 60.0


@dataclass(frozen=True)
class BootClock:
    """What the clock on the wall showed when this machine was started, as it was set at an instant.

    It may be set again while a run is at work, as at boot, when the network comes. The kernel's
    clock, by which it knows when a process began, never is.

    Attributes:
        boot_id: the kernel's name for the time between two starts of the machine.
        booted_at: s since 1970.
    """

    boot_id: str
    booted_at: float

    @classmethod
    def now(cls) -> "BootClock | None":
        """As the clock is set now; None where the kernel does not tell (macOS)."""
        try:
            boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        return cls(boot_id, time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))

    @classmethod
    def parse(cls, tag: str | None) -> "BootClock | None":
        """Read a tag; None where there is none."""
        boot_id, _, booted_at = (tag or "").partition(" ")
        return cls(boot_id, float(booted_at)) if booted_at else None

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{self.boot_id} {self.booted_at:.3f}"


@dataclass(frozen=True)
class RunProcess:
    """The process of a run.

    Attributes:
        pid: its id on this machine.
        seen_at: when it said so, s since 1970.
        clock: how the clock was set when the run was launched; None where nobody noted it.
    """

    pid: int
    seen_at: float
    clock: BootClock | None = None


class WatchedRunLauncher(DefaultRunLauncher):
    """Runs as children of the code server on this machine, watched by their process id."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch a run, and note on which machine, and how its clock is set.

        Raises:
            DagsterLaunchFailedError: the code server would not start it.
        """
        run = context.dagster_run
        clock = BootClock.now()
        boot = {BOOT_TAG: str(clock)} if clock else {}
        self._instance.add_run_tags(run.run_id, {HOST_TAG: socket.gethostname(), **boot})
        super().launch_run(context)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run that has started still lives.

        A run that this launcher did not launch (by `dagster asset materialize`, say) is taken for
        alive: nothing is known of its process. So is one of a code server that was started
        apart. `max_runtime_seconds` bounds both.
        """
        host = run.tags.get(HOST_TAG)
        if host is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "not launched from here")
        if not is_of_own_server(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "its code server was started apart")
        if host != socket.gethostname():
            # Code servers are children of the daemon: with another machine, it has gone as well.
            return CheckRunHealthResult(
                WorkerStatus.NOT_FOUND, f"it ran on {host}, and the daemon is elsewhere now"
            )
        process = process_of(self._instance, run)
        if process is None:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "it never said its process id")
        if is_alive(process):
            return CheckRunHealthResult(WorkerStatus.RUNNING, run_worker_id=str(process.pid))
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"its process {process.pid} is gone")


def is_of_own_server(run: dg.DagsterRun) -> bool:
    """Whether the code server that a launched run is a child of is one of Dagster's own making.

    Daemon and webserver speak by a socket to those that they start, and by a port to any other.
    """
    return "socket" in json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))


def process_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunProcess | None:
    """The process of a run, as the run told of it; its steps tell of theirs later."""
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if pid is not None:
            clock = BootClock.parse(run.tags.get(BOOT_TAG))
            return RunProcess(int(str(pid.value)), entry.timestamp, clock)
    return None


def is_alive(process: RunProcess) -> bool:
    """Whether a process that was seen still lives.

    An id is given again, soon so after a restart of the machine or container: a process that
    started later is another one. A dead one that nobody has waited for yet is dead.
    """
    stat = Path(f"/proc/{process.pid}/stat")
    now = BootClock.now()
    if now is None:  # macOS: no more is known
        return _has_process(process.pid)
    if process.clock is not None and process.clock.boot_id != now.boot_id:
        return False
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return False
    state, started_ticks = fields[0], int(fields[19])
    started_s = started_ticks / os.sysconf("SC_CLK_TCK")  # since the machine was started
    clock, tolerance_s = (process.clock, _TOLERANCE_S) if process.clock else (now, _UNSURE_S)
    seen_s = process.seen_at - clock.booted_at
    return state not in {"Z", "X"} and started_s <= seen_s + tolerance_s


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
