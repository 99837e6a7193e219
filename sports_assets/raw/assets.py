"""What arrived, as the source tells it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from edge_ingest.contract import TableContract, Violation
from edge_ingest.records import QUARANTINE, SESSION_TABLES
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.lakehouse import Commit, together
from resources.landing_zone import LandingZone
from sports_assets.assets import commit_context, materialized
from sports_assets.checks import check_contract, contract_check_spec, contract_outcome
from sports_assets.keys import RAW_KEYS, owners, tags
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS, session_ids
from sports_assets.raw.build import ArrivedDrop, RawSession, build_session
from sports_assets.raw.refused import EVERY_DAY, list_refused

_PERSONAL = {"athletes": "identity", "positions": "health", "signals": "health",
             "events": "identity", "footage": "identity"}  # fmt: skip
_READERS = {
    "sessions": "core/session and core/session_source read it.",
    "athletes": "core/athlete reads it.",
    "positions": "tracking/kinematics reads it.",
    "signals": "mart/athlete_session_internal_load reads it.",
    "events": "mart/athlete_session_events and the session's page read it.",
    "footage": "The vision pipeline reads it.",
}


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
def raw_session(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> Iterator[dg.MaterializeResult]:
    """Read the active drops of each session and replace the session in each table.

    One session after the other: a backfill of a season holds one match in memory, not all.
    """
    chosen = [
        contract
        for name, contract in SESSION_TABLES.items()
        if RAW_KEYS[name] in context.selected_asset_keys
    ]
    commits: dict[str, list[Commit]] = {contract.name: [] for contract in chosen}
    broken: dict[str, list[Violation]] = {contract.name: [] for contract in chosen}
    with lakehouse.open() as store, landing_zone.open() as zone:
        for session in session_ids(context):
            built = _build(context, zone, session)
            why = commit_context(context, built.drop_ids)
            for contract in chosen:
                rows = built.tables[contract.name]
                broken[contract.name] += contract.violations(rows)
                commits[contract.name].append(
                    store.replace_sessions(contract, rows, [session], why)
                )
    for contract in chosen:
        commit = together(commits[contract.name])
        outcome = contract_outcome(contract, broken[contract.name], commit.rows)
        yield materialized(commit, [outcome])


@dg.asset(
    key=RAW_KEYS["quarantine"],
    check_specs=[contract_check_spec(QUARANTINE)],
    group_name=QUARANTINE.layer,
    owners=owners(QUARANTINE.layer),
    tags=tags(QUARANTINE.layer),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "Every drop that was refused: why, and where its files are kept. Whoever looks after the "
        "devices reads it; sending the drop again, over the refused one, submits it anew."
    ),
)
def raw_quarantine(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """List the refused drops of the landing zone, all of them each time: there are few."""
    with lakehouse.open() as store, landing_zone.open() as zone:
        rows = list_refused(zone.refused())
        commit = store.replace_slice(QUARANTINE, rows, EVERY_DAY, commit_context(context))
    return materialized(commit, [check_contract(QUARANTINE, rows)])


def _build(context: dg.AssetExecutionContext, zone: LandingZone, session_id: str) -> RawSession:
    """Build a session from what is active; a drop that cannot be loaded is refused, and the
    revision before it counts again.

    Raises:
        Failure: no drop of the session can be loaded; names each and why.
        IncompleteDropError: a file went away, or could not be read, meanwhile: launch it again.
    """
    not_loaded = [
        f"{place} waits for {', '.join(lacks)}" for place, lacks in zone.awaited(session_id)
    ]
    for waiting in not_loaded:
        context.log.warning("left out for now: %s", waiting)
    while drops := zone.active(session_id):
        built = build_session(
            session_id, [ArrivedDrop(one.manifest, one.place, one.fetch) for one in drops]
        )
        if not built.refused:
            return built
        arrived_ns = {one.place: one.arrived_ns for one in drops}
        for one in built.refused:
            now = datetime.now(UTC)
            if zone.refuse(one.place, one.rule, one.reason, now, arrived_ns[one.place]):
                context.log.warning("refused %s: %s", one.place, one.reason)
                not_loaded.append(f"{one.place}: {one.reason}")
    raise dg.Failure(
        f"{session_id} has no drop that can be loaded: "
        + ("; ".join(not_loaded) or "none is in the landing zone; send it, or correct the session"),
        allow_retries=False,
    )
