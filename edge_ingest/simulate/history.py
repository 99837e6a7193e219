"""What is written down of simulated clubs, day after day, and what of it is known on an evening."""

import numpy as np
import numpy.typing as npt

from edge_ingest.simulate.control import Evening, published
from edge_ingest.simulate.law import Bools, Floats, Ints, Sessions


class History:
    """What is written down day after day; arrays (days, clubs, athletes)."""

    def __init__(self, days: int, shape: tuple[int, int]) -> None:
        self.load, self.minutes, self.match_minutes, self.hours, self.hazard = (
            np.zeros((days, *shape)) for _ in range(5)
        )
        self.risk, self.risk_without_frailty = (np.full((days, *shape), np.nan) for _ in range(2))
        self.is_injured, self.injury_start, self.is_ill = (
            np.zeros((days, *shape), bool) for _ in range(3)
        )
        self.morning: dict[str, Floats] = {}

    def put(self, day: int, sessions: Sessions, risk: Floats, *, away: Bools, hurt: Bools) -> None:
        """Write down what was done, the hazard met, who was away and who was hurt."""
        self.load[day], self.minutes[day] = sessions.load, sessions.minutes
        self.match_minutes[day], self.hours[day] = sessions.match_minutes, sessions.hours
        self.hazard[day], self.is_injured[day] = risk, away | hurt
        self.injury_start[day] = hurt

    def evening(
        self, day: int, is_untold: Bools, plan: npt.NDArray[np.int8], age: Floats, previous: Ints
    ) -> Evening:
        """What is known of it on the evening of a day."""
        known = slice(0, day + 1)
        return Evening(
            day, published(plan, day),
            np.where(is_untold[known], np.nan, np.round(self.load[known])),
            np.round(self.minutes[known]), np.round(self.match_minutes[known]),
            self.is_injured[known], self.is_ill[known], self.injury_start[known], age, previous,
        )  # fmt: skip
