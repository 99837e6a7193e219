"""How good was the model, as labels arrive: injuries against the expected number, day by day.

An onset counts on the day it happens, against the rate that the champion's last probabilities
promised for that day (a seventh of a week's), not seven days later when the label of the week
closes. What decides is a CUSUM for a doubled hazard (`poisson_cusum`), with a limit by the false
alarms that a stable season may have; observed/expected with its exact interval is told beside it.

What is possible. With 25 athletes and 0.75 injuries a week a doubled hazard is found within 29 days
(median) at one false alarm a season, and within 21 days only at two; no rule does much better, the
information is not there. Three weeks at one false alarm take about 1.4 injuries a week, a squad of
about 47. So `act` stands at 0.3 false alarms a season (median 46 days), which leaves the inputs
their part of one, and `watch` at two, where the median is three weeks: it is shown, and trains
nothing.

It stands on calibration: where 1.2 times as many injuries come as expected, a season in which
nothing changed has 0.8 false alarms and not 0.3. Squads whose athletes grow older and are hurt
again come near that, though their level follows closed labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sports_assets.mlops.drift_findings import Finding, Verdict
from sports_assets.mlops.poisson_cusum import Course, limit_for, run_cusum

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

HORIZON_D: Final = 7
#: Onsets before which observed/expected is not worth an opinion.
_LEAST_EXPECTED: Final = 0.5


@dataclass(frozen=True)
class PerformanceSettings:
    """The operating point, by what a stable season may have.

    Attributes:
        ratio: hazard against the expected one that is looked for.
        false_alarms: `act` for a higher hazard, a season.
        false_watches: `watch`, likewise.
        lower_ratio: lower hazard that is looked for.
        lower_false_alarms: `act` for it, a season. A halved hazard is slow to show, and hurts less.
        season_d: days of a season.
    """

    ratio: float = 2.0
    false_alarms: float = 0.3
    false_watches: float = 2.0
    lower_ratio: float = 0.5
    lower_false_alarms: float = 0.05
    season_d: int = 315


@dataclass(frozen=True)
class DailyOnsets:
    """A squad's days, in order, without gaps; arrays (days,).

    Attributes:
        days: of the calendar.
        onsets: injuries that began.
        expected: by the probabilities of the evening before.
    """

    days: tuple[date, ...]
    onsets: FloatArray
    expected: FloatArray


def daily_onsets(
    predictions: "pd.DataFrame", onsets: "pd.DataFrame", last_day: date, horizon_d: int = HORIZON_D
) -> DailyOnsets:
    """Injuries and what the champion expected, by day.

    The probability p of an injury in the days t+1..t+7, said on the evening of t, expects
    −ln(1 − p)/7 onsets on t+1, as long as the athlete is not hurt.

    Args:
        predictions: athlete_id, day, probability; one row an athlete and evening, only of athletes
            at risk. Of a day without predictions nothing is known: it expects 0 and counts none.
        onsets: athlete_id, day; one row an injury. One of an athlete whom nothing was said of on
            the evening before does not count.
        last_day: up to which injuries are known.
        horizon_d: days that a probability is about.

    Raises:
        ValueError: a probability is outside of 0..1.
    """
    import pandas as pd

    chances = predictions["probability"].to_numpy(np.float64)
    if not ((chances >= 0) & (chances < 1)).all():
        raise ValueError("probabilities must be known, from 0 to below 1")
    rows = pd.DataFrame(
        {
            "athlete_id": predictions["athlete_id"].astype(str).to_numpy(),
            "day": pd.to_datetime(predictions["day"]).to_numpy() + np.timedelta64(1, "D"),
            "expected": -np.log1p(-chances) / horizon_d,
        }
    )
    rows = rows[rows["day"] <= pd.Timestamp(last_day)]
    if rows.empty:
        return DailyOnsets((), np.zeros(0, np.float64), np.zeros(0, np.float64))
    hurt = pd.DataFrame(
        {
            "athlete_id": onsets["athlete_id"].astype(str).to_numpy(),
            "day": pd.to_datetime(onsets["day"]).to_numpy(),
        }
    )
    counted = hurt.merge(rows, on=["athlete_id", "day"]).groupby("day").size()
    expected = rows.groupby("day")["expected"].sum()
    calendar = pd.date_range(rows["day"].min(), last_day, freq="D")
    return DailyOnsets(
        tuple(day.date() for day in calendar),
        np.asarray(counted.reindex(calendar, fill_value=0), np.float64),
        np.asarray(expected.reindex(calendar, fill_value=0.0), np.float64),
    )


def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a Poisson mean of which `count` were seen (Garwood 1936)."""
    from scipy.stats import chi2

    tail = (1 - level) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2


def judge_performance(
    daily: DailyOnsets,
    *,
    model: str,
    settings: PerformanceSettings | None = None,
    window_d: int = 84,
) -> list[Finding]:
    """Judge the last day of a course of injuries.

    Args:
        daily: since the champion was promoted or last recalibrated.
        model: that the findings are of.
        settings: the operating point.
        window_d: days over which observed/expected is told.

    Returns:
        `cusum_up` and `cusum_down`, which decide, and `observed_expected`, which does not. An alarm
        of the last week still stands.
    """
    settings = settings or PerformanceSettings()
    total = float(daily.expected.sum())
    if total < _LEAST_EXPECTED:
        return []
    last = daily.days[-1]
    observed = float(daily.onsets[-window_d:].sum())
    expected = float(daily.expected[-window_d:].sum())
    words = _ratio_words(observed, expected, min(window_d, len(daily.days)))
    up, watch, down = charts_of(daily, settings)
    sides = (
        ("cusum_up", up, watch, settings.ratio),
        ("cusum_down", down, None, settings.lower_ratio),
    )
    findings = [
        _cusum_finding(
            model, last, subject, course,
            watch=gentle, words=f"for a hazard {ratio:g} times the expected one; {words}",
        )
        for subject, course, gentle, ratio in sides
    ]  # fmt: skip
    beside = Finding(
        model=model,
        day=last,
        subject_kind="performance",
        subject="observed_expected",
        statistic="ratio",
        value=observed / expected if expected > 0 else None,
        threshold=None,
        verdict="ok",
        kind="none",
        reason=f"{words}; decides nothing",
    )
    return [*findings, beside]


def charts_of(daily: DailyOnsets, settings: PerformanceSettings) -> tuple[Course, Course, Course]:
    """The CUSUMs for a higher hazard at the limit of `act`, at that of `watch`, and for a lower
    one."""
    at_risk = daily.expected > 0
    mean = round(float(daily.expected[at_risk].mean()), 3) if at_risk.any() else 0.0
    mean = max(mean, 0.001)
    limits = (
        (settings.ratio, settings.false_alarms),
        (settings.ratio, settings.false_watches),
        (settings.lower_ratio, settings.lower_false_alarms),
    )
    act, watch, lower = (
        run_cusum(
            list(daily.onsets), list(daily.expected), ratio,
            limit_for(mean, ratio, false_alarms, settings.season_d),
        )
        for ratio, false_alarms in limits
    )  # fmt: skip
    return act, watch, lower


def alarms_of(course: Course, days: Sequence[date]) -> list[date]:
    """Days on which a CUSUM reached its limit."""
    return [day for day, hit in zip(days, course.is_alarm, strict=True) if hit]


def stands(course: Course, last_d: int = HORIZON_D) -> bool:
    """Whether there was an alarm in the last days."""
    return bool(course.is_alarm[-last_d:].any())


def _cusum_finding(
    model: str, day: date, subject: str, course: Course, *, watch: Course | None, words: str
) -> Finding:
    verdict: Verdict = "ok"
    if stands(course):
        verdict = "act"
    elif watch is not None and stands(watch):
        verdict = "watch"
    recent = float(course.level[-HORIZON_D:].max()) if stands(course) else float(course.level[-1])
    return Finding(
        model=model,
        day=day,
        subject_kind="performance",
        subject=subject,
        statistic="log_likelihood_ratio",
        value=recent,
        threshold=course.limit,
        verdict=verdict,
        kind="none" if verdict == "ok" else "decay",
        reason=f"CUSUM {recent:.2f}, {course.limit:.2f} is act, {words}",
    )


def _ratio_words(observed: float, expected: float, days: int) -> str:
    low, high = poisson_interval(round(observed))
    if not expected:
        return f"{observed:.0f} injuries in {days} days, none expected"
    return (
        f"{observed:.0f} injuries in {days} days where {expected:.1f} were expected: "
        f"{observed / expected:.2f} ({low / expected:.2f} to {high / expected:.2f})"
    )
