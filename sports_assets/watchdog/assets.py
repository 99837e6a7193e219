"""What failed, and what is late: two small lists for whoever looks after the lakehouse."""

from collections import Counter
from datetime import UTC, datetime

import dagster as dg
from dagster import _check

from resources.contracts import OPS_FAILED_RUN, OPS_STALE_ASSET
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.failed_runs import failed_runs
from resources.late import late_work
from resources.silent import silent
from sports_assets.assets import commit_context, guarded, materialized
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import FAILED_RUN_KEY, STALE_ASSET_KEY, WORKS, owners, tags
from sports_assets.watchdog import failed, stale

NOTHING_IS_LATE = "nothing_is_late"


@dg.asset(
    key=FAILED_RUN_KEY,
    check_specs=[contract_check_spec(OPS_FAILED_RUN)],
    group_name=OPS_FAILED_RUN.layer,
    owners=owners(OPS_FAILED_RUN.layer),
    tags=tags(OPS_FAILED_RUN.layer),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "Every run of the last 30 days that failed: what stopped it, which page says what to do, "
        "and whether the same work was done since. Whoever looks after the lakehouse reads it; "
        "the sensor failed_runs asks for it when a run fails or makes good."
    ),
)
@guarded
def failed_run(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """List every failed run, all of it each time: there are few."""
    runs = failed_runs(context.instance, datetime.now(UTC))
    rows = failed.failed_rows(runs, landing_zone.club_timezone)
    with lakehouse.open() as store:
        commit = store.replace_slice(
            OPS_FAILED_RUN, rows, failed.EVERY_DAY, commit_context(context)
        )
    kinds = Counter(run.fault.kind.value for run in runs)
    return materialized(
        commit,
        [check_contract(OPS_FAILED_RUN, rows)],
        {
            "waiting_for_a_person": dg.MetadataValue.int(len(failed.open_failures(runs))),
            "faults": dg.MetadataValue.json(dict(sorted(kinds.items()))),
            "failed": dg.MetadataValue.md(failed.overview(runs)),
        },
    )


@dg.asset(
    key=STALE_ASSET_KEY,
    check_specs=[
        contract_check_spec(OPS_STALE_ASSET),
        dg.AssetCheckSpec(
            NOTHING_IS_LATE,
            asset=STALE_ASSET_KEY,
            description="Every page is newer than its drops, and whoever makes them is at work.",
        ),
    ],
    group_name=OPS_STALE_ASSET.layer,
    owners=owners(OPS_STALE_ASSET.layer),
    tags=tags(OPS_STALE_ASSET.layer),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "What should have been made and was not: sessions whose drops came and which have no newer "
        "page, days that were not loaded, sensors and daemons that are silent, and assets that "
        "missed their time: since when, why, and which page says what to do. Whoever looks after "
        "the lakehouse reads it; the sensor stale_assets asks for it when the list changes."
    ),
)
@guarded
def stale_asset(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """List everything that is late."""
    now = datetime.now(UTC)
    with lakehouse.open() as store, landing_zone.open() as opened:
        known = stale.listed_before(store)
        zone = opened.listed_once()
        found = late_work(zone, context.instance, now, WORKS, known)
        found += silent(context.instance, _code_location(context), now)
        rows = stale.stale_rows(found, landing_zone.club_timezone)
        commit = store.replace_slice(
            OPS_STALE_ASSET, rows, stale.EVERY_DAY, commit_context(context)
        )
    is_all_there = dg.AssetCheckResult(
        asset_key=STALE_ASSET_KEY,
        check_name=NOTHING_IS_LATE,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"late": len(found), "first": ", ".join(one.late_id for one in found[:3])},
    )
    return materialized(
        commit,
        [check_contract(OPS_STALE_ASSET, rows), is_all_there],
        {"late": dg.MetadataValue.md(stale.overview(found))},
    )


def _code_location(context: dg.AssetExecutionContext) -> dg.RepositoryDefinition | None:
    """The definitions that a run belongs to; None where it was not launched from any."""
    try:
        return context.repository_def
    except _check.CheckError:
        return None
