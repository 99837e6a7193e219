"""Who is judged by what: splits of a history of injuries, and the answers of each method on them.

A history of injuries is cut otherwise than athlete-days are: an absence that began before a cut and
ended after it is known on the cut as open, and is fitted on as such.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.mlops.rows import EvaluationError
from sports_assets.mlops.splits import athlete_folds, time_cuts
from sports_assets.models.recovery.distribution import remaining
from sports_assets.models.recovery.features import days_lost, known_as_of
from sports_assets.models.recovery.fit import fit
from sports_assets.models.recovery.kaplan_meier import curve
from sports_assets.models.recovery.likelihood import log_bounds
from sports_assets.models.recovery.model import RecoveryModel, RecoverySettings
from sports_assets.models.recovery.predict import law_of

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HELD_OUT: Final = "athletes held out"
FORWARD: Final = "forward in time"
BOTH: Final = "athletes held out, forward in time"
METHODS: Final = ("overall_median", "median_by_kind", "model")
#: Days within which a return is asked for, for the Brier score.
WITHIN_D: Final = (7, 28)
#: Fewer returns of a kind have no median of their own.
_LEAST_OF_KIND: Final = 5
_CUTS: Final = 3
#: No return stands for more than five.
_LEAST_FOLLOWED: Final = 0.2


@dataclass(frozen=True)
class Split:
    """Injuries to fit on, as they were known, and injuries to test on, as they came out."""

    fit: pd.DataFrame
    test: pd.DataFrame


def splits(injuries: pd.DataFrame, design: str, *, folds: int, seed: int) -> Iterator[Split]:
    """The parts of a design; over all of them an injury is tested at most once.

    Raises:
        EvaluationError: one athlete only, or one day only, where the design needs more.
    """
    athlete, day = injuries["athlete_id"].to_numpy(str), injuries["day"].to_numpy()
    fold = np.zeros(len(injuries), int)
    if design != FORWARD:
        fold = athlete_folds(athlete, folds, seed)
    for number in range(int(fold.max(initial=0)) + 1):
        is_test = fold == number
        others = injuries if design == FORWARD else injuries[~is_test]
        if design == HELD_OUT:
            yield Split(others, injuries[is_test])
            continue
        cuts = [pd.Timestamp(cut) for cut in time_cuts(day, parts=_CUTS)]
        for cut, end in zip(cuts, [*cuts[1:], pd.Timestamp.max], strict=True):
            is_in = is_test & (injuries["day"] >= cut) & (injuries["day"] < end)
            known = known_as_of(others, cut - pd.Timedelta(days=1))
            if is_in.any():
                yield Split(known, injuries[is_in])


def answers(
    injuries: pd.DataFrame,
    design: str,
    settings: RecoverySettings,
    *,
    gone: int = 0,
    folds: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """What each method said of each tested injury, beside what came of it.

    Args:
        injuries: a frame of `features.as_injuries`.
        design: HELD_OUT, FORWARD or BOTH.
        settings: of the model.
        gone: judged are those still away so many days after the onset, by the days that remain.

    Returns:
        One row a tested injury: athlete_id, kind, days (remaining), is_returned, weight,
        weight_7, weight_28 (see `_add_weights`); for each method `<method>_d`, and but for
        median_by_kind `_low`, `_high`, `_in_7` and `_in_28`; rank_low and rank_high, between which
        the outcome lies in the model's law.
    """
    told = [
        answer(split, settings, gone=gone)
        for split in splits(injuries, design, folds=folds, seed=seed)
        if len(split.fit)
    ]
    told = [rows for rows in told if len(rows)]
    if not told:
        raise EvaluationError(f"{design}: no injury is left to test on: give a longer history")
    rows = pd.concat(told, ignore_index=True)
    _add_weights(rows)
    return rows


def answer(split: Split, settings: RecoverySettings, *, gone: int = 0) -> pd.DataFrame:
    """What each method says of the tested injuries of one split; see `answers`."""
    days, is_returned = days_lost(split.test)
    is_away = days > gone
    test, days, is_returned = split.test[is_away], days[is_away], is_returned[is_away]
    rows = pd.DataFrame(
        {
            "athlete_id": test["athlete_id"].to_numpy(),
            "kind": test["kind"].to_numpy(),
            "days": days - gone,
            "is_returned": is_returned,
        }
    )
    # The spread of all kinds together: what an interval by kind has to be narrower than.
    unchecked = replace(settings, tail_least=len(split.fit) + 1)
    pooled = fit(split.fit.assign(kind="all", body_part=""), unchecked)
    model = fit(split.fit, settings)
    _add_law(rows, "overall_median", pooled, test.assign(kind="all", body_part=""), gone)
    _add_law(rows, "model", model, test, gone)
    _add_medians(rows, split.fit, gone, settings.prior_median_d)
    law = law_of(model, test)
    before = law.share_back(np.full(len(test), np.log(gone + 0.5))) if gone else 0.0
    for name, bound in zip(("rank_low", "rank_high"), log_bounds(days, is_returned), strict=True):
        rows[name] = np.clip((law.share_back(bound) - before) / (1 - before), 0.0, 1.0)
    return rows


def _add_medians(rows: pd.DataFrame, known: pd.DataFrame, gone: int, otherwise: float) -> None:
    """The rules that know no law: Kaplan-Meier medians of those who were away as long."""
    days, is_returned = days_lost(known)
    is_long = days > gone
    days, is_returned, kind = days[is_long] - gone, is_returned[is_long], known["kind"][is_long]
    overall = _median(days, is_returned, 1, otherwise)
    rows["overall_median_d"] = overall
    rows["median_by_kind_d"] = overall
    for name in rows["kind"].unique():
        is_kind = (kind == name).to_numpy(bool)
        own = _median(days[is_kind], is_returned[is_kind], _LEAST_OF_KIND, overall)
        rows.loc[rows["kind"] == name, "median_by_kind_d"] = own


def _median(days: Floats, is_returned: Bools, least: int, otherwise: float) -> float:
    median = curve(days, is_returned).median() if is_returned.sum() >= least else float("nan")
    return median if np.isfinite(median) else otherwise


def _add_law(
    rows: pd.DataFrame, method: str, model: RecoveryModel, test: pd.DataFrame, gone: int
) -> None:
    law = law_of(model, test)
    left = remaining(law, np.full(len(test), float(gone)), model.tail)
    rows[f"{method}_d"], rows[f"{method}_low"] = left.median, left.low
    rows[f"{method}_high"] = left.high
    for within in WITHIN_D:
        away = law.share_away(np.full(len(test), np.log(gone + within + 0.5)))
        rows[f"{method}_in_{within}"] = 1 - away / left.share_away


def _add_weights(rows: pd.DataFrame) -> None:
    """Weights for those who left sight before they were back (Graf et al. 1999).

    A return after d days counts 1 over the share of absences that are followed for d days, so that
    it also stands for those that were not; a return known not to have come within h days likewise.
    Censoring on a day comes after the returns of that day, hence the half day.
    """
    days, is_returned = rows["days"].to_numpy(float), rows["is_returned"].to_numpy(bool)
    followed = curve(days + 0.5 * ~is_returned, ~is_returned)
    share = np.maximum(followed.before(days), _LEAST_FOLLOWED)
    rows["weight"] = np.where(is_returned, 1 / share, 0.0)
    for within in WITHIN_D:
        so_far = max(float(followed.before(np.array([float(within)]))[0]), _LEAST_FOLLOWED)
        is_back = is_returned & (days <= within)
        is_late = ~is_back & (days >= within)
        rows[f"weight_{within}"] = np.where(is_back, 1 / share, is_late / so_far)
