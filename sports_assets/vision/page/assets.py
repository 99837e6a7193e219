"""The page on a session's footage, as an asset."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import dagster as dg
import pyarrow as pa

from edge_ingest.errors import SourceError
from edge_ingest.records import FOOTAGE
from resources.dagster_resources import (
    LakehouseResource,
    LandingZoneResource,
    ReportStoreResource,
)
from resources.dbt.contracts import dbt_contracts
from resources.environment import load_settings, s3_options
from resources.provenance import DropRef, ProvenanceRef, code_version
from resources.stored_object import local_copy
from resources.vision_contracts import (
    REPORT_FOOTAGE,
    VISION_CAMERA,
    VISION_DETECTION,
    VISION_FORMATION,
    VISION_LOOK,
    VISION_POSITIONS,
    VISION_TRACK,
)
from sports_assets.assets import commit_context, guarded
from sports_assets.automation import on_new_code_or_late_input
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import FOOTAGE_WAY_TAG, REPORT_FOOTAGE_KEY, asset_key, owners, tags
from sports_assets.partitions import MANY_SESSIONS_A_RUN, SESSIONS
from sports_assets.reports.colophon import Colophon
from sports_assets.reports.publish import PublishedPage, pages_version, publish_page
from sports_assets.session_run import SessionRun, SessionsTold
from sports_assets.vision.page.annotate import AnnotatedClip, annotate
from sports_assets.vision.page.facts import FootageFacts, FootageTables, read_facts
from sports_assets.vision.page.footage_page import FootageContent, bind_page, make_content
from sports_assets.vision.page.session_names import NAMES, session_names
from sports_assets.vision.session import believed
from sports_assets.vision.tables import SessionTables, read_session
from sports_assets.warehouse.assets import PROJECT

_DBT = dbt_contracts(PROJECT.manifest)
_NAMES = [_DBT[key] for key in NAMES]
_READ = [
    FOOTAGE, VISION_CAMERA, VISION_LOOK, VISION_DETECTION, VISION_TRACK, VISION_POSITIONS,
    VISION_FORMATION, *_NAMES,
]  # fmt: skip


@dg.asset(
    key=REPORT_FOOTAGE_KEY,
    deps=[asset_key(contract.key) for contract in _READ],
    check_specs=[contract_check_spec(REPORT_FOOTAGE)],
    partitions_def=SESSIONS,
    backfill_policy=MANY_SESSIONS_A_RUN,
    automation_condition=on_new_code_or_late_input(
        FOOTAGE_WAY_TAG,
        optional=dg.AssetSelection.assets(*(asset_key(one.key) for one in _NAMES)),
    ),
    group_name=REPORT_FOOTAGE.layer,
    owners=owners(REPORT_FOOTAGE.layer),
    tags=tags(REPORT_FOOTAGE.layer, "health"),
    kinds={"python", "html"},
    code_version="1",
    description=(
        "One page on a session's footage: an annotated clip, the field from above, formations over "
        "the match, and what could not be seen. Made also of footage that cannot be believed: it "
        "says why. Revised when what it says changes, and never replaced."
    ),
)
@guarded
def report_footage(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
    report_store: ReportStoreResource,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Write the page of each session of the run that has footage, one after the other."""
    run, told = SessionRun(context), []
    ledgers = [REPORT_FOOTAGE.empty()]
    with lakehouse.open() as store, report_store.open() as pages:
        shelf = pages.of("footage")
        # A session without footage adds nothing, and leaves a table that can be read all the same.
        store.ensure_table(REPORT_FOOTAGE)
        for session in run.session_ids:
            with run.attempt(session):
                tables = read_session(store, session, _READ)
                if not tables.of(FOOTAGE).num_rows:
                    told.append(SessionsTold([session], pages_version(REPORT_FOOTAGE.empty())))
                    continue
                facts = _facts(tables, landing_zone.club_timezone)
                content, provenance = make_content(facts), _provenance(tables, landing_zone)
                why = commit_context(context, [drop.drop_id for drop in provenance.drops])
                page = publish_page(
                    store,
                    shelf,
                    REPORT_FOOTAGE,
                    session,
                    content_sha256=content.sha256,
                    render=partial(
                        _page, content, provenance, partial(_clip, context, tables, facts)
                    ),
                    provenance=provenance,
                    written_at_utc=datetime.now(UTC),
                    context=why,
                )
                ledgers.append(page.ledger)
                told.append(_told(session, page, facts))
    ledger = pa.concat_tables(ledgers)
    whole: dg.MaterializeResult[None] = dg.MaterializeResult(
        asset_key=REPORT_FOOTAGE_KEY,
        data_version=dg.DataVersion(pages_version(ledger)),
        check_results=[check_contract(REPORT_FOOTAGE, ledger)],
        metadata={"dagster/row_count": ledger.num_rows},
    )
    yield from run.tell(whole, told)
    run.require_all()


def _facts(tables: SessionTables, timezone: str) -> FootageFacts:
    return read_facts(
        FootageTables(
            footage=tables.of(FOOTAGE),
            camera=tables.of(VISION_CAMERA),
            track=tables.of(VISION_TRACK),
            positions=tables.of(VISION_POSITIONS),
            formation=tables.of(VISION_FORMATION),
            # As vision/quality has it; that asset's check blocks what follows, and not this page.
            quality=believed(tables),
            detection=tables.of(VISION_DETECTION),
        ),
        session_names(tables, _NAMES, timezone),
    )


def _page(
    content: FootageContent,
    provenance: ProvenanceRef,
    clip: Callable[[], AnnotatedClip | None],
    revision: int,
) -> str:
    return bind_page(content, Colophon(revision, (), provenance), clip())


def _clip(
    context: dg.AssetExecutionContext, tables: SessionTables, facts: FootageFacts
) -> AnnotatedClip | None:
    """The annotated clip; None, and a warning, where its video cannot be read any more."""
    if facts.plan is None:
        return None
    footage_sha256 = facts.plan.moment.footage_sha256
    row = next(row for row in tables.of(FOOTAGE).to_pylist() if row["sha256"] == footage_sha256)
    try:
        scratch = load_settings().home / "scratch"
        with local_copy(row["uri"], s3_options(), scratch) as path:
            return annotate(path, facts.plan)
    except (SourceError, FileNotFoundError, ValueError) as error:
        context.log.warning("no clip on the page of %s: %s", tables.session_id, error)
        return None


def _provenance(tables: SessionTables, landing_zone: LandingZoneResource) -> ProvenanceRef:
    drops = {
        row["stream_id"]: DropRef(
            drop_id=row["drop_id"], stream_id=row["stream_id"], revision=row["revision"]
        )
        for row in tables.of(FOOTAGE).to_pylist()
    }
    cameras = tables.of(VISION_CAMERA).to_pylist()
    return ProvenanceRef(
        drops=tuple(drops[stream] for stream in sorted(drops)),
        snapshots={},
        settings={
            "club_timezone": landing_zone.club_timezone,
            **{f"look.{one['camera']}.{one['footage_sha256'][:12]}": one["made_by"]
               for one in cameras},
        },
        code_version=code_version(),
    )  # fmt: skip


def _told(session: str, page: PublishedPage, facts: FootageFacts) -> SessionsTold:
    """What Dagster shows of one page."""
    return SessionsTold(
        [session],
        pages_version(page.ledger),
        {
            "page": dg.MetadataValue.path(page.uri),
            "revision": dg.MetadataValue.int(page.revision),
            "is_new_revision": dg.MetadataValue.bool(page.is_new),
            "videos": dg.MetadataValue.int(len(facts.cameras)),
            "provenance": dg.MetadataValue.text(page.provenance.fingerprint),
        },
    )
