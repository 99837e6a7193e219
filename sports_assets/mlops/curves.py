"""Points of ROC and precision-recall curves, thinned for a picture."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.rows import FloatArray, checked

#: Points of a curve; more are not seen on a phone.
_POINTS: Final = 60


@dataclass(frozen=True)
class CurvePoint:
    """A point: false positive rate and recall, or recall and precision."""

    x: float
    y: float


def roc_points(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[CurvePoint, ...]:
    """Recall over false positive rate, from (0, 0) to (1, 1); empty for one class only."""
    positive, flagged = _counts(*checked(y, p))
    negative = flagged - positive
    if not flagged.size or positive[-1] == 0 or negative[-1] == 0:
        return ()
    x = np.append(0.0, negative / negative[-1])
    return _thinned(x, np.append(0.0, positive / positive[-1]), x)


def pr_points(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[CurvePoint, ...]:
    """Precision over recall; empty without a positive."""
    positive, flagged = _counts(*checked(y, p))
    if not flagged.size or positive[-1] == 0:
        return ()
    recall = positive / positive[-1]
    return _thinned(recall, positive / flagged, recall)


def _counts(labels: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positives and rows at or above each distinct score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)[: scores.size])
    return np.cumsum(labels[order])[ends], (ends + 1).astype(np.float64)


def _thinned(x: FloatArray, y: FloatArray, along: FloatArray) -> tuple[CurvePoint, ...]:
    """First and last point, and those nearest above equal steps along the axis; four digits."""
    at = np.searchsorted(along, np.linspace(along[0], along[-1], _POINTS), side="left")
    kept = np.unique(np.concatenate(([0], at, [along.size - 1])))
    return tuple(CurvePoint(round(float(x[k]), 4), round(float(y[k]), 4)) for k in kept)
