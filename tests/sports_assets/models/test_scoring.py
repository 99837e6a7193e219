"""Which days a champion speaks of."""

from datetime import date

import pytest

from sports_assets.models.scoring import Said, days_to_score

NEWEST = date(2026, 5, 31)


@pytest.mark.parametrize(
    ("said", "trained_through", "first"),
    [
        (None, date(2026, 1, 1), date(2026, 4, 5)),  # never said anything: eight weeks back
        (None, date(2026, 5, 20), date(2026, 5, 21)),  # not of days that it learned from
        (Said(date(2026, 5, 30), "7"), date(2026, 1, 1), date(2026, 5, 30)),  # the last day anew
        (Said(date(2026, 5, 29), "6"), date(2026, 1, 1), date(2026, 5, 30)),  # another one said it
        (Said(NEWEST, "6"), NEWEST, NEWEST),  # a new champion: the newest day alone
        (Said(NEWEST, "6"), date(2026, 1, 1), NEWEST),
    ],
)
def test_what_was_said_stays_and_the_newest_day_is_spoken_of_anew(
    said: Said | None, trained_through: date, first: date
) -> None:
    assert days_to_score(NEWEST, said, trained_through, "7") == (first, NEWEST)
