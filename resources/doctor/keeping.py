"""What must be done again and again: the project parses, keys are known, upkeep and backups ran."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from resources.backup.policy import instant_of
from resources.backup.store import backup_store
from resources.contracts import OPS_UPKEEP, OPS_UPKEEP_PLAN
from resources.dbt.project import load_project
from resources.doctor.finding import Check, span
from resources.environment import Environment, Settings
from resources.errors import DbtError, SettingsError
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.installation import lakehouse_of
from resources.landing_trust import known_nodes
from resources.upkeep import Action

#: Upkeep and backup run each night: one that is older was missed.
LATE = timedelta(days=2)
_UPKEEP = "materialise ops/upkeep_plan, read it, then ops/upkeep; or switch their schedule on"
_BACKUP = "python -m sports_assets backup, or switch its schedule on"


def check_project(settings: Settings) -> Iterator[Check]:
    """Whether dbt's project parses."""
    try:
        project = load_project(settings.home / "dbt")
    except (DbtError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        yield Check("dbt", "bad", first, "mend the model that it names, in dbt_project/")
        return
    models = sum(node["resource_type"] == "model" for node in project.manifest["nodes"].values())
    yield Check("dbt", "ok", f"the project parses: {models} models")


def check_nodes(settings: Settings) -> Iterator[Check]:
    """Whether the edge nodes are known whose drops are loaded."""
    make = "put the nodes’ public lines (edge-ingest keygen) there, outside of the landing zone"
    try:
        known = known_nodes(settings.edge_keys)
    except SettingsError as error:
        found = str(error).partition(": set")[0]
        yield Check(
            "edge nodes", "bad" if settings.are_signatures_required else "warn", found, make
        )
        return
    if known:
        yield Check("edge nodes", "ok", f"{', '.join(sorted(known))}: their drops are vouched for")
    elif settings.environment is Environment.AWS:
        yield Check("edge nodes", "bad", "none is known: every drop is refused", make)
    else:
        yield Check("edge nodes", "ok", "none is named: drops are loaded whoever packed them")


def check_upkeep(settings: Settings, now: datetime) -> Iterator[Check]:
    """When upkeep was planned and applied last, and what waits for it.

    A night on which nothing was to be done changes no table: Dagster knows of it.
    """
    with lakehouse_of(settings) as lakehouse:
        applied = _latest(_newest(lakehouse, OPS_UPKEEP.key), _made(OPS_UPKEEP.key))
        planned = _latest(_newest(lakehouse, OPS_UPKEEP_PLAN.key), _made(OPS_UPKEEP_PLAN.key))
        oldest = _oldest(lakehouse)
        orphans, size = _orphans(lakehouse) if planned else (0, 0)
    told = "applied " + (f"{span((now - applied).total_seconds())} ago" if applied else "never")
    told += (
        f", planned {span((now - planned).total_seconds())} ago" if planned else ", never planned"
    )
    if orphans:
        told += f"; {orphans:,} orphans of {size / 1e6:,.1f} MB wait in the plan"
    is_due = oldest is not None and now - oldest > LATE
    is_late = is_due and (applied is None or now - applied > LATE)
    if is_late:
        yield Check("upkeep", "warn", told, _UPKEEP)
    else:
        yield Check("upkeep", "ok", told if is_due or applied else f"{told}; nothing is due yet")


def check_backup(settings: Settings, now: datetime) -> Iterator[Check]:
    """When the last whole backup began."""
    uri = settings.backup_uri
    with backup_store(uri, settings.s3) as store:
        begun = [at for name in store.whole() if (at := instant_of(name)) is not None]
    with lakehouse_of(settings) as lakehouse:
        oldest = _oldest(lakehouse)
    is_due = oldest is not None and now - oldest > LATE
    if not begun:
        found = f"none in {uri}"
        yield (
            Check("backup", "warn", found, _BACKUP)
            if is_due
            else Check("backup", "ok", f"{found}; nothing is due yet")
        )
        return
    age = now - max(begun)
    told = f"{len(begun)} in {uri}, the last {span(age.total_seconds())} ago"
    yield (Check("backup", "warn", told, _BACKUP) if age > LATE else Check("backup", "ok", told))


def _made(key: str) -> datetime | None:
    """When Dagster made an asset last; None where it never did, or where there is no instance."""
    from dagster import AssetKey, DagsterInstance

    if not os.environ.get("DAGSTER_HOME"):
        return None
    with DagsterInstance.get() as instance:
        made = instance.get_latest_materialization_event(AssetKey(key.split("/")))
    return None if made is None else datetime.fromtimestamp(made.timestamp, UTC)


def _latest(*instants: datetime | None) -> datetime | None:
    return max((one for one in instants if one is not None), default=None)


def _newest(lakehouse: IcebergLakehouse, key: str) -> datetime | None:
    found = lakehouse.snapshots(key)
    return found[-1].committed_at_utc if found else None


def _oldest(lakehouse: IcebergLakehouse) -> datetime | None:
    """Since when there is anything to keep: the first page or session that is remembered."""
    found = [one[0].committed_at_utc for key in ("raw/sessions", "report/session")
             if (one := lakehouse.snapshots(key))]  # fmt: skip
    return min(found, default=None)


def _orphans(lakehouse: IcebergLakehouse) -> tuple[int, int]:
    """Files of the last plan that nothing names, and their size, B."""
    with lakehouse.connect() as connection:
        lakehouse.view(connection, OPS_UPKEEP_PLAN, "plan")
        found = connection.execute(
            "select count(*), coalesce(sum(size_bytes), 0)::bigint from plan "
            "where action = $action",
            {"action": Action.REMOVE.value},
        ).fetchone()
    return found if found else (0, 0)
