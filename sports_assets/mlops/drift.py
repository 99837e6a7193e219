"""Has what a model reads, or says, moved away from what it was made of? From weekly profiles alone.

The rule, and its reason. What decides is how the squad's week lies against the athletes' own norms
(`own_norms`), held against the same figure of the reference weeks by a control chart that knows
their autocorrelation and the fixture list (`control_chart`). Its answer counts alarms: `act` where
so large a deviation would come by chance less than once in two stable seasons, over all columns
together. PSI and KS of the same sketches stand beside and decide nothing: the customary bands (0.1
and 0.25) are for independent rows, and 25 athletes' weeks leave them by chance; p-values of rows
are worse. A change of spread alone, the squad's mean unmoved, shows in PSI and not in the verdict.
What moved is then told apart (`drift_kinds`).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from resources.profiler import Profiler
from sports_assets.mlops.control_chart import LEAST_REFERENCE
from sports_assets.mlops.drift_charts import (
    DriftSettings,
    SetHistory,
    chart_week,
    history_of,
)
from sports_assets.mlops.drift_findings import Finding, SubjectKind
from sports_assets.mlops.drift_kinds import Explained, explain
from sports_assets.mlops.own_norms import WEEK_D
from sports_assets.mlops.planned_weeks import WeekPlan
from sports_assets.mlops.profiles import WeekProfile
from sports_assets.mlops.sketch_distances import PSI_ACT, PSI_WATCH, Mixture, ks, psi


def judge_week(
    profiles: Sequence[WeekProfile],
    *,
    model: str,
    week: date,
    reference: Collection[date],
    plan: WeekPlan | None,
    subject_kind: SubjectKind = "input",
    settings: DriftSettings | None = None,
    profiler: Profiler | None = None,
) -> list[Finding]:
    """Judge one week of one set.

    Args:
        profiles: of one set: the reference weeks, and the weeks since, this one included; texts
            are passed over.
        model: that the findings are of.
        week: Monday of a week that is over.
        reference: Mondays of weeks that the model was made of; six usual ones at least.
        plan: of the team's fixture list, from before the reference on; unusual weeks are no
            reference, and are not judged. None: every week is like every other.
        subject_kind: `input` or `prediction`.
        settings: the operating point.
        profiler: that made the sketches; left out, PSI and KS are not computed.

    Returns:
        By column: findings of `own_shift` and `own_missing_shift`, values and thresholds in
        standard errors of the reference; and with a profiler `psi` and `ks`.
    """
    settings = settings or DriftSettings()
    history = history_of(profiles, reference, plan)
    day = week + timedelta(days=WEEK_D - 1)
    findings = []
    for one in explain(history, week, chart_week(history, week, settings)):
        charted = one.charted
        finding = Finding(
            model=model,
            day=day,
            subject_kind=subject_kind,
            subject=charted.column,
            statistic=charted.statistic,
            value=charted.found.score if charted.found else None,
            threshold=None if math.isnan(charted.act_at) else charted.act_at,
            verdict=one.verdict,
            kind=one.kind,
            reason=_reason(history, week, one, settings),
        )
        findings.append(finding)
        if profiler is not None and charted.statistic == "own_missing_shift":
            findings += _distances(history, finding, week, profiler)
    return findings


def _reason(history: SetHistory, week: date, one: Explained, settings: DriftSettings) -> str:
    charted, found = one.charted, one.charted.found
    if charted.chart is None:
        return (
            f"{len(history.reference)} usual reference weeks with profiles; at least "
            f"{LEAST_REFERENCE} with norms of the athletes are needed"
        )
    if not history.is_usual(week):
        return "a week in a pause of the fixture list is not compared"
    if found is None:
        return "no athlete has a norm and enough known days in this week"
    weeks = "the week lies" if found.window == 1 else f"the last {found.window} weeks lie"
    if charted.statistic == "own_shift":
        what = f"{weeks} {found.shift:+.2f} SD ({found.shift * charted.unit:+.3g}) from own norms"
    else:
        what = f"{weeks} {100 * found.shift:+.0f} points of missing share from own norms"
    words = (
        f"{what}: {found.score:+.1f} standard errors of {charted.chart.weeks} reference weeks, "
        f"{charted.act_at:.1f} is act; by chance {_times(found.by_chance)} a stable season"
    )
    if one.because:
        return f"{words}; {one.because}"
    large = abs(found.score) >= charted.act_at
    if one.verdict == "ok" and large:
        return f"{words}; smaller than {settings.smallest(charted.statistic):g}, so not acted on"
    return words


def _times(by_chance: float) -> str:
    return "more than once" if by_chance > 1 else f"{by_chance:.2g} times"


def _distances(history: SetHistory, like: Finding, week: date, profiler: Profiler) -> list[Finding]:
    """PSI and KS of the week against the reference, beside what decides."""
    column = like.subject
    now = history.rows.get((column, week))
    before = [
        profiler.read(row.sketch)
        for earlier in history.reference
        if (row := history.rows.get((column, earlier))) is not None
    ]
    if now is None or not before:
        return []
    old, new = Mixture(before, column), Mixture([profiler.read(now.sketch)], column)
    index, distance = psi(old, new), ks(old, new)
    band = "above" if index >= PSI_ACT else "between" if index >= PSI_WATCH else "below"
    words = f"{band} the customary {PSI_WATCH:g} and {PSI_ACT:g}; decides nothing"
    beside = replace(like, threshold=None, verdict="ok", kind="none")
    return [
        replace(beside, statistic=name, value=None if math.isnan(value) else value, reason=reason)
        for name, value, reason in (
            ("psi", index, words),
            ("ks", distance, "largest distance of the distribution functions; decides nothing"),
        )
    ]
