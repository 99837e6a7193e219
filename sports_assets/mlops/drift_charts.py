"""The charts of a set of columns for one week: what moved, and how rarely chance does as much."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from sports_assets.mlops.column_families import family_of
from sports_assets.mlops.control_chart import (
    WINDOWS,
    Chart,
    Deviation,
    deviation,
    fit_chart,
    score_at,
)
from sports_assets.mlops.drift_findings import Verdict
from sports_assets.mlops.own_norms import WEEK_D
from sports_assets.mlops.planned_weeks import WeekPlan
from sports_assets.mlops.profiles import WeekProfile

Statistic = Literal["own_shift", "own_missing_shift"]
STATISTICS: Final[tuple[Statistic, ...]] = ("own_shift", "own_missing_shift")
_WEEK: Final = timedelta(days=WEEK_D)
#: Reference weeks that must be left for a column when those that show a break are left out.
_LEAST_KEPT: Final = 20


@dataclass(frozen=True)
class DriftSettings:
    """The operating point.

    Attributes:
        false_alarms: of `act`, in a stable season, over all columns of a set; an upper bound, as
            columns and windows resemble each other: simulated seasons had half as many.
        false_watches: of `watch`, likewise.
        smallest_shift: shifts below are not worth a retraining, in SD of the reference rows.
        smallest_missing: the same of the share of missing values.
        floor: smallest spread of weekly means that is believed, likewise in SD or share.
        guard: an `act` must exceed the largest deviation among the reference weeks so many times:
            for columns whose weeks have heavier tails than the chart assumes.
        season_weeks: weeks of a season.
    """

    false_alarms: float = 0.5
    false_watches: float = 1.0
    smallest_shift: float = 0.2
    smallest_missing: float = 0.1
    floor: float = 0.05
    guard: float = 1.2
    season_weeks: float = 45

    def smallest(self, statistic: Statistic) -> float:
        """Smallest deviation that is acted on, in the statistic's unit."""
        return self.smallest_shift if statistic == "own_shift" else self.smallest_missing


@dataclass(frozen=True)
class Charted:
    """One statistic of one column, this week.

    Attributes:
        unit: what a deviation of 1 is in the column's unit: its SD over reference rows; 1 of
            shares.
        chart: None with too few reference weeks.
        found: None where this week has no value, or there is no chart.
        act_at: score that is `act`, NaN without a chart.
        verdict: before anything explains it.
    """

    column: str
    statistic: Statistic
    unit: float
    chart: Chart | None
    found: Deviation | None
    act_at: float
    verdict: Verdict


@dataclass(frozen=True)
class SetHistory:
    """Weekly profiles of one set, by column and week.

    Attributes:
        rows: of columns of numbers.
        reference: Mondays of the usual weeks that are compared with, in order.
        plan: of the fixture list; None where there is none.
        weeks: Mondays with any row.
    """

    rows: Mapping[tuple[str, date], WeekProfile]
    reference: Sequence[date]
    plan: WeekPlan | None
    weeks: Collection[date]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that any week has, in order."""
        return tuple(dict.fromkeys(column for column, _ in self.rows))

    def is_usual(self, week: date) -> bool:
        """Whether a week may be compared: where there is a plan, one like others."""
        return self.plan is None or self.plan.is_usual(week)

    def value(self, column: str, week: date, statistic: Statistic) -> float:
        """In the column's unit; NaN of a week without.

        A column that a week's other columns leave behind is missing altogether.
        """
        row = self.rows.get((column, week))
        if row is None or row.own is None:
            is_gone = statistic == "own_missing_shift" and week in self.weeks
            return 1.0 if is_gone else float("nan")
        return row.own.shift if statistic == "own_shift" else row.own.missing_shift

    def matches(self, weeks: Sequence[date]) -> list[float]:
        """Fixtures of weeks; 0 without a plan."""
        plan = {} if self.plan is None else self.plan.matches
        return [float(plan.get(week, 0)) for week in weeks]


def history_of(
    profiles: Sequence[WeekProfile], reference: Collection[date], plan: WeekPlan | None
) -> SetHistory:
    """Profiles put in order; columns of texts are passed over."""
    rows = {(one.column, one.week): one for one in profiles if one.own is not None}
    known = frozenset(week for _, week in rows)
    usual = [week for week in sorted(set(reference) & known) if plan is None or plan.is_usual(week)]
    return SetHistory(rows, usual, plan, known)


def judged_weeks(history: SetHistory, week: date) -> list[date]:
    """The weeks up to this one whose mean is judged: usual, in a row, and not of the reference."""
    found: list[date] = []
    of_reference = set(history.reference)
    while len(found) < max(WINDOWS) and history.is_usual(week) and week not in of_reference:
        found.insert(0, week)
        week -= _WEEK
    return found


def chart_week(history: SetHistory, week: date, settings: DriftSettings) -> list[Charted]:
    """All charts of a week, by column."""
    columns = history.columns
    charts = len(columns) * len(STATISTICS)
    judged = judged_weeks(history, week)
    return [
        _chart(_Series(history, column, statistic), judged, charts, settings)
        for column in columns
        for statistic in STATISTICS
    ]


def pooled_sd(history: SetHistory, column: str) -> float:
    """Standard deviation of the reference rows; 1 where they do not vary or none is known."""
    known, total, square = 0, 0.0, 0.0
    for week in history.reference:
        row = history.rows.get((column, week))
        if row is None or row.mean is None:
            continue
        count = row.n - row.missing
        known += count
        total += count * row.mean
        square += (count - 1) * (row.sd or 0.0) ** 2 + count * row.mean**2
    if known < 2:  # noqa: PLR2004 - a single value has no spread
        return 1.0
    variance = (square - total**2 / known) / (known - 1)
    return float(variance**0.5) if variance > 0 else 1.0


@dataclass(frozen=True)
class _Series:
    """One statistic of one column over weeks."""

    history: SetHistory
    column: str
    statistic: Statistic

    def reference(self) -> Sequence[date]:
        """Reference weeks but for those in which the column still shows a break, which would make
        any spread look usual; all of them where hardly any is left."""
        plan, every = self.history.plan, self.history.reference
        if plan is None:
            return every
        memory = family_of(self.column).memory_weeks
        since = {week: plan.weeks_since_break(week) for week in every}
        kept = [week for week in every if (ago := since[week]) is None or ago > memory]
        return kept if len(kept) >= _LEAST_KEPT else every

    def unit(self) -> float:
        return pooled_sd(self.history, self.column) if self.statistic == "own_shift" else 1.0

    def values(self, weeks: Sequence[date], unit: float) -> list[float]:
        return [self.history.value(self.column, week, self.statistic) / unit for week in weeks]


def _chart(
    series: _Series, judged: Sequence[date], charts: int, settings: DriftSettings
) -> Charted:
    unit = series.unit()
    reference, matches = series.reference(), series.history.matches
    chart = fit_chart(series.values(reference, unit), matches(reference), floor=settings.floor)
    if chart is None:
        return Charted(series.column, series.statistic, unit, None, None, float("nan"), "ok")
    weeks = settings.season_weeks
    act_at = max(
        score_at(chart, settings.false_alarms, charts, weeks), settings.guard * chart.largest
    )
    watch_at = score_at(chart, settings.false_watches, charts, weeks)
    found = deviation(chart, series.values(judged, unit), matches(judged), charts, weeks)
    verdict: Verdict = "ok"
    if found is not None and abs(found.shift) >= settings.smallest(series.statistic):
        score = abs(found.score)
        verdict = "act" if score >= act_at else "watch" if score >= watch_at else "ok"
    return Charted(series.column, series.statistic, unit, chart, found, act_at, verdict)
