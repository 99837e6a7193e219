"""Pages for people, as assets."""

import functools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pyarrow as pa

from edge_ingest.cleaning.kinematics_settings import KinematicsSettings
from edge_ingest.records import EVENTS, POSITIONS, SIGNALS
from resources.contracts import KINEMATICS, REPORT_SESSION
from resources.dagster_resources import (
    LakehouseResource,
    LandingZoneResource,
    ReportStoreResource,
)
from resources.dbt.contracts import dbt_contracts
from resources.lakehouse import Lakehouse
from resources.landing_club import ATHLETES_NAME, CALENDAR_NAME
from resources.landing_zone import LandingZone
from resources.provenance import ProvenanceRef, code_version, session_drops
from resources.vision_contracts import REPORT_FOOTAGE, VISION_FORMATION
from sports_assets.assets import commit_context, guarded
from sports_assets.automation import on_new_code_or_late_input
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import (
    BASELINE_KEY,
    REPORT_SESSION_KEY,
    asset_key,
    owners,
    tags,
    work_of,
)
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.reports.colophon import Colophon
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_query import load_facts
from sports_assets.reports.facts_sources import SourceStream
from sports_assets.reports.overview import overview
from sports_assets.reports.publish import PublishedPage, pages_version, publish_page
from sports_assets.reports.session_page import PageContent, bind_page, make_content
from sports_assets.reports.stopwatch import RunTimes, stage_times
from sports_assets.session_run import SessionRun, SessionsTold
from sports_assets.warehouse.assets import PROJECT

#: dbt's tables of sessions, and what the pictures need besides.
_FACTS = [
    contract
    for contract in dbt_contracts(PROJECT.manifest).values()
    if contract.replaced_by == "session"
]
#: A page does not wait for footage, which most sessions have none of: it is revised after.
_OF_FOOTAGE = [VISION_FORMATION, REPORT_FOOTAGE]
_READ = [*_FACTS, POSITIONS, SIGNALS, EVENTS, KINEMATICS, *_OF_FOOTAGE]
_CONDITION = on_new_code_or_late_input(
    optional=dg.AssetSelection.assets(*(asset_key(contract.key) for contract in _OF_FOOTAGE))
)


@dg.asset(
    key=REPORT_SESSION_KEY,
    deps=[asset_key(contract.key) for contract in _READ],
    check_specs=[contract_check_spec(REPORT_SESSION)],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    automation_condition=_CONDITION,
    group_name=REPORT_SESSION.layer,
    owners=owners(REPORT_SESSION.layer),
    tags=tags(REPORT_SESSION.layer, "health"),
    kinds={"python", "html"},
    code_version="1",
    description=(
        "One page a session for the coach: three sentences, each athlete beside their own earlier "
        "sessions, two pictures at most, and where every number comes from. A page is revised when "
        "what it says changes, and never replaced."
    ),
)
@guarded
def report_session(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
    report_store: ReportStoreResource,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Write the page of each session of the run, oldest first."""
    run, so_far, pages = SessionRun(context), _run_so_far(context), []
    ledgers = [REPORT_SESSION.empty()]
    with lakehouse.open() as store, landing_zone.open() as zone, report_store.open() as shelf:
        for session in run.session_ids:
            with run.attempt(session):
                facts = _facts(store, session, landing_zone.club_timezone)
                provenance = _provenance(context, store, zone, facts)
                times = replace(so_far, landed=_landed(context, zone, session))
                why = commit_context(context, [drop.drop_id for drop in provenance.drops])
                content = make_content(facts)
                render = functools.partial(_page, content, facts.sources, provenance, times)
                page = publish_page(
                    store,
                    shelf,
                    REPORT_SESSION,
                    session,
                    content_sha256=content.sha256,
                    render=render,
                    provenance=provenance,
                    written_at_utc=datetime.now(UTC),
                    context=why,
                )
                ledgers.append(page.ledger)
                pages.append(_told(page, facts))
    ledger = pa.concat_tables(ledgers)
    whole: dg.MaterializeResult[None] = dg.MaterializeResult(
        asset_key=REPORT_SESSION_KEY,
        data_version=dg.DataVersion(pages_version(ledger)),
        check_results=[check_contract(REPORT_SESSION, ledger)],
        metadata={"dagster/row_count": ledger.num_rows},
    )
    yield from run.tell(whole, pages)
    run.require_all()


def _page(
    content: PageContent,
    sources: tuple[SourceStream, ...],
    provenance: ProvenanceRef,
    times: RunTimes,
    revision: int,
) -> str:
    stages = tuple(stage_times(times, datetime.now(UTC)))
    return bind_page(content, Colophon(revision, stages, provenance, sources))


def _told(page: PublishedPage, facts: SessionFacts) -> SessionsTold:
    """What Dagster shows of one page."""
    return SessionsTold(
        [facts.header.session_id],
        pages_version(page.ledger),
        {
            "report": dg.MetadataValue.md(overview(facts)),
            "page": dg.MetadataValue.path(page.uri),
            "revision": dg.MetadataValue.int(page.revision),
            "is_new_revision": dg.MetadataValue.bool(page.is_new),
            "provenance": dg.MetadataValue.text(page.provenance.fingerprint),
        },
    )


def _facts(store: Lakehouse, session_id: str, timezone: str) -> SessionFacts:
    """All that the page says, read from committed rows of this session."""
    with store.connect() as connection:
        for layer in sorted({contract.layer for contract in _READ}):
            connection.execute(f"create schema {layer}")
        for contract in _READ:
            store.view(connection, contract, f"{contract.layer}.{contract.name}", [session_id])
        return load_facts(connection, session_id, timezone=timezone)


def _provenance(
    context: dg.AssetExecutionContext, store: Lakehouse, zone: LandingZone, facts: SessionFacts
) -> ProvenanceRef:
    """What the page is a function of: drops, the history it was held against, settings, code."""
    session_id = facts.header.session_id
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(BASELINE_KEY, asset_partitions=[session_id]), limit=1
    ).records
    made = records[0].asset_materialization if records else None
    history = made.metadata.get("snapshots_read") if made else None
    return ProvenanceRef(
        drops=session_drops(store, [session_id]),
        snapshots={key: int(read) for key, read in history.value.items()} if history else {},
        settings={
            "club_timezone": facts.header.timezone,
            "athletes_sha256": zone.checksum(ATHLETES_NAME),
            "calendar_sha256": zone.checksum(CALENDAR_NAME),
            **{f"edge_filters.{one.stream_id}": one.filter_settings_id for one in facts.sources},
            **KinematicsSettings.for_sport(facts.header.sport).to_dict(),
        },
        code_version=code_version(),
    )


def _run_so_far(context: dg.AssetExecutionContext) -> RunTimes:
    """Instants of this run, as the instance has them; asked once, whatever the number of pages.

    Dagster reads every event of the run to answer, and the run of a backfill has many.
    """
    began = time.time()
    stats = context.instance.get_run_stats(context.run.run_id)
    steps = {
        step.step_key: (step.start_time, step.end_time)
        for step in context.instance.get_run_step_stats(context.run.run_id)
        if step.start_time is not None and step.end_time is not None
    }
    return RunTimes(
        landed=None,
        queued=stats.enqueued_time,
        launched=stats.launch_time,
        started=stats.start_time,
        steps=steps,
        page_started=began,
    )


def _landed(context: dg.AssetExecutionContext, zone: LandingZone, session_id: str) -> float | None:
    """When the session's last drop arrived, where that is what the run was asked for."""
    if "dagster/sensor_name" not in context.run.tags:
        return None
    arrivals = [
        drop.arrived_ns / 1e9
        for drop in zone.active(session_id)
        if work_of(drop.manifest.kind) == "facts"
    ]
    return max(arrivals, default=None)
