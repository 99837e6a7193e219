"""A club's history as rows to fit on and to be judged on: features, closed labels, who and when."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.rows import Days, EvaluationError, FloatArray
from sports_assets.mlops.splits import time_cuts
from sports_assets.models.injury_risk import rule
from sports_assets.models.injury_risk.features import matrix
from sports_assets.models.injury_risk.fit import LEAST_INJURIES, Rows, TooFewInjuriesError, rows_of
from sports_assets.models.injury_risk.seasons import in_season, season_starts
from sports_assets.workload.features import workload_features
from sports_assets.workload.labels import injury_within, is_scored
from sports_assets.workload.load_features import Start, start_of

if TYPE_CHECKING:
    import pandas as pd

HORIZON_D: Final = 7
#: What the start of an athlete's averages weighs against days told: it steadies the first of them.
START_WEIGHT: Final = 0.2
#: Shorter histories have no later part to be judged on, d.
LEAST_HISTORY_D: Final = 90


@dataclass(frozen=True)
class History:
    """Scored rows with closed labels, arrays with one entry a row, by athlete and day.

    Attributes:
        rows: inputs, labels, athletes as numbers, days.
        athlete_id, team: names.
        onset: whether an injury began on the row's day or since the row before; see `_onsets`.
        points: of the simple rule.
        start: constants of the days before the first cut.
        cuts: days from which rows are judged.
        kept: which of the athlete-days the rows are.
    """

    rows: Rows
    athlete_id: npt.NDArray[np.object_]
    team: npt.NDArray[np.object_]
    onset: FloatArray
    points: FloatArray
    start: Start
    cuts: tuple[np.datetime64, ...]
    kept: npt.NDArray[np.bool_]

    def features(
        self, days: "pd.DataFrame", fixtures: "pd.DataFrame", start: Start
    ) -> "pd.DataFrame":
        """Features of the same rows by other constants, as a model of before assumes them."""
        return workload_features(days, fixtures, start).loc[self.kept]

    @property
    def first_rate(self) -> float:
        """Share of positive rows before the first cut: what was known then."""
        before = self.rows.days + np.timedelta64(HORIZON_D, "D") < self.cuts[0]
        return float(self.rows.labels[before].mean())


def history_of(days: "pd.DataFrame", fixtures: "pd.DataFrame") -> History:
    """Rows of a history: available athletes, in season, with a closed label.

    Args:
        days: athlete-days of `as_athlete_days`.
        fixtures: the published plan, or `fixtures_of(days)`.

    Raises:
        TooFewInjuriesError: nothing to learn from.
        EvaluationError: too short to be judged later than fitted.
    """
    _require(days)
    labels = injury_within(days, HORIZON_D).to_numpy(np.float64)
    kept = closed_rows(days, labels) & is_scored(days).to_numpy(bool) & in_season(days, fixtures)
    if not kept.any():
        raise EvaluationError("no row is to be scored: everybody is injured, or nobody trains")
    every_day = days["day"].to_numpy().astype("datetime64[D]")
    cuts = _cuts(every_day[kept], season_starts(fixtures))
    start = start_of(days.loc[every_day < cuts[0]], START_WEIGHT)
    features = workload_features(days, fixtures, start).loc[kept]
    athlete = days["athlete_id"].to_numpy(object)[kept]
    rows = rows_of(matrix(features), labels[kept], athlete, every_day[kept])
    if rows.injuries < LEAST_INJURIES:
        raise TooFewInjuriesError(
            f"{rows.injuries} injuries behind rows that are scored (available, in season): at "
            f"least {LEAST_INJURIES} are needed; give a longer history"
        )
    return History(
        rows=rows,
        athlete_id=athlete,
        team=days["team"].to_numpy(object)[kept],
        onset=_onsets(days, kept),
        points=rule.points(features),
        start=start,
        cuts=cuts,
        kept=kept,
    )


def in_usual_units(days: "pd.DataFrame") -> "pd.DataFrame":
    """The same days with a club's own measure of load brought near to RPE × minutes.

    Ratios of loads have a calm of 20 au in them. A club that counts in other units, whose usual day
    is less than half or more than twice of ours, has its loads multiplied by one number; it is
    taken of the first quarter of the days, which is never judged.
    """
    first, last = days["day"].min(), days["day"].max()
    early = days.loc[days["day"] <= first + (last - first) / 4]
    usual, ours = start_of(early).load_au, Start().load_au
    if 0.5 <= usual / ours <= 2:  # noqa: PLR2004 - half and twice
        return days
    return days.assign(load_au=days["load_au"] * (ours / usual))


def _require(days: "pd.DataFrame") -> None:
    if days["athlete_id"].nunique() < 2:  # noqa: PLR2004 - one athlete
        raise TooFewInjuriesError(
            "one athlete only: a risk is learned from others; give the whole squad"
        )
    injuries = int(days["injury_start"].sum())
    if injuries < LEAST_INJURIES:
        raise TooFewInjuriesError(
            f"{injuries or 'no'} time-loss injuries (injury_start) in the history: below "
            f"{LEAST_INJURIES} no risk can be told from chance; give a longer one"
        )
    length = (days["day"].max() - days["day"].min()).days + 1
    if length < LEAST_HISTORY_D:
        raise EvaluationError(
            f"the history has {length} days: at least {LEAST_HISTORY_D} are needed to fit on the "
            "first and to judge on later ones"
        )


def closed_rows(days: "pd.DataFrame", labels: FloatArray) -> npt.NDArray[np.bool_]:
    """Rows whose seven days are over; before, only an injury closes a label: all would be 1."""
    left = days.groupby("athlete_id", sort=False).cumcount(ascending=False).to_numpy()
    return np.asarray(np.isfinite(labels) & (left >= HORIZON_D))


def _cuts(day: Days, starts: Days) -> tuple[np.datetime64, ...]:
    cuts = time_cuts(day, starts)
    judged = float((day >= cuts[0]).mean())
    # A last season of a few weeks alone would be judged by a handful of injuries.
    return cuts if judged >= 0.2 else time_cuts(day)  # noqa: PLR2004


def _onsets(days: "pd.DataFrame", kept: npt.NDArray[np.bool_]) -> FloatArray:
    """Injuries since the athlete's row before, so that none is lost with the rows between."""
    begun = np.cumsum(days["injury_start"].to_numpy(np.float64))[kept]
    athlete = days["athlete_id"].to_numpy(object)[kept]
    onset = np.diff(begun, prepend=0.0)
    onset[1:][athlete[1:] != athlete[:-1]] = 0.0
    onset[:1] = 0.0
    return np.asarray(onset, np.float64)
