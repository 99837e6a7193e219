"""What arrived, as the source tells it."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import dagster as dg
import pyarrow as pa

from edge_ingest.contract import TableContract, Violation
from edge_ingest.errors import DropError
from edge_ingest.manifest import Manifest
from edge_ingest.records import (
    APPROVALS,
    DAY_KIND_OF,
    FIXTURES,
    INJURIES,
    QUARANTINE,
    SESSION_TABLES,
    WELLNESS,
)
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.lakehouse import Commit, Lakehouse, Slice, together
from resources.landing_drops import ActiveDrop
from resources.landing_zone import LandingZone
from sports_assets.assets import (
    commit_context,
    guarded,
    materialized,
    until_settled,
)
from sports_assets.checks import check_contract, contract_check_spec, contract_outcome
from sports_assets.keys import RAW_KEYS, owners, tags, work_of
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.raw.build import RawSession
from sports_assets.raw.days import ALWAYS, Days, touched
from sports_assets.raw.load import days_to_load, delivered, load_days, load_session, of_work
from sports_assets.raw.refused import EVERY_DAY, list_refused
from sports_assets.session_run import SessionRun, SessionsCommitted

_PERSONAL = {"athletes": "identity", "positions": "health", "signals": "health",
             "events": "identity", "footage": "identity", "wellness": "health",
             "injuries": "health", "approvals": "identity"}  # fmt: skip
_READERS = {
    "sessions": "core/session and core/session_source read it.",
    "athletes": "core/athlete reads it.",
    "positions": "tracking/kinematics reads it.",
    "signals": "mart/athlete_session_internal_load reads it.",
    "events": "mart/athlete_session_events and the session's page read it.",
    "footage": "The vision pipeline reads it.",
    "wellness": "Workload features and the readiness model will read it.",
    "injuries": "The models of injury risk and recovery will read it.",
    "approvals": "Promotion of models will read it.",
    "fixtures": "Workload features will read it: how congested the days ahead were planned.",
}
_DAY_CONTRACTS = {contract.name: contract for contract in (WELLNESS, INJURIES, FIXTURES, APPROVALS)}


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
        by_work = {
            work: [contract for contract in chosen if work_of(contract.name) == work]
            for work in sorted({work_of(contract.name) for contract in chosen})
        }
        for session, work in itertools.product(run.session_ids, by_work):
            with run.attempt(session):
                write = partial(
                    _write_session, context, store, zone, by_work[work], session=session, work=work
                )
                built, drops, done = until_settled(write, f"raw of {session}")
                signers |= _signers(drops)
                for contract in by_work[work]:
                    broken[contract.name] += contract.violations(built.tables[contract.name])
                    told = SessionsCommitted([session], done[contract.name])
                    commits[contract.name].append(told)
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
            arrived = list(_arrived(context, zone, DAY_KIND_OF[name], config.arrived))
            ranges: list[tuple[str | None, Days]] = [
                (source, days)
                for source, found in touched(contract, arrived).items()
                for days in found
            ]
            commits, broken, signers = [], [], set()
            for source, days in ranges if config.arrived else [(None, ALWAYS)]:
                write = partial(
                    _write_days, context, store, zone, contract, source=source, days=days
                )
                rows, drops, commit = until_settled(write, contract.key)
                broken += contract.violations(rows)
                signers |= _signers(drops)
                commits.append(commit)
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
        told, _ = load_days(context, zone, QUARANTINE, None, ALWAYS)
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


def _write_session(
    context: dg.AssetExecutionContext,
    store: Lakehouse,
    zone: LandingZone,
    contracts: Sequence[TableContract],
    *,
    session: str,
    work: str,
) -> tuple[tuple[RawSession, list[ActiveDrop], dict[str, Commit]], bool]:
    """Build a session and commit it; whether the drops that it was made from still count."""
    built, drops = load_session(context, zone, session, work)
    why = commit_context(context, built.drop_ids)
    done = {
        contract.name: store.replace_sessions(contract, built.tables[contract.name], [session], why)
        for contract in contracts
    }
    stands = not any(commit.is_new for commit in done.values()) or (
        delivered(drops) == delivered(of_work(zone.active(session), work))
    )
    return (built, drops, done), stands


def _write_days(
    context: dg.AssetExecutionContext,
    store: Lakehouse,
    zone: LandingZone,
    contract: TableContract,
    *,
    source: str | None,
    days: Days,
) -> tuple[tuple[pa.Table, list[ActiveDrop], Commit], bool]:
    """Build days and commit them; whether the drops that they were made from still count."""
    built, drops = load_days(context, zone, contract, source, days)
    replaced = Slice("day", *days, {"source": source} if source else {})
    why = commit_context(context, built.drop_ids)
    commit = store.replace_slice(contract, built.rows, replaced, why)
    stands = not commit.is_new or (
        delivered(drops) == delivered(days_to_load(zone, contract, source, days))
    )
    return (built.rows, drops, commit), stands


def _signers(drops: Sequence[ActiveDrop]) -> set[str]:
    return {one.signed_by or "nobody known" for one in drops}


def _signed_by(signers: set[str]) -> dict[str, dg.MetadataValue]:
    """Which edge nodes vouch for the drops that were read."""
    return {"signed_by": dg.MetadataValue.text(", ".join(sorted(signers)) or "no drop was read")}
