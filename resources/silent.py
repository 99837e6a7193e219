"""Who should tell of itself and is silent: daemons, sensors, and assets with a freshness policy.

Dagster judges the freshness of assets that are made by the clock (`FreshnessPolicy`), and the
heartbeats of its daemons; this reads what it found. A machine on which no daemon lives at all finds
nothing: there `python -m sports_assets doctor` tells.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from resources.trouble import Late

#: A sensor is silent that has ended no look for so many of its intervals, and for so long.
_INTERVALS = 20
_SILENT = timedelta(minutes=15)


def silent(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition | None, now: datetime
) -> list[Late]:
    """Daemons, sensors and schedules that are silent or stopped, and assets that Dagster says are
    not fresh, by name.

    Args:
        repository: where it is told which sensors, schedules and policies there are; what the
            instance remembers of others is of earlier versions. None: daemons alone are looked at.
    """
    found = [*_daemons(instance, now)]
    if repository is not None:
        found += [*_instigators(instance, repository, now), *_not_fresh(instance, repository)]
    return sorted(found, key=lambda late: late.late_id)


def _daemons(instance: dg.DagsterInstance, now: datetime) -> Iterator[Late]:
    for name, status in instance.get_daemon_statuses().items():
        if status.required and not status.healthy:
            beat = status.last_heartbeat
            since = datetime.fromtimestamp(beat.timestamp, UTC) if beat else now
            words = "has given no sign of life since" if beat else "has never given a sign of life"
            yield Late(f"daemon:{name}", None, since, f"this part of the daemon {words}")


def _instigators(
    instance: dg.DagsterInstance, repository: dg.RepositoryDefinition, now: datetime
) -> Iterator[Late]:
    """Sensors that should look and do not; whatever somebody stopped that runs by itself."""
    running = {
        one.name: one
        for one in repository.sensor_defs
        if one.default_status == dg.DefaultSensorStatus.RUNNING
    }
    schedules = {
        one.name
        for one in repository.schedule_defs
        if one.default_status == dg.DefaultScheduleStatus.RUNNING
    }
    for state in instance.all_instigator_state():
        name = state.instigator_name
        if name not in running and name not in schedules:
            continue
        kind = "sensor" if name in running else "schedule"
        data = state.instigator_data
        ended = getattr(data, "last_tick_success_timestamp", None)
        since = datetime.fromtimestamp(ended, UTC) if ended else now
        if state.status.name == "STOPPED":
            reason = "it was stopped by hand: start it again under Automation in the UI"
            yield Late(f"{kind}:{name}", None, since, reason)
        elif name in running and ended:
            interval = timedelta(seconds=running[name].minimum_interval_seconds or 30)
            if now - since > max(_INTERVALS * interval, _SILENT):
                reason = "it has ended no look since; its last tick under Automation says why"
                yield Late(f"{kind}:{name}", None, since, reason)


def _not_fresh(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> Iterator[Late]:
    graph = repository.asset_graph
    judged = [key for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy]
    for key, record in instance.get_freshness_state_records(judged).items():
        if record.freshness_state.name == "FAIL":
            since = record.updated_at.astimezone(UTC)
            yield Late(key.to_user_string(), None, since, "it missed its time; see its last run")
