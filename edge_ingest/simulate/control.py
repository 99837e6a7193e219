"""Who decides what the next week asks: a controller in the place of the club's own blocks.

Asked each Sunday evening with what the club knows, it answers with a factor on the training minutes
that the plan holds for the next week. Matches stay as they are, and what was asked is not quite
what is done. Belongs here: the question, the answer's bounds, how it is carried out. Does not
belong here: any policy.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from edge_ingest.simulate.calendar import PLAN, PUBLISHED_D, TOP_UP, Day
from edge_ingest.simulate.law import Bools, Floats, Ints

WEEK_D: Final = 7
#: More or less than this of the plan's minutes no squad can train.
LEAST_FACTOR: Final = 0.3
MOST_FACTOR: Final = 1.6
#: Spread of what is done around what was asked, of its logarithm, an athlete and week.
EXECUTION_SD: Final = 0.10


@dataclass(frozen=True)
class Evening:
    """What the club knows on a Sunday evening; arrays end with today unless said otherwise.

    Attributes:
        day: today, from 0; a Sunday.
        plan: `Day` of each day and club up to the last that is published, (days, clubs).
        load, minutes, match_minutes: done, (days, clubs, athletes); load is NaN where not told.
        is_injured, is_ill: not available.
        injury_start: an injury began.
        age: on the first day, years, (clubs, athletes).
        previous: injuries before the first day, (clubs, athletes).
    """

    day: int
    plan: npt.NDArray[np.int8]
    load: Floats
    minutes: Floats
    match_minutes: Floats
    is_injured: Bools
    is_ill: Bools
    injury_start: Bools
    age: Floats
    previous: Ints

    @property
    def next_week(self) -> npt.NDArray[np.int8]:
        """`Day` of the seven days to come and each club; fewer at the end of the history."""
        return self.plan[self.day + 1 : self.day + 1 + WEEK_D]


class Controller(Protocol):
    """Decides on training."""

    def __call__(self, evening: Evening) -> Floats:
        """Factors on next week's training minutes, (clubs, athletes)."""
        ...


def published(plan: npt.NDArray[np.int8], day: int) -> npt.NDArray[np.int8]:
    """The part of a plan that is known on a day."""
    return plan[: day + 1 + PUBLISHED_D]


def carried_out(factor: Floats, rng: np.random.Generator) -> Floats:
    """What athletes make of what was asked, within what is possible.

    The factor of a week has a mean of what was asked; see `EXECUTION_SD`.
    """
    asked = np.clip(factor, LEAST_FACTOR, MOST_FACTOR)
    noise = EXECUTION_SD * rng.standard_normal(asked.shape) - EXECUTION_SD**2 / 2
    return np.asarray(np.clip(asked * np.exp(noise), LEAST_FACTOR, MOST_FACTOR), np.float64)


def planned_training(week: npt.NDArray[np.int8], plays_share: Floats) -> Floats:
    """Load of the plan's own training sessions, au, (clubs, athletes).

    Args:
        week: `Day` of the days, (days, clubs).
        plays_share: of a match that the athlete is expected to play, 0 to 1, (clubs, athletes): who
            does not play trains on the day after.
    """
    loads = {day: session.minutes * session.rpe for day, session in PLAN.items()}
    top_up = TOP_UP.minutes * TOP_UP.rpe
    total = np.zeros(plays_share.shape)
    for kinds in week:
        for day, asked in loads.items():
            here = (kinds == day)[:, None]
            if day == Day.RECOVERY:
                total += here * (plays_share * asked + (1 - plays_share) * top_up)
            elif day != Day.MATCH:
                total += here * asked
    return total
