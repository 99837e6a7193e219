"""The personal norms: a table, and the file that goes to the ground."""

from datetime import UTC, date, datetime

import dagster as dg

from edge_ingest.norms import NORMS_NAME
from resources.contracts import ALERT_PERSONAL_NORM
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.dbt.contracts import dbt_contracts
from resources.lakehouse import Slice
from resources.landing_club import ATHLETES_NAME
from resources.provenance import ProvenanceRef, code_version
from sports_assets.alerts.export import norms_file
from sports_assets.alerts.history import TABLES, read_history
from sports_assets.alerts.norms import NormSettings, personal_norms
from sports_assets.assets import commit_context, guarded, materialized
from sports_assets.automation import on_new_sessions
from sports_assets.checks import check_contract, contract_check_spec
from sports_assets.keys import (
    IDENTITY_ATHLETES_KEY,
    PERSONAL_NORM_KEY,
    asset_key,
    owners,
    tags,
)
from sports_assets.warehouse.assets import PROJECT

SOURCE = "personal_norm"
SETTINGS = NormSettings()
_EVERY_DAY = Slice("day", date.min, date.max, {})


@dg.asset(
    key=PERSONAL_NORM_KEY,
    deps=[*(asset_key(key) for key in TABLES), IDENTITY_ATHLETES_KEY],
    check_specs=[contract_check_spec(ALERT_PERSONAL_NORM)],
    automation_condition=on_new_sessions(),
    group_name=ALERT_PERSONAL_NORM.layer,
    owners=owners(ALERT_PERSONAL_NORM.layer),
    tags=tags(ALERT_PERSONAL_NORM.layer, personal="health"),
    kinds={"python", "iceberg", "json"},
    code_version="1",
    description=(
        "What is usual for an athlete, by sport and metric: where a further session is expected, "
        "given the newest ones. All of it is made anew each time. It also goes, as one small file, "
        f"to {NORMS_NAME} in the landing zone, where the live node at the ground fetches it."
    ),
)
@guarded
def personal_norm(
    context: dg.AssetExecutionContext,
    lakehouse: LakehouseResource,
    landing_zone: LandingZoneResource,
) -> dg.MaterializeResult:
    """Reckon every norm, commit the table, then put the file into the landing zone."""
    contracts = dbt_contracts(PROJECT.manifest)
    with lakehouse.open() as store, landing_zone.open() as zone:
        loads, thresholds, seen, snapshots = read_history(store, contracts, SETTINGS.window_d)
        norms = personal_norms(loads, SETTINGS)
        provenance = ProvenanceRef(
            drops=(),
            snapshots=snapshots,
            settings=SETTINGS.to_dict() | {"crosswalk": zone.checksum(ATHLETES_NAME)},
            code_version=code_version(),
        )
        rows = norms
        for name, value in (("source", SOURCE), ("provenance", provenance.to_json())):
            rows = rows.append_column(name, [[value] * rows.num_rows])
        rows = ALERT_PERSONAL_NORM.conform(rows)
        commit = store.replace_slice(ALERT_PERSONAL_NORM, rows, _EVERY_DAY, commit_context(context))
        file = norms_file(
            norms, thresholds=thresholds, seen=seen, crosswalk=zone.athletes(),
            settings=SETTINGS, made_at_utc=datetime.now(UTC), provenance=provenance,
        )  # fmt: skip
        payload = file.to_json().encode()
        uri = zone.put(NORMS_NAME, payload)
    return materialized(
        commit,
        [check_contract(ALERT_PERSONAL_NORM, rows)],
        {
            "norms_file": dg.MetadataValue.text(uri),
            "norms_file_bytes": dg.MetadataValue.int(len(payload)),
            "athletes": dg.MetadataValue.int(len(file.athletes)),
            "provenance": dg.MetadataValue.json(provenance.model_dump(mode="json")),
        },
    )
