"""A history as days × athletes: how every input is worked out, for all athletes at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.models.readiness.history import Floats

if TYPE_CHECKING:
    import pandas as pd

#: Other answers of the questionnaire, each of which a club may not ask.
OTHER_ANSWERS: Final = (
    "fatigue", "soreness", "stress", "mood", "sleep_quality", "sleep_duration_h",
)  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """A frame of athlete-days.

    Attributes:
        weekday: (days,) of the day after each, Monday 0.
        team: (days, athletes) a number for each team, −1 where the athlete has no row.
        at: places of the frame's rows: of the day, of the athlete.
        columns: (days, athletes) readiness, load_au and `OTHER_ANSWERS`; NaN for not told.
    """

    weekday: Floats
    team: npt.NDArray[np.intp]
    at: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
    columns: dict[str, Floats]


def grid_of(frame: "pd.DataFrame") -> Grid:
    """The grid of a frame of `workload.athlete_days.as_athlete_days`."""
    import pandas as pd

    first = frame["day"].min()
    at_day = (frame["day"] - first).dt.days.to_numpy(np.intp)
    at_athlete, names = pd.factorize(frame["athlete_id"], sort=True)
    team_codes, _ = pd.factorize(frame["team"], sort=True)
    shape = (int(at_day.max()) + 1, len(names))
    at = (at_day, np.asarray(at_athlete, dtype=np.intp))
    team = np.full(shape, -1, dtype=np.intp)
    team[at] = team_codes
    columns = {}
    for name in ("readiness", "load_au", *OTHER_ANSWERS):
        columns[name] = np.full(shape, np.nan)
        columns[name][at] = frame[name].to_numpy(np.float64)
    weekday = (first.day_of_week + 1 + np.arange(shape[0])) % 7
    return Grid(weekday.astype(np.float64), team, at, columns)
