"""Did the performance that is to be expected of a model move? Its weekly estimates, charted."""

import math
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final

from sports_assets.mlops.control_chart import (
    LEAST_REFERENCE,
    WINDOWS,
    deviation,
    fit_chart,
    score_at,
)
from sports_assets.mlops.drift_findings import Finding
from sports_assets.mlops.estimated_performance import EstimatedPerformance
from sports_assets.mlops.own_norms import WEEK_D
from sports_assets.mlops.planned_weeks import WeekPlan

#: Figures that are charted, and the smallest spread of weeks that is believed.
_FLOORS: Final = {"auc": 0.005, "brier": 0.0005, "rate": 0.0005}
_FALSE_WATCHES: Final = 0.2


def judge_estimates(
    estimates: Mapping[date, EstimatedPerformance],
    *,
    model: str,
    week: date,
    reference: Collection[date],
    plan: WeekPlan | None,
) -> list[Finding]:
    """Judge one week of estimated performance.

    Args:
        estimates: of each week's predictions, by its Monday.
        model: that the findings are of.
        week: that is judged.
        reference: Mondays of the weeks that it is held against; six usual ones at least.
        plan: of the fixture list; unusual weeks are neither reference nor judged.

    Returns:
        One finding each of `auc`, `brier` and `rate`, the value in its own unit. `watch` at most:
        an estimate blind to concept drift starts no retraining; what was observed does.
    """

    def is_usual(one: date) -> bool:
        return plan is None or plan.is_usual(one)

    def matches(weeks: list[date]) -> list[float]:
        return [0.0 if plan is None else float(plan.matches.get(one, 0)) for one in weeks]

    now = estimates.get(week)
    if now is None:
        return []
    compared = sorted(one for one in set(reference) & set(estimates) if is_usual(one))
    judged = [week - timedelta(days=WEEK_D * ago) for ago in reversed(range(max(WINDOWS)))]
    judged = [one for one in judged if one in estimates and is_usual(one) and one not in compared]
    findings = []
    for name, floor in _FLOORS.items():
        chart = fit_chart(
            [getattr(estimates[one], name) for one in compared], matches(compared), floor
        )
        value = float(getattr(now, name))
        words = f"{value:.3g} is to be expected if the probabilities are calibrated"
        is_far = False
        if chart is None:
            words += f"; less than {LEAST_REFERENCE} reference weeks to compare with"
        elif week in judged:
            found = deviation(
                chart, [getattr(estimates[one], name) for one in judged], matches(judged),
                len(_FLOORS),
            )  # fmt: skip
            threshold = score_at(chart, _FALSE_WATCHES, len(_FLOORS))
            is_far = found is not None and abs(found.score) >= threshold
            score = 0.0 if found is None else found.score
            words += (
                f"; {chart.middle:.3g} in {chart.weeks} reference weeks, {score:+.1f} standard "
                f"errors away, {threshold:.1f} is watch"
            )
        findings.append(
            Finding(
                model=model,
                day=week + timedelta(days=WEEK_D - 1),
                subject_kind="estimated",
                subject=name,
                statistic="estimate",
                value=None if math.isnan(value) else value,
                threshold=None,
                verdict="watch" if is_far else "ok",
                kind="shift" if is_far else "none",
                reason=words,
            )
        )
    return findings
