"""Answers for athletes that the model never saw, beside those of the simple rules."""

from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.mlops.splits import Split, split_grouped
from sports_assets.models.readiness.errors import ReadinessError
from sports_assets.models.readiness.features import ReadinessRows
from sports_assets.models.readiness.fit import fit_rows
from sports_assets.models.readiness.model import ReadinessModel, ReadinessSettings
from sports_assets.models.readiness.predict import predict_rows

if TYPE_CHECKING:
    import pandas as pd

FOLDS: Final = 5
#: Of one athlete alone the first so much is fitted on, and what follows tested.
_FIRST_SHARE: Final = 0.6
#: Held-out months: every fourth one, four times.
_MONTH_GROUPS: Final = 4
NOTHING_TO_TEST: Final = (
    "no day has enough answers before it and one on the day after: nothing can be tested; give a "
    "longer history"
)


def splits_of(rows: ReadinessRows, *, folds: int, seed: int, months_too: bool) -> list[Split]:
    """Who is tested by a fit on whom.

    Args:
        rows: scorable ones.
        folds: of athletes; one athlete alone is split forward in time.
        seed: decides who comes into which fold.
        months_too: also the tested months are left out of the fit: all athletes of a day share its
            session, so that a model could learn the days instead of what makes them.
    """
    athletes = rows.rows["athlete_id"].to_numpy(str)
    day = rows.rows["day"]
    if len(np.unique(athletes)) == 1:
        cut = day.sort_values().iloc[int(_FIRST_SHARE * len(rows))]
        # The answer of a row comes a day later: it must have come before the first tested day.
        before = np.flatnonzero((day + np.timedelta64(1, "D") < cut).to_numpy(bool))
        after = np.flatnonzero((day >= cut).to_numpy(bool))
        return [Split(f"forward in time, from {cut:%Y-%m-%d}", before, after)]
    grouped = list(split_grouped(athletes, folds, seed))
    if not months_too:
        return grouped
    group = (12 * day.dt.year + day.dt.month).to_numpy(np.intp) % _MONTH_GROUPS
    return [
        Split(
            f"{split.name}, months {number + 1}",
            split.fit[group[split.fit] != number],
            split.test[group[split.test] == number],
        )
        for split in grouped
        for number in range(_MONTH_GROUPS)
    ]


def held_out_answers(
    rows: ReadinessRows, splits: list[Split], settings: ReadinessSettings, *, seed: int
) -> "pd.DataFrame":
    """Answers of the model and of the rules for each tested row.

    Returns:
        athlete_id, day, target, persistence, half_and_half, readiness, readiness_mean, low, high.

    Raises:
        ReadinessError: too few rows to fit on.
    """
    import pandas as pd

    told = []
    for split in splits:
        if split.test.size:
            model = fit_rows(rows.at(split.fit), settings, seed=seed)
            told.append(answers_of(model, rows.at(split.test)))
    if not told:
        raise ReadinessError(NOTHING_TO_TEST)
    return pd.concat(told, ignore_index=True)


def answers_of(model: ReadinessModel, rows: ReadinessRows) -> "pd.DataFrame":
    """What a fitted model and the rules answer on scorable rows; see `held_out_answers`."""
    if not len(rows):
        raise ReadinessError(NOTHING_TO_TEST)
    last, mean = rows.rows["last"], rows.rows["mean_28d"]
    told = rows.rows[["athlete_id", "day", "target"]].assign(
        persistence=last, half_and_half=0.5 * mean + 0.5 * last
    )
    return told.join(predict_rows(model, rows))
