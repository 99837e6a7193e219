"""A drop arrives: of a session, one run for the whole way, raw to report; of days, one for them.

Names assets by key and imports none. What to ask for is decided by `plan`, a pure function.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import dagster as dg

from edge_ingest.errors import DropError
from edge_ingest.manifest import Manifest
from resources.dagster_resources import LandingZoneResource
from resources.landing_zone import ActiveDrop, Arrival, LandingZone
from sports_assets.keys import DAYS_LANE, LANE_TAG, RAW_KEYS, WHOLE_WAY_TAG, lane, work_of
from sports_assets.partitions import SESSIONS, SESSIONS_NAME

#: Arrivals looked at in one tick; the rest waits for the next.
ARRIVALS_A_TICK = 50
#: A drop may become visible this much later than its own time says (clocks, slow listings).
OVERLAP_NS = 60 * 10**9
CURSOR_VERSION = 2

_SESSION_LAYERS = ("raw", "tracking", "core", "mart", "report")
_NOT_FACTS = [RAW_KEYS[name] for name in ("footage", "wellness", "injuries", "quarantine")]

session_facts = dg.define_asset_job(
    "session_facts",
    selection=dg.AssetSelection.groups(*_SESSION_LAYERS) - dg.AssetSelection.assets(*_NOT_FACTS),
    tags=WHOLE_WAY_TAG,
    description="A session's drops to its page, in one run.",
)
session_footage = dg.define_asset_job(
    "session_footage",
    selection=dg.AssetSelection.assets(RAW_KEYS["footage"]),
    description="A session's footage: what there is, and where.",
)
daily_records = dg.define_asset_job(
    "daily_records",
    selection=dg.AssetSelection.assets(RAW_KEYS["wellness"], RAW_KEYS["injuries"]),
    description="Wellness and injuries: the days that drops have arrived for, or all of them.",
)
quarantine = dg.define_asset_job(
    "quarantine",
    selection=dg.AssetSelection.assets(RAW_KEYS["quarantine"]),
    description="The list of whatever is not loaded.",
)

#: Kinds of drops about days that have a table of their own to go to.
DAY_KINDS = ("wellness", "injuries")
#: Told by edge nodes; the list of what is not loaded holds them.
_REPORTS = "quarantine"

_JOBS = {"facts": session_facts, "vision": session_footage}


@dataclass(frozen=True)
class Cursor:
    """How far the sensor has looked. Bounded: `recent` holds only what lies in the overlap.

    Attributes:
        watermark_ns: newest arrival looked at, in ns since 1970.
        recent: places looked at whose arrival lies within the overlap before the watermark, with
            that arrival.
        refused: hash of the list of refused drops when it was last asked for.
        waiting: places of drops that lack files: looked at each time until they are whole.
    """

    watermark_ns: int = 0
    recent: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    waiting: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """Read a cursor; one of another version starts over, which run keys make harmless."""
        stored = json.loads(text) if text else {}
        if stored.get("version") != CURSOR_VERSION:
            return cls()
        return cls(
            stored["watermark_ns"], stored["recent"], stored["refused"], tuple(stored["waiting"])
        )

    def __str__(self) -> str:
        """The cursor as Dagster stores it."""
        return json.dumps(
            {
                "version": CURSOR_VERSION,
                "watermark_ns": self.watermark_ns,
                "recent": self.recent,
                "refused": self.refused,
                "waiting": self.waiting,
            }
        )

    def unseen(self, arrivals: Iterable[Arrival]) -> list[Arrival]:
        """Arrivals that are waited for, and a tick's worth of new ones; each oldest first."""
        listed = sorted(arrivals, key=lambda one: (one.arrived_ns, one.place))
        waited_for = [one for one in listed if one.place in self.waiting]
        new = [
            one
            for one in listed
            if one.place not in self.waiting
            and self.recent.get(_short(one.place)) != one.arrived_ns
        ]
        return waited_for + new[:ARRIVALS_A_TICK]

    def advanced(
        self, looked_at: Sequence[Arrival], refused: str, waiting: Sequence[str] = ()
    ) -> "Cursor":
        """The cursor after these arrivals, with the refused drops as they stand now.

        Args:
            waiting: places of drops that lack files; the last of them are kept.
        """
        watermark = max([self.watermark_ns, *(one.arrived_ns for one in looked_at)])
        seen = self.recent | {_short(one.place): one.arrived_ns for one in looked_at}
        return Cursor(
            watermark,
            {place: at for place, at in seen.items() if at > watermark - OVERLAP_NS},
            refused,
            tuple(waiting[-ARRIVALS_A_TICK:]),
        )


@dataclass(frozen=True)
class Request:
    """One run to ask for."""

    session_id: str
    work: str
    delivery_ids: tuple[str, ...]

    @property
    def run_key(self) -> str:
        """Session and content: a corrected drop is new, a second look at the same drops is not."""
        return f"{self.session_id}:{self.work}:{_digest(self.delivery_ids)}"


@dataclass(frozen=True)
class DaysRequest:
    """One run to ask for: what drops say of days, of one kind and source."""

    kind: str
    source: str
    deliveries: Mapping[str, str]  # place: delivery id

    @property
    def run_key(self) -> str:
        """Kind, source and content, as `Request.run_key`."""
        return f"{self.kind}:{self.source}:{_digest(sorted(self.deliveries.values()))}"


def plan_days(arrived: Iterable[Manifest], active: Iterable[ActiveDrop]) -> list[DaysRequest]:
    """What to ask for, given drops about days that have just arrived.

    Args:
        active: the active drops of the streams that they are of.

    Returns:
        One request for each kind and source, of the drops among them that count. A drop that a
        later one replaced asks for nothing.
    """
    streams = {manifest.stream_id for manifest in arrived if manifest.kind in DAY_KINDS}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for drop in active:
        manifest = drop.manifest
        if manifest.stream_id in streams:
            deliveries = found.setdefault((manifest.kind, manifest.source), {})
            deliveries[drop.place] = drop.delivery_id
    return [DaysRequest(*key, deliveries) for key, deliveries in sorted(found.items())]


def plan(
    manifests: Iterable[tuple[str, Manifest]], active: Callable[[str], Sequence[ActiveDrop]]
) -> list[Request]:
    """What to ask for, given drops that have just arrived.

    Args:
        manifests: session (as the lakehouse resolves it) and manifest of each arrival.
        active: the active drops of a session, the older ones of other streams included.

    Returns:
        One request for each session and lane, whatever the number of its new drops; footage
        starts the vision lane, everything else the facts lane.
    """
    wanted: dict[tuple[str, str], None] = {}
    for session_id, manifest in manifests:
        wanted[session_id, _work(manifest)] = None
    requests = []
    for session_id, work in wanted:
        drops = [one.delivery_id for one in active(session_id) if _work(one.manifest) == work]
        if drops:
            requests.append(Request(session_id, work, tuple(sorted(drops))))
    return requests


def _work(manifest: Manifest) -> str:
    return work_of(manifest.kind)


def _short(place: str) -> str:
    return _digest([place])


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@dg.sensor(
    jobs=[session_facts, session_footage, daily_records, quarantine],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each new drop of a session: one run from raw to report; of days: one for them.",
)
def edge_drops(
    context: dg.SensorEvaluationContext, landing_zone: LandingZoneResource
) -> dg.SensorResult:
    """Look for drops that arrived since the last tick."""
    cursor = Cursor.parse(context.cursor)
    with landing_zone.open() as zone:
        listed = zone.arrivals(cursor.watermark_ns - OVERLAP_NS, waited_for=cursor.waiting)
        unseen = cursor.unseen(listed)
        waiting = {one.place: lacks for one in unseen if (lacks := zone.lacks(one))}
        arrivals = [one for one in unseen if one.place not in waiting]
        manifests = list(_sort_out(context, zone, arrivals))
        sessions = [
            (session, one) for one in manifests if (session := zone.session_of(one)) is not None
        ]
        requests = plan(sessions, zone.active)
        days = [one for one in manifests if one.days is not None]
        day_requests = plan_days(days, _active_days(zone, days))
        refused = _digest(_unloaded(zone, waiting))
        _warn_of_doubts(context, zone, arrivals)
    runs = [_run_request(request) for request in requests]
    runs += [_days_run_request(request) for request in day_requests]
    if refused != (cursor.refused or _digest([])):
        runs.append(_quarantine_run_request(cursor.refused, refused, waiting))
    known = set(context.instance.get_dynamic_partitions(SESSIONS_NAME))
    fresh = sorted({request.session_id for request in requests} - known)
    return dg.SensorResult(
        run_requests=runs,
        dynamic_partitions_requests=[SESSIONS.build_add_request(fresh)] if fresh else [],
        skip_reason=None if runs else _why_nothing(len(listed), len(arrivals), waiting),
        cursor=str(cursor.advanced(arrivals, refused, list(waiting))),
    )


def _sort_out(
    context: dg.SensorEvaluationContext, zone: LandingZone, arrivals: Sequence[Arrival]
) -> Iterator[Manifest]:
    """The manifest of each arrival; one that cannot be read is refused, alone."""
    for arrival in arrivals:
        try:
            yield _loadable(zone, arrival.place)
        except DropError as error:
            rule = "manifest" if error.rule == "drop" else error.rule
            now = datetime.now(UTC)
            if zone.refuse(arrival.place, rule, str(error), now, arrival.arrived_ns):
                context.log.warning("refused %s: %s", arrival.place, error)


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


def _active_days(zone: LandingZone, arrived: Sequence[Manifest]) -> Iterator[ActiveDrop]:
    for kind in DAY_KINDS:
        days = [
            (date.fromisoformat(one.days.first_day), date.fromisoformat(one.days.last_day))
            for one in arrived
            if one.days is not None and one.kind == kind
        ]
        if days:
            yield from zone.active_days(kind, days)


def _unloaded(zone: LandingZone, waiting: Collection[str]) -> list[str]:
    """What the list of whatever is not loaded is made from, in a few words each.

    Dagster runs one key once: an entry says when it came, so that the same fault again is another.
    """
    unloaded = zone.unloaded(datetime.now(UTC), waiting)
    listed = [f"{one.place} {one.rule} {one.refused_at_utc}" for one in unloaded]
    told = [f"{place} {sorted(sizes.items())}" for place, sizes in zone.reports()]
    return sorted(listed + told)


def _warn_of_doubts(
    context: dg.SensorEvaluationContext, zone: LandingZone, arrivals: Sequence[Arrival]
) -> None:
    """Say once a tick that drops were let through that `aws` would refuse."""
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
        asset_selection=[RAW_KEYS[request.kind]],
        run_config={"ops": {"raw_days": {"config": {"arrived": sorted(request.deliveries)}}}},
        tags={LANE_TAG: DAYS_LANE},
    )


def _quarantine_run_request(before: str, now: str, waiting: Iterable[str]) -> dg.RunRequest:
    # Dagster runs one key once, and the list is empty more than once: what it was is in the key.
    return dg.RunRequest(
        run_key=f"quarantine:{before}:{now}",
        job_name=quarantine.name,
        run_config={"ops": {"raw__quarantine": {"config": {"waiting": sorted(waiting)}}}},
    )


def _why_nothing(listed: int, looked_at: int, waiting: Mapping[str, Sequence[str]]) -> str:
    if waiting:
        place, lacks = next(iter(waiting.items()))
        return (
            f"{len(waiting)} drops wait for files that their manifests name: {place} for "
            f"{', '.join(lacks)}; let them arrive, or send the drop again"
        )
    if looked_at:
        return f"{looked_at} drops arrived, and none is the active one of its session any more"
    if listed:
        return "no new drop: the last minute's arrivals were looked at already"
    return "no new drop in the landing zone"
