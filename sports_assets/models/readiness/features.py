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
from sports_assets.models.readiness.history import Floats

if TYPE_CHECKING:
    import pandas as pd

#: Other answers of the questionnaire, each of which a club may not ask.
OTHER_ANSWERS: Final = (
    "fatigue", "soreness", "stress", "mood", "sleep_quality", "sleep_duration_h",
)  # fmt: skip

#: A row is predicted where the last answer is not older, days, ...
LONGEST_SINCE_REPORT_D: Final = 7
#: ... and where so many answers were given in the last 28 days.
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

_OWN_WEIGHT: Final = 10.0
_MOST_REPORTS: Final = 120


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


@dataclass(frozen=True)
class _Grid:
    """A frame as days × athletes."""

    days: Floats  # (days,) day of the week of tomorrow, Monday 0
    team: npt.NDArray[np.intp]  # (days, athletes), −1: not there
    at: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]  # where each row of the frame is
    columns: dict[str, Floats]


def readiness_rows(frame: "pd.DataFrame") -> ReadinessRows:
    """Inputs and targets of every row of a history.

    Args:
        frame: of `workload.athlete_days.as_athlete_days`; readiness on the scale 1-10.

    Raises:
        ReadinessError: no readiness was answered at all, or an answer is off the scale.
    """
    _check(frame)
    grid = _grid(frame)
    by_row = _of_rows(grid)
    shares = _of_steps(grid, by_row)
    days, athletes = grid.at
    told = {name: values[grid.at] for name, values in by_row.items()}
    shift = _expected(shares["above_after_such_load"]) - _expected(shares["above_28d"])
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


def _grid(frame: "pd.DataFrame") -> _Grid:
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
    weekday = (first.dayofweek + 1 + np.arange(shape[0])) % 7
    return _Grid(weekday.astype(np.float64), team, at, columns)


def _of_rows(grid: _Grid) -> dict[str, Floats]:
    import pandas as pd

    answers = grid.columns["readiness"]
    last, own_mean = history.last_known(answers), history.mean_so_far(answers)
    month = pd.DataFrame(answers).rolling(28, min_periods=1)
    reports = month.count().to_numpy()
    mean = month.mean().to_numpy()
    # The personal baseline: the mean of 28 days, drawn to the mean of all days by ten answers.
    usual = (reports * np.nan_to_num(mean) + _OWN_WEIGHT * own_mean) / (reports + _OWN_WEIGHT)
    before = history.earlier(last, 1)
    step = np.abs(answers - before)
    levels = {
        "own_mean": own_mean,
        "mean_28d": mean,
        "median_28d": month.median().to_numpy(),
        "lowest_28d": month.min().to_numpy(),
        "highest_28d": month.max().to_numpy(),
        "last": last,
        **{f"ewma_{span}d": history.decayed_mean(answers, span) for span in (3, 7, 14, 60)},
    }
    off = answers - history.earlier(mean, 1)
    return {
        **levels,
        **{f"{name}_off": values - usual for name, values in levels.items()},
        "usual": usual,
        "spread_28d": month.std().where(month.count() > 2).to_numpy(),  # noqa: PLR2004
        "spread": _own_spread(answers),
        "step_28d": history.decayed_mean(step, 28),
        "same_as_before_28d": history.decayed_mean(np.where(np.isnan(step), step, step == 0), 28),
        "days_since_report": history.days_since(np.isfinite(answers)),
        "reports_28d": reports,
        "reports": np.minimum(history.so_far(answers), _MOST_REPORTS),
        "weekday": np.broadcast_to(grid.days[:, None], answers.shape),
        "weekday_off": history.same_weekday_mean(off, np.zeros_like(off), 8, 3.0),
        **_of_load(grid.columns["load_au"]),
        **_of_team(grid),
        **_of_other_answers(grid),
    }


def _of_load(load: Floats) -> dict[str, Floats]:
    import pandas as pd

    frame = pd.DataFrame(load)
    own = history.decayed_mean(load, 60)
    return {
        "load_today_au": load,
        "load_yesterday_au": history.earlier(load, 1),
        "load_before_au": history.earlier(load, 2),
        "load_3d_au": frame.rolling(3, min_periods=1).sum().to_numpy(),
        "load_7d_au": history.decayed_mean(load, 7),
        "load_28d_au": history.decayed_mean(load, 28),
        # 50 au, so that one light week is not divided by next to nothing.
        "load_against_own": load / (own + 50),
        "load_off_au": load - own,
        "load_this_weekday_au": history.same_weekday_mean(load, np.zeros_like(load), 4, 1e-9),
    }


def _of_team(grid: _Grid) -> dict[str, Floats]:
    """What the athlete's team-mates of the day said and did."""
    answers, load = grid.columns["readiness"], grid.columns["load_au"]
    off = answers - history.decayed_mean(answers, 28)
    result = {name: np.full_like(answers, np.nan) for name in ("team_off", "team_load_au")}
    for team in np.unique(grid.team[grid.team >= 0]):
        is_of = grid.team == team
        for name, values, weight in (("team_off", off, 3.0), ("team_load_au", load, 1.0)):
            others = history.mean_of_others(np.where(is_of, values, np.nan), weight)
            result[name][is_of] = others[is_of]
    lately = np.stack([history.earlier(result["team_off"], days) for days in range(3)])
    count = np.isfinite(lately).sum(axis=0)
    total = np.nansum(lately, axis=0)
    return {**result, "team_3d_off": np.where(count > 0, total / np.maximum(count, 1), np.nan)}


def _of_other_answers(grid: _Grid) -> dict[str, Floats]:
    result = {}
    for name in OTHER_ANSWERS:
        answers = grid.columns[name]
        newest = history.last_known(answers, LONGEST_SINCE_REPORT_D)
        off = newest - history.decayed_mean(answers, 60)
        spread = _own_spread(answers)
        result[f"{name}_off"] = off
        result[f"{name}_z"] = np.divide(
            off, spread, out=np.full_like(off, np.nan), where=spread > 0
        )
    return result


def _own_spread(values: Floats) -> Floats:
    """Standard deviation so far, drawn to that of everybody's answers so far by ten of them."""
    count, mean = history.so_far(values), np.nan_to_num(history.mean_so_far(values))
    own = np.maximum(np.nancumsum(values**2, axis=0) - count * mean**2, 0.0)
    everybody = count.sum(axis=1, keepdims=True)
    pooled = own.sum(axis=1, keepdims=True) / np.maximum(everybody, 1)
    result = np.sqrt((own + _OWN_WEIGHT * pooled) / (count + _OWN_WEIGHT))
    return np.where(everybody > 0, result, np.nan)


def _of_steps(grid: _Grid, by_row: dict[str, Floats]) -> dict[str, Floats]:
    """Each days × athletes × 9."""
    answers = grid.columns["readiness"][:, :, None]
    above = np.where(np.isnan(answers), np.nan, (answers > STEPS).astype(np.float64))
    month = history.decayed_mean(above, 28)
    after_load = np.empty_like(above)
    condition = np.sqrt(grid.columns["load_au"])
    for athlete in range(above.shape[1]):
        after_load[:, athlete] = history.alike_mean(
            above[:, athlete], condition[:, athlete], month[:, athlete],
            width=4.0, memory_d=60.0, prior_weight=2.0,
        )  # fmt: skip
    last = by_row["last"][:, :, None]
    levels = {"usual": "usual", "own_mean": "own_mean", "median": "median_28d", "last": "last",
              "ewma_7d": "ewma_7d"}  # fmt: skip
    return {
        "step": np.broadcast_to(STEPS, above.shape),
        "above_last": np.where(np.isnan(last), np.nan, (last > STEPS).astype(np.float64)),
        **{f"above_{span}d": history.decayed_mean(above, span) for span in (3, 7, 14)},
        "above_28d": month,
        "above_ever": history.mean_so_far(above),
        "above_this_weekday": history.same_weekday_mean(above, month, 12, 2.0),
        "above_after_such_load": after_load,
        **{f"step_from_{to}": STEPS - by_row[name][:, :, None] for to, name in levels.items()},
    }


def _expected(above: Floats) -> Floats:
    """The answer that shares above each step amount to."""
    return np.asarray(1 + above.sum(axis=2))
