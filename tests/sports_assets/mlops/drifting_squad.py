"""A squad that drifts, or does not: athletes who differ, days that resemble each other."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from sports_assets.mlops.planned_weeks import WeekPlan, plan_weeks

FIRST = date(2025, 6, 30)
HEART = ("resting_heart_rate_bpm", "ln_rmssd")
ANSWERS = ("readiness", "fatigue", "soreness", "sleep_quality")
LOADS = ("load_au", "minutes", "load_chronic_au")
OTHERS = tuple(f"marker_{number}" for number in range(12))
COLUMNS = (*HEART, *ANSWERS, *LOADS, "age_years", *OTHERS)


@dataclass(frozen=True)
class Season:
    """A frame of athlete-days, days of matches, and the weeks."""

    frame: pd.DataFrame
    fixtures: list[date]
    weeks: list[date]

    @property
    def plan(self) -> WeekPlan:
        return plan_weeks(self.fixtures, self.weeks[0], self.weeks[-1])


def season(seed: int, weeks: int = 90, athletes: int = 25, missing: float = 0.15) -> Season:
    """Stable: between-athlete spread 1, within-athlete AR(1), a squad's common week, a plan.

    Loads go with the week's matches; the chronic load is an average of 28 days; age runs on.
    """
    rng = np.random.default_rng(seed)
    days = weeks * 7
    played = 1 + (rng.random(weeks) < 0.3).astype(int)
    mondays = [FIRST + timedelta(days=7 * at) for at in range(weeks)]
    fixtures = [week + timedelta(days=5) for week in mondays]
    fixtures += [
        week + timedelta(days=2) for week, count in zip(mondays, played, strict=True) if count > 1
    ]
    columns = {}
    for name in COLUMNS:
        noise = rng.normal(size=(athletes, days))
        own = np.zeros((athletes, days))
        for day in range(1, days):
            own[:, day] = 0.7 * own[:, day - 1] + 0.7 * noise[:, day]
        common = np.repeat(rng.normal(0, 0.08, weeks), 7)
        values = rng.normal(size=(athletes, 1)) + 0.7 * own + common
        if name in {"load_au", "minutes"}:
            values = values - 0.25 * np.repeat(played, 7)
        if name == "age_years":
            values = rng.normal(25, 4, (athletes, 1)) + np.arange(days) / 365
        columns[name] = values
    columns["load_chronic_au"] = _average(columns["load_au"])
    for name in (*HEART, *ANSWERS):
        columns[name] = np.where(rng.random((athletes, days)) < missing, np.nan, columns[name])
    calendar = np.datetime64(FIRST) + np.arange(days)
    frame = pd.DataFrame(
        {
            "athlete_id": np.repeat([f"athlete-{number:02d}" for number in range(athletes)], days),
            "day": np.tile(calendar, athletes),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )
    return Season(frame, sorted(fixtures), mondays)


def shifted(stable: Season, columns: dict[str, float], since: date) -> Season:
    """The season with so many SD added to columns from a day on."""
    frame = stable.frame.copy()
    late = (frame["day"] >= np.datetime64(since)).to_numpy()
    for name, size in columns.items():
        frame.loc[late, name] += size * stable.frame[name].std()
    return Season(frame, stable.fixtures, stable.weeks)


def _average(load: np.ndarray) -> np.ndarray:
    smooth = np.empty_like(load)
    smooth[:, 0] = load[:, 0]
    for day in range(1, load.shape[1]):
        smooth[:, day] = smooth[:, day - 1] + 2 / 29 * (load[:, day] - smooth[:, day - 1])
    return smooth
