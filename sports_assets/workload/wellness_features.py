"""How an athlete is: answers, sleep and heart against the personal norm, from one block."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload.athlete_days import ANSWERS
from sports_assets.workload.grid import Block
from sports_assets.workload.windows import (
    LONGEST_COUNT_D,
    Norm,
    count_within,
    days_since,
    delayed,
    deviation,
    last_told,
    mean_and_sd,
    personal_norm,
)

FloatArray = npt.NDArray[np.float64]

#: An answer counts for so many days after its own.
FRESH_D: Final = 3
#: Answers stand against the four weeks before; usual spreads are round numbers from diaries.
_NORM_D, _NORM_LEAST = 28, 7
_ANSWER_SD, _SLEEP_SD_H, _HEART_SD_BPM, _LN_RMSSD_SD = 1.0, 1.0, 3.0, 0.2
#: Plews et al. 2014: a mean of seven days says something from three valid mornings on.
_WEEK_D, _WEEK_LEAST = 7, 3
_HRV_NORM_D, _HRV_LEAST = 60, 14


def wellness_features(block: Block) -> dict[str, FloatArray]:
    """Features of answers and of the morning's heart by name, each (athletes, days).

    A newest answer is compared with the days before it, so that it is no part of its own norm.
    NaN where the norm has too few days, or the newest answer is more than three days old.
    """
    made = {}
    by_answer = {}
    for name in ANSWERS:
        usual = _SLEEP_SD_H if name == "sleep_duration_h" else _ANSWER_SD
        by_answer[name] = _newest(block.numbers[name], usual)
        made[f"{name.removesuffix('_h')}_z"] = by_answer[name]
    made["wellness_z"] = _mean(list(by_answer.values()))
    made["sleep_z"] = _mean([by_answer["sleep_quality"], by_answer["sleep_duration_h"]])

    variability = block.numbers["ln_rmssd"]
    norm = Norm(_HRV_NORM_D, _HRV_LEAST, _LN_RMSSD_SD)
    week, _, _ = mean_and_sd(variability, _WEEK_D, least=_WEEK_LEAST)
    made["ln_rmssd_week_z"] = deviation(variability, week, norm, gap_d=_WEEK_D)
    made["ln_rmssd_z"] = _newest(variability, _LN_RMSSD_SD)
    rate = block.numbers["resting_heart_rate_bpm"]
    usual_rate, _ = personal_norm(rate, Norm(_NORM_D, _NORM_LEAST, _HEART_SD_BPM))
    made["resting_heart_rate_deviation_bpm"] = last_told(
        rate - delayed(usual_rate, 1), longest_d=FRESH_D
    )

    answered = np.zeros(block.inside.shape, bool)
    for name in ANSWERS:
        answered |= ~np.isnan(block.numbers[name])
    measured = ~np.isnan(variability) | ~np.isnan(rate)
    made["answers_7d"] = count_within(answered, 7).astype(np.float64)
    made["days_since_answer"] = days_since(answered, longest_d=LONGEST_COUNT_D)
    made["heart_mornings_7d"] = count_within(measured, 7).astype(np.float64)
    return made


def _newest(values: FloatArray, usual_sd: float) -> FloatArray:
    norm = Norm(_NORM_D, _NORM_LEAST, usual_sd)
    return last_told(deviation(values, values, norm, gap_d=1), longest_d=FRESH_D)


def _mean(parts: Sequence[FloatArray]) -> FloatArray:
    """Mean of those that are there; NaN where none is."""
    total, number = np.zeros(parts[0].shape), np.zeros(parts[0].shape)
    for part in parts:
        there = ~np.isnan(part)
        total += np.where(there, part, 0.0)
        number += there
    mean = np.full(total.shape, np.nan)
    np.divide(total, number, out=mean, where=number > 0)
    return mean
