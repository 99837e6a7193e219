"""Tomorrow's answer of each athlete-day: what a screen shows, a mean, an interval, and reasons."""

from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.models.readiness.answers import interval, mean_answer, median_answer
from sports_assets.models.readiness.calibration import MEMORY_D, scores_of, shares_of
from sports_assets.models.readiness.features import (
    LEAST_REPORTS_28D,
    ReadinessRows,
    readiness_rows,
)
from sports_assets.models.readiness.fit import chances_above
from sports_assets.models.readiness.model import ReadinessModel
from sports_assets.models.readiness.reasons import reasons_of
from sports_assets.models.readiness.row_inputs import LONGEST_SINCE_REPORT_D

if TYPE_CHECKING:
    import pandas as pd

PREDICTED: Final = "predicted"
NO_ANSWERS: Final = "no answers yet"
TOO_OLD: Final = f"last answer older than {LONGEST_SINCE_REPORT_D} days"
TOO_FEW: Final = f"fewer than {LEAST_REPORTS_28D} answers in 28 days"


def predict(
    model: ReadinessModel,
    frame: "pd.DataFrame",
    *,
    day: "pd.Timestamp | None" = None,
    since: "pd.Timestamp | None" = None,
) -> "pd.DataFrame":
    """Answers to be expected on the day after each row's, from what is known at its end.

    Args:
        model: a fitted one.
        frame: of `workload.athlete_days.as_athlete_days`: the days to predict from and those
            before them, all athletes of the squad together.
        day: predict from this day only; None for every row.
        since: predict from this day and those after it; passed over where `day` is given.

    Returns:
        One row an athlete and day of the frame: athlete_id, team, day (from which), outcome
        (`predicted`, or why not), readiness (the median, 1-10: what a screen shows),
        readiness_mean, low, high (of the interval), interval_level, reasons (a tuple of up to three
        sentences). Where nothing is predicted numbers are NaN and reasons empty.

    Raises:
        ReadinessError: nobody answered anything, or an answer is off the scale.
    """
    every = readiness_rows(frame)
    asked = np.ones(len(every), dtype=np.bool_)
    lately = asked
    first = day if day is not None else since
    if first is not None:
        # How long before the first day; the days whose answers an interval learns from.
        age_d = (first - every.rows["day"]).dt.days.to_numpy(np.float64)
        asked = age_d == 0 if day is not None else age_d <= 0
        lately = (age_d <= MEMORY_D) & ((age_d >= 0) | asked)
    rows = every.take(asked)
    is_known = rows.enough_known()
    result = rows.rows[["athlete_id", "team", "day"]].assign(outcome=_outcomes(rows))
    enough = every.enough_known()
    numbers = predict_rows(model, every.take(lately & enough))[asked[lately & enough]]
    known = rows.take(is_known)
    for name in numbers.columns:
        result[name] = np.nan
        result.loc[is_known, name] = numbers[name].to_numpy(np.float64)
    result["interval_level"] = model.settings.interval_level
    reasons: list[tuple[str, ...]] = [()] * len(rows)
    for at, told in zip(np.flatnonzero(is_known), reasons_of(model, known), strict=True):
        reasons[at] = told
    result["reasons"] = reasons
    return result


def predict_rows(model: ReadinessModel, rows: ReadinessRows) -> "pd.DataFrame":
    """readiness, readiness_mean, low and high of rows of which enough is known.

    A row's interval learns from the answers that followed the athlete's earlier rows, so give them,
    `calibration.MEMORY_D` days of them.
    """
    import pandas as pd

    above = chances_above(model.booster(), rows)
    shares = shares_of(
        scores_of(above, rows.rows["target"].to_numpy(np.float64)),
        rows.rows["athlete_id"].to_numpy(str),
        rows.rows["day"].to_numpy(),
        model.interval_scores,
        model.settings.interval_level,
    )
    low, high = interval(above, shares)
    return pd.DataFrame(
        {
            "readiness": median_answer(above).astype(np.float64),
            "readiness_mean": mean_answer(above),
            "low": low.astype(np.float64),
            "high": high.astype(np.float64),
        }
    )


def _outcomes(rows: ReadinessRows) -> list[str]:
    since = rows.rows["days_since_report"].to_numpy(np.float64)
    return [
        PREDICTED if is_known else NO_ANSWERS if np.isnan(days) else _why(days)
        for is_known, days in zip(rows.enough_known(), since, strict=True)
    ]


def _why(days: float) -> str:
    return TOO_OLD if days > LONGEST_SINCE_REPORT_D else TOO_FEW
