"""The uncertainty that stands beside a number: medians, spreads, shares with their interval."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """So many out of so many, with the 95 % interval of the share."""

    count: int
    total: int
    share: float
    low: float
    high: float


def known(values: Iterable[float | None]) -> list[float]:
    """The values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]


def median(values: Iterable[float | None]) -> float | None:
    """Middle of the known values, None where there are none."""
    found = known(values)
    return statistics.median(found) if found else None


def mean_and_sd(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Mean and sample standard deviation of the known values, None for fewer than two."""
    found = known(values)
    return (statistics.fmean(found), statistics.stdev(found)) if len(found) > 1 else None


def wilson(count: int, total: int) -> Share | None:
    """A share and its 95 % score interval; None of nothing.

    Wilson 1927, J. Am. Stat. Assoc. 22:209: holds for few trials and for shares near 0 and 1, where
    the textbook's ± leaves the unit interval.
    """
    if total <= 0 or not 0 <= count <= total:
        return None
    z = 1.959964
    share = count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + (z / total / 2) ** 2)
    return Share(count, total, share, max(0.0, middle - half), min(1.0, middle + half))
