"""Days, injuries, plans or approvals arrive: the squad is scored, or a challenger looked at again.

An injury that is told closes labels; a day that is told wants an answer. One run goes the whole way
from features to predictions, profiles and drift.
"""

import json
from collections.abc import Iterable

import dagster as dg

from sensors.cursor import digest
from sports_assets.keys import (
    DRIFT_KEY,
    FEATURE_WORKLOAD_KEY,
    LANE_TAG,
    MODEL_CARD_KEY,
    MODELS_LANE,
    PREDICTION_KEYS,
    PROFILES_KEY,
    PROMOTION_KEY,
    RAW_KEYS,
)

score_squad = dg.define_asset_job(
    "score_squad",
    selection=dg.AssetSelection.assets(
        FEATURE_WORKLOAD_KEY, *PREDICTION_KEYS.values(), PROFILES_KEY, DRIFT_KEY
    ),
    tags={LANE_TAG: MODELS_LANE},
    description="Features, predictions, profiles and drift of every squad, by the champions.",
)
promote_models = dg.define_asset_job(
    "promote_models",
    selection=dg.AssetSelection.assets(PROMOTION_KEY, *PREDICTION_KEYS.values(), MODEL_CARD_KEY),
    tags={LANE_TAG: MODELS_LANE},
    description="Decides on challengers again, and lets the champions score the squad.",
)

#: What a new content of each asks for.
_SCORED_FROM = ("wellness", "injuries", "fixtures")
_DECIDED_FROM = ("approvals",)


@dg.sensor(
    name="labels",
    jobs=[score_squad, promote_models],
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="New days, injuries or plans: scores the squad. A new approval: decides again.",
)
def labels_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Compare what the tables hold with what they held at the last tick."""
    before: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    now = {
        "score": _content(context.instance, _SCORED_FROM),
        "promote": _content(context.instance, _DECIDED_FROM),
    }
    jobs = {"score": score_squad.name, "promote": promote_models.name}
    # A content may come back, and is then asked for again.
    newest = _newest(context.instance)
    requests = [
        dg.RunRequest(run_key=f"{what}:{content}:{newest}", job_name=jobs[what])
        for what, content in now.items()
        if content and content != before.get(what)
    ]
    if not requests:
        reason = "no table of days, injuries, plans or approvals changed its content"
        return dg.SensorResult(skip_reason=reason, cursor=json.dumps(now))
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(now))


def _newest(instance: dg.DagsterInstance) -> int:
    """Number of the newest event of all these tables."""
    records = (
        instance.get_latest_data_version_record(RAW_KEYS[name])
        for name in (*_SCORED_FROM, *_DECIDED_FROM)
    )
    return max((record.storage_id for record in records if record), default=0)


def _content(instance: dg.DagsterInstance, names: Iterable[str]) -> str:
    """What the newest materialisations of tables of raw hold; empty where none was made."""
    found = []
    for name in names:
        event = instance.get_latest_data_version_record(RAW_KEYS[name])
        made = event.asset_materialization if event else None
        if event is not None and made is not None:
            tags = made.tags or {}
            found.append(f"{name} {tags.get('dagster/data_version', event.run_id)}")
    return digest(found) if found else ""
