"""Dagster's daemon and webserver on one machine, over one SPORTS_HOME.

Used by the demo, the benchmarks and the end-to-end test, so that all of them run the same thing.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).resolve().parents[2]
WORKSPACE = REPOSITORY / "workspace.yaml"

T = TypeVar("T")


def make_home(home: Path) -> dict[str, str]:
    """Make a SPORTS_HOME with its Dagster instance; the environment that belongs to it."""
    dagster_home = home / "dagster"
    dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(REPOSITORY / "deploy" / "local" / "dagster.yaml", dagster_home / "dagster.yaml")
    return {
        "SPORTS_HOME": str(home),
        "DAGSTER_HOME": str(dagster_home),
        # One BLAS thread a process: the work is parallel already.
        "OMP_NUM_THREADS": "1",
    }


def dagster_command(name: str) -> str:
    """Path of a Dagster command beside this interpreter."""
    return str(Path(sys.executable).with_name(name))


@contextmanager
def service(
    command: Sequence[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of our own, in a group of its own, ended with all that it started."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        process = subprocess.Popen(
            list(command),
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=REPOSITORY,
            env=os.environ | environment,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def daemon(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon: sensors, queue, automation."""
    command = [dagster_command("dagster-daemon"), "run", "-w", str(WORKSPACE)]
    with service(command, environment, log) as process:
        yield process


@contextmanager
def webserver(
    environment: dict[str, str], log: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The UI and its GraphQL, on loopback."""
    command = [
        dagster_command("dagster-webserver"),
        *("-w", str(WORKSPACE), "-h", "127.0.0.1", "-p", str(port)),
    ]
    with service(command, environment, log) as process:
        yield process


def wait_for(what: str, look: Callable[[], T | None], timeout_s: float) -> T:
    """Look twice a second until there is something to see.

    Raises:
        TimeoutError: naming what was waited for.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if (seen := look()) is not None:
            return seen
        time.sleep(0.5)
    raise TimeoutError(f"waited {timeout_s:.0f} s for {what}")


def wait_for_port(process: "subprocess.Popen[bytes]", port: int, name: str) -> None:
    """Wait until a server of ours listens on a port of loopback.

    Raises:
        TimeoutError: it has ended, or takes longer than a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"{name} did not answer on port {port}: is it installed?")
