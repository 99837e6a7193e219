"""What the injury model looks at, of the workload features, and what is known beforehand."""

from typing import TYPE_CHECKING, Final

import numpy as np

from resources.workload_features import FEATURES
from sports_assets.mlops.rows import FloatArray

if TYPE_CHECKING:
    import pandas as pd

#: Not for this model: one is 1 where nothing is asked, the other tells how late in the data it is.
_LEFT_OUT: Final = frozenset({"is_absent", "history_days"})
_TAKEN: Final = tuple(one for one in FEATURES if one.is_input and one.name not in _LEFT_OUT)
INPUTS: Final = tuple(one.name for one in _TAKEN)
#: Where more must never lower the risk, 1; never raise it, −1; 0 where nothing is demanded.
MONOTONE: Final = tuple(int(one.increases_risk) for one in _TAKEN)

#: Log odds for one unit, before any data: risk grows with exposure (almost in proportion, of which
#: part is never seen), with each injury before, and most for whom the squad's own rate does not
#: explain them (a hazard ratio of 2.7, 1.7 to 4.3, for a previous one: Hägglund et al. 2006, Br. J.
#: Sports Med. 40:767); and it is about double right after a return.
PRIOR: Final = {
    "log_exposure_7d": 0.7,
    "injury_tendency": 0.35,
    "injuries_before": 0.25,
    "return_recency": 0.8,
}


def matrix(features: "pd.DataFrame") -> FloatArray:
    """The model's inputs, (rows, `INPUTS`); a column that is not there is missing in every row."""
    columns = [
        features[name].to_numpy(np.float64) if name in features else np.full(len(features), np.nan)
        for name in INPUTS
    ]
    return np.column_stack(columns)
