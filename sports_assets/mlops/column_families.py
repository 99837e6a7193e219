"""Which families a column belongs to: what it is made of, and how long it remembers.

A new device moves what the device measures and leaves what athletes say; a fixture list moves what
is made of load. Families are told by the columns' names.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

Family = Literal["heart", "gnss", "load", "answers", "plan", "history", "prediction", "other"]
#: Families that a device bears: all athletes' numbers step at once when it is changed.
DEVICE_FAMILIES: Final[tuple[Family, ...]] = ("heart", "gnss")


@dataclass(frozen=True)
class ColumnFamily:
    """Attributes:
    family: what the column is made of.
    memory_weeks: for how long after a break of the fixture list it still shows the break.
    """

    family: Family
    memory_weeks: int


#: First match wins. A 28-day average has lost nine tenths of a break after 32 days, a 120-day one
#: after 20 weeks; personal norms look back 28 days.
_RULES: Final[tuple[tuple[str, Family, int], ...]] = (
    (r"fixture|expected_|exposure|^matches_|days_since_match", "plan", 52),
    (r"heart|ln_?rmssd|rmssd|hrv|(^|_)rhr", "heart", 5),
    (r"answer|readiness|fatigue(?!_au)|soreness|stress|mood|sleep|wellness", "answers", 5),
    (r"long|fitness", "load", 20),
    (r"distance|speed|sprint|hsr|accel|player_load|metabolic", "gnss", 5),
    (r"load|minutes|match|monotony|strain|acute|chronic|fatigue_au", "load", 5),
    (r"injur|return|absen|onset|available|age_years|history", "history", 5),
    (r"probability|risk|remaining_d|advised", "prediction", 5),
)


def family_of(column: str) -> ColumnFamily:
    """The family of a column, by its name; `other` where no rule knows it."""
    for pattern, family, memory in _RULES:
        if re.search(pattern, column):
            return ColumnFamily(family, memory)
    return ColumnFamily("other", 5)
