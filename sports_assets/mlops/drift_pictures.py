"""Pictures of a drift report: control charts of what moved, and injuries against expectation."""

import math
from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from sports_assets.mlops.control_chart import standard_error
from sports_assets.mlops.drift_charts import DriftSettings, chart_week, history_of, judged_weeks
from sports_assets.mlops.drift_findings import Finding
from sports_assets.mlops.performance import DailyOnsets, PerformanceSettings, alarms_of, charts_of
from sports_assets.mlops.planned_weeks import WeekPlan
from sports_assets.mlops.profiles import WeekProfile
from sports_assets.reports.svg import INK, Picture, new_figure, page_style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Charts on one report; what moved most comes first.
MOST_CHARTS: Final = 6
_MONTHS_WITH_ROOM: Final = 9
_RANK: Final = {"ok": 0, "watch": 1, "act": 2}


def most_moved(findings: Sequence[Finding], most: int = MOST_CHARTS) -> list[str]:
    """Columns worth a picture, gravest first: verdicts above ok, and what was expected."""
    moved = [
        one
        for one in findings
        if one.statistic == "own_shift" and (one.verdict != "ok" or one.kind == "expected")
    ]
    moved.sort(key=lambda one: (-_RANK[one.verdict], -abs(one.value or 0.0), one.subject))
    return list(dict.fromkeys(one.subject for one in moved))[:most]


def control_chart(
    profiles: Sequence[WeekProfile],
    column: str,
    *,
    week: date,
    reference: Collection[date],
    plan: WeekPlan | None,
    settings: DriftSettings | None = None,
) -> Picture | None:
    """A column's weeks against the athletes' own norms, with the limits of a single week.

    Arguments as in `drift.judge_week`. None with too few reference weeks for a chart.
    """
    settings = settings or DriftSettings()
    history = history_of(profiles, reference, plan)
    charted = next(
        (
            one
            for one in chart_week(history, week, settings)
            if one.column == column and one.statistic == "own_shift"
        ),
        None,
    )
    if charted is None or charted.chart is None:
        return None
    chart = charted.chart
    weeks = sorted(one for one in history.weeks if one <= week)
    shifts = {one: history.value(column, one, "own_shift") / charted.unit for one in weeks}
    limit = charted.act_at * standard_error(chart, 1)
    of_reference, judged = set(history.reference), set(judged_weeks(history, week))
    with page_style():
        figure = new_figure(150.0)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.11, right=0.98, top=0.87, bottom=0.19)
        axes.axhline(chart.middle, color=INK["muted"], linewidth=1)
        for side in (-limit, limit):
            axes.axhline(
                chart.middle + side, color=INK["zone-5"], linewidth=1, linestyle=(0, (4, 3))
            )
        others = [one for one in weeks if one not in of_reference and one not in judged]
        for group, marker, ink in (
            ([one for one in weeks if one in of_reference], "o", "muted"),
            (others, "x", "muted"),
            ([one for one in weeks if one in judged], "D", "ink"),
        ):
            axes.plot(
                _places(group), [shifts[one] for one in group],
                linestyle="none", marker=marker, markersize=3.5, color=INK[ink],
            )  # fmt: skip
        axes.set_title(
            f"{column}, SD from own norms", loc="left", fontsize=10.5, color=INK["muted"], pad=4
        )
        _date_axis(axes, weeks)
        svg = to_svg(
            figure, f"drift-{column}", _chart_alt(column, shifts.get(week, math.nan), week, limit)
        )
    return Picture(
        column,
        svg,
        "Each mark is a week of the squad against the athletes' own norms. Dots: reference; "
        "diamonds: judged now; crosses: pauses of the fixture list, and older weeks. Beyond the "
        "dashed lines a single week is act; several weeks in a row are held to narrower ones.",
    )


def observed_and_expected(
    daily: DailyOnsets, settings: PerformanceSettings | None = None
) -> Picture | None:
    """Injuries so far beside the number expected, and the CUSUM for a higher hazard below.

    None where nothing was expected yet.
    """
    if not daily.expected.sum() > 0:
        return None
    import numpy as np

    course, _, _ = charts_of(daily, settings or PerformanceSettings())
    observed, expected = np.cumsum(daily.onsets), np.cumsum(daily.expected)
    at = _places(daily.days)
    alarms = alarms_of(course, daily.days)
    with page_style():
        figure = new_figure(240.0)
        upper, lower = figure.subplots(2, 1, sharex=True)
        figure.subplots_adjust(left=0.1, right=0.98, top=0.92, bottom=0.12, hspace=0.4)
        upper.set_title("Injuries so far", loc="left", fontsize=10.5, color=INK["muted"], pad=4)
        upper.step(at, observed, where="post", color=INK["ink"], linewidth=1.6)
        upper.plot(at, expected, color=INK["home"], linewidth=1.4, linestyle=(0, (5, 2)))
        upper.annotate(
            "expected", (at[-1], expected[-1]), color=INK["home"], ha="right", va="top",
            xytext=(0, -6), textcoords="offset points", fontsize=10.5,
        )  # fmt: skip
        lower.set_title("CUSUM", loc="left", fontsize=10.5, color=INK["muted"], pad=4)
        lower.plot(at, course.level, color=INK["ink"], linewidth=1.4)
        lower.axhline(course.limit, color=INK["zone-5"], linewidth=1, linestyle=(0, (4, 3)))
        for day in alarms:
            lower.axvline(day.toordinal(), color=INK["zone-5"], linewidth=0.8)
        lower.set_ylim(bottom=0)
        for axes in (upper, lower):
            axes.grid(axis="y")
        _date_axis(lower, daily.days)
        alt = (
            f"{observed[-1]:.0f} injuries where {expected[-1]:.1f} were expected, "
            f"{daily.days[0].isoformat()} to {daily.days[-1].isoformat()}; "
            f"{len(alarms)} alarms of the CUSUM"
        )
        svg = to_svg(figure, "observed-expected", alt)
    return Picture(
        "Injuries against expectation",
        svg,
        "Line: injuries that began. Dashed: the sum of what the model expected. The CUSUM starts "
        "anew after it has crossed the dashed limit.",
    )


def _places(days: Sequence[date]) -> list[float]:
    """Days on an axis of numbers."""
    return [float(day.toordinal()) for day in days]


def _date_axis(axes: "Axes", days: Sequence[date]) -> None:
    """First days of months, so many that their names have room; with the year in January."""
    first, last = days[0], days[-1]
    months = range(12 * first.year + first.month, 12 * last.year + last.month)
    step = max(1, math.ceil(len(months) / _MONTHS_WITH_ROOM))
    starts = [date(month // 12, month % 12 + 1, 1) for month in months if month % step == 0]
    axes.set_xticks(
        _places(starts),
        [f"{day:%b}\n{day:%Y}" if day.month <= step else f"{day:%b}" for day in starts],
    )
    axes.set_xlim(first.toordinal() - 4, last.toordinal() + 4)


def _chart_alt(column: str, last: float, week: date, limit: float) -> str:
    where = "unknown" if math.isnan(last) else f"{last:+.2f} SD from own norms"
    return (
        f"Control chart of {column}: the week of {week.isoformat()} lies {where}; a single week is "
        f"act beyond {limit:.2f} SD"
    )
