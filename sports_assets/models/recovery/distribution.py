"""The law of an absence as the model knows it: a mixture over what σ may be, cut at days gone.

Belongs here: probabilities and whole days. Does not belong here: words (`predict`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from sports_assets.models.recovery.design import Between, Rows

Floats = npt.NDArray[np.float64]

_NODES = 11
#: ln days between which quantiles are sought: under an hour, and over a thousand years.
_LOG_RANGE = (-4.0, 13.0)
_HALVINGS = 40
#: Nobody asks for what is left of an absence that is less likely than this.
_LEAST_AWAY = 1e-300


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

    def share_away(self, log_days: Floats) -> Floats:
        """P(ln T > log_days), (n,); also far out, where it is no longer 1 less the share back."""
        z = (self.location - log_days[:, None]) / self.spread
        return np.asarray(ndtr(z) @ self.weight, np.float64)


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
        low, high: of the interval; below it as near to `tail` as whole days allow, and outside in
            all as near to twice that.
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
        tail: share outside of the interval on either side; an interval that begins with the
            next day, which has nothing below it, leaves all of it above.
    """
    log_gone = np.where(gone > 0, np.log(gone + 0.5), -np.inf)
    away = law.share_away(log_gone)
    known = np.maximum(away, _LEAST_AWAY)

    def share_back(days: Floats) -> Floats:
        """P(back within `days` from now | not back yet); a half day more is a whole day."""
        return 1 - law.share_away(np.log(gone + days + 0.5)) / known

    median = np.maximum(np.ceil(_quantile(law, away, 0.5) - gone - 0.5), 1.0)
    # Below `low` lie days up to low − 1, above `high` those from high + 1.
    first = np.maximum(np.floor(_quantile(law, away, tail) - gone + 0.5), 1.0)
    before = np.where(first <= 1, 0.0, share_back(first - 1))
    after = share_back(first)
    is_first = np.abs(before - tail) <= np.abs(after - tail)
    low, below = np.where(is_first, first, first + 1), np.where(is_first, before, after)
    # What the lower end leaves too much or too little, the upper one takes.
    beyond = np.clip(2 * tail - below, 0.0, 1.0)
    last = np.maximum(np.floor(_quantile(law, away, 1 - beyond) - gone - 0.5), 1.0)
    above, above_next = 1 - share_back(last), 1 - share_back(last + 1)
    is_last = np.abs(above - beyond) <= np.abs(above_next - beyond)
    high = np.where(is_last, last, last + 1)
    return Remaining(median, np.minimum(low, median), np.maximum(high, median), away)


def _quantile(law: Absence, away: Floats, share: Floats | float) -> Floats:
    """Days since the onset by which `share` of those who are not back yet are, by bisection."""
    least, most = (np.full(len(away), end) for end in _LOG_RANGE)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        is_beyond = law.share_away(middle) <= (1 - share) * away
        least, most = np.where(is_beyond, least, middle), np.where(is_beyond, middle, most)
    return np.asarray(np.exp((least + most) / 2), np.float64)


def _quadratic(rows: Floats, matrix: Floats) -> Floats:
    return np.asarray(np.einsum("ni,ij,nj->n", rows, matrix, rows), np.float64)
