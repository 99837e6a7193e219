"""What asks for a training, and what holds it back."""

from datetime import date
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from resources.dagster_resources import LakehouseResource
from resources.lakehouse import CommitContext, Slice
from resources.model_contracts import OPS_DRIFT
from sensors.drift import drift_sensor
from sports_assets.keys import DRIFT_KEY, MODEL_KEYS, RAW_KEYS

DAY = date(2026, 5, 3)


@pytest.fixture
def lakehouse(tmp_path: Path) -> LakehouseResource:
    return LakehouseResource(
        catalog_uri=f"sqlite:///{tmp_path}/catalog.db", warehouse_uri=str(tmp_path / "warehouse")
    )


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def made(instance: dg.DagsterInstance, key: dg.AssetKey, **metadata: str) -> None:
    @dg.asset(key=key)
    def something() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=metadata)

    assert dg.materialize([something], instance=instance).success


def found(lakehouse: LakehouseResource, kind: str, verdict: str = "act") -> None:
    row = {
        "source": "readiness", "day": DAY, "subject_kind": "input", "subject": "load_acute_au",
        "statistic": "own_shift", "value": 6.0, "threshold": 4.0, "verdict": verdict, "kind": kind,
        "reason": "six standard errors",
    }  # fmt: skip
    rows = OPS_DRIFT.conform(pa.Table.from_pylist([row], schema=OPS_DRIFT.schema))
    with lakehouse.open() as store:
        store.replace_slice(
            OPS_DRIFT, rows, Slice("day", DAY, DAY, {}), CommitContext("test", "test")
        )


def tick(
    instance: dg.DagsterInstance, lakehouse: LakehouseResource, cursor: str | None = None
) -> dg.SensorResult:
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"lakehouse": lakehouse}
    )
    result = drift_sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def jobs(result: dg.SensorResult) -> list[str | None]:
    return sorted(str(request.job_name) for request in result.run_requests or [])


def all_trained(instance: dg.DagsterInstance) -> None:
    made(instance, RAW_KEYS["wellness"])
    for key in MODEL_KEYS.values():
        made(instance, key, version="1")


def test_before_anybody_told_of_a_day_nothing_is_trained(instance, lakehouse) -> None:
    assert not jobs(tick(instance, lakehouse))


def test_the_first_days_train_every_model(instance, lakehouse) -> None:
    made(instance, RAW_KEYS["wellness"])
    result = tick(instance, lakehouse)
    assert jobs(result) == sorted(f"retrain_{name}" for name in MODEL_KEYS)
    assert {request.tags["touchline/model"] for request in result.run_requests} == set(MODEL_KEYS)
    assert not jobs(tick(instance, lakehouse, result.cursor))


def test_a_model_that_found_too_little_is_tried_again_when_more_is_told(
    instance, lakehouse
) -> None:
    all_trained(instance)
    made(instance, MODEL_KEYS["recovery"], not_trained="no return from injury")
    first = tick(instance, lakehouse)
    assert jobs(first) == ["retrain_recovery"]
    made(instance, RAW_KEYS["injuries"])
    assert jobs(tick(instance, lakehouse, first.cursor)) == ["retrain_recovery"]


def test_drift_trains_its_model_with_reason_cool_down_and_ceiling(instance, lakehouse) -> None:
    all_trained(instance)
    found(lakehouse, "shift")
    made(instance, DRIFT_KEY)
    (request,) = tick(instance, lakehouse).run_requests
    assert request.job_name == "retrain_readiness"
    assert "six standard errors" in request.tags["touchline/retrain-reason"]
    assert request.tags["touchline/retrain-cooldown-until"]
    assert request.tags["touchline/retrain-ceiling"].startswith("1 of 4")


@pytest.mark.parametrize(
    ("kind", "verdict"), [("expected", "act"), ("shift", "watch"), ("device_change", "act")]
)
def test_what_the_plan_explains_or_a_device_did_trains_nothing(
    instance, lakehouse, kind: str, verdict: str
) -> None:
    all_trained(instance)
    found(lakehouse, kind, verdict)
    made(instance, DRIFT_KEY)
    assert not jobs(tick(instance, lakehouse))


def test_a_training_of_late_holds_the_next_one_back(instance, lakehouse) -> None:
    all_trained(instance)
    found(lakehouse, "decay")
    made(instance, DRIFT_KEY)

    @dg.job(name="retrain_readiness")
    def retrain() -> None:
        @dg.op
        def train() -> None:
            pass

        train()

    assert retrain.execute_in_process(instance=instance).success
    result = tick(instance, lakehouse)
    assert not jobs(result)
    assert "cools down" in str(result.skip_reason)
