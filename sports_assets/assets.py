"""What every asset does alike: say why it commits, and tell Dagster what it left behind.

Also the tables that wait for whoever will fill them: their contract is part of the graph already.
"""

from collections.abc import Sequence

import dagster as dg

from resources.contracts import EMPTY
from resources.lakehouse import Commit, CommitContext
from resources.provenance import code_version
from sports_assets.keys import asset_key, owners, tags


def commit_context(
    context: dg.AssetExecutionContext, drop_ids: Sequence[str] = ()
) -> CommitContext:
    """Why this run commits; goes into the snapshot's properties."""
    return CommitContext(context.run.run_id, code_version(), tuple(sorted(drop_ids)))


def materialized(
    commit: Commit,
    check_results: Sequence[dg.AssetCheckResult] = (),
    metadata: dict[str, dg.MetadataValue] | None = None,
) -> dg.MaterializeResult:
    """A commit as Dagster's materialisation; its data version is the content of the rows."""
    return dg.MaterializeResult(
        asset_key=asset_key(commit.key),
        check_results=list(check_results),
        data_version=dg.DataVersion(commit.content_hash),
        metadata={
            "dagster/row_count": commit.rows,
            "iceberg_snapshot_id": dg.MetadataValue.text(str(commit.snapshot_id)),
            "size_bytes": commit.bytes,
            "commit_s": round(commit.seconds, 3),
            **(metadata or {}),
        },
    )


def waiting_contracts() -> list[dg.AssetSpec]:
    """Tables whose contract exists before anything fills them; reading one gives no rows."""
    return [
        dg.AssetSpec(
            asset_key(contract.key),
            description=(
                f"{contract.grain[0].upper()}{contract.grain[1:]}. Nothing fills it yet; its "
                "contract stands, and reading it gives no rows."
            ),
            group_name=contract.layer,
            owners=owners(contract.layer),
            tags=tags(contract.layer, "none" if contract.layer == "vision" else "health"),
            kinds={"iceberg"},
            metadata={
                "dagster/column_schema": dg.TableSchema(
                    columns=[
                        dg.TableColumn(
                            column.name,
                            str(column.type),
                            f"{column.description} [{column.unit}]"
                            if column.unit
                            else column.description,
                            constraints=dg.TableColumnConstraints(
                                nullable=column.null_means is not None
                            ),
                        )
                        for column in contract.columns
                    ]
                )
            },
        )
        for contract in EMPTY
    ]
