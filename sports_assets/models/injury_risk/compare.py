"""The challenger beside a champion that learned from the same athletes; see `shape.Serving`."""

from datetime import date

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.bootstrap import paired_difference
from sports_assets.mlops.metrics import prepare_roc_auc
from sports_assets.mlops.promotion import PairedDifference
from sports_assets.mlops.rows import FloatArray
from sports_assets.mlops.splits import Split, split_grouped
from sports_assets.models.injury_risk.evaluate import (
    MODEL,
    EvaluationSettings,
    nothing_told,
    predict_split,
)
from sports_assets.models.injury_risk.fit import FitSettings
from sports_assets.models.injury_risk.history import History


def beside(
    history: History, through: date, fit_settings: FitSettings, settings: EvaluationSettings
) -> PairedDifference:
    """Challenger minus champion, ROC AUC, on athletes held out of both.

    Args:
        history: all that the challenger learns from.
        through: last day of the rows that the champion was fitted on.
    """
    rows = history.rows
    known = rows.days <= np.datetime64(through)
    splits = list(split_grouped(history.athlete_id, settings.folds, settings.seed))
    every = np.ones(known.size, np.bool_)
    mine, theirs = (_held_out(history, splits, part, fit_settings) for part in (every, known))
    found = paired_difference(
        prepare_roc_auc(rows.labels, mine),
        prepare_roc_auc(rows.labels, theirs),
        history.athlete_id,
        seed=settings.seed,
        replicates=settings.replicates,
    )
    return PairedDifference("roc_auc", found.value, found.low, found.high)


def _held_out(
    history: History, splits: list[Split], known: npt.NDArray[np.bool_], fit_settings: FitSettings
) -> FloatArray:
    told = nothing_told(known.size)
    for split in splits:
        fit = split.fit[known[split.fit]]
        held_out = Split(split.name, fit, split.test)
        predict_split(history, history.rows.at(fit), held_out, fit_settings, told)
    return told[MODEL]
