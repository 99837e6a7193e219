"""dbt's models as table contracts, so that one definition makes table, checks and dictionary.

The contract of a core or mart model stands in the `.yml` beside it: `data_type` and description of
each column, its unit, bounds and reasons for null in `config.meta`, the table's grain, key, order
and way of replacement in the model's own `config.meta`.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from edge_ingest.contract import Column, TableContract
from edge_ingest.records import INSTANT, NUMBER, TEXT
from resources.errors import DbtError

#: What a model may declare as `data_type`.
TYPES: dict[str, pa.DataType] = {
    "varchar": TEXT,
    "double": NUMBER,
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": INSTANT,
}


def dbt_contracts(manifest: Mapping[str, Any]) -> dict[str, TableContract]:
    """Contracts of every table that dbt makes, by key (`layer/name`).

    Args:
        manifest: `manifest.json` of the parsed project.

    Raises:
        DbtError: a table model lacks part of its contract; names the model and what to add.
    """
    contracts = (
        _contract(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "table"
    )
    return {contract.key: contract for contract in contracts}


def _contract(node: Mapping[str, Any]) -> TableContract:
    key = f"{node['schema']}/{node['name']}"
    if not node["config"]["contract"]["enforced"]:
        raise DbtError(f"model {key}: its contract is not enforced; put it under core or mart")
    meta = node["config"]["meta"]
    if missing := [part for part in ("grain", "primary_key", "replaced_by") if part not in meta]:
        raise DbtError(f"model {key}: add {', '.join(missing)} to config.meta in {_yml(node)}")
    if meta["replaced_by"] not in ("session", "slice"):
        raise DbtError(
            f"model {key}: replaced_by is {meta['replaced_by']!r}; say session or slice in "
            f"{_yml(node)}"
        )
    columns = tuple(_column(node, column) for column in node["columns"].values())
    named = {column.name for column in columns}
    if strange := [name for name in meta["primary_key"] if name not in named]:
        raise DbtError(f"model {key}: primary_key names {', '.join(strange)}, which is no column")
    return TableContract(
        key=key,
        grain=meta["grain"],
        columns=columns,
        primary_key=tuple(meta["primary_key"]),
        replaced_by=meta["replaced_by"],
        sort_by=tuple(meta.get("sort_by", meta["primary_key"])),
    )


def _column(node: Mapping[str, Any], column: Mapping[str, Any]) -> Column:
    name, declared, meta = column["name"], column["data_type"], column["config"]["meta"]
    if declared not in TYPES:
        raise DbtError(
            f"model {node['name']}, column {name}: data_type is {declared!r}; "
            f"use one of {', '.join(TYPES)} in {_yml(node)}"
        )
    if not column["description"]:
        raise DbtError(f"model {node['name']}, column {name}: describe it in {_yml(node)}")
    return Column(
        name=name,
        type=TYPES[declared],
        description=column["description"].strip(),
        unit=meta.get("unit"),
        minimum=meta.get("minimum"),
        maximum=meta.get("maximum"),
        allowed=tuple(meta["allowed"]) if "allowed" in meta else None,
        null_means=meta.get("null_means"),
    )


def _yml(node: Mapping[str, Any]) -> str:
    return str(node.get("patch_path") or node["original_file_path"]).rpartition("//")[2]
