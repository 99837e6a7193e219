"""Checks made from a table's contract: schema, nulls, bounds, keys. They block what reads on."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg
import pyarrow as pa

from edge_ingest.contract import TableContract, Violation
from sports_assets.keys import asset_key

CONTRACT_CHECK = "contract"


def contract_check_spec(contract: TableContract) -> dg.AssetCheckSpec:
    """The check that every table with a contract in code carries."""
    return dg.AssetCheckSpec(
        name=CONTRACT_CHECK,
        asset=asset_key(contract.key),
        description="Schema, nulls, bounds, closed lists and key hold as the contract says.",
        blocking=True,
    )


def check_contract(contract: TableContract, rows: pa.Table) -> dg.AssetCheckResult:
    """Hold rows against their contract. Metadata counts rows; it never shows a value."""
    return contract_outcome(contract, contract.violations(rows), rows.num_rows)


def contract_outcome(
    contract: TableContract, broken: Sequence[Violation], rows: int
) -> dg.AssetCheckResult:
    """The check's result, where rows were held against the contract session by session."""
    counts: Counter[str] = Counter()
    for one in broken:
        counts[f"{one.column}: {one.rule} ({one.limit})"] += one.rows
    return dg.AssetCheckResult(
        asset_key=asset_key(contract.key),
        check_name=CONTRACT_CHECK,
        passed=not broken,
        metadata={
            "rows": rows,
            "broken_rules": len(counts),
            **counts,
        },
    )
