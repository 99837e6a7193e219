"""Each reader and cleaner of the edge, and what one would take instead.

A line for each, in the module of its kind: to add a reader or a cleaner, add its line. The other
side does what its manual says, and no more than that. A library that knows the format need not
bring rows into our axes; where a general one would be taken (pandas, lxml), it also makes instants
and metres, as whoever takes it would have to, and its parsing alone is told beside it.
"""

from pathlib import Path

from benchmarks.named_sets import named_sets
from benchmarks.rivals import cleaning, days, events, tracking, wearables
from benchmarks.rivals.pair import Alone, Rival

__all__ = ["Alone", "Rival", "alone", "rivals"]


def rivals(work: Path) -> list[Rival]:
    """Every pair; files that must be made are written into `work`."""
    sets = {one.name: one for one in named_sets(work)}
    return [
        *tracking.rivals(sets, work),
        *events.rivals(),
        *wearables.rivals(sets, work),
        *days.rivals(),
        *cleaning.rivals(),
    ]


def alone(work: Path) -> list[Alone]:
    """What has no rival, each on the largest recording of a set."""
    sets = {one.name: one for one in named_sets(work)}
    return [*cleaning.alone(sets), *tracking.alone(), *days.alone(work)]
