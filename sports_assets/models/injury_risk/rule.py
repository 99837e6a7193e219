"""The simple rule that a model has to beat: what a physio counts on the fingers of two hands."""

from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.mlops.rows import FloatArray

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "simple rule"
WORDS: Final = (
    "one point for each injury before (at most three), two for a return in the last four weeks, "
    "one for each match in the coming week"
)
_RECENT_D: Final = 28
#: One point, in log odds, before the rule is put on scale.
POINT: Final = 0.3


def points(features: "pd.DataFrame") -> FloatArray:
    """Points of each row; what is not known gives none."""
    recent = features["days_since_return"].to_numpy(np.float64) <= _RECENT_D
    counted = features[["injuries_before", "fixtures_next_7d"]].fillna(0.0).to_numpy(np.float64)
    return np.asarray(counted.sum(axis=1) + 2.0 * recent, np.float64)
