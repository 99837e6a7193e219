"""One process of a node for each task."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge_ingest.errors import BusyError


@contextmanager
def only_one(state: Path, task: str) -> Iterator[None]:
    """Hold the node's lock for a task; it goes with the process, however that ends.

    Raises:
        BusyError: another process holds it.
    """
    state.mkdir(parents=True, exist_ok=True)
    path = state / f"{task}.lock"
    with path.open("ab+", buffering=0) as handle:
        try:
            # A record lock: children of the process do not hold it.
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().decode().strip() or "unknown"
            raise BusyError(
                f"`edge-ingest {task}` runs already (process {holder}): stop that one first, such "
                f"as by `systemctl stop touchline-{task}`"
            ) from None
        with suppress(OSError):  # a full disk: the lock holds all the same
            handle.truncate(0)
            handle.write(f"{os.getpid()}\n".encode())
        yield


def is_running(state: Path, task: str) -> bool:
    """Whether a process of the node does the task now."""
    path = state / f"{task}.lock"
    if not path.exists():
        return False
    with path.open("ab") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
