"""Which tables a table is made from, up to raw: dbt's own graph, and what is made before dbt."""

from collections.abc import Mapping

from edge_ingest.records import POSITIONS, SESSIONS
from resources.contracts import KINEMATICS
from resources.dbt.graph import DbtGraph

#: Tables that are made outside dbt from others.
BEFORE_DBT: Mapping[str, tuple[str, ...]] = {KINEMATICS.key: (POSITIONS.key, SESSIONS.key)}


def parents(graph: DbtGraph, key: str) -> tuple[str, ...]:
    """Tables that a table is made from; none of what stands in raw or in the club's own files."""
    if key in graph.contracts:
        return tuple(sorted(graph.parents(key) | graph.sources_of([key])))
    return BEFORE_DBT.get(key, ())


def lineage(graph: DbtGraph, key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The table and all above it, each once with its parents, nearest first."""
    found: dict[str, tuple[str, ...]] = {}
    waiting = [key]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found[one] = parents(graph, one)
            waiting += found[one]
    return tuple((one, above) for one, above in found.items() if above)
