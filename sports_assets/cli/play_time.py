"""Times as people give them."""

import re
from datetime import datetime, timedelta

from resources.errors import ResourceError

_SINCE = re.compile(r"(?:(?P<h>\d+):)?(?P<m>\d{1,3}):(?P<s>\d{1,2}(?:\.\d+)?)")


class TimeError(ResourceError):
    """A time is told in a way that nobody understands."""


def instant_of(text: str, began: datetime) -> datetime:
    """An instant from `2026-05-02T14:03:10Z`, or from the time since the beginning: `33:10`,
    `1:02:03.5`.

    Raises:
        TimeError: it is neither, or an instant without its offset from UTC.
    """
    if since := re.fullmatch(_SINCE, text.strip()):
        hours, minutes, seconds = (float(since[part] or 0) for part in "hms")
        return began + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise TimeError(
            f"{text!r} is no time: write 2026-05-02T14:03:10Z (with Z or an offset), or minutes "
            "and seconds since the footage began, such as 33:10"
        )
    return instant
