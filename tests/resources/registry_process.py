"""Somebody who trains, in a process of their own: `registry_process.py JOB`, where JOB is JSON.

Registers a model, waits until the file `go` is there if it is told of one, and moves the champion
from `expected` to the new version. Dies before or after a call of MLflow's that it is told of.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from resources.model_registry import Alias, AliasMovedError  # noqa: E402
from tests.resources.model_records import BECAUSE, record, registry_in  # noqa: E402

DIED = 77


def _dying(call: Callable[..., Any], when: str) -> Callable[..., Any]:
    def dying(*given: Any, **named: Any) -> Any:
        if when == "after":
            call(*given, **named)
        os._exit(DIED)

    return dying


def _arm(step: str, when: str) -> None:
    if step == "upgrade":
        from alembic import command

        command.upgrade = _dying(command.upgrade, when)
        return
    from mlflow.tracking import MlflowClient

    setattr(MlflowClient, step, _dying(getattr(MlflowClient, step), when))


def main(arguments: Sequence[str]) -> None:
    job = json.loads(arguments[0])
    if job.get("in") == "register":
        _arm(job["die_at"], job["when"])
    registry = registry_in(Path(job["folder"]))
    made = registry.log_and_register(record(job["name"]), job["payload"].encode())
    if job.get("in") == "promote":
        _arm(job["die_at"], job["when"])
    if job.get("go"):
        print("ready", flush=True)
        while not Path(job["go"]).exists():
            time.sleep(0.01)
    try:
        registry.set_alias(
            job["name"],
            Alias.CHAMPION,
            made.version,
            expected=job.get("expected"),
            because=BECAUSE,
        )
    except AliasMovedError:
        print("moved")
    else:
        print(f"champion {made.version}")


if __name__ == "__main__":
    main(sys.argv[1:])
