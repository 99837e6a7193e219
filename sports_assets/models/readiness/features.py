"""What is known at the end of a day that tells of tomorrow's answer; one row an athlete and day.

Two kinds of input. Of the row: how the athlete has answered and trained of late against the own
usual, and what the team-mates say. Of each step of the scale ("is the answer above 6?"): how often
it was above in the own past, of late, on that weekday, and after days of such load.

Other answers (soreness, sleep, ...) come in as deviations from the own mean in own standard
deviations, so that a club may ask them on any scale.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.models.readiness import history
from sports_assets.models.readiness.answers import STEPS, is_on_scale
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.models.readiness.grid import OTHER_ANSWERS, grid_of
from sports_assets.models.readiness.history import Floats
from sports_assets.models.readiness.row_inputs import LONGEST_SINCE_REPORT_D, inputs_of_rows
from sports_assets.models.readiness.step_inputs import expected_answer, inputs_of_steps

if TYPE_CHECKING:
    import pandas as pd

#: A row is predicted where the last answer is at most LONGEST_SINCE_REPORT_D old,
#: and so many were given in the last 28 days.
LEAST_REPORTS_28D: Final = 5

#: Inputs of a row. Those ending in `_off` are points of the scale from the own usual answer.
ROW_INPUTS: Final = (
    "usual", "own_mean_off", "mean_28d_off", "median_28d_off", "lowest_28d_off", "highest_28d_off",
    "ewma_60d_off", "last_off", "ewma_3d_off", "ewma_7d_off", "ewma_14d_off",
    "spread_28d", "spread", "step_28d", "same_as_before_28d",
    "days_since_report", "reports_28d", "reports",
    "load_today_au", "load_yesterday_au", "load_before_au", "load_3d_au", "load_7d_au",
    "load_28d_au", "load_against_own", "load_this_weekday_au",
    "weekday", "weekday_off",
    "team_off", "team_3d_off", "team_load_au",
    *(f"{name}_z" for name in OTHER_ANSWERS),
)  # fmt: skip

#: Inputs of a row and a step of the scale.
STEP_INPUTS: Final = (
    "step", "above_last", "above_3d", "above_7d", "above_14d", "above_28d", "above_ever",
    "above_this_weekday", "above_after_such_load",
    "step_from_usual", "step_from_own_mean", "step_from_median", "step_from_last",
    "step_from_ewma_7d",
)  # fmt: skip


@dataclass(frozen=True)
class ReadinessRows:
    """Rows of one history, in the order of its frame.

    Attributes:
        rows: athlete_id, team, day, target (the answer of tomorrow; NaN: open or not given), and
            what rules and words need: last, mean_28d, usual, reports_28d, days_since_report,
            load_off_au, weekday_off, after_such_load_off, `<answer>_off`.
        inputs: (rows, len(ROW_INPUTS)).
        step_inputs: (rows, 9, len(STEP_INPUTS)), for answers above 1, 2, .., 9.
    """

    rows: "pd.DataFrame"
    inputs: Floats
    step_inputs: Floats

    def __len__(self) -> int:
        """Athlete-days."""
        return len(self.rows)

    def take(self, chosen: npt.NDArray[np.bool_]) -> "ReadinessRows":
        """The chosen rows."""
        rows = self.rows[chosen].reset_index(drop=True)
        return ReadinessRows(rows, self.inputs[chosen], self.step_inputs[chosen])

    def at(self, positions: npt.NDArray[np.intp]) -> "ReadinessRows":
        """The rows at some positions, in the order of the history."""
        chosen = np.zeros(len(self), dtype=np.bool_)
        chosen[positions] = True
        return self.take(chosen)

    def enough_known(self) -> npt.NDArray[np.bool_]:
        """Which rows can be predicted: answered lately, and often enough."""
        since = self.rows["days_since_report"].to_numpy(np.float64)
        count = self.rows["reports_28d"].to_numpy(np.float64)
        return np.asarray((since <= LONGEST_SINCE_REPORT_D) & (count >= LEAST_REPORTS_28D))

    def scorable(self) -> "ReadinessRows":
        """Rows that can be predicted and whose tomorrow was answered: to fit and to test on."""
        target = self.rows["target"].to_numpy(np.float64)
        return self.take(self.enough_known() & np.isfinite(target))

    def design(self) -> Floats:
        """One line a row and step, row by row: ROW_INPUTS, then STEP_INPUTS."""
        steps = self.step_inputs.reshape(-1, len(STEP_INPUTS))
        return np.concatenate([np.repeat(self.inputs, len(STEPS), axis=0), steps], axis=1)


def readiness_rows(frame: "pd.DataFrame") -> ReadinessRows:
    """Inputs and targets of every row of a history.

    Args:
        frame: of `workload.athlete_days.as_athlete_days`; readiness on the scale 1-10; an answer
            with decimals counts as the nearest whole one where it is asked whether it is above a
            step.

    Raises:
        ReadinessError: no readiness was answered at all, or an answer is off the scale.
    """
    _check(frame)
    grid = grid_of(frame)
    by_row = inputs_of_rows(grid)
    shares = inputs_of_steps(grid, by_row)
    days, athletes = grid.at
    told = {name: values[grid.at] for name, values in by_row.items()}
    shift = expected_answer(shares["above_after_such_load"]) - expected_answer(shares["above_28d"])
    rows = frame[["athlete_id", "team", "day"]].reset_index(drop=True)
    target = history.earlier(grid.columns["readiness"][::-1], 1)[::-1]
    rows = rows.assign(
        target=target[grid.at],
        after_such_load_off=shift[grid.at],
        **{name: told[name] for name in _KEPT},
    )
    return ReadinessRows(
        rows=rows,
        inputs=np.stack([told[name] for name in ROW_INPUTS], axis=1),
        step_inputs=np.stack([shares[name][days, athletes] for name in STEP_INPUTS], axis=2),
    )


_KEPT: Final = (
    "last", "mean_28d", "usual", "reports_28d", "days_since_report", "load_off_au", "weekday_off",
    *(f"{name}_off" for name in OTHER_ANSWERS),
)  # fmt: skip


def _check(frame: "pd.DataFrame") -> None:
    answers = frame["readiness"].dropna().to_numpy(np.float64)
    if not answers.size:
        raise ReadinessError(
            "nobody answered readiness on any day: there is nothing to predict from; give a "
            "history with the column readiness filled"
        )
    if not is_on_scale(answers).all():
        raise ReadinessError(
            "readiness holds answers outside 1 to 10: this model speaks of the scale from 1 (not "
            "ready) to 10; rescale the column first"
        )
