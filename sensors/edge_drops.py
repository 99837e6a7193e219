"""A drop arrives: of a session, one run for the whole way, raw to report; of days, one for them.

Names assets by key and imports none. How far it has looked stands in `cursor.py`; which runs to ask
for, in `requests.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import dagster as dg

from edge_ingest.errors import DropError
from edge_ingest.manifest import Manifest
from resources.dagster_resources import LandingZoneResource
from resources.landing_drops import ActiveDrop, Arrival
from resources.landing_trust import warn_once
from resources.landing_zone import LandingZone
from sensors.cursor import Cursor, digest
from sensors.requests import DAY_KINDS, DaysRequest, Request, plan, plan_days
from sports_assets.keys import (
    DAY_KEYS,
    DAYS_LANE,
    FOOTAGE_WAY_TAG,
    LANE_TAG,
    RAW_KEYS,
    REPORT_FOOTAGE_KEY,
    VISION_KEYS,
    WHOLE_WAY_TAG,
    lane,
)
from sports_assets.partitions import SESSIONS, SESSIONS_NAME

_SESSION_LAYERS = ("raw", "tracking", "core", "mart", "report")
_NOT_FACTS = [
    RAW_KEYS["footage"], *DAY_KEYS.values(), RAW_KEYS["quarantine"], REPORT_FOOTAGE_KEY,
]  # fmt: skip

session_facts = dg.define_asset_job(
    "session_facts",
    selection=dg.AssetSelection.groups(*_SESSION_LAYERS) - dg.AssetSelection.assets(*_NOT_FACTS),
    tags=WHOLE_WAY_TAG,
    description="A session's drops to its page, in one run.",
)
session_footage = dg.define_asset_job(
    "session_footage",
    selection=dg.AssetSelection.assets(
        RAW_KEYS["footage"], *VISION_KEYS.values(), REPORT_FOOTAGE_KEY
    ),
    tags=FOOTAGE_WAY_TAG,
    description="A session's footage to what it shows, and its page, in one run.",
)
daily_records = dg.define_asset_job(
    "daily_records",
    selection=dg.AssetSelection.assets(*DAY_KEYS.values()),
    description=(
        "Wellness, injuries, fixtures, approvals: the days that drops have arrived for, or all."
    ),
)
quarantine = dg.define_asset_job(
    "quarantine",
    selection=dg.AssetSelection.assets(RAW_KEYS["quarantine"]),
    description="The list of whatever is not loaded.",
)

#: Told by edge nodes; the list of what is not loaded holds them.
_REPORTS = "quarantine"

_JOBS = {"facts": session_facts, "vision": session_footage}


@dg.sensor(
    jobs=[session_facts, session_footage, daily_records, quarantine],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each new drop of a session: one run from raw to report; of days: one for them.",
)
def edge_drops(
    context: dg.SensorEvaluationContext, landing_zone: LandingZoneResource
) -> dg.SensorResult:
    """Look for drops that arrived since the last tick, or that were waited for."""
    cursor = Cursor.parse(context.cursor)
    with landing_zone.open() as opened:
        zone = opened.listed_once()
        warn_once(zone.trust.is_blind, "sensor", context.log.warning)
        listed = zone.arrivals()
        look = cursor.look(listed)
        waiting = {one.place: lacks for one in look.all if (lacks := zone.lacks(one))}
        arrived = _sort_out(context, zone, [one for one in look.all if one.place not in waiting])
        sessions = [
            (session, one) for one in arrived if (session := zone.session_of(one)) is not None
        ]
        requests = plan(sessions, zone.active)
        day_requests = _plan_days(zone, arrived, {one.place for one in look.swept})
        after = cursor.advanced(look, waiting)
        after = replace(after, refused=_marks(zone, after, datetime.now(UTC)))
        _warn_of_doubts(context, zone, [*look.waited_for, *look.new])
    runs = [_run_request(request) for request in requests]
    runs += [_days_run_request(request) for request in day_requests]
    if after.refused != (cursor.refused or digest([])):
        runs.append(_quarantine_run_request(cursor.refused, after))
    known = set(context.instance.get_dynamic_partitions(SESSIONS_NAME))
    fresh = sorted({request.session_id for request in requests} - known)
    return dg.SensorResult(
        run_requests=runs,
        dynamic_partitions_requests=[SESSIONS.build_add_request(fresh)] if fresh else [],
        skip_reason=None if runs else _why_nothing(len(listed), len(arrived), waiting, after),
        cursor=str(after),
    )


def _sort_out(
    context: dg.SensorEvaluationContext, zone: LandingZone, arrivals: Sequence[Arrival]
) -> list[Manifest]:
    """The manifest of each arrival; one that cannot be read is refused, alone."""
    found = []
    for arrival in arrivals:
        try:
            found.append(_loadable(zone, arrival.place))
        except DropError as error:
            rule = "manifest" if error.rule == "drop" else error.rule
            now = datetime.now(UTC)
            if zone.refuse(arrival.place, rule, str(error), now, arrival.arrived_ns):
                context.log.warning("refused %s: %s", arrival.place, error)
    return found


def _loadable(zone: LandingZone, place: str) -> Manifest:
    """The manifest of a drop that this version has a table for.

    Raises:
        DropError: it cannot be read, or nothing here loads it.
    """
    manifest = zone.manifest(place)
    if manifest.days is not None and manifest.kind not in {*DAY_KINDS, _REPORTS}:
        raise DropError(
            f"{place} is about days ({manifest.kind}), which this version does not load: send it "
            "again after the update that does",
            rule="future_version",
        )
    return manifest


def _plan_days(
    zone: LandingZone, arrived: Sequence[Manifest], swept: Collection[str]
) -> list[DaysRequest]:
    """Requests for days; of drops that a sweep found, one each.

    Which of them a sweep finds together is chance: alone, each has the same run key every time.
    """
    days = [one for one in arrived if one.days is not None]
    new = [one for one in days if _place(one) not in swept]
    groups = [new, *([one] for one in days if _place(one) in swept)]
    found = [plan_days(group, _active_days(zone, group)) for group in groups if group]
    return [request for requests in found for request in requests]


def _active_days(zone: LandingZone, arrived: Sequence[Manifest]) -> Iterator[ActiveDrop]:
    for kind in DAY_KINDS:
        days = [
            (date.fromisoformat(one.days.first_day), date.fromisoformat(one.days.last_day))
            for one in arrived
            if one.days is not None and one.kind == kind
        ]
        if days:
            yield from zone.active_days(kind, days)


def _place(manifest: Manifest) -> str:
    return f"{manifest.stream_id}/r{manifest.revision:04d}"


def _marks(zone: LandingZone, cursor: Cursor, now: datetime) -> str:
    """Hash of what the list of whatever is not loaded is made from.

    Dagster runs one key once: a mark says when, so that the same fault again is another. While more
    drops wait than are known by name, the list is made anew each hour.
    """
    marks = zone.marks_of_unloaded(now, cursor.waiting)
    marks += [f"{place} {sorted(sizes.items())}" for place, sizes in zone.reports()]
    if cursor.sweep is not None:
        marks.append(f"{now:%Y-%m-%dT%H}")
    return digest(sorted(marks))


def _warn_of_doubts(
    context: dg.SensorEvaluationContext, zone: LandingZone, arrivals: Sequence[Arrival]
) -> None:
    """Say once a tick that drops were let through that `aws` would refuse.

    Where no node is known that is so of every drop, and has been said.
    """
    if zone.trust.is_blind:
        return
    doubts = [doubt for one in arrivals if (doubt := zone.doubt(one.place)) is not None]
    if doubts:
        context.log.warning(
            "%d of %d drops would be refused in aws, such as: %s",
            len(doubts), len(arrivals), doubts[0],
        )  # fmt: skip


def _run_request(request: Request) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=request.run_key,
        job_name=_JOBS[request.work].name,
        partition_key=request.session_id,
        tags={LANE_TAG: lane(request.session_id, request.work)},
    )


def _days_run_request(request: DaysRequest) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=request.run_key,
        job_name=daily_records.name,
        asset_selection=[DAY_KEYS[request.kind]],
        run_config={"ops": {"raw_days": {"config": {"arrived": sorted(request.deliveries)}}}},
        tags={LANE_TAG: DAYS_LANE},
    )


def _quarantine_run_request(before: str, cursor: Cursor) -> dg.RunRequest:
    # Dagster runs one key once, and the list is empty more than once: what it was is in the key.
    config = {"waiting": sorted(cursor.waiting) if cursor.sweep is None else None}
    return dg.RunRequest(
        run_key=f"quarantine:{before}:{cursor.refused}",
        job_name=quarantine.name,
        run_config={"ops": {"raw__quarantine": {"config": config}}},
    )


def _why_nothing(
    listed: int, looked_at: int, waiting: Mapping[str, Sequence[str]], cursor: Cursor
) -> str:
    if waiting:
        place, lacks = next(iter(waiting.items()))
        more = "" if cursor.sweep is None else "or more "
        return (
            f"{len(waiting)} {more}drops wait for files that their manifests name: {place} for "
            f"{', '.join(lacks)}; let them arrive, or send the drop again"
        )
    if looked_at:
        return f"{looked_at} drops arrived, and none is the active one of its session any more"
    if listed:
        return "no new drop: those that stand there were looked at already"
    return "no new drop in the landing zone"
