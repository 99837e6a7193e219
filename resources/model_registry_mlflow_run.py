"""How a trained model is written down in MLflow: one run, with everything that is known of it.

Runs are named by id in every call: no run is "active", and nothing is logged behind one's back.
"""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from edge_ingest.durable import sync_folder
from resources.model_registry import RunRecord, instant
from resources.model_registry_mlflow_open import is_taken
from resources.object_folder import checked

#: The model's bytes, and the record of how they came about, among a run's artefacts.
PAYLOAD = "model.json"
_RECORD = "record.json"
#: What one request takes, at most.
_AT_ONCE = 100
#: A run that is said to run for longer died on the way.
_ABANDONED_AFTER = timedelta(days=1)
_PREFIX = "touchline."


def write_run(client: Any, experiment_id: str, record: RunRecord, payload: bytes) -> Any:  # noqa: ANN401
    """A finished run with payload and artefacts, durable where they are files of this machine.

    Returns:
        MLflow's own run. One that is not finished is left as it is: `end_abandoned`.
    """
    run = client.create_run(
        experiment_id,
        start_time=_ms(record.created_at_utc),
        tags=_prefixed(run_tags(record)),
        run_name=f"{record.model_name} {instant(record.created_at_utc):%Y-%m-%d %H:%M}",
    )
    try:
        _fill(client, run, record, payload)
    except Exception:
        with suppress(Exception):  # the first error tells more
            client.set_terminated(run.info.run_id, status="FAILED")
        raise
    client.set_terminated(run.info.run_id, status="FINISHED")
    return run


def run_tags(record: RunRecord) -> dict[str, str]:
    """What a run, and a version, is found by."""
    return {
        **record.tags,
        "reason": record.reason,
        "code_version": record.provenance.code_version,
        "provenance": record.provenance.fingerprint,
        "drops": str(len(record.provenance.drops)),
    }


def _prefixed(tags: Mapping[str, str]) -> dict[str, str]:
    return {_PREFIX + name: value for name, value in tags.items()}


def _fill(client: Any, run: Any, record: RunRecord, payload: bytes) -> None:  # noqa: ANN401
    from mlflow.entities import Metric, Param

    at = _ms(record.created_at_utc)
    told = {f"dataset.{name}": value for name, value in record.dataset.items()} | dict(
        record.params
    )
    params = [Param(name, str(value)) for name, value in told.items()]
    metrics = [
        Metric(name, float(value), at, 0)
        for name, value in record.metrics.items()
        if math.isfinite(value)
    ]
    for start in range(0, max(len(params), len(metrics)), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        client.log_batch(run.info.run_id, metrics=metrics[part], params=params[part])
    files = {**record.artifacts, _RECORD: _as_json(record), PAYLOAD: payload}
    with tempfile.TemporaryDirectory(prefix="touchline-run-") as folder:
        for name, content in files.items():
            place = Path(folder) / checked(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        client.log_artifacts(run.info.run_id, folder)
    _sync(run.info.artifact_uri, files)


def end_abandoned(client: Any, experiment_id: str, now_utc: datetime) -> int:  # noqa: ANN401
    """Mark runs of processes that died as killed; how many there were."""
    before = _ms(now_utc - _ABANDONED_AFTER)
    found = client.search_runs(
        [experiment_id], f"attributes.status = 'RUNNING' and attributes.start_time < {before}"
    )
    for run in found:
        client.set_terminated(run.info.run_id, status="KILLED")
    return len(found)


def experiment_of(client: Any, name: str, artifact_uri: str) -> str:  # noqa: ANN401
    """Id of a model's experiment, made on first use.

    Args:
        artifact_uri: under which its artefacts are kept; empty: where the server keeps all.
    """
    called = f"touchline/{name}"
    if (found := client.get_experiment_by_name(called)) is None:
        try:
            place = f"{artifact_uri}/{name}" if artifact_uri else None
            return str(client.create_experiment(called, artifact_location=place))
        except Exception as error:
            if not is_taken(error):
                raise
        found = client.get_experiment_by_name(called)  # another process was first
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _as_json(record: RunRecord) -> bytes:
    told = {
        "model_name": record.model_name,
        "created_at_utc": instant(record.created_at_utc).isoformat(),
        "trained_through": record.trained_through.isoformat(),
        "reason": record.reason,
        "provenance": json.loads(record.provenance.to_json()),
        "params": dict(record.params),
        "metrics": {k: v if math.isfinite(v) else None for k, v in record.metrics.items()},
        "dataset": dict(record.dataset),
        "tags": dict(record.tags),
    }
    return json.dumps(told, sort_keys=True, indent=1, default=str).encode()


def _sync(artifact_uri: str, names: Mapping[str, bytes]) -> None:
    """Force artefacts that are files of this machine to the disk, before a database names them."""
    parts = urlsplit(artifact_uri)
    if parts.scheme not in {"", "file"}:
        return
    root = Path(unquote(parts.path))
    folders = {root, root.parent, root.parent.parent}
    for name in names:
        path = root / name
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
        folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)


def _ms(moment: datetime) -> int:
    return int(instant(moment).timestamp() * 1000)
