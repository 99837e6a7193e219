"""Upkeep, planned and then applied: two tables that one can read."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.contracts import ALL, OPS_UPKEEP, OPS_UPKEEP_PLAN
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.dbt.contracts import dbt_contracts
from resources.lakehouse import Lakehouse, Slice
from resources.provenance import named_snapshots
from resources.upkeep import POLICY, Done
from sports_assets.assets import commit_context, guarded, materialized
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import UPKEEP_KEY, UPKEEP_PLAN_KEY, owners, tags
from sports_assets.upkeep.rows import ledger_rows, overview, plan_rows, read_plan, with_earlier
from sports_assets.warehouse.assets import PROJECT

_TABLES: dict[str, TableContract] = {
    contract.key: contract for contract in (*ALL, *dbt_contracts(PROJECT.manifest).values())
}
_WHOLE = Slice("day", date.min, date.max, {})
_EVERY_STEP_DONE = "every_step_could_be_taken"


@dg.asset(
    key=UPKEEP_PLAN_KEY,
    check_specs=[contract_check_spec(OPS_UPKEEP_PLAN)],
    group_name=OPS_UPKEEP_PLAN.layer,
    owners=owners(OPS_UPKEEP_PLAN.layer),
    tags=tags(OPS_UPKEEP_PLAN.layer),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "What upkeep would do with each table now, and why: small files to put together, snapshots "
        f"to expire ({POLICY.keep_all_d} days after another took their place; "
        f"{POLICY.keep_named_d} where a page, an alert or a prediction names them), files that "
        f"nothing names and that are older than {POLICY.orphan_grace_d} days. It changes nothing; "
        "whoever looks after the lakehouse reads it, and ops/upkeep applies it."
    ),
)
@guarded
def upkeep_plan(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """Look at every table, and write the plan in place of the one before."""
    now = datetime.now(UTC)
    with lakehouse.open() as store:
        plan = store.upkeep().plan(_TABLES, named_snapshots(store, ALL), now)
        day = now.astimezone(ZoneInfo(landing_zone.club_timezone)).date()
        rows = plan_rows(plan.steps, context.run.run_id, now, day)
        commit = store.replace_slice(OPS_UPKEEP_PLAN, rows, _WHOLE, commit_context(context))
    return materialized(
        commit,
        [check_contract(OPS_UPKEEP_PLAN, rows)],
        {
            "tables": dg.MetadataValue.md(overview(plan.tables, plan.steps)),
            "removable_bytes": dg.MetadataValue.int(
                sum(step.bytes for step in plan.steps if step.action == "remove")
            ),
            "withheld_tables": dg.MetadataValue.int(sum(bool(one.withheld) for one in plan.tables)),
        },
    )


@dg.asset(
    key=UPKEEP_KEY,
    deps=[UPKEEP_PLAN_KEY],
    check_specs=[
        contract_check_spec(OPS_UPKEEP),
        dg.AssetCheckSpec(
            _EVERY_STEP_DONE,
            asset=UPKEEP_KEY,
            description="Nothing that the plan asked for failed; what did is planned again.",
        ),
    ],
    group_name=OPS_UPKEEP.layer,
    owners=owners(OPS_UPKEEP.layer),
    tags=tags(OPS_UPKEEP.layer),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "The ledger of upkeep: what was done of each plan, and what was passed over as it was no "
        f"longer right. A plan older than {POLICY.plan_valid_h} hours is refused. No row of any "
        "table changes by it."
    ),
)
@guarded
def upkeep(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """Apply the plan, each step judged again, and write down what came of it."""
    now = datetime.now(UTC)
    day = now.astimezone(ZoneInfo(landing_zone.club_timezone)).date()
    done: list[Done] = []
    with lakehouse.open() as store:
        with store.connect() as connection:
            store.view(connection, OPS_UPKEEP_PLAN, "plan")
            planned = connection.sql("select * from plan").to_arrow_table()
        plan_id, steps = read_plan(planned, POLICY, now)
        try:
            for one in store.upkeep().apply(steps, named_snapshots(store, ALL), now):
                done.append(one)
                if one.outcome == "failed":
                    context.log.warning("%s %s: %s", one.step.action, one.step.table, one.reason)
        finally:
            # Also what was done before a fault: files that are gone are in the ledger.
            rows = ledger_rows(done, context.run.run_id, plan_id, now, day)
            rows = with_earlier(_told_before(store, context.run.run_id), rows)
            # A step that is tried again after midnight holds rows of the day before.
            first = min([day, *rows.column("day").to_pylist()])
            mine = Slice("day", first, day, {"run_id": context.run.run_id})
            commit = store.replace_slice(OPS_UPKEEP, rows, mine, commit_context(context))
        too_old = Slice("day", date.min, day - timedelta(days=POLICY.keep_ledger_d), {})
        store.replace_slice(OPS_UPKEEP, OPS_UPKEEP.empty(), too_old, commit_context(context))
    failed = [one for one in done if one.outcome == "failed"]
    return materialized(
        commit,
        [
            check_contract(OPS_UPKEEP, rows),
            dg.AssetCheckResult(
                check_name=_EVERY_STEP_DONE,
                passed=not failed,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={
                    "failed": len(failed),
                    "threshold": 0,
                    **{
                        f"{n + 1}: {one.step.table}": one.reason for n, one in enumerate(failed[:3])
                    },
                },
            ),
        ],
        {
            "done": dg.MetadataValue.int(sum(one.outcome == "done" for one in done)),
            "passed_over": dg.MetadataValue.int(sum(one.outcome == "passed_over" for one in done)),
            "freed_bytes": dg.MetadataValue.int(
                sum(one.bytes for one in done if one.step.action == "remove")
            ),
        },
    )


def _told_before(store: Lakehouse, run_id: str) -> pa.Table:
    """What this run wrote into the ledger before its step was tried again."""
    with store.connect() as connection:
        store.view(connection, OPS_UPKEEP, "ledger")
        mine = "select * from ledger where run_id = $run_id"
        return OPS_UPKEEP.conform(connection.execute(mine, {"run_id": run_id}).to_arrow_table())
