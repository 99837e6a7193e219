"""What staff feel: whom does the model flag each day, and is it worth the talk?

Belongs here: precision and day recall of the few highest risks of a squad and day, and what random
flags would have got in their place. "Caught at least once in seven days" does not belong here: it
flatters, random flags at three a day catch over half of all injuries so.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.metrics import prepare_ratio
from sports_assets.mlops.rows import (
    Days,
    EvaluationError,
    FloatArray,
    IntArray,
    as_days,
    checked,
    coded,
)

#: Staff can talk to so many athletes a day.
FLAGS_A_DAY: Final = 3


@dataclass(frozen=True)
class FlaggedDays:
    """The flags of every row, as shares between 0 and 1, and those of chance.

    Attributes:
        flags: share of a flag that each row got. Rows that tie for the last flag share it, so that
            predictions that do not tell athletes apart get just what random flags get.
        random: the same if the flags of the day were drawn at random.
    """

    flags: FloatArray
    random: FloatArray


@dataclass(frozen=True)
class StaffMetrics:
    """Precision and day recall, beside what random flags are expected to get (exactly).

    Attributes:
        precision: share of the flags that a positive label follows.
        day_recall: share of the positive athlete-days that were flagged.
        random_precision, random_day_recall: the same of random flags.
        flags_per_day: mean number of flags a squad and day; fewer than asked where few are fit.
    """

    precision: float
    day_recall: float
    random_precision: float
    random_day_recall: float
    flags_per_day: float


def flag_highest(
    p: npt.ArrayLike, day: npt.ArrayLike, team: npt.ArrayLike | None = None, n: int = FLAGS_A_DAY
) -> FlaggedDays:
    """Flag the `n` highest predictions of each squad and day.

    Args:
        p: prediction of each row, finite.
        day: of each row.
        team: of each row; None for one squad.
        n: flags a squad and day.
    """
    scores = np.asarray(p, dtype=np.float64)
    group = _squad_days(as_days(day), team)
    if group.shape != scores.shape:
        raise EvaluationError(f"days {group.shape}, predictions {scores.shape}: one of each a row")
    if not scores.size:
        return FlaggedDays(scores, scores)
    order = np.lexsort((-scores, group))
    sorted_group, sorted_scores = group[order], scores[order]
    is_new_group = np.append(True, np.diff(sorted_group) != 0)
    is_new_run = is_new_group | np.append(True, np.diff(sorted_scores) != 0)
    run = np.cumsum(is_new_run) - 1
    run_start = np.flatnonzero(is_new_run)
    group_start = np.flatnonzero(is_new_group)
    before = run_start - group_start[np.cumsum(is_new_group)[run_start] - 1]
    share = np.clip((n - before) / np.bincount(run), 0.0, 1.0)
    flags = np.empty_like(scores)
    flags[order] = share[run]
    size = np.bincount(group)
    return FlaggedDays(flags, np.minimum(1.0, n / size[group]))


def staff_metrics(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    day: npt.ArrayLike,
    team: npt.ArrayLike | None = None,
    n: int = FLAGS_A_DAY,
) -> StaffMetrics:
    """Precision and day recall of flagging the `n` highest of each squad and day.

    Returns:
        NaN where nothing was flagged, or nothing was positive.
    """
    labels, scores = checked(y, p)
    flagged = flag_highest(scores, day, team, n)
    ones = np.ones_like(labels)
    squad_days = _squad_days(as_days(day), team)
    return StaffMetrics(
        precision=prepare_ratio(flagged.flags * labels, flagged.flags)(ones),
        day_recall=prepare_ratio(flagged.flags * labels, labels)(ones),
        random_precision=prepare_ratio(flagged.random * labels, flagged.random)(ones),
        random_day_recall=prepare_ratio(flagged.random * labels, labels)(ones),
        flags_per_day=float(flagged.flags.sum()) / max(1, np.unique(squad_days).size),
    )


def _squad_days(day: Days, team: npt.ArrayLike | None) -> IntArray:
    """A number for each squad and day."""
    _, day_code = np.unique(day, return_inverse=True)
    if team is None:
        return np.asarray(day_code, dtype=np.intp)
    team_code, _ = coded(team)
    _, code = np.unique(team_code * (day_code.max(initial=0) + 1) + day_code, return_inverse=True)
    return np.asarray(code, dtype=np.intp)
