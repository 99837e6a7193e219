"""How far two distributions lie apart, from their sketches: PSI and KS, computed by ourselves."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from resources.profiler import Profile

#: Rule of thumb of scorecard practice: below 0.1 nothing, 0.1 to 0.25 look, above act.
PSI_WATCH, PSI_ACT = 0.1, 0.25
_BINS: Final = 10
#: Points at which distribution functions are compared, over all profiles of a mixture.
_POINTS: Final = 400
_LEAST_POINTS: Final = 4


class Mixture:
    """Distribution of a column over several profiles, without merging their sketches.

    A sketch that holds fewer values than its size is exact, and merging many of them into one is
    not, and depends on chance; the weighted mean of their distribution functions is both.

    Args:
        profiles: of weeks, say; those without a known value are passed over.
        column: numeric.
    """

    def __init__(self, profiles: Sequence[Profile], column: str) -> None:
        self._column = column
        self._parts = [
            (profile, float(known))
            for profile in profiles
            if (known := _known(profile, column)) > 0
        ]
        self.known = int(sum(weight for _, weight in self._parts))

    def cdf(self, points: Sequence[float]) -> "np.typing.NDArray[np.float64]":
        """Share of the known values at or below each point; raises where nothing is known."""
        if not self.known:
            raise ValueError(f"no profile knows a value of {self._column}")
        total = np.zeros(len(points))
        for profile, weight in self._parts:
            total += weight * np.asarray(profile.cdf(self._column, points))
        return total / self.known

    @cached_property
    def points(self) -> list[float]:
        """Values at which the distribution moves, ascending: quantiles of all parts."""
        count = max(_LEAST_POINTS, -(-_POINTS // max(1, len(self._parts))))
        ranks = [at / count for at in range(count + 1)]
        values = {
            value for profile, _ in self._parts for value in profile.quantiles(self._column, ranks)
        }
        return sorted(values)

    def edges(self, bins: int = _BINS) -> list[float]:
        """Inner edges of bins with about equal shares; fewer where values repeat."""
        points = self.points
        shares = self.cdf(points)
        found: list[float] = []
        for at in range(1, bins):
            place = int(np.searchsorted(shares, at / bins - 1e-12))
            edge = points[min(place, len(points) - 1)]
            if (not found or edge > found[-1]) and edge < points[-1]:
                found.append(edge)
        return found


def psi(reference: Mixture, current: Mixture) -> float:
    """Population stability index over ten bins of equal shares of the reference.

    Σ (q − p) ln(q / p) with p, q the shares of a bin; half a row is added to each bin, so that an
    empty one is no infinity. NaN where one side knows no value, 0 where all values are one.
    """
    if not reference.known or not current.known:
        return float("nan")
    edges = reference.edges()
    if not edges:
        low = reference.points[0]
        edges = [float(np.nextafter(low, -math.inf)), low]
    p = _shares(reference, edges)
    q = _shares(current, edges)
    return float(((q - p) * np.log(q / p)).sum())


def ks(reference: Mixture, current: Mixture) -> float:
    """Largest distance of the two distribution functions, 0 to 1; NaN where a side knows none.

    A distance without a p-value: rows of a squad are not independent.
    """
    if not reference.known or not current.known:
        return float("nan")
    points = sorted({*reference.points, *current.points})
    return float(np.abs(reference.cdf(points) - current.cdf(points)).max())


def _shares(mixture: Mixture, edges: Sequence[float]) -> "np.typing.NDArray[np.float64]":
    cdf = np.concatenate(([0.0], mixture.cdf(edges), [1.0]))
    counts = np.diff(cdf) * mixture.known + 0.5
    shares: np.typing.NDArray[np.float64] = counts / counts.sum()
    return shares


def _known(profile: Profile, column: str) -> int:
    numbers = profile.numbers(column)
    return numbers.n - numbers.missing
