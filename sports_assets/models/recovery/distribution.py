"""The law of an absence as the model knows it: a mixture over what σ may be, cut at days gone.

Belongs here: probabilities and whole days. Does not belong here: words (`predict`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, logsumexp, ndtr

from sports_assets.models.recovery.design import Between, Rows

Floats = npt.NDArray[np.float64]

_NODES = 15
#: ln days between which quantiles are sought: under an hour, and over a thousand years.
_LOG_RANGE = (-4.0, 13.0)


@dataclass(frozen=True)
class Absence:
    """ln T of each injury as a mixture of normals; parameter uncertainty is in it.

    Attributes:
        location, spread: of the components, (n, nodes).
        weight: of the nodes, (nodes,), sum 1.
    """

    location: Floats
    spread: Floats
    weight: Floats

    def share_back(self, log_days: Floats) -> Floats:
        """P(ln T ≤ log_days), (n,)."""
        z = (log_days[:, None] - self.location) / self.spread
        return np.asarray(ndtr(z) @ self.weight, np.float64)

    def log_share_away(self, log_days: Floats) -> Floats:
        """ln P(ln T > log_days), (n,); exact far out."""
        z = (log_days[:, None] - self.location) / self.spread
        return np.asarray(logsumexp(log_ndtr(-z), axis=1, b=self.weight), np.float64)


def absence(rows: Rows, mean: Floats, covariance: Floats, between: Between) -> Absence:
    """The law of each injury, on the day of its onset.

    μ and ln σ of an injury are jointly normal under the posterior. Over ln σ is integrated by
    Gauss-Hermite quadrature, over μ given it in closed form; the result has tails heavier than a
    log-normal's where cases are few, as Student's t has. A kind that the fit never saw is a new
    draw from between the kinds.

    Args:
        rows: of n injuries.
        mean, covariance: of the posterior of the parameters.
        between: as learnt with it.
    """
    of_location, of_spread, is_new = rows.location, rows.spread, rows.is_new_kind
    at = of_location.shape[1]
    location, log_spread = of_location @ mean[:at], of_spread @ mean[at:]
    var_location = _quadratic(of_location, covariance[:at, :at]) + is_new * between[0] ** 2
    var_spread = _quadratic(of_spread, covariance[at:, at:]) + is_new * between[1] ** 2
    both = np.einsum("ni,ij,nj->n", of_location, covariance[:at, at:], of_spread)
    nodes, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    sd = np.sqrt(var_spread)
    node_spread = np.exp(log_spread[:, None] + sd[:, None] * nodes)
    rest = np.maximum(var_location - both**2 / var_spread, 0.0)
    return Absence(
        location=location[:, None] + (both / sd)[:, None] * nodes,
        spread=np.sqrt(node_spread**2 + rest[:, None]),
        weight=weight / weight.sum(),
    )


@dataclass(frozen=True)
class Remaining:
    """Whole days from now to the return; every array (n,), at least 1.

    Attributes:
        median: the least number of days by which half are back: what wins the absolute error.
        low, high: of the interval; each tail as near its share as whole days allow.
        share_away: P(not back by now), before anything was known of these days.
    """

    median: Floats
    low: Floats
    high: Floats
    share_away: Floats


def remaining(law: Absence, gone: Floats, tail: float) -> Remaining:
    """What is left of an absence of which `gone` days are known to have passed without a return.

    Args:
        law: of n injuries.
        gone: whole days since the onset, (n,); 0 on the day itself, when nothing is known yet.
        tail: share outside of the interval on either side.
    """
    log_gone = np.where(gone > 0, np.log(gone + 0.5), -np.inf)
    log_away = law.log_share_away(log_gone)

    def share_back(days: Floats) -> Floats:
        """P(back within `days` from now | not back yet); a half day more is a whole day."""
        return -np.expm1(law.log_share_away(np.log(gone + days + 0.5)) - log_away)

    middle = _quantile(law, log_away, 0.5) - gone
    median = np.maximum(np.ceil(middle - 0.5), 1.0)
    # Below `low` lie days up to low − 1, above `high` those from high + 1.
    first = np.maximum(np.floor(_quantile(law, log_away, tail) - gone + 0.5), 1.0)
    before, after = share_back(first - 1), share_back(first)
    before = np.where(first <= 1, 0.0, before)
    low = np.where(np.abs(before - tail) <= np.abs(after - tail), first, first + 1)
    last = np.maximum(np.floor(_quantile(law, log_away, 1 - tail) - gone - 0.5), 1.0)
    above, above_next = 1 - share_back(last), 1 - share_back(last + 1)
    high = np.where(np.abs(above - tail) <= np.abs(above_next - tail), last, last + 1)
    return Remaining(median, np.minimum(low, median), np.maximum(high, median), np.exp(log_away))


def _quantile(law: Absence, log_away: Floats, share: float) -> Floats:
    """Days since the onset by which `share` of those who are not back yet are, by bisection."""
    least, most = (np.full(len(log_away), end) for end in _LOG_RANGE)
    for _ in range(60):
        middle = (least + most) / 2
        is_beyond = -np.expm1(law.log_share_away(middle) - log_away) >= share
        least, most = np.where(is_beyond, least, middle), np.where(is_beyond, middle, most)
    return np.asarray(np.exp((least + most) / 2), np.float64)


def _quadratic(rows: Floats, matrix: Floats) -> Floats:
    return np.asarray(np.einsum("ni,ij,nj->n", rows, matrix, rows), np.float64)
