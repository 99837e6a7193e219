"""Predicting: whole days until the return of those who are away, with an interval and in words."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from sports_assets.models.recovery.design import EFFECTS, columns_of
from sports_assets.models.recovery.distribution import Absence, absence, remaining
from sports_assets.models.recovery.features import UNTOLD_KIND
from sports_assets.models.recovery.model import RecoveryModel

Floats = npt.NDArray[np.float64]

#: Of what `predict` returns.
COLUMNS: Final = (
    "injury_id", "athlete_id", "team", "kind", "day", "onset_day", "gone_d", "remaining_d",
    "remaining_d_low", "remaining_d_high", "interval_level", "basis", "reason",
)  # fmt: skip
#: With fewer returns in all, an answer is called "prior".
LEAST_RETURNS: Final = 5
#: An athlete not heard of for longer is not predicted, d.
MOST_SILENCE_D: Final = 7
#: An absence that so few last as long as is not what the frame says it is.
LEAST_SHARE_AWAY: Final = 1e-4
#: Nothing beyond is said, d.
MOST_D: Final = 1000.0
_LEAST_EFFECT: Final = 0.05


def law_of(model: RecoveryModel, injuries: pd.DataFrame) -> Absence:
    """The law of each absence as it was on the day of its onset.

    Args:
        model: fitted.
        injuries: a frame of `features.as_injuries`.
    """
    size = len(model.mean)
    covariance = np.array(model.covariance).reshape(size, size)
    rows = columns_of(model).rows(injuries)
    return absence(rows, np.array(model.mean), covariance, model.between)


def predict(model: RecoveryModel, injuries: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Days from `as_of` until full training, of everyone who is away on that day.

    Args:
        model: fitted; also one of an empty history, whose answers are labelled "prior".
        injuries: a frame of `features.as_injuries`, past injuries among them; what came after
            `as_of` is not looked at.
        as_of: the day, normalised; at its end nobody of these was back.

    Returns:
        `COLUMNS`, one row an open injury, by athlete_id and injury_id. `remaining_d` is the median
        (it wins the absolute error) and at least 1; `basis` is what it rests on: "kind", "all
        kinds" (none of this kind ever ended here) or "prior". Where `basis` is "none" there is no
        answer: the three figures are NaN, and `reason` says why.
    """
    is_open = (injuries["day"] <= as_of) & ~(injuries["return_day"] <= as_of)
    away = injuries[is_open].sort_values(["athlete_id", "injury_id"], ignore_index=True)
    gone = (as_of - away["day"]).dt.days.to_numpy(np.float64)
    law = law_of(model, away)
    left = remaining(law, gone, model.tail)
    silence = (as_of - away["observed_through"]).dt.days.to_numpy(np.float64)
    refusals = [
        _refusal(kind, days, share, silent)
        for kind, days, share, silent in zip(
            away["kind"], gone, left.share_away, silence, strict=True
        )
    ]
    is_refused = np.array([bool(text) for text in refusals], bool)
    basis = [_basis(model, kind) for kind in away["kind"]]
    effects = _effects(model, away)
    reason = [
        text or "; ".join([_ground(model, kind), *told, _gone(days)])
        for text, kind, told, days in zip(refusals, away["kind"], effects, gone, strict=True)
    ]

    def answered(days: Floats) -> Floats:
        return np.where(is_refused, np.nan, np.minimum(days, MOST_D))

    return pd.DataFrame(
        {
            "injury_id": away["injury_id"],
            "athlete_id": away["athlete_id"],
            "team": away["team"],
            "kind": away["kind"],
            "day": as_of,
            "onset_day": away["day"],
            "gone_d": gone,
            "remaining_d": answered(left.median),
            "remaining_d_low": answered(left.low),
            "remaining_d_high": answered(left.high),
            "interval_level": model.settings.coverage,
            "basis": np.where(is_refused, "none", np.array(basis, object)),
            "reason": reason,
        },
        columns=list(COLUMNS),
    )


def _refusal(kind: str, gone: float, share_away: float, silence: float) -> str:
    if silence > MOST_SILENCE_D:
        return f"not followed for the last {silence:.0f} days: no answer"
    if share_away < LEAST_SHARE_AWAY:
        return (
            f"{gone:.0f} days gone, which fewer than 1 in 10,000 absences of the kind {kind} are "
            "expected to last: check kind and return; no answer"
        )
    return ""


def _basis(model: RecoveryModel, kind: str) -> str:
    if model.returns < LEAST_RETURNS:
        return "prior"
    return "kind" if model.of_kind(kind).returns else "all kinds"


def _ground(model: RecoveryModel, kind: str) -> str:
    """What the answer rests on, with counts."""
    where = "this club" if model.team_count <= 1 else f"{model.team_count} teams"
    if model.returns < LEAST_RETURNS:
        return (
            f"prior: {_returns(model.returns)} in this history, too few to learn from; a typical "
            f"absence (median {model.settings.prior_median_d:g} days) and a wide interval"
        )
    history = model.of_kind(kind)
    everything = f"all {model.returns} returns in {where}"
    if not history.returns:
        known = "kind not told" if kind == UNTOLD_KIND else f"{kind}: no return yet"
        return f"{known}; judged by {everything}, whatever the kind"
    median = "" if history.median_d is None else f", median {history.median_d:g} days"
    own = f"{kind}: {_returns(history.returns)} in {where}{median}"
    if history.returns < LEAST_RETURNS:
        return f"{own}; few, so that {everything} weigh in"
    return own


def _effects(model: RecoveryModel, injuries: pd.DataFrame) -> list[list[str]]:
    """Effects that move an answer by 5 % or more and are surer than not, in words."""
    of_location = columns_of(model).rows(injuries).location
    first = 1 + len(model.kinds)
    mean = np.array(model.mean[first : of_location.shape[1]])
    sd = np.sqrt([model.covariance[at][at] for at in range(first, of_location.shape[1])])
    own = of_location[:, first:] * np.where(np.abs(mean) > sd, mean, 0.0)
    by_effect = np.column_stack([own[:, :EFFECTS], own[:, EFFECTS:].sum(axis=1)])
    result = []
    for at, changes in enumerate(np.expm1(by_effect)):
        row = injuries.iloc[at]
        names = (
            f"age {row['age_years']:.0f}",
            f"{row['previous_injuries']:.0f} injuries before",
            "an early recurrence",
            str(row["body_part"]),
        )
        result.append(
            [
                f"{name}: {change:+.0%}"
                for name, change in zip(names, changes, strict=True)
                if abs(change) >= _LEAST_EFFECT
            ]
        )
    return result


def _gone(days: float) -> str:
    if not days:
        return "injured today"
    return "1 day gone" if days == 1 else f"{days:.0f} days gone"


def _returns(count: int) -> str:
    return "1 return" if count == 1 else f"{count} returns"
