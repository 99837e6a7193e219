"""What should have been made and was not: pages, days, and whoever should make them.

A drop that is refused, or waits for files, is not late: raw/quarantine tells of it. What is late is
looked for among the newest arrivals, and among what was late before: a look reads the manifests of
these sessions only, however many there are, and lists the whole landing zone once to find them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from edge_ingest.errors import DropError
from edge_ingest.manifest import Manifest
from resources.failed_runs import PARTITION_TAG, failed_runs
from resources.landing_zone import LandingZone
from resources.trouble import LATE_PAGE, Again, FailedRun, Late

#: A page takes half a minute, and the queue of a match day some minutes.
PATIENCE = timedelta(minutes=15)
#: Arrivals that are looked at: of the last days, the newest of them.
LOOK_BACK = timedelta(days=2)
ARRIVALS_AT_MOST = 500
Arrived = dict[tuple["Work", str | None], int]

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
]  # fmt: skip


@dataclass(frozen=True)
class Work:
    """What becomes of drops of a kind.

    Attributes:
        asset: what is made last; partitioned by session where `is_of_sessions`.
        job: makes it from a drop.
    """

    asset: dg.AssetKey
    job: str
    is_of_sessions: bool = True


@dataclass(frozen=True)
class Works:
    """What becomes of every drop.

    Attributes:
        facts: of streams of a session, but footage.
        footage: of those.
        days: of drops about days, by kind; kinds that are not named are not looked at.
    """

    facts: Work
    footage: Work
    days: Mapping[str, Work]

    def of(self, manifest: Manifest) -> Work | None:
        """What becomes of a drop."""
        if manifest.days is not None:
            return self.days.get(manifest.kind)
        return self.footage if manifest.kind == "footage" else self.facts


def late_work(
    zone: LandingZone,
    instance: dg.DagsterInstance,
    now: datetime,
    works: Works,
    known: Iterable[Late] = (),
) -> list[Late]:
    """Whatever whole drops ask for and nobody made in time, the longest late first.

    Args:
        works: what becomes of drops.
        known: what was late at the look before.

    Raises:
        SourceError: the club's calendar cannot be read.
    """
    arrived = _arrivals(zone, now, works, known)
    due_ns = (now - PATIENCE).timestamp() * 1e9
    due = {which: at_ns for which, at_ns in arrived.items() if at_ns <= due_ns}
    unmade = [
        (work, session_id, at_ns)
        for work in dict.fromkeys(work for work, _ in due)
        for session_id, at_ns in _unmade(instance, work, due)
    ]
    if not unmade:
        return []
    reasons = _Reasons(instance, now)
    found = [
        Late(
            work.asset.to_user_string(),
            session,
            _instant(at_ns) + PATIENCE,
            *reasons(work, session),
        )
        for work, session, at_ns in unmade
    ]
    return sorted(found, key=lambda late: (late.since_utc, late.late_id))


def _arrivals(zone: LandingZone, now: datetime, works: Works, known: Iterable[Late]) -> Arrived:
    """When the newest drop that counts came, by what it asks for, ns since 1970."""
    of_days = {work.asset.to_user_string(): work for work in works.days.values()}
    sessions = {late.session_id for late in known if late.session_id}
    newest: Arrived = {
        (of_days[late.thing], None): round((late.since_utc - PATIENCE).timestamp() * 1e9)
        for late in known
        if late.thing in of_days
    }
    since_ns = round((now - LOOK_BACK).timestamp() * 1e9)
    for arrival in zone.arrivals(since_ns)[-ARRIVALS_AT_MOST:]:
        try:
            manifest = zone.manifest(arrival.place)
        except DropError:  # it is refused for that, and raw/quarantine tells of it
            continue
        session_id, work = zone.session_of(manifest), works.of(manifest)
        if session_id is not None:
            sessions.add(session_id)
        elif work is not None and not zone.lacks(arrival):
            newest[work, None] = arrival.arrived_ns
    for session_id in sessions:
        for drop in zone.active(session_id):
            if (work := works.of(drop.manifest)) is not None:
                which = work, session_id
                newest[which] = max(newest.get(which, 0), drop.arrived_ns)
    return newest


def _unmade(
    instance: dg.DagsterInstance, work: Work, due: Arrived
) -> Iterator[tuple[str | None, int]]:
    """Sessions whose asset no run has made that began after its newest drop had come."""
    wanted = {session: at_ns for (of, session), at_ns in due.items() if of == work}
    sessions = {session for session in wanted if session is not None}
    began = _began(instance, work, sessions)
    for session, at_ns in wanted.items():
        if began.get(session, 0.0) < at_ns / 1e9:
            yield session, at_ns


def _began(
    instance: dg.DagsterInstance, work: Work, sessions: Collection[str]
) -> dict[str | None, float]:
    """When the run began that made an asset last, by session, s since 1970."""
    if work.is_of_sessions:
        newest = instance.get_latest_storage_id_by_partition(
            work.asset, dg.DagsterEventType.ASSET_MATERIALIZATION, set(sessions)
        )
        if not newest:
            return {}
        chosen = dg.AssetRecordsFilter(work.asset, storage_ids=list(newest.values()))
        records = instance.fetch_materializations(chosen, limit=len(newest)).records
    else:
        records = instance.fetch_materializations(work.asset, limit=1).records
    run_ids = sorted({record.run_id for record in records})
    if not run_ids:
        return {}
    runs = instance.get_run_records(dg.RunsFilter(run_ids=run_ids))
    began = {one.dagster_run.run_id: one.start_time or 0.0 for one in runs}
    # A run that is not known any more was purged: what it made counts as of when it was made.
    return {record.partition_key: began.get(record.run_id, record.timestamp) for record in records}


class _Reasons:
    """Why something is not there, from the runs that were to make it; asked once for all."""

    def __init__(self, instance: dg.DagsterInstance, now: datetime) -> None:
        self._failed: Sequence[FailedRun] = failed_runs(instance, now)
        self._under_way = instance.get_run_records(
            dg.RunsFilter(statuses=_UNDER_WAY), limit=ARRIVALS_AT_MOST
        )

    def __call__(self, work: Work, session_id: str | None) -> tuple[str, str]:
        """Reason and runbook page."""
        for record in self._under_way:
            run = record.dagster_run
            if run.job_name == work.job and run.tags.get(PARTITION_TAG) == session_id:
                at_work = run.status == dg.DagsterRunStatus.STARTED
                state = "is at work" if at_work else "waits in the queue"
                since = f"{record.create_timestamp:%Y-%m-%d %H:%M} UTC"
                return f"run {run.run_id[:8]} {state}, asked for at {since}", LATE_PAGE
        for failed in self._failed:
            is_it = failed.job == work.job and failed.session_id == session_id
            if is_it and failed.again in {Again.NOT_TRIED, Again.FAILED}:
                said = f"run {failed.run_id[:8]} failed: {failed.fault.reason}"
                return said, failed.fault.runbook
        return "no run was asked for since its drop came: see the sensor edge_drops", LATE_PAGE


def _instant(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, UTC)
