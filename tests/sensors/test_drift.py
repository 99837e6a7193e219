"""What asks for a training, and what holds it back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

import sensors.drift
from edge_ingest.records import WELLNESS
from resources.dagster_resources import LakehouseResource
from resources.lakehouse import CommitContext, Slice
from resources.model_contracts import OPS_DRIFT
from resources.retraining import RetrainingPolicy
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


def made(instance: dg.DagsterInstance, key: dg.AssetKey, **metadata: str | bool) -> None:
    @dg.asset(key=key)
    def something() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=metadata)

    assert dg.materialize([something], instance=instance).success


def found(
    lakehouse: LakehouseResource, kind: str, verdict: str = "act", *, day: date = DAY,
    subject_kind: str = "input",
) -> None:  # fmt: skip
    row = {
        "source": "readiness", "day": day, "subject_kind": subject_kind, "subject": "load_acute_au",
        "statistic": "own_shift", "value": 6.0, "threshold": 4.0, "verdict": verdict, "kind": kind,
        "reason": "six standard errors",
    }  # fmt: skip
    rows = OPS_DRIFT.conform(pa.Table.from_pylist([row], schema=OPS_DRIFT.schema))
    with lakehouse.open() as store:
        store.replace_slice(
            OPS_DRIFT, rows, Slice("day", day, day, {"subject_kind": subject_kind}),
            CommitContext("test", "test"),
        )  # fmt: skip


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
    made(instance, MODEL_KEYS["recovery"], not_trained="no return from injury", serving="none")
    first = tick(instance, lakehouse)
    assert not jobs(first), "the same days teach nothing more"
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


def test_drift_that_is_over_trains_nothing(instance, lakehouse) -> None:
    all_trained(instance)
    found(lakehouse, "shift")
    found(lakehouse, "none", "ok", day=DAY + timedelta(days=7))
    assert not jobs(tick(instance, lakehouse))


def test_drift_of_the_last_week_counts_beside_performance_of_a_later_day(
    instance, lakehouse
) -> None:
    all_trained(instance)
    found(lakehouse, "shift")
    found(lakehouse, "none", "ok", day=DAY + timedelta(days=3), subject_kind="performance")
    assert jobs(tick(instance, lakehouse)) == ["retrain_readiness"]


@pytest.mark.parametrize(("trained_through", "is_asked"), [(-1, True), (0, False), (5, False)])
def test_drift_that_the_last_training_saw_is_answered(
    instance, lakehouse, trained_through: int, is_asked: bool
) -> None:
    all_trained(instance)
    made(
        instance, MODEL_KEYS["readiness"],
        trained_through=str(DAY + timedelta(days=trained_through)),
    )  # fmt: skip
    found(lakehouse, "shift")
    assert bool(jobs(tick(instance, lakehouse))) is is_asked


def retrained(
    instance: dg.DagsterInstance, model: str = "readiness", *, is_whole: bool = True
) -> None:
    """A run of the model's job, which tells Dagster of no asset."""

    @dg.op
    def train() -> None:
        if not is_whole:
            raise dg.Failure("as asked")

    @dg.job(name=f"retrain_{model}")
    def retrain() -> None:
        train()

    result = retrain.execute_in_process(instance=instance, raise_on_error=False)
    assert result.success is is_whole


@pytest.mark.parametrize(("is_whole", "days"), [(True, 14), (False, 1)])
def test_a_training_of_late_holds_the_next_one_back(
    instance, lakehouse, is_whole: bool, days: int
) -> None:
    all_trained(instance)
    found(lakehouse, "decay")
    retrained(instance, is_whole=is_whole)
    result = tick(instance, lakehouse)
    assert not jobs(result)
    until = datetime.now(UTC) + timedelta(days=days)
    assert f"cools down until {until:%Y-%m-%d}" in str(result.skip_reason)


def test_no_more_trainings_than_the_ceiling_and_the_reader_is_told(
    instance, lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sensors.drift, "POLICY", RetrainingPolicy(cool_down=timedelta(0), ceiling=2)
    )
    all_trained(instance)
    found(lakehouse, "decay")
    retrained(instance)
    (request,) = tick(instance, lakehouse).run_requests
    assert request.tags["touchline/retrain-ceiling"] == "2 of 2 in 90 days"
    retrained(instance)
    result = tick(instance, lakehouse)
    assert not jobs(result)
    assert "2 trainings in 90 days are the ceiling" in str(result.skip_reason)


def test_a_device_change_asks_for_no_training_beside_other_drift_of_the_day(
    instance, lakehouse
) -> None:
    all_trained(instance)
    found(lakehouse, "device_change")
    found(lakehouse, "shift", subject_kind="prediction")
    result = tick(instance, lakehouse)
    assert not jobs(result)
    assert "readiness: nothing asks" not in str(result.skip_reason)


def told(lakehouse: LakehouseResource, source: str, day: date = DAY) -> None:
    row = {"source": source, "source_athlete_id": "a", "day": day}
    rows = WELLNESS.conform(pa.Table.from_pylist([row], schema=WELLNESS.schema))
    with lakehouse.open() as store:
        store.replace_slice(
            WELLNESS, rows, Slice("day", day, day, {"source": source}),
            CommitContext("test", "test"),
        )  # fmt: skip


def test_models_of_a_simulated_club_are_trained_anew_when_real_athletes_come(
    instance, lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = RetrainingPolicy(cool_down_nothing=timedelta(0))
    monkeypatch.setattr(sensors.drift, "POLICY", policy)
    all_trained(instance)
    made(instance, MODEL_KEYS["recovery"], is_of_simulated=True, version="1")
    retrained(instance, "recovery")
    told(lakehouse, "simulated-club")
    assert not jobs(tick(instance, lakehouse))
    told(lakehouse, "diary")
    (request,) = tick(instance, lakehouse).run_requests
    assert request.job_name == "retrain_recovery"
    assert "never saw a real athlete" in request.tags["touchline/retrain-reason"]


def test_each_request_has_a_key_of_its_own_and_the_cursor_stays_small(instance, lakehouse) -> None:
    made(instance, RAW_KEYS["wellness"])
    result = tick(instance, lakehouse)
    keys = [request.run_key for request in result.run_requests]
    assert len(set(keys)) == len(MODEL_KEYS)
    assert len(result.cursor or "") < 64


@pytest.mark.parametrize(("source", "days", "is_asked"), [
    ("diary", 89, False), ("diary", 90, True), ("simulated-club", 95, False),
    ("diary", 3650, False),
])  # fmt: skip
def test_a_model_that_learned_nothing_of_late_is_trained_whatever_drifts(
    instance, lakehouse, source: str, days: int, is_asked: bool
) -> None:
    all_trained(instance)
    made(instance, MODEL_KEYS["readiness"], trained_through=str(DAY))
    told(lakehouse, "diary")
    told(lakehouse, source, DAY + timedelta(days=days))
    requests = tick(instance, lakehouse).run_requests or []
    reasons = [request.tags["touchline/retrain-reason"] for request in requests]
    assert reasons == [f"age: it learned up to {DAY}, {days} days before now"] * is_asked


def test_one_that_found_too_little_waits_a_while_and_asks_about_who_serves(
    instance, lakehouse
) -> None:
    all_trained(instance)
    told(lakehouse, "diary")
    made(
        instance, MODEL_KEYS["recovery"], not_trained="no return from injury",
        serving="version 1", is_of_simulated="True",
    )  # fmt: skip
    retrained(instance, "recovery")
    result = tick(instance, lakehouse)
    assert not jobs(result)
    assert "cools down" in str(result.skip_reason)
