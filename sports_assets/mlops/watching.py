"""What is looked at each week: profiles of what models read and say, and whether they still hold.

Belongs here: which weeks, which columns, which reference. The rules stand in `drift` and
`performance`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from resources.profiler import Profiler
from sports_assets.mlops.drift import judge_week
from sports_assets.mlops.drift_findings import Finding
from sports_assets.mlops.estimated_drift import judge_estimates
from sports_assets.mlops.estimated_performance import estimate_performance
from sports_assets.mlops.own_norms import monday
from sports_assets.mlops.performance import DailyOnsets, daily_onsets, judge_performance
from sports_assets.mlops.planned_weeks import WeekPlan, plan_weeks
from sports_assets.mlops.profiles import WeekProfile, week_profiles

if TYPE_CHECKING:
    import pandas as pd

_WEEK: Final = timedelta(days=7)
#: Weeks of a champion's own predictions that later ones are held against.
_FIRST_SAID_WEEKS: Final = 22
#: Weeks before the champion's last day that it is held against, at most: two seasons, as the spread
#: of one is known too badly for a limit that is both low and seldom reached by chance.
REFERENCE_WEEKS: Final = 90
#: Weeks that are profiled again when new days are told: corrections come late.
_AGAIN_WEEKS: Final = 3
#: Weeks that are profiled when nothing was: reference, and what norms need before it.
_FIRST_WEEKS: Final = 105


def last_whole_week(newest: date) -> date:
    """Monday of the last week that is over when `newest` is the newest day."""
    return monday(newest + timedelta(days=1)) - _WEEK


def weeks_to_profile(newest: date, profiled: Collection[date]) -> list[date]:
    """Mondays to be profiled: those that are not, and the latest again."""
    last = last_whole_week(newest)
    first = last - _FIRST_WEEKS * _WEEK
    if profiled:
        first = max(first, min(max(profiled) - _AGAIN_WEEKS * _WEEK, last))
    return [first + n * _WEEK for n in range((last - first).days // 7 + 1)]


def profile_weeks(
    frame: "pd.DataFrame",
    columns: Sequence[str],
    profiler: Profiler,
    *,
    set_name: str,
    profiled: Collection[date],
    newest: date,
    plan: WeekPlan | None,
) -> list[WeekProfile]:
    """Profiles of one set's weeks that want one.

    Args:
        frame: athlete_id, day and `columns`.
        profiled: Mondays that have a profile.
        newest: the newest day of the squads.
        plan: whose unusual weeks are no norm.
    """
    return week_profiles(
        frame, profiler, set_name=set_name, columns=columns,
        weeks=weeks_to_profile(newest, profiled), unusual=plan.unusual if plan else (),
    )  # fmt: skip


def plan_of_squads(
    fixtures: "pd.DataFrame", teams: Sequence[str], first: date, last: date
) -> WeekPlan | None:
    """The plan of the one team there is; of several no week is like another, and none is told."""
    if len(teams) != 1:
        return None
    days = fixtures.loc[fixtures["team"] == teams[0], "day"].dt.date
    return plan_weeks(days, first, last) if len(days) else None


def reference_weeks(trained_through: date) -> list[date]:
    """Mondays of the weeks that a champion is held against: those it learned from last."""
    learned = last_whole_week(trained_through)
    return [learned - n * _WEEK for n in range(REFERENCE_WEEKS)]


@dataclass(frozen=True)
class Watched:
    """One model and what is held against it.

    Attributes:
        name: of the model.
        trained_through: last day that its champion learned from.
        columns: of the feature table that it reads.
        prediction: key of its table, and the column that it says.
    """

    name: str
    trained_through: date
    columns: tuple[str, ...]
    prediction: tuple[str, str]


def judge_model(
    one: Watched,
    profiles: Sequence[WeekProfile],
    *,
    features_key: str,
    week: date,
    plan: WeekPlan | None,
    profiler: Profiler | None,
) -> list[Finding]:
    """Findings on what a model reads and says, in one week that is over."""
    learned = last_whole_week(one.trained_through)
    reference = reference_weeks(one.trained_through)
    if week <= learned:
        return []
    read = [p for p in profiles if p.set_name == features_key and p.column in one.columns]
    key, column = one.prediction
    said = [p for p in profiles if p.set_name == key and p.column == column]
    found = judge_week(
        read, model=one.name, week=week, reference=reference, plan=plan, profiler=profiler
    )
    # What a champion says has no weeks before itself: its own first weeks are the reference.
    first_said = sorted({p.week for p in said if p.week > learned})[:_FIRST_SAID_WEEKS]
    if said and week not in first_said:
        found += judge_week(
            said, model=one.name, week=week, reference=first_said, plan=plan,
            subject_kind="prediction", profiler=profiler,
        )  # fmt: skip
    return found


def judge_risk(
    name: str,
    predictions: "pd.DataFrame",
    onsets: "pd.DataFrame",
    *,
    newest: date,
    week: date,
    plan: WeekPlan | None,
) -> tuple[list[Finding], DailyOnsets | None]:
    """Findings on injuries against those expected, and on what is to be expected of the week's
    predictions before their labels close.

    Args:
        predictions: athlete_id, day, probability: as they were said, by whichever champion.
        onsets: athlete_id, day.
        newest: up to which day injuries are known.
        week: Monday of the last week that is over.
        plan: of the one team; None of several.
    """
    if predictions.empty:
        return [], None
    daily = daily_onsets(predictions, onsets, newest)
    found = judge_performance(daily, model=name)
    mondays = predictions["day"].dt.date.map(monday)
    estimates = {
        one: estimate_performance(part.to_numpy())
        for one, part in predictions["probability"].groupby(mondays)
    }
    reference = [one for one in estimates if one < week - _WEEK]
    found += judge_estimates(estimates, model=name, week=week, reference=reference, plan=plan)
    return found, daily
