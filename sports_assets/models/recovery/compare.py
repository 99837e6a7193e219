"""The challenger beside the champion; see `shape.Serving`."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.mlops.bootstrap import paired_difference
from sports_assets.mlops.metrics import prepare_ratio
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.models.recovery.distribution import remaining
from sports_assets.models.recovery.features import days_lost, known_as_of
from sports_assets.models.recovery.fit import fit
from sports_assets.models.recovery.held_out import HELD_OUT, answers, splits
from sports_assets.models.recovery.model import RecoveryModel, RecoverySettings
from sports_assets.models.recovery.predict import law_of
from sports_assets.models.shape import Serving

_FOLDS = 5


def beside(
    champion: Serving, injuries: pd.DataFrame, settings: RecoverySettings, seed: int
) -> PairedDifference:
    """Challenger minus champion, MAE in days, on returns of athletes held out."""
    served = RecoveryModel.from_json(champion.payload.decode())
    rows = answers(injuries, HELD_OUT, settings, folds=_FOLDS, seed=seed)
    said = []
    for split in splits(injuries, HELD_OUT, folds=_FOLDS, seed=seed):
        if not len(split.fit):
            continue
        model = served
        if champion.has_seen:
            known = known_as_of(split.fit, pd.Timestamp(champion.trained_through))
            model = fit(known, served.settings)
        tested = split.test[days_lost(split.test)[0] > 0]
        said.append(remaining(law_of(model, tested), np.zeros(len(tested)), model.tail).median)
    days, weight = rows["days"].to_numpy(np.float64), rows["weight"].to_numpy(np.float64)

    def missed(told: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.abs(days - told) * weight, np.float64)

    found = paired_difference(
        prepare_ratio(missed(rows["model_d"].to_numpy(np.float64)), weight),
        prepare_ratio(missed(np.concatenate(said)), weight),
        rows["athlete_id"].to_numpy(),
        seed=seed,
    )
    return PairedDifference("mae", found.value, found.low, found.high)
