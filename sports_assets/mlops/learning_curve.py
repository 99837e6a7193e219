"""What can so many injuries teach? The same model fitted on ever more of them.

This is where a club sees what two seasons of one squad can and cannot support: with thirty injuries
to learn from, both the ranking and the calibration of a model are a matter of luck.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.bootstrap import Interval
from sports_assets.mlops.evaluation import LearningPoint
from sports_assets.mlops.metrics import calibration_line, roc_auc
from sports_assets.mlops.rows import EvaluationError, FloatArray, IntArray, coded
from sports_assets.mlops.splits import FitPredict

_SPREAD = (0.1, 0.9)


def learning_curve(
    fit_predict: FitPredict,
    *,
    pool: IntArray,
    test: IntArray,
    unit_id: npt.ArrayLike,
    events: npt.ArrayLike,
    y: npt.ArrayLike,
    counts: Sequence[int],
    repeats: int = 10,
    seed: int,
) -> tuple[LearningPoint, ...]:
    """Fit on random athletes until they had so many injuries, and test on rows held out.

    Args:
        fit_predict: fits on rows at the first positions, predicts those at the second.
        pool: positions of rows that may be fitted on.
        test: positions of rows held out; of other athletes, and later than the pool if possible.
        unit_id: what is drawn whole, of each row: the athlete, or the athlete's season.
        events: injuries that began on each row's day (`injury_start`), of all rows.
        y: label of each row.
        counts: numbers of injuries, ascending; those that the pool does not have are left out.
        repeats: subsets drawn of each size.
        seed: of the draws.

    Returns:
        A point a count: medians of the repeats, with their 10th and 90th percentile, of those that
        are defined (a fit whose predictions do not differ has no slope).

    Raises:
        EvaluationError: a tested row or athlete is in the pool.
    """
    if np.intersect1d(pool, test).size:
        raise EvaluationError("rows of the pool are tested: hold out other rows")
    codes, units = coded(unit_id)
    labels = np.asarray(y, dtype=np.float64)
    of_unit = np.bincount(codes[pool], np.asarray(events, dtype=np.float64)[pool], minlength=units)
    present = np.unique(codes[pool])
    generator = np.random.default_rng(seed)
    points = []
    for count in counts:
        if count > of_unit.sum():
            break
        found = []
        for _ in range(repeats):
            order = generator.permutation(present)
            taken = int(np.searchsorted(np.cumsum(of_unit[order]), count)) + 1
            fit = pool[np.isin(codes[pool], order[:taken])]
            p = fit_predict(fit, test)
            found.append(
                (
                    float(of_unit[order[:taken]].sum()),
                    roc_auc(labels[test], p),
                    calibration_line(labels[test], p).slope,
                )
            )
        learned = np.array(found)
        points.append(
            LearningPoint(
                events=float(learned[:, 0].mean()),
                roc_auc=_spread(learned[:, 1]),
                calibration_slope=_spread(learned[:, 2]),
                repeats=repeats,
            )
        )
    return tuple(points)


def _spread(values: FloatArray) -> Interval:
    """Median, 10th and 90th percentile of what is defined."""
    defined = values[np.isfinite(values)]
    if not defined.size:
        return Interval(float("nan"))
    low, high = np.quantile(defined, _SPREAD)
    return Interval(float(np.median(defined)), float(low), float(high))
