"""A model drifts or decays: it is trained again, with reason, cool-down and ceiling as tags.

Not a condition on a check: that would ask at each tick, or stay silent while the drift lasts. What
was asked for before is read from the tags of runs.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from resources.dagster_resources import LakehouseResource
from resources.lakehouse import Lakehouse
from resources.model_contracts import OPS_DRIFT
from resources.retraining import (
    Action,
    Ask,
    Cause,
    PastRequest,
    RetrainingPolicy,
    RunState,
    answer,
)
from sensors.cursor import digest
from sports_assets.keys import (
    DRIFT_KEY,
    LANE_TAG,
    MODEL_CARD_KEY,
    MODEL_KEYS,
    MODELS_LANE,
    PREDICTION_KEYS,
    PROMOTION_KEY,
    RAW_KEYS,
)

POLICY = RetrainingPolicy()
_MODEL_TAG, _KEY_TAG = "touchline/model", "touchline/retrain-key"
_STATES = {
    dg.DagsterRunStatus.SUCCESS: RunState.SUCCEEDED,
    dg.DagsterRunStatus.FAILURE: RunState.FAILED,
    dg.DagsterRunStatus.CANCELED: RunState.FAILED,
}

#: A job a model: one lineage from the trained model to the squad that it scores.
retrain_jobs = {
    name: dg.define_asset_job(
        f"retrain_{name}",
        selection=dg.AssetSelection.assets(
            key, PROMOTION_KEY, PREDICTION_KEYS[name], MODEL_CARD_KEY
        ),
        tags={LANE_TAG: MODELS_LANE, _MODEL_TAG: name},
        description=(
            f"Trains {name} anew, judges it, decides on it, and scores the squad by whoever serves."
        ),
    )
    for name, key in MODEL_KEYS.items()
}


@dg.sensor(
    name="drift",
    jobs=list(retrain_jobs.values()),
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A model that drifts, decays, or was never trained: trains it, within limits.",
)
def drift_sensor(
    context: dg.SensorEvaluationContext, lakehouse: LakehouseResource
) -> dg.SensorResult:
    """Ask of each model whether anything wants it trained."""
    now = datetime.now(UTC)
    seen = _state_of(context.instance)
    if seen == context.cursor:
        return dg.SensorResult(
            skip_reason="neither drift nor days are new since the last look", cursor=seen
        )
    with lakehouse.open() as store:
        asks = [*_findings(store), *_first_trainings(context.instance)]
    requests, told = [], []
    for name, job in retrain_jobs.items():
        reply = answer(name, asks, _past(context.instance, job.name, name, now), now, POLICY)
        told.append(f"{name}: {reply.why}")
        if reply.action is Action.RETRAIN:
            key = f"{name}:{reply.cause}:{digest([seen, reply.why])}"
            requests.append(dg.RunRequest(run_key=key, job_name=job.name, tags=reply.tags))
    if not requests:
        return dg.SensorResult(skip_reason="; ".join(told), cursor=seen)
    return dg.SensorResult(run_requests=requests, cursor=seen)


def _state_of(instance: dg.DagsterInstance) -> str:
    """What this sensor looks at, as it is now; the hour counts, as cool-downs end."""
    marks = [f"{datetime.now(UTC):%Y-%m-%dT%H}"]
    for key in (DRIFT_KEY, *(RAW_KEYS[name] for name in ("wellness", "injuries", "fixtures"))):
        event = instance.get_latest_materialization_event(key)
        marks.append(f"{key} {event.timestamp if event else None}")
    return digest(marks)


def _findings(store: Lakehouse) -> Iterator[Ask]:
    """What the newest day of each model's drift asks for."""
    causes = {"decay": Cause.DECAY, "device_change": Cause.DEVICE_CHANGE}
    with store.connect() as connection:
        store.view(connection, OPS_DRIFT, "drift")
        rows = connection.sql(
            "select source, kind, subject, day, reason from drift where verdict = 'act' "
            "and kind <> 'expected' "
            "qualify day = max(day) over (partition by source) order by source, subject"
        ).fetchall()
    for model, kind, subject, day, reason in rows:
        cause = causes.get(kind, Cause.DRIFT)
        key = f"{kind}:{day}" if cause is Cause.DEVICE_CHANGE else ""
        yield Ask(model, cause, f"{subject}: {reason}", key)


def _first_trainings(instance: dg.DagsterInstance) -> Iterator[Ask]:
    """Models that were never trained, once anybody told of days; again when more was told."""
    if instance.get_latest_materialization_event(RAW_KEYS["wellness"]) is None:
        return
    for name in MODEL_KEYS:
        if not _was_trained(instance, name):
            yield Ask(name, Cause.FIRST, "it was never trained")


def _was_trained(instance: dg.DagsterInstance, model: str) -> bool:
    """Whether a version was ever made; a training that found too little to learn from made none."""
    event = instance.get_latest_materialization_event(MODEL_KEYS[model])
    made = event.asset_materialization if event else None
    return made is not None and "not_trained" not in made.metadata


def _past(
    instance: dg.DagsterInstance, job: str, model: str, now: datetime
) -> Iterable[PastRequest]:
    since = now - max(POLICY.window, timedelta(days=90))
    was_trained = _was_trained(instance, model)
    for record in instance.get_run_records(dg.RunsFilter(job_name=job, created_after=since)):
        run = record.dagster_run
        if not was_trained and run.status == dg.DagsterRunStatus.SUCCESS:
            continue  # it found too little to learn from: nothing to cool down from
        yield PastRequest(
            model=model,
            action=Action.RETRAIN,
            requested_at_utc=record.create_timestamp.replace(tzinfo=UTC),
            state=_STATES.get(run.status, RunState.RUNNING),
            key=run.tags.get(_KEY_TAG, ""),
        )
