"""From chances to one answer: the distribution over 1..10, its mean, median and interval.

A distribution is given by the chances that the answer is above 1, 2, .., 9. From the one come the
mean (smallest squared error), the median (smallest absolute error: what a screen shows) and the
interval, so that the three never contradict each other.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOWEST: Final = 1
HIGHEST: Final = 10
#: The answer is above ...
STEPS: Final[Floats] = np.arange(LOWEST, HIGHEST, dtype=np.float64)
_HALF: Final = 0.5


def is_on_scale(answers: Floats) -> npt.NDArray[np.bool_]:
    """Which values are answers from 1 to 10."""
    return np.asarray((answers >= LOWEST) & (answers <= HIGHEST))


def whole(answers: Floats) -> Floats:
    """Answers rounded to those that the scale has; NaN stays.

    A club that averages several questions, or lets a slider be moved, has 6.3. Halves go to the
    even answer, so that many of them favour neither side.
    """
    return np.rint(answers)


def above_steps(answers: Floats) -> Floats:
    """Of each answer, 1 where it is above the step, 0 where not, NaN where none: (…, 9)."""
    rounded = whole(answers)[..., None]
    return np.where(np.isnan(rounded), np.nan, (rounded > STEPS).astype(np.float64))


def is_within(answers: Floats, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
    """Which answers an interval of whole ones holds: each stands for half a point to its sides."""
    return np.asarray((answers >= low - _HALF) & (answers <= high + _HALF))


def in_order(above: Floats) -> Floats:
    """Chances that never rise with the step.

    Each is the mean of the largest chance from there on and the smallest up to there, which leaves
    ordered ones as they are and favours neither side (compare Chernozhukov et al. 2010).

    Args:
        above: rows × 9, each within 0..1.
    """
    falling = np.minimum.accumulate(above, axis=1)
    rising = np.maximum.accumulate(above[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((falling + rising) / 2)


def chances(above: Floats) -> Floats:
    """Chance of each of the ten answers: rows × 10, from ordered chances of being above."""
    ends = np.ones((len(above), 1))
    return np.asarray(-np.diff(np.concatenate([ends, above, 0 * ends], axis=1), axis=1))


def mean_answer(above: Floats) -> Floats:
    """Expected answer."""
    return np.asarray(LOWEST + above.sum(axis=1))


def median_answer(above: Floats) -> Ints:
    """The smallest answer that tomorrow's is as likely not above as above."""
    return np.asarray(LOWEST + (above > 0.5).sum(axis=1), dtype=np.int64)  # noqa: PLR2004 - half


def mass_before(above: Floats) -> Floats:
    """In the order in which an interval takes up answers: how much chance it held before each.

    It begins with the median and grows to the likelier neighbour, downwards where both are as
    likely. An interval that holds the share q is made of all answers with less than q before them.

    Returns:
        rows × 10; 0 for the median, below 1 for all others that can be.
    """
    mass = chances(above)
    rows = np.arange(len(above))
    low = median_answer(above) - LOWEST
    high = low.copy()
    before = np.zeros_like(mass)
    held = mass[rows, low]
    padded = np.concatenate([mass, np.full((len(above), 1), -1.0)], axis=1)
    for _ in range(HIGHEST - LOWEST):
        # Index −1 and index 10 both lie off the scale and find the −1 of the last column.
        below, beyond = padded[rows, low - 1], padded[rows, high + 1]
        goes_down = below >= beyond
        low, high = np.where(goes_down, low - 1, low), np.where(goes_down, high, high + 1)
        taken = np.where(goes_down, low, high)
        before[rows, taken] = held
        held = held + mass[rows, taken]
    return before


def interval(above: Floats, share: Floats | float) -> tuple[Ints, Ints]:
    """Lowest and highest answer of the interval that holds at least `share` of the chances.

    Args:
        above: rows × 9.
        share: above 0; one for all rows, or one each.
    """
    is_in = mass_before(above) < np.reshape(share, (-1, 1))
    low = LOWEST + is_in.argmax(axis=1)
    high = HIGHEST - is_in[:, ::-1].argmax(axis=1)
    return low.astype(np.int64), high.astype(np.int64)
