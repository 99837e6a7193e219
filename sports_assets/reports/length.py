"""Which rows a session's length comes from: what is said of shares of it leads back to them."""

from typing import Final

from resources.explain.basis import Rows, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.numerals import EVENT_ROWS, KINEMATICS, SESSION

LENGTH: Final = "the length of the session"


def length_rows(facts: SessionFacts) -> tuple[Rows, ...]:
    """Rows behind `SessionFacts.length_s`: the last instants of its periods, else the session's."""
    told = [
        rows_of(table, "period_id", "period_time_s")
        for table, count in (
            (KINEMATICS, facts.quality.position_count),
            (EVENT_ROWS, facts.quality.event_count),
        )
        if facts.played_s and count
    ]
    return tuple(told) or (rows_of(SESSION, "duration_s"),)
