"""From the landing zone's active drops to rows; a drop that cannot be loaded is refused."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from edge_ingest.contract import TableContract
from edge_ingest.errors import DropError
from edge_ingest.records import DAY_KIND_OF
from resources.landing_drops import ActiveDrop
from resources.landing_zone import LandingZone
from sports_assets.keys import work_of
from sports_assets.raw.build import ArrivedDrop, RawSession, Refusal, build_session
from sports_assets.raw.days import Days, RawDays, build_days


def load_days(
    context: dg.AssetExecutionContext,
    zone: LandingZone,
    contract: TableContract,
    source: str | None,
    days: Days,
) -> tuple[RawDays, list[ActiveDrop]]:
    """Build days of a source (None: of all) from what is active; a drop that cannot be loaded is
    refused, and the revision before it counts again.

    Raises:
        IncompleteDropError: a file went away, or could not be read, meanwhile: launch it again.
    """
    while True:
        drops = days_to_load(zone, contract, source, days)
        arrived = [ArrivedDrop(one.manifest, one.place, one.fetch) for one in drops]
        built = build_days(contract, arrived, days)
        if not built.refused:
            return built, drops
        _refuse(context, zone, drops, built.refused)


def days_to_load(
    zone: LandingZone, contract: TableContract, source: str | None, days: Days
) -> list[ActiveDrop]:
    """What is active of a source (None: of all) and touches these days."""
    active = zone.active_days(DAY_KIND_OF[contract.name], [days])
    return [one for one in active if source is None or one.manifest.source == source]


def of_work(active: Sequence[ActiveDrop], work: str) -> list[ActiveDrop]:
    """Those of one lane."""
    return [one for one in active if work_of(one.manifest.kind) == work]


def delivered(drops: Sequence[ActiveDrop]) -> set[str]:
    """What was delivered, as one set to compare."""
    return {one.delivery_id for one in drops}


def _refuse(
    context: dg.AssetExecutionContext,
    zone: LandingZone,
    drops: Sequence[ActiveDrop],
    refused: Sequence[Refusal],
) -> list[str]:
    """Refuse drops as they were judged; gives those that were, each with its reason."""
    arrived_ns = {one.place: one.arrived_ns for one in drops}
    told = []
    for one in refused:
        now = datetime.now(UTC)
        if zone.refuse(one.place, one.rule, one.reason, now, arrived_ns[one.place]):
            context.log.warning("refused %s: %s", one.place, one.reason)
            told.append(f"{one.place}: {one.reason}")
    return told


def _arrived_drop(
    drop: ActiveDrop, measured: dict[tuple[str, int, str], tuple[int, str]]
) -> ArrivedDrop:
    """A drop to build from; each video is read once, also where another drop is refused."""

    def measure(name: str) -> tuple[int, str]:
        which = drop.place, drop.arrived_ns, name
        if which not in measured:
            measured[which] = drop.measure(name)
        return measured[which]

    return ArrivedDrop(drop.manifest, drop.place, drop.fetch, drop.uri, measure)


def load_session(
    context: dg.AssetExecutionContext, zone: LandingZone, session_id: str, work: str
) -> tuple[RawSession, list[ActiveDrop]]:
    """Build a session from what is active in one lane; a drop that cannot be loaded is refused,
    and the revision before it counts again.

    Without footage the vision lane's table is empty, which is no fault.

    Raises:
        DropError: no drop of the session can be loaded; names each and why.
        IncompleteDropError: a file went away, or could not be read, meanwhile: launch it again.
    """
    not_loaded = [
        f"{place} waits for {', '.join(lacks)}"
        for place, lacks in zone.awaited(session_id)
        if work_of(zone.manifest(place).kind) == work
    ]
    for waiting in not_loaded:
        context.log.warning("left out for now: %s", waiting)
    measured: dict[tuple[str, int, str], tuple[int, str]] = {}
    while active := zone.active(session_id):
        drops = of_work(active, work)
        if not drops and (not_loaded or work == "facts"):
            break
        built = build_session(session_id, [_arrived_drop(one, measured) for one in drops])
        if not built.refused:
            return built, drops
        not_loaded += _refuse(context, zone, drops, built.refused)
    nothing = "none of footage" if work == "vision" else "none but of footage, if any,"
    reason = f"{session_id} has no drop that can be loaded: " + (
        "; ".join(not_loaded)
        or f"{nothing} is in the landing zone; send it, or correct the session"
    )
    raise DropError(reason)
