"""What `dbt build` reads when somebody types it: for looking, never for publishing.

SPORTS_SESSIONS=2019-11-09_football_bayern-dortmund dbt build --project-dir dbt_project …
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from edge_ingest.identity import read_athletes
from resources.dbt.graph import DbtGraph
from resources.dbt.relations import Relations
from resources.environment import Settings, load_settings
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.lakehouse import Lakehouse
from resources.object_store import is_s3


@dataclass(frozen=True)
class ByHand:
    """A build that somebody typed: relations of everything, and nobody who publishes."""

    relations: Relations
    lakehouse: Lakehouse

    def configure(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Lay out every relation of the project; a model that dbt builds takes its view's place."""
        self.relations.lay_out(connection, self.lakehouse)
        sessions = ", ".join(self.relations.session_ids) or "none: set SPORTS_SESSIONS"
        print(f"Touchline: dbt by hand, sessions {sessions}. In memory only: nothing is published.")


def by_hand(environ: Mapping[str, str] | None = None) -> ByHand:
    """Make a build from the environment: SPORTS_SESSIONS and the settings of the lakehouse."""
    environ = os.environ if environ is None else environ
    settings = load_settings(environ)
    named = (name.strip() for name in environ.get("SPORTS_SESSIONS", "").split(","))
    graph = DbtGraph(_manifest())
    relations = Relations(
        session_ids=sorted({name for name in named if name}),
        contracts=graph.contracts,
        sources=graph.sources,
        committed=graph.order,
        history=graph.of_sessions,
        crosswalk=_crosswalk(settings),
    )
    lakehouse = IcebergLakehouse(settings.catalog_uri, settings.warehouse_uri, settings.s3)
    return ByHand(relations, lakehouse)


def _manifest() -> Mapping[str, Any]:
    """What the running dbt has just parsed: it writes its manifest before it opens a database."""
    from dbt.flags import get_flags

    flags: Any = get_flags()  # type: ignore[no-untyped-call]
    target = Path(flags.PROJECT_DIR) / (flags.TARGET_PATH or "target")
    parsed: Mapping[str, Any] = json.loads((target / "manifest.json").read_bytes())
    return parsed


def _crosswalk(settings: Settings) -> pa.Table | None:
    if is_s3(settings.landing_uri):
        return None
    return read_athletes(Path(settings.landing_uri) / "identity" / "athletes.csv")
