"""Calibrates the injury model on unseen athletes, with a slope that few injuries cannot throw.

A free line through the out-of-fold risks of 60 injuries has a standard error of 0.3 in its slope.
So the slope has a prior: the regression comes out of its own ridge nearly right. The seven rows
before an injury tell of one, and count as one.
"""

from typing import Final

import numpy as np

from sports_assets.mlops.metrics import expit
from sports_assets.mlops.recalibration import Calibrator
from sports_assets.mlops.rows import FloatArray

#: What the slope is taken for before any data, and its SD: the spread of the best slope between
#: simulated squads of 60 to 100 injuries.
SLOPE: Final = 1.0
SLOPE_SD: Final = 0.25
#: Fewer injuries than that say nothing: the model's own level is kept.
LEAST_EVENTS: Final = 10
_LEAST_SLOPE: Final = 0.1
_STEPS: Final = 100


def calibrate(labels: FloatArray, log_odds: FloatArray, events: int) -> Calibrator:
    """The line from unseen log odds to those observed, its slope drawn to `SLOPE`.

    Args:
        labels: 0 or 1, of each row.
        log_odds: by models that had not seen the row's athlete.
        events: distinct injuries behind the positive rows.
    """
    positives = float(labels.sum())
    if events < LEAST_EVENTS or positives in {0.0, float(labels.size)}:
        return Calibrator("identity", (), events)
    weight, centre = events / positives, float(log_odds.mean())
    rows = np.column_stack([np.ones(labels.size), log_odds - centre])
    ridge = np.array([0.0, SLOPE_SD**-2])
    line, towards = np.array([centre, SLOPE]), np.array([0.0, SLOPE])
    for _ in range(_STEPS):
        risk = expit(rows @ line)
        gradient = weight * rows.T @ (labels - risk) - ridge * (line - towards)
        hessian = weight * (rows * (risk * (1 - risk))[:, None]).T @ rows + np.diag(ridge)
        step = np.clip(np.linalg.solve(hessian, gradient), -1, 1)
        line = line + step
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004 - converged
            break
    slope = max(float(line[1]), _LEAST_SLOPE)
    return Calibrator("platt", (float(line[0]) - slope * centre, slope), events)
