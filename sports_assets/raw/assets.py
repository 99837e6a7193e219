"""What arrived, as the source tells it."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from edge_ingest.contract import TableContract, Violation
from edge_ingest.errors import DropError
from edge_ingest.manifest import Manifest
from edge_ingest.records import INJURIES, QUARANTINE, SESSION_TABLES, WELLNESS
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.lakehouse import Slice, together
from resources.landing_drops import ActiveDrop
from resources.landing_zone import LandingZone
from sports_assets.assets import (
    SessionRun,
    SessionsCommitted,
    commit_context,
    guarded,
    materialized,
)
from sports_assets.checks import check_contract, contract_check_spec, contract_outcome
from sports_assets.keys import RAW_KEYS, owners, tags, work_of
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.raw.build import ArrivedDrop, RawSession, Refusal, build_session
from sports_assets.raw.days import ALWAYS, Days, RawDays, build_days, touched
from sports_assets.raw.refused import EVERY_DAY, list_refused

_PERSONAL = {"athletes": "identity", "positions": "health", "signals": "health",
             "events": "identity", "footage": "identity", "wellness": "health",
             "injuries": "health"}  # fmt: skip
_READERS = {
    "sessions": "core/session and core/session_source read it.",
    "athletes": "core/athlete reads it.",
    "positions": "tracking/kinematics reads it.",
    "signals": "mart/athlete_session_internal_load reads it.",
    "events": "mart/athlete_session_events and the session's page read it.",
    "footage": "The vision pipeline reads it.",
    "wellness": "Workload features and the readiness model will read it.",
    "injuries": "The models of injury risk and recovery will read it.",
}
_DAY_CONTRACTS = {contract.name: contract for contract in (WELLNESS, INJURIES)}


def _spec(contract: TableContract) -> dg.AssetSpec:
    return dg.AssetSpec(
        RAW_KEYS[contract.name],
        description=f"{contract.grain[0].upper()}{contract.grain[1:]}. {_READERS[contract.name]}",
        group_name=contract.layer,
        owners=owners(contract.layer),
        tags=tags(contract.layer, _PERSONAL.get(contract.name, "none")),
        kinds={"python", "iceberg"},
        code_version="1",
        skippable=True,
    )


@dg.multi_asset(
    name="raw_session",
    specs=[_spec(contract) for contract in SESSION_TABLES.values()],
    check_specs=[contract_check_spec(contract) for contract in SESSION_TABLES.values()],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    can_subset=True,
)
@guarded
def raw_session(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Read the active drops of each session and replace the session in each table.

    One session after the other: a backfill of a season holds one match in memory, not all. Each
    lane reads its own drops: footage adds nothing to the facts, and they are not read for its sake.
    """
    chosen = [
        contract
        for name, contract in SESSION_TABLES.items()
        if RAW_KEYS[name] in context.selected_asset_keys
    ]
    run = SessionRun(context)
    commits: dict[str, list[SessionsCommitted]] = {contract.name: [] for contract in chosen}
    broken: dict[str, list[Violation]] = {contract.name: [] for contract in chosen}
    signers: set[str] = set()
    with lakehouse.open() as store, landing_zone.open() as zone:
        works = sorted({work_of(contract.name) for contract in chosen})
        for session, work in itertools.product(run.session_ids, works):
            with run.attempt(session):
                built, drops = _build(context, zone, session, work)
                signers |= _signers(drops)
                why = commit_context(context, built.drop_ids)
                for contract in chosen:
                    if work_of(contract.name) != work:
                        continue
                    rows = built.tables[contract.name]
                    broken[contract.name] += contract.violations(rows)
                    commit = store.replace_sessions(contract, rows, [session], why)
                    commits[contract.name].append(SessionsCommitted([session], commit))
    for contract in chosen:
        parts = commits[contract.name]
        rows_told = sum(part.commit.rows for part in parts)
        outcome = contract_outcome(contract, broken[contract.name], rows_told)
        yield from run.tell_table(parts, [outcome], _signed_by(signers))
    run.require_all()


class ArrivedDays(dg.Config):
    """Which drops about days have arrived.

    Attributes:
        arrived: their places in the landing zone; none: everything is made again.
    """

    arrived: list[str] = []  # noqa: RUF012 - Dagster copies it


@dg.multi_asset(
    name="raw_days",
    specs=[_spec(contract) for contract in _DAY_CONTRACTS.values()],
    check_specs=[contract_check_spec(contract) for contract in _DAY_CONTRACTS.values()],
    can_subset=True,
)
@guarded
def raw_days(
    context: dg.AssetExecutionContext,
    config: ArrivedDays,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> Iterator[dg.MaterializeResult]:
    """Make the days again that the arrived drops touch, from all active drops that touch them."""
    with lakehouse.open() as store, landing_zone.open() as zone:
        for name, contract in _DAY_CONTRACTS.items():
            if RAW_KEYS[name] not in context.selected_asset_keys:
                continue
            arrived = list(_arrived(context, zone, name, config.arrived))
            ranges: list[tuple[str | None, Days]] = [
                (source, days)
                for source, found in touched(contract, arrived).items()
                for days in found
            ]
            commits, broken, signers = [], [], set()
            for source, days in ranges if config.arrived else [(None, ALWAYS)]:
                built, drops = _build_days(context, zone, contract, source, days)
                broken += contract.violations(built.rows)
                signers |= _signers(drops)
                replaced = Slice("day", *days, {"source": source} if source else {})
                why = commit_context(context, built.drop_ids)
                commits.append(store.replace_slice(contract, built.rows, replaced, why))
            if commits:
                commit = together(commits)
                outcome = contract_outcome(contract, broken, commit.rows)
                yield materialized(commit, [outcome], _signed_by(signers))


class WaitingDrops(dg.Config):
    """Which drops may lack files.

    Attributes:
        waiting: their places in the landing zone; None: every drop is looked at.
    """

    waiting: list[str] | None = None


@dg.asset(
    key=RAW_KEYS["quarantine"],
    check_specs=[contract_check_spec(QUARANTINE)],
    group_name=QUARANTINE.layer,
    owners=owners(QUARANTINE.layer),
    tags=tags(QUARANTINE.layer),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "Every drop that was refused or is not whole, and every file that an edge node could not "
        "read: why, and where it is kept. Whoever looks after the devices reads it; sending the "
        "drop again, over the refused one, submits it anew."
    ),
)
@guarded
def raw_quarantine(
    context: dg.AssetExecutionContext,
    config: WaitingDrops,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """List whatever is not loaded, all of it each time: there is little."""
    with lakehouse.open() as store, landing_zone.open() as zone:
        # First the nodes' reports: one that cannot be read is refused, and then listed below.
        told, _ = _build_days(context, zone, QUARANTINE, None, ALWAYS)
        rows = list_refused(zone.unloaded(datetime.now(UTC), config.waiting), told.rows)
        commit = store.replace_slice(QUARANTINE, rows, EVERY_DAY, commit_context(context))
    return materialized(commit, [check_contract(QUARANTINE, rows)])


def _arrived(
    context: dg.AssetExecutionContext, zone: LandingZone, kind: str, places: list[str]
) -> Iterator[Manifest]:
    """Manifests of drops of a kind; one that was refused or went away meanwhile is passed over."""
    for place in places:
        try:
            manifest = zone.manifest(place)
        except DropError as error:
            context.log.warning("passed over: %s", error)
            continue
        if manifest.kind == kind:
            yield manifest


def _build_days(
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
        drops = [
            one
            for one in zone.active_days(contract.name, [days])
            if source is None or one.manifest.source == source
        ]
        arrived = [ArrivedDrop(one.manifest, one.place, one.fetch) for one in drops]
        built = build_days(contract, arrived, days)
        if not built.refused:
            return built, drops
        _refuse(context, zone, drops, built.refused)


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


def _signers(drops: Sequence[ActiveDrop]) -> set[str]:
    return {one.signed_by or "nobody known" for one in drops}


def _signed_by(signers: set[str]) -> dict[str, dg.MetadataValue]:
    """Which edge nodes vouch for the drops that were read."""
    return {"signed_by": dg.MetadataValue.text(", ".join(sorted(signers)) or "no drop was read")}


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


def _build(
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
        drops = [one for one in active if work_of(one.manifest.kind) == work]
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
