"""What a model is to foresee, and which rows count: of athlete-days, never a feature."""

from typing import TYPE_CHECKING

import numpy as np

from sports_assets.workload.athlete_days import check_complete

if TYPE_CHECKING:
    import pandas as pd


def injury_within(days: "pd.DataFrame", horizon_d: int = 7) -> "pd.Series":
    """Whether a time-loss injury begins on any of the next `horizon_d` days.

    Args:
        days: athlete-days, complete and sorted.
        horizon_d: at least 1.

    Returns:
        1.0 or 0.0 with the index of `days`; NaN where the athlete's history ends before the last
        of these days without an injury until then: such a row is open, or was cut off, and no 0.

    Raises:
        AthleteDaysError: the frame is not complete.
    """
    import pandas as pd

    check_complete(days)
    onset = days["injury_start"].to_numpy(bool)
    athlete = days["athlete_id"].to_numpy()
    ends = np.append(np.flatnonzero(athlete[1:] != athlete[:-1]), onset.size - 1)
    place = np.arange(onset.size)
    end = ends[np.searchsorted(ends, place)]
    until = np.minimum(place + horizon_d, end)
    total = np.cumsum(onset)
    label = (total[until] > total).astype(np.float64)
    label[(label == 0) & (place + horizon_d > end)] = np.nan
    return pd.Series(label, index=days.index, name=f"injury_within_{horizon_d}d")


def is_scored(days: "pd.DataFrame") -> "pd.Series":
    """Whether a risk is asked for: the athlete is available on the day."""
    return ~days["is_injured"].astype(bool)
