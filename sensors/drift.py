"""A model drifts or decays: it is trained again, with reason, cool-down and ceiling as tags.

Not a condition on a check: that would ask at each tick, or stay silent while the drift lasts. What
was asked for before is read from the tags of runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from edge_ingest.records import WELLNESS
from resources.dagster_resources import LakehouseResource
from resources.lakehouse import Lakehouse
from resources.model_contracts import OPS_DRIFT, SIMULATED, SIMULATED_TAG
from resources.retraining import (
    Ask,
    Cause,
    PastTraining,
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
_MODEL_TAG, _REASON_TAG = "touchline/model", "touchline/retrain-reason"
_LEARNED_FROM = ("wellness", "injuries", "fixtures")
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
    description="A model that drifts, decays, ages or was never made: trains it, within limits.",
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
    trained = {name: _trained(context.instance, name) for name in MODEL_KEYS}
    with lakehouse.open() as store:
        missing = dict(_never_trained(context.instance, trained, has_real=_has_real(store)))
        asks = [*_findings(store, trained), *_old(store, trained)]
    asks += [Ask(name, Cause.FIRST, why) for name, why in missing.items()]
    requests, told = [], []
    for name, job in retrain_jobs.items():
        past = _past(context.instance, job.name, name, now, is_missing=name in missing)
        reply = answer(name, asks, past, now, POLICY)
        told.append(f"{name}: {reply.why}")
        if reply.is_training:
            key = f"{name}:{reply.cause}:{digest([seen, reply.why])}"
            requests.append(dg.RunRequest(run_key=key, job_name=job.name, tags=reply.tags))
    if not requests:
        return dg.SensorResult(skip_reason="; ".join(told), cursor=seen)
    return dg.SensorResult(run_requests=requests, cursor=seen)


def _state_of(instance: dg.DagsterInstance) -> str:
    """What this sensor looks at, as it is now; time counts, as cool-downs end."""
    now = datetime.now(UTC)
    marks = [f"{now:%Y-%m-%dT%H}:{now.minute // 10}"]
    for key in (DRIFT_KEY, *(RAW_KEYS[name] for name in _LEARNED_FROM)):
        event = instance.get_latest_materialization_event(key)
        marks.append(f"{key} {event.timestamp if event else None}")
    return digest(marks)


def _findings(store: Lakehouse, trained: Mapping[str, Mapping[str, str]]) -> Iterator[Ask]:
    """What the newest findings on each model ask for, if it was not trained on these days since."""
    causes = {"decay": Cause.DECAY, "device_change": Cause.DEVICE_CHANGE}
    with store.connect() as connection:
        store.view(connection, OPS_DRIFT, "drift")
        rows = connection.sql(
            "with newest as (select *, max(day) over (partition by source, subject_kind) as last "
            "from drift) select source, kind, subject, day, reason from newest where day = last "
            "and verdict = 'act' and kind <> 'expected' order by source, subject"
        ).fetchall()
    for model, kind, subject, day, reason in rows:
        if str(day) <= trained.get(model, {}).get("trained_through", ""):
            continue
        yield Ask(model, causes.get(kind, Cause.DRIFT), f"{subject}: {reason}")


def _old(store: Lakehouse, trained: Mapping[str, Mapping[str, str]]) -> Iterator[Ask]:
    """Models that learned nothing of the last days told, for as long as the policy lets them."""
    with store.connect() as connection:
        store.view(connection, WELLNESS, "told")
        # As models do: a day to come counts for nothing, and what was made up where nobody else
        # told of a day.
        ((real, any_),) = connection.execute(
            "select max(day) filter (where not starts_with(source, ?)), max(day) from told "
            "where day <= ?",
            [SIMULATED, datetime.now(UTC).date()],
        ).fetchall()
    newest = real or any_
    for model, told in trained.items():
        through = told.get("trained_through")
        if newest is None or not through:
            continue
        age = newest - date.fromisoformat(through)
        if age >= POLICY.oldest:
            yield Ask(model, Cause.AGE, f"it learned up to {through}, {age.days} days before now")


def _never_trained(
    instance: dg.DagsterInstance, trained: Mapping[str, Mapping[str, str]], *, has_real: bool
) -> Iterator[tuple[str, str]]:
    """Models that were never trained, once anybody told of days, and why; again when more was told.

    What learned from a simulated club is none for real athletes, once there are some.
    """
    told = [instance.get_latest_materialization_event(RAW_KEYS[name]) for name in _LEARNED_FROM]
    if told[0] is None:
        return
    newest = max(event.timestamp for event in told if event)
    for name, key in MODEL_KEYS.items():
        event = instance.get_latest_materialization_event(key)
        if event is None:
            yield name, "it was never trained"
        elif trained[name].get("serving") == "none" and event.timestamp < newest:
            yield name, "there was too little to learn from, and more was told since"
        elif has_real and trained[name].get(SIMULATED_TAG) == "True":
            yield name, "it never saw a real athlete, and there are some now"


def _has_real(store: Lakehouse) -> bool:
    """Whether anybody told of athletes who were not made up."""
    with store.connect() as connection:
        store.view(connection, WELLNESS, "told")
        found = connection.execute(
            "select 1 from told where not starts_with(source, ?) limit 1", [SIMULATED]
        ).fetchone()
    return found is not None


def _trained(instance: dg.DagsterInstance, model: str) -> dict[str, str]:
    """What the last training of a model told, in words; nothing of one that never was."""
    event = instance.get_latest_materialization_event(MODEL_KEYS[model])
    made = event.asset_materialization if event else None
    return {name: str(one.value) for name, one in made.metadata.items()} if made else {}


def _past(
    instance: dg.DagsterInstance, job: str, model: str, now: datetime, *, is_missing: bool
) -> Iterable[PastTraining]:
    """Earlier trainings; of a model that is missing none that ended came to anything."""
    since = now - max(POLICY.window, timedelta(days=90))
    for record in instance.get_run_records(dg.RunsFilter(job_name=job, created_after=since)):
        run = record.dagster_run
        state = _STATES.get(run.status, RunState.RUNNING)
        if is_missing and state is RunState.SUCCEEDED:
            state = RunState.CAME_TO_NOTHING
        yield PastTraining(
            model=model,
            requested_at_utc=record.create_timestamp.replace(tzinfo=UTC),
            state=state,
            is_first=run.tags.get(_REASON_TAG, "").startswith(f"{Cause.FIRST}:"),
        )
