"""The dbt-duckdb plugin of `profiles.yml`: committed Iceberg rows as relations of dbt's database.

dbt imports this module by its path, so it must load neither Dagster nor the asset graph. Inside a
`resources.dbt.build.dbt_build` the build says what to lay out and publishes afterwards. Without one
(somebody types `dbt build`) sessions come from SPORTS_SESSIONS, everything stays in memory, and
nothing is published.
"""

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from resources.dbt.active_build import active_build


class Plugin(BasePlugin):
    """Lays out relations when dbt opens its in-memory database."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once for each database that dbt opens, before anything else uses it."""
        build = active_build()
        if build is None:
            from resources.dbt.by_hand import by_hand

            build = by_hand()
        build.configure(conn)
