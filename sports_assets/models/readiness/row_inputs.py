"""What a day tells of an athlete: own answers and loads of late, and what the team-mates say."""

from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.models.readiness import history
from sports_assets.models.readiness.grid import OTHER_ANSWERS, Grid
from sports_assets.models.readiness.history import Floats

#: An answer of the questionnaire counts for so many days, days.
LONGEST_SINCE_REPORT_D: Final = 7
_OWN_WEIGHT: Final = 10.0
_MOST_REPORTS: Final = 120


def inputs_of_rows(grid: Grid) -> dict[str, Floats]:
    """By name, days × athletes: `features.ROW_INPUTS`, and levels that they are made of."""
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
        "spread": _own_spread(answers, grid.team),
        "step_28d": history.decayed_mean(step, 28),
        "same_as_before_28d": history.decayed_mean(np.where(np.isnan(step), step, step == 0), 28),
        "days_since_report": history.days_since(np.isfinite(answers)),
        "reports_28d": reports,
        "reports": np.minimum(history.so_far(answers), _MOST_REPORTS),
        "weekday": np.broadcast_to(grid.weekday[:, None], answers.shape),
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
        "load_this_weekday_au": history.same_weekday_mean(load, np.zeros_like(load), 4, 0.0),
    }


def _of_team(grid: Grid) -> dict[str, Floats]:
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


def _of_other_answers(grid: Grid) -> dict[str, Floats]:
    result = {}
    for name in OTHER_ANSWERS:
        answers = grid.columns[name]
        newest = history.last_known(answers, LONGEST_SINCE_REPORT_D)
        off = newest - history.decayed_mean(answers, 60)
        spread = _own_spread(answers, grid.team)
        result[f"{name}_off"] = off
        result[f"{name}_z"] = np.divide(
            off, spread, out=np.full_like(off, np.nan), where=spread > 0
        )
    return result


def _own_spread(values: Floats, team: npt.NDArray[np.intp]) -> Floats:
    """Standard deviation so far, drawn to that of the team's answers so far by ten of them.

    Another team of the same file may ask on another scale.

    Args:
        values, team: days × athletes; see `Grid`.
    """
    count, mean = history.so_far(values), np.nan_to_num(history.mean_so_far(values))
    own = np.maximum(np.nancumsum(values**2, axis=0) - count * mean**2, 0.0)
    result = np.full_like(values, np.nan)
    # What somebody who left has told still speaks of the team.
    newest = history.last_known(np.where(team < 0, np.nan, team.astype(np.float64)))
    for one in np.unique(team[team >= 0]):
        is_of = newest == one
        everybody = (count * is_of).sum(axis=1, keepdims=True)
        pooled = (own * is_of).sum(axis=1, keepdims=True) / np.maximum(everybody, 1)
        spread = np.sqrt((own + _OWN_WEIGHT * pooled) / (count + _OWN_WEIGHT))
        result = np.where(is_of & (everybody > 0), spread, result)
    return result
