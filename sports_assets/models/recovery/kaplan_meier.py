"""Kaplan-Meier: what share is back after so many days, where some have not returned yet."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Curve:
    """A step function: `remaining[i]` holds from `days[i]` until the next; before the first, 1."""

    days: Floats
    remaining: Floats

    def at(self, days: Floats) -> Floats:
        """Share that is not back after `days`, days of the step itself included."""
        place = np.searchsorted(self.days, days, side="right")
        return np.concatenate([[1.0], self.remaining])[place]

    def before(self, days: Floats) -> Floats:
        """Share that was not back just before `days`."""
        place = np.searchsorted(self.days, days, side="left")
        return np.concatenate([[1.0], self.remaining])[place]

    def median(self) -> float:
        """First day by which half are back; NaN where the curve never comes so far."""
        down = np.flatnonzero(self.remaining <= 0.5 + _ROUNDING)
        if not len(down):
            return float("nan")
        first = int(down[0])
        if abs(self.remaining[first] - 0.5) < _ROUNDING and first + 1 < len(self.days):
            # Exactly half: the middle of both days, as for the median of an even count.
            return float((self.days[first] + self.days[first + 1]) / 2)
        return float(self.days[first])


def curve(days: Floats, is_event: Bools) -> Curve:
    """The product-limit estimate (Kaplan and Meier 1958).

    Who was followed for c days without the event is still at risk of it on day c, and not after.

    Args:
        days: until the event, or until the end of observation, (n,).
        is_event: which of both, (n,).
    """
    steps = np.unique(days[is_event])
    at_risk = np.array([(days >= step).sum() for step in steps], float)
    events = np.array([(is_event & (days == step)).sum() for step in steps], float)
    return Curve(steps, np.cumprod(1 - events / at_risk) if len(steps) else np.empty(0))
