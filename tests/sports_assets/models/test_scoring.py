"""Which days a champion speaks of."""

from datetime import date

import pytest

from sports_assets.models.scoring import days_to_score

NEWEST = date(2026, 5, 31)


@pytest.mark.parametrize(
    ("last_said", "trained_through", "first"),
    [
        (None, date(2026, 1, 1), date(2026, 4, 5)),  # never said anything: eight weeks back
        (None, date(2026, 5, 20), date(2026, 5, 21)),  # not of days that it learned from
        (date(2026, 5, 30), date(2026, 1, 1), date(2026, 5, 30)),  # the last day anew, and since
        (NEWEST, NEWEST, NEWEST),  # a new champion: the newest day alone
    ],
)
def test_what_was_said_stays_and_the_newest_day_is_spoken_of_anew(
    last_said: date | None, trained_through: date, first: date
) -> None:
    assert days_to_score(NEWEST, last_said, trained_through) == (first, NEWEST)
