"""What a session, its sides and its athletes are called, where facts of it exist."""

from collections.abc import Sequence

from edge_ingest.contract import TableContract
from sports_assets.vision.page.facts import SessionNames
from sports_assets.vision.tables import SessionTables

#: Tables that tell, by key; their contracts are dbt's.
NAMES = ("core/session", "core/athlete_session")


def session_names(
    tables: SessionTables, contracts: Sequence[TableContract], timezone: str
) -> SessionNames:
    """Names as the facts have them; of a session without facts, what its id ends with.

    Args:
        contracts: of `NAMES`, in this order.
    """
    sessions, athletes = (tables.of(one).to_pylist() for one in contracts)
    told = sessions[0] if sessions else {}
    home, away = told.get("home_team_name"), told.get("away_team_name")
    slug = tables.session_id.rpartition("_")[2].replace("-", " ").capitalize()
    return SessionNames(
        session_id=tables.session_id,
        title=f"{home} – {away}" if home and away else told.get("name") or slug,
        timezone=timezone,
        home_name=home,
        away_name=away,
        shirt_numbers={
            row["athlete_id"]: str(row["shirt_number"])
            for row in athletes
            if row["shirt_number"] is not None
        },
    )
