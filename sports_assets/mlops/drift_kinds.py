"""Why did it move? What the plan explains, what a new device explains, and what nothing does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sports_assets.mlops.column_families import DEVICE_FAMILIES, Family, family_of
from sports_assets.mlops.device_step import EVERYONE, Step, find_step, share_that_moved
from sports_assets.mlops.drift_charts import Charted, SetHistory, judged_weeks
from sports_assets.mlops.drift_findings import DriftKind, Verdict
from sports_assets.mlops.own_norms import WEEK_D

#: What a break or a congested calendar moves.
_BY_PLAN: Final[tuple[Family, ...]] = ("load", "gnss", "answers", "history", "prediction")
_HISTORY_WORDS: Final = "injuries and returns are held against expectation by performance"
#: Weeks before the judged ones in which a step is looked for too.
_STEP_WEEKS: Final = 4


@dataclass(frozen=True)
class Explained:
    """A chart with its cause.

    Attributes:
        because: of the kind, in words; empty where there is nothing to explain.
    """

    charted: Charted
    verdict: Verdict
    kind: DriftKind
    because: str


def explain(history: SetHistory, week: date, charted: Sequence[Charted]) -> list[Explained]:
    """The cause of each movement of a week.

    In this order: what the fixture list explains is `expected` and no alarm; missing answers are
    `missing`; what a device's columns show for everyone at once, with nothing felt, is a
    `device_change`; all else is a `shift`. A run of injuries or returns moves the columns of injury
    history; whether it is more than was expected, performance tells, so that a shift of these is
    `watch` at most.
    """
    planned = [_planned(history, week, one) for one in charted]
    open_ = [
        one
        for one, words in zip(charted, planned, strict=True)
        if one.verdict != "ok" and not words
    ]
    steps = {
        family: step
        for family in DEVICE_FAMILIES
        if (step := _device_step(history, week, family, open_)) is not None
    }
    explained = []
    for one, words in zip(charted, planned, strict=True):
        step = steps.get(family_of(one.column).family)
        if one.verdict == "ok":
            explained.append(Explained(one, "ok", "none", ""))
        elif words:
            explained.append(Explained(one, "ok", "expected", words))
        elif one.statistic == "own_missing_shift":
            explained.append(
                Explained(one, one.verdict, "missing", "answers or measures stay away")
            )
        elif step is not None:
            explained.append(Explained(one, one.verdict, "device_change", _device_words(step)))
        elif family_of(one.column).family == "history":
            explained.append(Explained(one, "watch", "shift", _HISTORY_WORDS))
        else:
            explained.append(Explained(one, one.verdict, "shift", ""))
    return explained


def _planned(history: SetHistory, week: date, one: Charted) -> str:
    """Why the fixture list explains a movement; empty where it does not."""
    plan = history.plan
    if one.verdict == "ok" or plan is None:
        return ""
    family = family_of(one.column)
    if family.family == "plan":
        return "it is made of the published plan"
    if family.family not in _BY_PLAN or one.statistic != "own_shift":
        return ""
    since = plan.weeks_since_break(week)
    if since is not None and since <= family.memory_weeks:
        ago = "1 week" if since == 1 else f"{since} weeks"
        return f"a break of the fixture list ended {ago} ago, which the column remembers"
    window = judged_weeks(history, week)[-one.found.window :] if one.found else [week]
    if any(plan.is_congested(earlier, history.reference) for earlier in window):
        return "the fixture list is congested, more than in nearly all reference weeks"
    return ""


def _device_step(
    history: SetHistory, week: date, family: Family, open_: Sequence[Charted]
) -> Step | None:
    """The step of a device's columns, where nothing but the device explains it."""
    moved = [
        one
        for one in open_
        if one.statistic == "own_shift" and family_of(one.column).family == family
    ]
    if any(one.statistic == "own_shift" and _is_felt(one) for one in open_):
        return None
    for one in moved:
        own = history.rows[one.column, week].own
        if own is None or share_that_moved(own.shift, own.shift_sd) < EVERYONE:
            continue
        first, days = _days_before(history, one.column, week)
        step = find_step(first, days)
        if step is not None and step.is_sharp:
            return step
    return None


def _is_felt(one: Charted) -> bool:
    """Whether a movement tells that athletes changed: any of their answers, or a load that acts."""
    family = family_of(one.column).family
    return family == "answers" or (family == "load" and one.verdict == "act")


def _days_before(history: SetHistory, column: str, week: date) -> tuple[date, list[float]]:
    """Daily deviations of the judged weeks and some before; NaN for days without."""
    count = len(judged_weeks(history, week)) + _STEP_WEEKS
    first = week - timedelta(days=WEEK_D) * (count - 1)
    days: list[float] = []
    for at in range(count):
        row = history.rows.get((column, first + timedelta(days=WEEK_D * at)))
        own = None if row is None else row.own
        days += [float("nan")] * WEEK_D if own is None else list(own.day_shifts)
    return first, days


def _device_words(step: Step) -> str:
    return (
        f"a step of {step.height:+.3g} on {step.day.isoformat()} for everyone at once, while what "
        "athletes say and do stayed: a new device or its software. Personal norms take the new "
        "level in by themselves; until then deviations of these columns say nothing of athletes"
    )
