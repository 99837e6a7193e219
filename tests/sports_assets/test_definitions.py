"""A snapshot of the asset graph: what changes it, changes it on purpose."""

import json
from typing import Any

import dagster as dg
import pytest

from sports_assets.definitions import defs
from sports_assets.keys import LAYERS

GRAPH = defs.resolve_asset_graph()
ASSETS = [GRAPH.get(key) for key in sorted(GRAPH.get_all_asset_keys())]


def _describe(node: Any) -> dict[str, Any]:
    condition = node.automation_condition
    return {
        "group": node.group_name,
        "owners": sorted(node.owners),
        "kinds": sorted(node.kinds),
        "tags": {key: value for key, value in sorted(node.tags.items()) if "kind/" not in key},
        "deps": sorted(key.to_user_string() for key in node.parent_keys),
        "checks": sorted(
            f"{key.name} ({'blocking' if GRAPH.get(key).blocking else 'warns'})"
            for key in node.check_keys
        ),
        "condition": condition.get_label() if condition else None,
        "partitions": node.partitions_def.name if node.partitions_def else None,
    }


def test_graph_is_as_agreed(golden: Any) -> None:
    described = {node.key.to_user_string(): _describe(node) for node in ASSETS}
    golden("definitions.json", json.dumps(described, indent=1, sort_keys=True) + "\n")


@pytest.mark.parametrize("node", ASSETS, ids=lambda node: node.key.to_user_string())
def test_every_asset_says_who_what_and_how(node: Any) -> None:
    assert node.group_name == node.key.path[0]
    assert node.group_name in LAYERS
    assert node.owners
    assert node.kinds
    assert len(node.description or "") > 20
    assert set(node.tags) >= {"touchline/layer", "touchline/personal-data"}


def test_session_assets_share_one_partitioning_and_one_policy() -> None:
    partitioned = [node for node in ASSETS if node.is_partitioned]
    assert len(partitioned) > 15
    for node in partitioned:
        assert node.partitions_def == dg.DynamicPartitionsDefinition(name="session")
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), node.key
