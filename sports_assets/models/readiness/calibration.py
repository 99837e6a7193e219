"""How much chance must an interval hold to keep its promise? Of everybody, drawn to the own past.

A row's score is the chance that its interval held before it took up the answer that came
(`answers.mass_before`). An interval keeps its promise where it takes up answers until it holds the
share that the scores stay below often enough (conformal prediction, Vovk et al. 2005). Athletes
differ in how well they can be foretold, so the share is an athlete's own, from the answers that
have come since: in the spirit of adaptive conformal inference (Gibbs and Candès 2021).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.models.readiness.answers import LOWEST, Floats, mass_before

#: Own scores count for so long, days; everybody's together count as so many of them.
MEMORY_D: Final = 90
_EVERYBODY: Final = 30
#: Everybody's scores are kept as so many quantiles and one.
_STEPS: Final = 200


def scores_of(above: Floats, answers: Floats) -> Floats:
    """Score of each row; NaN where the answer has not come.

    Args:
        above: rows × 9, see `answers`.
        answers: that came, NaN for none yet.
    """
    has_come = np.isfinite(answers)
    known, rows = np.where(has_come, answers, LOWEST), np.arange(len(above))
    before = mass_before(above)
    # A half is held as soon as one of its neighbours is (`answers.is_within`).
    below = np.ceil(known - 0.5).astype(np.intp) - LOWEST
    over = np.floor(known + 0.5).astype(np.intp) - LOWEST
    return np.where(has_come, np.minimum(before[rows, below], before[rows, over]), np.nan)


def quantiles_of(scores: Floats) -> tuple[float, ...]:
    """Everybody's scores in short: the smallest, .., the largest, equal numbers between them."""
    return tuple(np.quantile(scores, np.linspace(0, 1, _STEPS + 1)).tolist())


def shares_of(
    scores: Floats,
    athlete_id: npt.NDArray[np.str_],
    day: npt.NDArray[np.datetime64],
    everybody: tuple[float, ...],
    level: float,
) -> Floats:
    """The share that the interval of each row must hold.

    Args:
        scores: of each row, NaN for open ones. A row uses those of the athlete's earlier rows of
            the last `MEMORY_D` days and no other.
        athlete_id, day: of each row, any order.
        everybody: of `quantiles_of`, from athletes that their fits had not seen.
        level: share of answers that intervals are to hold.
    """
    days = day.astype("datetime64[D]").astype(np.int64)
    shares = np.empty(len(scores))
    for athlete in np.unique(athlete_id):
        rows = np.flatnonzero(athlete_id == athlete)
        rows = rows[np.argsort(days[rows], kind="stable")]
        own = days[rows]
        first = np.searchsorted(own, own - MEMORY_D)
        # The answer of a row comes on the day after, so those of earlier days have all come.
        end = np.searchsorted(own, own)
        for row, begin, until in zip(rows, first, end, strict=True):
            past = scores[rows[begin:until]]
            shares[row] = _share(past[np.isfinite(past)], everybody, level)
    return shares


def _share(own: Floats, everybody: tuple[float, ...], level: float) -> float:
    at = np.asarray(everybody)
    below = _EVERYBODY * np.linspace(0, 1, len(at))
    below = below + np.searchsorted(np.sort(own), at, side="right")
    reached = below >= level * (_EVERYBODY + own.size)
    # One step further: an answer is in where its score is below the share.
    return float(np.nextafter(at[reached.argmax()] if reached.any() else at[-1], 2.0))
