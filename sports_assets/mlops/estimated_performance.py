"""How good is a model likely to be now, before labels arrive? From its own probabilities (CBPE).

A calibrated probability says how often it is wrong. So the expected confusion of a batch, and with
it ROC AUC, Brier score and rate, follow from the probabilities alone (confidence-based performance
estimation, Kivimäki et al. 2025, J. Artif. Intell. Res. 82).

Where it is blind. It assumes that the probabilities are still calibrated: when the hazard itself
changes while inputs stay (concept drift: a doubled hazard, say), the estimate does not move at
all. It sees only what moves the inputs. What was observed decides (`performance`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EstimatedPerformance:
    """What is to be expected of a batch if its probabilities are calibrated.

    Attributes:
        rows: scored.
        auc: expected ROC AUC; NaN where all probabilities are equal to 0 or to 1.
        brier: expected Brier score, the mean of p (1 − p).
        rate: expected share of labels that are 1, the mean of p.
    """

    rows: int
    auc: float
    brier: float
    rate: float


def estimate_performance(probabilities: Sequence[float] | FloatArray) -> EstimatedPerformance:
    """Expected performance of a batch.

    The AUC is the expected number of concordant pairs (ties count half) over the expected number
    of pairs of a 1 and a 0:  Σᵢⱼ pᵢ (1 − pⱼ) [pᵢ > pⱼ]  /  Σᵢⱼ pᵢ (1 − pⱼ),  i ≠ j.

    Args:
        probabilities: calibrated, each within 0..1.

    Raises:
        ValueError: none is given, or one lies outside of 0..1.
    """
    p = np.sort(np.asarray(probabilities, np.float64))
    if not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("probabilities must be within 0..1, and at least one be given")
    levels, start, count = np.unique(p, return_index=True, return_counts=True)
    negative = np.concatenate(([0.0], np.cumsum(1 - p)))
    below = negative[start]
    # Of an equal probability only other rows count, each half.
    equal = (count - 1) * (1 - levels) / 2
    concordant = float((levels * count * (below + equal)).sum())
    pairs = float(p.sum() * (1 - p).sum() - (p * (1 - p)).sum())
    return EstimatedPerformance(
        rows=len(p),
        auc=concordant / pairs if pairs > 0 else math.nan,
        brier=float((p * (1 - p)).mean()),
        rate=float(p.mean()),
    )
