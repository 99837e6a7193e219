"""What an athlete has been through: injuries, returns and age, from one block of histories."""

from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.workload.grid import Block
from sports_assets.workload.load_features import weighed_hours
from sports_assets.workload.windows import LONGEST_COUNT_D, count_within, days_since

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: More injuries than these before tell no more.
MOST_INJURIES: Final = 3
#: The risk of a recent return fades by 1/e in so many days.
RETURN_FADES_D: Final = 21.0
#: Injuries that the squad's own rate is worth against an athlete's: a gamma prior for a tendency
#: that spreads by e^0.5 between athletes.
_TENDENCY_WEIGHT: Final = 3.5


def availability_features(block: Block, squad_rate: FloatArray) -> dict[str, FloatArray]:
    """Features of injury history by name, each (athletes, days).

    A return is the first available day after an absence. It is one from an injury when the absence
    holds an onset, or was under way on the athlete's first day; other absences are illnesses.

    Args:
        squad_rate: (athletes, days) injuries an hour of weighed exposure in the team so far.
    """
    is_injured, onset = block.flags["is_injured"], block.flags["injury_start"]
    returned, after_injury = returns(is_injured, onset)
    since_return = days_since(after_injury)
    recency = np.exp(-since_return / RETURN_FADES_D)
    before = block.numbers["prior_injuries"]
    begun = np.cumsum(onset, axis=1)
    hours = weighed_hours(block.numbers["minutes"], block.flags["is_match"])
    is_told = np.logical_or.accumulate(~np.isnan(block.numbers["minutes"]), axis=1)
    expected = np.where(is_told, np.cumsum(hours, axis=1) * squad_rate, np.nan)
    history = np.arange(1, is_injured.shape[1] + 1)
    available = count_within(~is_injured & block.inside, 28) / np.minimum(history, 28)
    return {
        "is_absent": is_injured.astype(np.float64),
        "injuries_before": np.minimum(
            begun + np.where(np.isnan(before), 0.0, before), MOST_INJURIES
        ),
        "injury_tendency": (begun + _TENDENCY_WEIGHT) / (expected + _TENDENCY_WEIGHT),
        "days_since_return": np.minimum(since_return, LONGEST_COUNT_D),
        "return_recency": np.where(np.isnan(recency), 0.0, recency),
        "days_since_absence": days_since(returned, longest_d=LONGEST_COUNT_D),
        "days_since_onset": days_since(onset, longest_d=LONGEST_COUNT_D),
        "available_share_28d": available,
        "age_years": block.numbers["age_years"],
        "history_days": np.broadcast_to(
            np.minimum(history, LONGEST_COUNT_D), is_injured.shape
        ).astype(np.float64),
    }


def returns(is_injured: BoolArray, onset: BoolArray) -> tuple[BoolArray, BoolArray]:
    """First available days after an absence, and those of them after an injury.

    Args:
        is_injured, onset: (athletes, days) as in the frame of athlete-days.
    """
    place = np.broadcast_to(np.arange(is_injured.shape[1]), is_injured.shape)
    was = np.zeros(is_injured.shape, bool)
    was[:, 1:] = is_injured[:, :-1]
    began = np.maximum.accumulate(np.where(is_injured & ~was, place, -1), axis=1)
    last_onset = np.maximum.accumulate(np.where(onset, place, -1), axis=1)
    returned = ~is_injured & was
    return returned, returned & ((last_onset >= began) | (began == 0))
