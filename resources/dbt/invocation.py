"""dbt inside this process: one invocation at a time, quiet, offline, the same on every machine.

dbt keeps flags, adapters and its event manager in module globals, so two invocations in one process
would share them: a lock keeps them apart. `DBT_*` variables of the surrounding shell would change
what a build means: they are taken away for its duration.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.errors import DbtError

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

_LOCK = threading.RLock()
_QUIET = (
    "--log-level",
    "none",  # messages may quote a value; the log file stays on this machine
    "--no-use-colors",
    "--no-use-colors-file",
    "--no-send-anonymous-usage-stats",
    "--no-version-check",
    "--log-level-file",
    "info",
)


def invoke_dbt(
    command: Sequence[str],
    project: Path,
    artifacts: Path,
    manifest: "Manifest | None" = None,
    callbacks: Sequence[Callable[[Any], None]] = (),
) -> "dbtRunnerResult":
    """Run one dbt command.

    Args:
        command: e.g. `["build", "--select", "session"]`.
        project: folder of `dbt_project.yml` and `profiles.yml`.
        artifacts: where compiled SQL and artifacts go; the log goes into `logs` beside it.
        manifest: a parsed project, so that nothing is parsed again; dbt changes it.
        callbacks: called with each event message of dbt.

    Returns:
        dbt's own result; failed models and tests are in there and raise nothing.

    Raises:
        DbtError: dbt could not run the command at all.
    """
    from dbt.cli.main import dbtRunner

    logs = artifacts.parent / "logs"
    places = {
        "--project-dir": project,
        "--profiles-dir": project,
        "--target-path": artifacts,
        "--log-path": logs,
    }
    arguments = [*command, *_QUIET, *(str(part) for pair in places.items() for part in pair)]
    with _LOCK, _without_dbt_variables():
        close_database()
        result = dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke(arguments)
    if result.exception is not None:
        raise DbtError(
            f"dbt {command[0]} did not run: {result.exception}; its log is in {logs}"
        ) from result.exception
    return result


def close_database() -> None:
    """Close the in-memory database of the last invocation, and every cursor of it.

    The adapter keeps it open, and would give it to the next invocation with the same profile.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    with _LOCK:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def _without_dbt_variables() -> Iterator[None]:
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DBT_")}
    try:
        yield
    finally:
        os.environ.update(taken)
