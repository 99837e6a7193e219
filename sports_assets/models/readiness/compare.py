"""The challenger beside the champion; see `shape.Serving`."""

from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.mlops.bootstrap import paired_difference
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.models.readiness.answers import mean_answer
from sports_assets.models.readiness.features import ReadinessRows
from sports_assets.models.readiness.fit import LEAST_ROWS, chances_above, grown
from sports_assets.models.readiness.held_out import FOLDS, answers_of, splits_of
from sports_assets.models.readiness.model import ReadinessModel
from sports_assets.models.readiness.scores import prepare_rmse
from sports_assets.models.shape import Serving

if TYPE_CHECKING:
    import pandas as pd

#: Folds of athletes that are compared: both are so alike that these tell.
_COMPARED: Final = 2


def beside(
    champion: Serving, rows: ReadinessRows, mine: "pd.DataFrame", seed: int
) -> PairedDifference | None:
    """Challenger minus champion, RMSE, on athletes held out.

    Args:
        rows: scorable ones, of all days.
        mine: the challenger's answers on them, of `held_out_answers` by athlete.

    Returns:
        None where too little had been told by the champion's last day.
    """
    served = ReadinessModel.from_json(champion.payload.decode())
    if champion.has_seen:
        theirs = _as_of(champion, served, rows, seed)
    else:
        theirs = answers_of(served, rows)[["athlete_id", "day", "readiness_mean"]]
    if theirs is None:
        return None
    both = mine.merge(theirs, on=["athlete_id", "day"], suffixes=("", "_champion"))
    target = both["target"].to_numpy(np.float64)
    found = paired_difference(
        prepare_rmse(both["readiness_mean"].to_numpy(np.float64) - target),
        prepare_rmse(both["readiness_mean_champion"].to_numpy(np.float64) - target),
        both["athlete_id"].to_numpy(),
        seed=seed,
    )
    return PairedDifference("rmse", found.value, found.low, found.high)


def _as_of(
    champion: Serving, served: ReadinessModel, rows: ReadinessRows, seed: int
) -> "pd.DataFrame | None":
    """Answers of the champion's way of fitting, on what it knew, to athletes held out."""
    import pandas as pd

    is_known = (rows.rows["day"] <= pd.Timestamp(champion.trained_through)).to_numpy(bool)
    told = []
    for split in splits_of(rows, folds=FOLDS, seed=seed, months_too=False)[:_COMPARED]:
        fit, test = np.zeros((2, len(rows)), np.bool_)
        fit[split.fit] = is_known[split.fit]
        test[split.test] = True
        if fit.sum() < LEAST_ROWS:
            return None
        tested = rows.take(test)
        booster = grown(rows.take(fit), served.settings, seed)
        told.append(
            tested.rows[["athlete_id", "day"]].assign(
                readiness_mean=mean_answer(chances_above(booster, tested))
            )
        )
    return pd.concat(told, ignore_index=True)
