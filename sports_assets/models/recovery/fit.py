"""Fitting: penalised likelihood with censoring, kinds partially pooled, the interval checked.

μ and ln σ of a kind are the common ones plus a deviation with a normal prior, whose sd is learnt
from the kinds themselves (empirical Bayes): a kind with many returns speaks for itself, one with
two hardly moves from the common law. The posterior is normal around its mode (Laplace), so that
an interval knows how few cases it rests on.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.models.recovery.design import Between, Columns, columns_for
from sports_assets.models.recovery.distribution import absence
from sports_assets.models.recovery.features import days_lost
from sports_assets.models.recovery.kaplan_meier import curve
from sports_assets.models.recovery.model import KindHistory, RecoveryModel, RecoverySettings
from sports_assets.models.recovery.posterior import (
    Sample,
    learnt_between,
    lift_of,
    posterior,
    prior_between,
    sample_of,
)

Floats = npt.NDArray[np.float64]

_ROUNDS = 50
_STILL = 1e-3
_TAILS = (0.02, 0.25)


def fit(injuries: pd.DataFrame, settings: RecoverySettings | None = None) -> RecoveryModel:
    """The model of a history; the same history gives the same bytes, in whatever order it comes.

    Args:
        injuries: a frame of `features.as_injuries`; may be empty, or without any return: then the
            model is the prior and what open absences add to it.
        settings: defaults where None.
    """
    settings = settings or RecoverySettings()
    columns = columns_for(injuries, settings)
    sample = sample_of(injuries, columns)
    between = prior_between(settings)
    start, _ = columns.prior(settings, between)
    mean, covariance = posterior(sample, columns, settings, between, start=start)
    for _ in range(_ROUNDS):
        before, between = between, learnt_between(mean, covariance, columns, settings)
        lift = lift_of(sample, columns, mean, covariance)
        mean, covariance = posterior(sample, columns, settings, between, start=mean, lift=lift)
        if np.abs(np.log(between) - np.log(before)).max() < _STILL:
            break
    tail = _checked_tail(
        injuries, sample, columns, settings, between=between, start=mean, lift=lift
    )
    days = injuries["day"].dt.strftime("%Y-%m-%d")
    return RecoveryModel(
        settings=settings,
        kinds=columns.kinds,
        parts=columns.parts,
        age_centre=columns.age_centre,
        previous_centre=columns.previous_centre,
        between=between,
        mean=tuple(mean.tolist()),
        covariance=tuple(map(tuple, covariance.tolist())),
        tail=tail,
        history=_history(injuries),
        team_count=int(injuries["team"].nunique()),
        first_day=str(days.min()) if len(days) else None,
        last_day=str(days.max()) if len(days) else None,
    )


def _checked_tail(
    injuries: pd.DataFrame,
    sample: Sample,
    columns: Columns,
    settings: RecoverySettings,
    *,
    between: Between,
    start: Floats,
    lift: Floats,
) -> float:
    """Share outside on either side so that intervals hold what they promise, out of fold.

    Athletes are dealt to folds; each is predicted by a fit without them, and the tail is the one
    that would have held (n + 1)/n of the promised share (distributional conformal prediction,
    Chernozhukov et al. 2021). An observed whole day counts by the share of its probability that
    lies within, an open absence by the share of what is still possible. Between the model's tail
    and the checked one, on the normal scale, the check has the weight n/(n + `tail_weight`).
    """
    planned = (1 - settings.coverage) / 2
    returns = int(injuries["return_day"].notna().sum())
    athletes = np.sort(injuries["athlete_id"].unique())
    if returns < settings.tail_least or len(athletes) < settings.tail_folds:
        return planned
    fold_of = dict(zip(athletes, np.arange(len(athletes)) % settings.tail_folds, strict=True))
    fold = injuries["athlete_id"].map(fold_of).to_numpy()
    low, high = np.empty(len(fold)), np.empty(len(fold))
    for held_out in range(settings.tail_folds):
        is_test = fold == held_out
        test = sample.where(is_test)
        fitted = posterior(
            sample.where(~is_test), columns, settings, between, start=start, lift=lift
        )
        law = absence(test.rows, *fitted, between)
        low[is_test], high[is_test] = law.share_back(test.lower), law.share_back(test.upper)
    wanted = min(settings.coverage * (returns + 1) / returns, 0.99)
    checked = _tail_that_holds(low, high, wanted)
    return _between_tails(planned, checked, returns / (returns + settings.tail_weight))


def _tail_that_holds(low: Floats, high: Floats, wanted: float) -> float:
    """By bisection: what lies within falls as the tail grows."""
    width = np.maximum(high - low, 1e-12)
    least, most = _TAILS
    for _ in range(40):
        tail = (least + most) / 2
        within = np.clip(np.minimum(high, 1 - tail) - np.maximum(low, tail), 0, None) / width
        least, most = (tail, most) if within.mean() >= wanted else (least, tail)
    return (least + most) / 2


def _between_tails(planned: float, checked: float, weight: float) -> float:
    from scipy.special import ndtr, ndtri

    return float(ndtr((1 - weight) * ndtri(planned) + weight * ndtri(checked)))


def _history(injuries: pd.DataFrame) -> tuple[KindHistory, ...]:
    result = []
    for kind, rows in injuries.groupby("kind", sort=True):
        days, is_returned = days_lost(rows)
        median = curve(days, is_returned).median()
        result.append(
            KindHistory(
                kind=str(kind),
                injuries=len(rows),
                returns=int(is_returned.sum()),
                median_d=None if np.isnan(median) else median,
                longest_d=float(days[is_returned].max()) if is_returned.any() else 0.0,
            )
        )
    return tuple(result)
