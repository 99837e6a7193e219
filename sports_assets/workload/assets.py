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
from sports_assets.keys import FEATURE_WORKLOAD_KEY, IDENTITY_ATHLETES_KEY, RAW_KEYS, owners, tags
from sports_assets.workload.features import workload_features
from sports_assets.workload.history import Squads, read_squads

_EVERY_DAY = Slice("day", date.min, date.max, {})


@dg.asset(
    key=FEATURE_WORKLOAD_KEY,
    deps=[RAW_KEYS["wellness"], RAW_KEYS["injuries"], RAW_KEYS["fixtures"], IDENTITY_ATHLETES_KEY],
    check_specs=[contract_check_spec(FEATURE_WORKLOAD)],
    group_name=FEATURE_WORKLOAD.layer,
    owners=owners(FEATURE_WORKLOAD.layer),
    tags=tags(FEATURE_WORKLOAD.layer, personal="health"),
    kinds={"python", "iceberg"},
    code_version="1",
    description=(
        "Load, freshness, plan, wellness against the personal norm, injuries and what is missing, "
        "of each athlete and day, as it was known at the day's end: nothing that came later is in "
        "it but the plan that had been published. Models read it."
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
        squads = read_squads(store, zone.athletes())
        rows = feature_rows(squads)
        commit = store.replace_slice(FEATURE_WORKLOAD, rows, _EVERY_DAY, commit_context(context))
    return materialized(
        commit,
        [check_contract(FEATURE_WORKLOAD, rows)],
        {
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
