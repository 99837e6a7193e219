"""Did a column step for all athletes at once, between two days? That is how a new device looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

#: A device moves everyone: share of athletes on one side of their norm, from which on it is all.
#: An athlete's own week scatters, so that not quite all lie there.
EVERYONE: Final = 0.75
#: What the days right around a step must hold of it; a drift over a week or more holds half.
AT_ONCE: Final = 0.7
_AROUND_D: Final = 3
_LEAST_SIDE_D: Final = 4


@dataclass(frozen=True)
class Step:
    """The step that explains a stretch of days best.

    Attributes:
        day: first day on the new level.
        height: new level less the old, in the column's unit.
        at_once: share of the height that the three days around it hold already.
    """

    day: date
    height: float
    at_once: float


def find_step(first: date, day_shifts: Sequence[float]) -> Step | None:
    """The one step that leaves least of the days' scatter.

    Args:
        first: day of the first value.
        day_shifts: squad's mean deviation from own norms, day by day; NaN where none is known.

    Returns:
        None where one side would have less than four known days.
    """
    values = np.asarray(day_shifts, np.float64)
    best: tuple[float, int] | None = None
    for at in range(1, len(values)):
        before, after = _known(values[:at]), _known(values[at:])
        if min(len(before), len(after)) < _LEAST_SIDE_D or np.isnan(values[at]):
            continue
        explained = (
            len(before) * len(after) / (len(before) + len(after))
            * float(after.mean() - before.mean()) ** 2
        )  # fmt: skip
        if best is None or explained > best[0]:
            best = explained, at
    if best is None:
        return None
    at = best[1]
    height = float(_known(values[at:]).mean() - _known(values[:at]).mean())
    near = _known(values[at : at + _AROUND_D]), _known(values[max(0, at - _AROUND_D) : at])
    held = float(near[0].mean() - near[1].mean()) if min(map(len, near)) else 0.0
    return Step(first + timedelta(days=at), height, held / height if height else 0.0)


def share_that_moved(shift: float, shift_sd: float) -> float:
    """Share of athletes on the shift's side of their norm, by a normal spread about the shift.

    Smoother than the counted share, which jumps by a twenty-fifth. 1 where all moved alike.
    """
    if not shift_sd > 0:
        return 1.0 if shift else 0.0
    return NormalDist().cdf(abs(shift) / shift_sd)


def _known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values[~np.isnan(values)]
