"""The rule: of all loads that were seen, the fittest whose risk stays under the cap.

Pure arrays; `predict` puts it into words and `closed_loop` plays it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import expit
from sports_assets.models.load_advice.features import (
    NEEDED,
    FloatArray,
    after_week,
    maintaining_week,
    match_load,
    steady_week,
)
from sports_assets.models.load_advice.model import LoadAdviceModel

BoolArray = npt.NDArray[np.bool_]
_STATES: Final = ("load_acute_au", "load_chronic_au", "load_long_au")
#: A steady week has the steady risk, whatever was rounded on the way.
_ROUNDING: Final = 1 + 1e-9


class Silence(IntEnum):
    """Why nothing is advised."""

    NONE = 0
    AWAY = 1
    SHORT_HISTORY = 2
    NO_LOAD = 3
    NO_PLAN = 4
    OUT_OF_RANGE = 5
    NO_CANDIDATE = 6


class Limit(IntEnum):
    """What keeps the advised load from being higher."""

    RISK = 0
    RETURN = 1
    RANGE = 2
    RISE = 3
    HIGH_RISK = 4


@dataclass(frozen=True)
class Advice:
    """What is advised; arrays (n,), NaN where nothing is.

    Attributes:
        total, low, high: load of the week, matches included, au: at most the aimed-at risk; the
            load that keeps fitness, or less where the cap demands it; at most the risk of the cap.
        silence: of `Silence`.
        limit: of `Limit`.
        risk, steady_risk: of an injury in a week at the advised and at the steady load, for the
            same hours.
        fitness, fatigue: Banister's, after the advised week, au.
    """

    total: FloatArray
    low: FloatArray
    high: FloatArray
    silence: npt.NDArray[np.int64]
    limit: npt.NDArray[np.int64]
    risk: FloatArray
    steady_risk: FloatArray
    fitness: FloatArray
    fatigue: FloatArray


def advise(model: LoadAdviceModel, values: Mapping[str, FloatArray]) -> Advice:
    """Advise the next seven days.

    The cap holds an athlete's risk beside his own at steady load and for the same hours: a plan
    that trains more is exposed for longer, which the absolute limit counts, and the relative one
    does not.

    Args:
        values: of `features.INPUTS`, (n,), as they stand on the evening before.
    """
    silence = _silence(model, values)
    # Those of whom nothing can be said are carried along with harmless numbers.
    known = {name: np.where(silence == 0, one, 1.0) for name, one in values.items()}
    chosen, response = model.settings, model.response
    shares = np.append(np.arange(chosen.most_fall, chosen.most_rise, chosen.step), chosen.most_rise)
    as_before = steady_week(known)[:, None]
    totals = as_before * shares
    week = after_week(known, totals, model.conversion)
    steady = after_week(known, as_before, model.conversion)
    level = response.of_level(known)[:, None]
    now = expit(level + response.of_load(steady))
    usual = expit(level + response.without_return(known)[:, None] + response.of_load(steady))
    same_hours = expit(level + response.of_load(week, steady.hours))
    risk = expit(level + response.of_load(week))
    # Matches are played whatever is advised.
    is_played = totals >= match_load(known, model.conversion)[:, None]
    seen = _seen(model, week.states, totals)
    is_recent = now > chosen.most_after_return * usual
    is_high = risk > chosen.most_risk
    is_free = (totals <= as_before * _ROUNDING) | ~(is_recent | is_high)
    possible = is_played & seen & is_free
    aimed = possible & (same_hours <= chosen.aim_ratio * now * _ROUNDING)
    capped = possible & (same_hours <= chosen.most_ratio * now * _ROUNDING)
    silence = np.where((silence == 0) & ~aimed.any(axis=1), int(Silence.NO_CANDIDATE), silence)
    best = _last(aimed)
    row = np.arange(len(best))
    total = totals[row, best]
    first = totals[row, possible.argmax(axis=1)]
    low = np.clip(maintaining_week(known), np.minimum(first, total), total)
    above = np.minimum(best + 1, len(shares) - 1)
    limit = np.select(
        [best == len(shares) - 1, ~seen[row, above], is_recent[:, 0], is_high[row, above]],
        [int(Limit.RISE), int(Limit.RANGE), int(Limit.RETURN), int(Limit.HIGH_RISK)],
        int(Limit.RISK),
    )

    def told(of: FloatArray) -> FloatArray:
        return np.where(silence == 0, of, np.nan)

    return Advice(
        told(total), told(low), told(totals[row, _last(capped)]), silence, limit,
        told(same_hours[row, best]), told(now[:, 0]),
        told(week.states["load_fitness_au"][row, best]),
        told(week.states["load_fatigue_au"][row, best]),
    )  # fmt: skip


def _silence(model: LoadAdviceModel, values: Mapping[str, FloatArray]) -> npt.NDArray[np.int64]:
    chosen = model.settings
    is_untold = np.any([~np.isfinite(values[name]) for name in NEEDED], axis=0)
    no_plan = np.isnan(values["fixtures_next_7d"]) | np.isnan(values["minutes_per_fixture"])
    return np.select(
        [
            values["is_absent"] > 0,
            values["history_days"] < chosen.least_history_d,
            is_untold | (values["load_missing_28d"] > chosen.most_untold_28d)
            | ~(values["load_chronic_au"] > 0),
            no_plan,
            np.any([~told for told in in_range(model, values).values()], axis=0),
        ],
        [
            int(Silence.AWAY), int(Silence.SHORT_HISTORY), int(Silence.NO_LOAD),
            int(Silence.NO_PLAN), int(Silence.OUT_OF_RANGE),
        ],
        int(Silence.NONE),
    ).astype(np.int64)  # fmt: skip


def in_range(model: LoadAdviceModel, values: Mapping[str, FloatArray]) -> dict[str, BoolArray]:
    """Whether each ranged feature lies within what was seen, (n,); what is not told does."""
    return {
        name: np.isnan(values[name]) | ((values[name] >= low) & (values[name] <= high))
        for name, (low, high) in model.ranges.items()
        if name in values
    }


def _seen(
    model: LoadAdviceModel, states: Mapping[str, FloatArray], totals: FloatArray
) -> BoolArray:
    """Whether the week, and the states that it leads to, are no higher than what was seen."""
    seen = totals <= model.reach["week_au"]
    for name in _STATES:
        seen &= states[name] <= model.reach[name]
    return np.asarray(seen)


def _last(marked: BoolArray) -> npt.NDArray[np.int64]:
    """Place of the last marked in each row; 0 where none is."""
    width = marked.shape[1]
    place = width - 1 - marked[:, ::-1].argmax(axis=1)
    return np.where(marked.any(axis=1), place, 0)
