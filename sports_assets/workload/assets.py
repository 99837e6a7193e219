"""What was known of each athlete on each day, as a table."""

from datetime import date

import dagster as dg
import pyarrow as pa

from edge_ingest.contract import TableContract
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.lakehouse import Slice
from resources.model_contracts import FEATURE_WORKLOAD
from sports_assets.assets import commit_context, guarded, materialized
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import FEATURE_WORKLOAD_KEY, SQUAD_KEYS, owners, tags
from sports_assets.workload.features import workload_features
from sports_assets.workload.history import Squads, read_squads

_EVERY_DAY = Slice("day", date.min, date.max, {})


@dg.asset(
    key=FEATURE_WORKLOAD_KEY,
    deps=SQUAD_KEYS,
    check_specs=[contract_check_spec(FEATURE_WORKLOAD)],
    group_name=FEATURE_WORKLOAD.layer,
    owners=owners(FEATURE_WORKLOAD.layer),
    tags=tags(FEATURE_WORKLOAD.layer, personal="health"),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "Load, freshness, plan, wellness against the personal norm, injuries and what is missing, "
        "of each athlete and day, as it was known at the day's end: nothing that came later is in "
        "it but the plan that had been published. What drift is judged from; models make the same "
        "features anew, each by its own constants."
    ),
)
@guarded
def feature_workload(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """Make the features of every athlete and day, and put them in place of those before."""
    with lakehouse.open() as store, landing_zone.open() as zone:
        squads = read_squads(store, zone.athletes(), landing_zone.today())
        rows = feature_rows(squads)
        commit = store.replace_slice(FEATURE_WORKLOAD, rows, _EVERY_DAY, commit_context(context))
    if squads.to_come:
        context.log.warning(
            "%d rows of raw/wellness and raw/injuries are of days that have not come yet, and are "
            "left out: mend the year at their source, and send it again",
            squads.to_come,
        )
    return materialized(
        commit,
        [check_contract(FEATURE_WORKLOAD, rows)],
        {
            "rows_of_days_to_come": dg.MetadataValue.int(squads.to_come),
            "athletes": dg.MetadataValue.int(int(squads.days["athlete_id"].nunique())),
            "newest_day": dg.MetadataValue.text(
                str(squads.days["day"].max().date()) if len(squads.days) else "none"
            ),
            "snapshots_read": dg.MetadataValue.json(squads.snapshots),
        },
    )


def feature_rows(squads: Squads, contract: TableContract = FEATURE_WORKLOAD) -> pa.Table:
    """Features of the squads as rows of the table."""
    if squads.days.empty:
        return contract.empty()
    made = workload_features(squads.days, squads.fixtures)
    columns = {
        "source": pa.array(made["team"], pa.string()),
        "day": pa.array(made["day"].dt.date, pa.date32()),
        **{
            name: pa.array(made[name], from_pandas=True)
            for name in made.columns
            if name not in {"day"}
        },
    }
    return contract.conform(pa.table(columns))
