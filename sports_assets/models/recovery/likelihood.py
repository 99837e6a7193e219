"""Likelihood of whole days lost under a log-normal law, with its exact derivatives.

An absence T is log-normal: ln T ~ N(μ, σ²). What is recorded is D, T rounded to whole days and at
least one, so a return after D days says that T lies in (D − ½, D + ½], from 0 where D is 1; an
athlete who is not back after C days says that T is above C + ½. Both are intervals of
z = (ln T − μ)/σ, and the log-likelihood of an observation is ln(Φ(b) − Φ(a)).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_LOG_SQRT_2PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Derivatives:
    """Of each observation by its location μ and log spread λ = ln σ; every array (n,)."""

    value: Floats
    by_location: Floats
    by_spread: Floats
    by_location_twice: Floats
    by_both: Floats
    by_spread_twice: Floats


def log_bounds(days: Floats, is_returned: Bools) -> tuple[Floats, Floats]:
    """Lower and upper ln T that a record allows; −inf below one day, +inf where not returned.

    Args:
        days: whole days until the return, or days followed without one, (n,).
        is_returned: which of both, (n,).
    """
    with np.errstate(divide="ignore"):
        lower = np.log(np.where(is_returned, days - 0.5, days + 0.5))
    lower = np.where(is_returned & (days <= 1), -np.inf, lower)
    # Who is not back on the day of the injury itself has told nothing: every absence takes a day.
    lower = np.where(~is_returned & (days < 1), -np.inf, lower)
    return lower, np.where(is_returned, np.log(days + 0.5), np.inf)


def log_likelihood(lower: Floats, upper: Floats, location: Floats, spread: Floats) -> Derivatives:
    """ln(Φ(b) − Φ(a)) with first and second derivatives.

    With u = φ(b)/P and v = −φ(a)/P (P the probability), and the sums S_k = v·aᵏ + u·bᵏ:
    ∂μ = −S₀/σ, ∂λ = −S₁, ∂μμ = −(S₁ + S₀²)/σ², ∂μλ = (S₀ − S₂ − S₀S₁)/σ,
    ∂λλ = S₁ − S₃ − S₁².

    Args:
        lower, upper: ln T, (n,); infinite where open.
        location: μ, (n,).
        spread: λ = ln σ, (n,).
    """
    sigma = np.exp(spread)
    a, b = (lower - location) / sigma, (upper - location) / sigma
    # In the right tail both Φ are 1 to the last digit; by symmetry the left one is as good.
    flip = a > 0
    low, high = np.where(flip, -b, a), np.where(flip, -a, b)
    value = log_ndtr(high) + np.log(-np.expm1(log_ndtr(low) - log_ndtr(high)))
    with np.errstate(over="ignore", invalid="ignore"):
        v = np.where(np.isfinite(a), -np.exp(-0.5 * a * a - _LOG_SQRT_2PI - value), 0.0)
        u = np.where(np.isfinite(b), np.exp(-0.5 * b * b - _LOG_SQRT_2PI - value), 0.0)
    a, b = np.where(np.isfinite(a), a, 0.0), np.where(np.isfinite(b), b, 0.0)
    s0, s1, s2, s3 = (v * a**k + u * b**k for k in range(4))
    return Derivatives(
        value=value,
        by_location=-s0 / sigma,
        by_spread=-s1,
        by_location_twice=-(s1 + s0 * s0) / sigma**2,
        by_both=(s0 - s2 - s0 * s1) / sigma,
        by_spread_twice=s1 - s3 - s1 * s1,
    )
