"""Which rows a session's length comes from: what is said of shares of it leads back to them."""

from typing import Final

from resources.explain.basis import Rows, rows_of
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.numerals import EVENT_ROWS, KINEMATICS, SESSION

LENGTH: Final = "the length of the session"


def length_rows(facts: SessionFacts) -> tuple[Rows, ...]:
    """Rows behind `SessionFacts.length_s`: the last instants of its periods, else the session's."""
    if not facts.played_s:
        return (rows_of(SESSION, "duration_s"),)
    return (
        rows_of(KINEMATICS, "period_id", "period_time_s"),
        rows_of(EVENT_ROWS, "period_id", "period_time_s"),
    )
