"""Which backups are kept, and for how long one can be restored."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from resources.upkeep import POLICY

#: The newest backup of each of so many days is kept; and every one of the last day.
KEPT_DAYS = 14
RECENT = timedelta(days=1)

#: Upkeep keeps every snapshot so long once another took its place: what the tables of a younger
#: backup need is all there.
RESTORABLE = timedelta(days=POLICY.keep_all_d)

_NAME = "%Y-%m-%dT%H%M%SZ"


def name_of(instant: datetime) -> str:
    """A backup's name: the instant at which it begins, UTC, to the second."""
    return instant.astimezone(UTC).strftime(_NAME)


def instant_of(name: str) -> datetime | None:
    """When a backup of that name began; None for what is no backup's name."""
    try:
        return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def superfluous(whole: Iterable[str], unfinished: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Backups that may go, oldest first.

    Args:
        whole: names of backups that were finished.
        unfinished: names of those that were not: they are in the works for a day, then they go.
    """
    named = {name: instant for name in whole if (instant := instant_of(name))}
    newest_of_day = {instant.date(): name for name, instant in sorted(named.items())}
    stay = {newest_of_day[day] for day in sorted(newest_of_day)[-KEPT_DAYS:]}
    stay |= {name for name, instant in named.items() if now - instant < RECENT}
    stale = {
        name
        for name in unfinished
        if (instant := instant_of(name)) is not None and now - instant >= RECENT
    }
    return tuple(sorted((set(named) - stay) | stale))
