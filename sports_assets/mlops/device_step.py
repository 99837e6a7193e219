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
#: Days over which a slow change is thought to go, when it is held against a step.
_SLOW_D: Final = 14
#: With fewer days on the new level a step need explain only so much of what a slope does.
_FEW_D: Final = 7
_NEARLY: Final = 0.9
_LEAST_SIDE_D: Final = 4


@dataclass(frozen=True)
class Step:
    """The step that explains a stretch of days best.

    Attributes:
        day: first day on the new level.
        height: new level less the old, in the column's unit.
        is_sharp: whether it explains the days better than any slope over two weeks does; of less
            than a week on the new level, where both fit alike, whether it does nearly as well.
    """

    day: date
    height: float
    is_sharp: bool


def find_step(first: date, day_shifts: Sequence[float]) -> Step | None:
    """The one step that leaves least of the days' scatter.

    Args:
        first: day of the first value.
        day_shifts: squad's mean deviation from own norms, day by day; NaN where none is known.

    Returns:
        None where one side would have less than four known days.
    """
    values = np.asarray(day_shifts, np.float64)
    known = np.flatnonzero(~np.isnan(values))
    series = values[known]
    if len(known) < 2 * _LEAST_SIDE_D:
        return None
    # Whichever begins where: every step and every slope, as columns, known days only.
    steps = [
        (int(known[at]), np.asarray(known >= known[at], np.float64))
        for at in range(_LEAST_SIDE_D, len(known) - _LEAST_SIDE_D + 1)
    ]
    slopes = [
        np.clip((known - begins) / _SLOW_D, 0.0, 1.0)
        for begins in range(int(known[0]) - _SLOW_D + 1, int(known[-1]))
    ]
    at, shape = max(steps, key=lambda step: _explained(step[1], series))
    slow = max(_explained(slope, series) for slope in slopes)
    height = float(series[shape == 1].mean() - series[shape == 0].mean())
    nearly = _NEARLY if shape.sum() < _FEW_D else 1.0
    return Step(first + timedelta(days=at), height, _explained(shape, series) > nearly * slow)


def share_that_moved(shift: float, shift_sd: float) -> float:
    """Share of athletes on the shift's side of their norm, by a normal spread about the shift.

    Smoother than the counted share, which jumps by a twenty-fifth. 1 where all moved alike.
    """
    if not shift_sd > 0:
        return 1.0 if shift else 0.0
    return NormalDist().cdf(abs(shift) / shift_sd)


def _explained(shape: npt.NDArray[np.float64], series: npt.NDArray[np.float64]) -> float:
    """Part of the series' scatter that goes with the shape, in squared units."""
    centred = shape - shape.mean()
    size = float(np.square(centred).sum())
    return float((centred * series).sum()) ** 2 / size if size else 0.0
