"""The posterior of the parameters: mode and curvature of the penalised, censored likelihood.

Belongs here: one fit at given spreads between kinds, and the step that learns those. Does not
belong here: what a history is fitted with (`fit`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.models.recovery.design import Between, Columns, Rows
from sports_assets.models.recovery.features import days_lost
from sports_assets.models.recovery.likelihood import log_bounds, log_likelihood
from sports_assets.models.recovery.model import RecoverySettings

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """Injuries as the likelihood sees them: rows of the design, and what ln T may be, (n,)."""

    rows: Rows
    lower: Floats
    upper: Floats

    def where(self, chosen: Bools) -> "Sample":
        """Some of the injuries."""
        return Sample(self.rows.where(chosen), self.lower[chosen], self.upper[chosen])


def sample_of(injuries: pd.DataFrame, columns: Columns) -> Sample:
    """The sample of a frame of `features.as_injuries`."""
    return Sample(columns.rows(injuries), *log_bounds(*days_lost(injuries)))


def posterior(
    sample: Sample,
    columns: Columns,
    settings: RecoverySettings,
    between: Between,
    *,
    start: Floats,
    lift: Floats | float = 0.0,
) -> tuple[Floats, Floats]:
    """Mode and covariance (inverse curvature at the mode), by Newton steps in a trust region.

    Args:
        sample: of n injuries, n may be 0: then it is the prior.
        columns: of the parameters.
        settings: with the prior.
        between: sd between groups.
        start: parameters to begin with; the answer hardly depends on them.
        lift: of the spread parameters, see `lift_of`; 0 for none.
    """
    from scipy.optimize import minimize

    of_location, of_spread = sample.rows.location, sample.rows.spread
    centre, sd = columns.prior(settings, between)
    at = columns.locations

    def value(parameters: Floats) -> tuple[float, Floats]:
        each = log_likelihood(
            sample.lower,
            sample.upper,
            of_location @ parameters[:at],
            of_spread @ parameters[at:],
        )
        away = (parameters - centre) / sd
        slope = np.concatenate(
            [of_location.T @ each.by_location, of_spread.T @ each.by_spread + lift]
        )
        worth = each.value.sum() + np.sum(lift * parameters[at:])
        return float(0.5 * away @ away - worth), away / sd - slope

    def curvature(parameters: Floats) -> Floats:
        each = log_likelihood(
            sample.lower,
            sample.upper,
            of_location @ parameters[:at],
            of_spread @ parameters[at:],
        )
        result = np.diag(sd**-2)
        result[:at, :at] -= (of_location.T * each.by_location_twice) @ of_location
        crossed = (of_location.T * each.by_both) @ of_spread
        result[:at, at:] -= crossed
        result[at:, :at] -= crossed.T
        result[at:, at:] -= (of_spread.T * each.by_spread_twice) @ of_spread
        return result

    found = minimize(
        value, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-6}
    )
    mode = np.asarray(found.x, np.float64)
    covariance = np.linalg.inv(curvature(mode))
    return mode, (covariance + covariance.T) / 2


def lift_of(sample: Sample, columns: Columns, mean: Floats, covariance: Floats) -> Floats:
    """What the spread parameters gain for the locations that were fitted to the same injuries.

    Like a variance that is divided by n instead of by what is left of n, σ at the joint mode is too
    small. The mode of its own posterior, with the locations integrated out (restricted likelihood,
    Patterson and Thompson 1971), adds −½ ln|H| of their curvature H, whose slope by ln σ is the
    leverage of the injuries: how much of each went into locations.
    """
    at = columns.locations
    rows = sample.rows
    each = log_likelihood(
        sample.lower, sample.upper, rows.location @ mean[:at], rows.spread @ mean[at:]
    )
    given_spread = np.linalg.inv(np.linalg.inv(covariance)[:at, :at])
    own = np.einsum("ni,ij,nj->n", rows.location, given_spread, rows.location)
    return np.asarray(rows.spread.T @ (-each.by_location_twice * own), np.float64)


def learnt_between(
    mean: Floats, covariance: Floats, columns: Columns, settings: RecoverySettings
) -> Between:
    """Sd between groups: second moments of the posterior, and the prior's worth of groups.

    The step of expectation-maximisation for the variance of a random effect (Dempster, Laird and
    Rubin 1977), with a scaled inverse χ² prior so that three kinds do not settle it alone.
    """
    weight, variance = settings.between_weight, np.diag(covariance)
    found = []
    for group, prior in zip(columns.groups(), prior_between(settings), strict=True):
        second = mean[group] ** 2 + variance[group]
        found.append(float(np.sqrt((second.sum() + weight * prior**2) / (len(second) + weight))))
    return found[0], found[1], found[2]


def prior_between(settings: RecoverySettings) -> Between:
    """Sd between groups before the data speak."""
    return settings.between_kinds, settings.between_spreads, settings.between_parts
