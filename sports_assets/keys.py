"""Names of assets, who owns them, and the closed list of tags.

Sensors and the coach app name assets by these keys and import no asset.
"""

from collections.abc import Mapping

import dagster as dg

from edge_ingest.records import DAY_TABLE_OF, QUARANTINE, RAW
from resources.contracts import (
    ALERT_PERSONAL_NORM,
    EMPTY,
    KINEMATICS,
    OPS_FAILED_RUN,
    OPS_STALE_ASSET,
    OPS_UPKEEP,
    OPS_UPKEEP_PLAN,
    REPORT_SESSION,
)
from resources.late import Work, Works
from resources.model_contracts import (
    FEATURE_WORKLOAD,
    OPS_DRIFT,
    OPS_PROFILE,
    OPS_PROMOTION,
    PREDICTIONS,
    REPORT_MODEL_CARD,
)
from resources.vision_contracts import OF_VISION, REPORT_FOOTAGE

#: What each layer is, in the words of its readers; an asset's group is its layer.
LAYERS: Mapping[str, str] = {
    "identity": "who is who, as the club keeps it by hand",
    "raw": "what arrived, as the source tells it",
    "tracking": "smoothed movement",
    "core": "who, what and when, agreed between sources",
    "mart": "facts that someone reads",
    "vision": "what the footage shows",
    "feature": "what was known of an athlete on a day",
    "model": "trained models, judged and registered",
    "prediction": "what models expect, with their uncertainty",
    "alert": "what is usual for an athlete, and who left it",
    "report": "pages for people",
    "ops": "how the lakehouse itself is kept: upkeep, failed runs, what is late",
}

_OWNERS: Mapping[str, str] = {
    "identity": "team:medical",
    "raw": "team:data-platform",
    "tracking": "team:sports-science",
    "core": "team:data-platform",
    "mart": "team:sports-science",
    "vision": "team:computer-vision",
    "feature": "team:data-science",
    "model": "team:data-science",
    "prediction": "team:data-science",
    "alert": "team:medical",
    "report": "team:sports-science",
    "ops": "team:data-platform",
}

#: Runs queue by this tag, one at a time for each of its values.
LANE_TAG = "touchline/lane"
BACKFILL_LANE = "backfill"
#: Days are written by one run at a time: their tables share files between sources.
DAYS_LANE = "days"
#: One upkeep at a time: two of them would only get in each other's way.
UPKEEP_LANE = "upkeep"
#: One training, promotion or scoring at a time: they read and move the same champions.
MODELS_LANE = "models"
#: Carried by runs that make everything from drop to page themselves.
WHOLE_WAY_TAG = {"touchline/way": "drop-to-page"}
#: The same for footage: from the video to its own page.
FOOTAGE_WAY_TAG = {"touchline/way": "footage-to-page"}


def asset_key(key: str) -> dg.AssetKey:
    """`layer/name` as Dagster's key."""
    return dg.AssetKey(key.split("/"))


def owners(layer: str) -> list[str]:
    """Who answers for the assets of a layer."""
    return [_OWNERS[layer]]


def tags(layer: str, personal: str = "none") -> dict[str, str]:
    """Tags of an asset: `touchline/layer`, and `touchline/personal-data` (none, identity, health).

    Raises:
        ValueError: a value outside of the closed list.
    """
    if layer not in LAYERS:
        raise ValueError(f"{layer!r} is no layer: use one of {', '.join(LAYERS)}")
    if personal not in {"none", "identity", "health"}:
        raise ValueError(f"{personal!r} is no class of personal data: none, identity or health")
    return {"touchline/layer": layer, "touchline/personal-data": personal}


def work_of(kind: str) -> str:
    """Which lane a kind of stream, or a raw table, belongs to: footage `vision`, all else `facts`.

    Each lane reads its own drops and writes its own tables: footage changes no fact of a session,
    and nothing but footage changes raw/footage.
    """
    return "vision" if kind == "footage" else "facts"


def lane(session_id: str, kind_of_work: str) -> str:
    """The lane of a session's facts or vision run."""
    return f"{session_id}:{kind_of_work}"


RAW_KEYS = {contract.name: asset_key(contract.key) for contract in RAW}
#: Tables that drops about days fill, by the kind of the drop; nodes' reports of bad files are none.
DAY_KEYS = {
    kind: RAW_KEYS[table.name] for kind, table in DAY_TABLE_OF.items() if table is not QUARANTINE
}
IDENTITY_ATHLETES_KEY = asset_key("identity/athletes")
KINEMATICS_KEY = asset_key(KINEMATICS.key)
EMPTY_KEYS = [asset_key(contract.key) for contract in EMPTY]
BASELINE_KEY = asset_key("mart/athlete_session_baseline")
PERSONAL_NORM_KEY = asset_key(ALERT_PERSONAL_NORM.key)
REPORT_SESSION_KEY = asset_key(REPORT_SESSION.key)
VISION_KEYS = {contract.name: asset_key(contract.key) for contract in OF_VISION[:-1]}
REPORT_FOOTAGE_KEY = asset_key(REPORT_FOOTAGE.key)
UPKEEP_PLAN_KEY = asset_key(OPS_UPKEEP_PLAN.key)
UPKEEP_KEY = asset_key(OPS_UPKEEP.key)
BACKUP_KEY = asset_key("ops/backup")
FAILED_RUN_KEY = asset_key(OPS_FAILED_RUN.key)
STALE_ASSET_KEY = asset_key(OPS_STALE_ASSET.key)

#: What a squad's history is read from.
SQUAD_KEYS = [
    *(RAW_KEYS[name] for name in ("wellness", "injuries", "fixtures")), IDENTITY_ATHLETES_KEY,
]  # fmt: skip
FEATURE_WORKLOAD_KEY = asset_key(FEATURE_WORKLOAD.key)
PREDICTION_KEYS = {contract.name: asset_key(contract.key) for contract in PREDICTIONS}
MODEL_KEYS = {name: asset_key(f"model/{name}") for name in PREDICTION_KEYS}
PROFILES_KEY = asset_key(OPS_PROFILE.key)
DRIFT_KEY = asset_key(OPS_DRIFT.key)
PROMOTION_KEY = asset_key(OPS_PROMOTION.key)
MODEL_CARD_KEY = asset_key(REPORT_MODEL_CARD.key)

#: What becomes of a drop, and which job makes it so.
WORKS = Works(
    facts=Work(REPORT_SESSION_KEY, "session_facts"),
    footage=Work(REPORT_FOOTAGE_KEY, "session_footage"),
    days={kind: Work(key, "daily_records", is_of_sessions=False) for kind, key in DAY_KEYS.items()},
)
