"""Where tracking data had each athlete of a session, for linking tracks to names."""

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.records import SESSIONS
from resources.contracts import KINEMATICS
from sports_assets.vision.tables import SessionTables

#: Tables that it is made from, besides core/athlete, whose contract is dbt's.
TRACKING = (KINEMATICS, SESSIONS)


def tracked_athletes(tables: SessionTables, core_athlete: TableContract) -> pa.Table | None:
    """Positions of named athletes on a field; None where the session has none.

    Returns:
        athlete_id, team_side, captured_at_utc, x_m, y_m.
    """
    streams = tables.of(SESSIONS)
    on_field = streams.filter(pa.compute.is_valid(streams["field_length_m"]))
    if not on_field.num_rows:
        return None
    named = tables.of(core_athlete).select(["source", "source_athlete_id", "athlete_id"])
    seen = tables.of(KINEMATICS)
    seen = seen.filter(
        pa.compute.and_(
            pa.compute.equal(seen["object_kind"], "athlete"), pa.compute.is_valid(seen["x_m"])
        )
    )
    told = (
        seen.select(
            ["stream_id", "source_athlete_id", "team_side", "captured_at_utc", "x_m", "y_m"]
        )
        .join(on_field.select(["stream_id", "source"]), "stream_id", join_type="inner")
        .join(named, ["source", "source_athlete_id"], join_type="inner")
        .select(["athlete_id", "team_side", "captured_at_utc", "x_m", "y_m"])
        .sort_by([("athlete_id", "ascending"), ("captured_at_utc", "ascending")])
    )
    return told if told.num_rows else None
