"""The page on drift: what moved, whether something is to be done, and pictures of it."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sports_assets.mlops.drift_findings import Finding
from sports_assets.mlops.drift_pictures import control_chart, most_moved, observed_and_expected
from sports_assets.mlops.performance import DailyOnsets
from sports_assets.mlops.planned_weeks import WeekPlan
from sports_assets.mlops.profiles import WeekProfile
from sports_assets.mlops.watching import REFERENCE_WEEKS, reference_weeks
from sports_assets.reports.svg import Picture

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE: Final = Path(__file__).parent
_RANK: Final = {"act": 0, "watch": 1, "ok": 2}


def drift_page(
    findings: Sequence[Finding],
    profiles: Sequence[WeekProfile],
    *,
    week: date,
    plan: WeekPlan | None,
    daily: DailyOnsets | None,
    newest: date,
    learned: date | None,
    is_simulated: bool,
) -> str:
    """The page as HTML that loads nothing from elsewhere. The same findings give the same bytes.

    Args:
        week: Monday of the last week that was judged.
        daily: injuries and what was expected; None where no risk is predicted.
        newest: the newest day of the squads.
        learned: last day that the first of the champions learned from; None of none.
    """
    deciding = [one for one in findings if one.threshold is not None]
    moved = sorted(
        (one for one in deciding if one.verdict != "ok" or one.kind == "expected"),
        key=lambda one: (_RANK[one.verdict], one.model, one.subject),
    )
    return (
        _environment()
        .get_template("drift_page.html.j2")
        .render(
            findings=findings,
            moved=moved,
            acts=[one for one in moved if one.verdict == "act" and one.kind != "expected"],
            judged=len(deciding),
            models=sorted({one.model for one in findings}),
            estimated=[one for one in findings if one.subject_kind == "estimated"],
            performance=[one for one in findings if one.subject_kind == "performance"],
            pictures=_pictures(
                deciding, profiles, week=week, plan=plan, daily=daily, learned=learned
            ),
            week=week,
            newest=newest,
            is_simulated=is_simulated,
            weeks=REFERENCE_WEEKS,
        )
    )


def _pictures(
    findings: Sequence[Finding],
    profiles: Sequence[WeekProfile],
    *,
    week: date,
    plan: WeekPlan | None,
    daily: DailyOnsets | None,
    learned: date | None,
) -> list[Picture]:
    drawn = [observed_and_expected(daily)] if daily is not None else []
    inputs = [one for one in findings if one.subject_kind == "input"]
    sets = [one for one in profiles if one.set_name.startswith("feature/")]
    reference = reference_weeks(learned) if learned else []
    drawn += [
        control_chart(sets, column, week=week, reference=reference, plan=plan)
        for column in (most_moved(inputs) if reference else ())
    ]
    return [one for one in drawn if one is not None]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([_HERE, _HERE.parent / "reports"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
