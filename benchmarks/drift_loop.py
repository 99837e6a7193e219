"""Does drift start a training when there is some, and only then? `python -m benchmarks.drift_loop`

Twenty simulated clubs of 25 athletes, watched through their third season day by day, by the
functions that the assets call (`drifting_clubs`): stable ones for false alarms, by model; a main
feature that moves by half a standard deviation; a hazard that doubles; a new device; a new coach; a
winter break and a congested spring, which the plan explains. `delay_days` is the worse of the two
medians that are asked for: of the shifted feature and of the doubled hazard. Settings were chosen
on clubs of other seeds (5001, 6001).

What can be had of the latter is known (`delay_possible_d`): no chart of so few injuries finds a
doubled hazard sooner at so few false alarms. Beside it, in the same run: the customary rule, PSI
above 0.25 in any column. Then the whole loop in Dagster, by the clock: `drift_to_score`.
"""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any, Final

from benchmarks.drift_to_score import drift_to_score
from benchmarks.drifting_clubs import (
    WATCHED_FROM,
    Club,
    Course,
    Watch,
    clubs_of,
    learned,
    profiles_of,
    shifted,
    squads_from,
)
from benchmarks.outcome import Target, print_outcome
from edge_ingest.simulate.calendar import SEASON_D, YEAR_D, Scenario
from edge_ingest.simulate.club import FIRST_DAY, Settings
from resources.profiler_whylogs import WhylogsProfiler
from sports_assets.mlops.drift import judge_week
from sports_assets.mlops.performance import PerformanceSettings, daily_onsets
from sports_assets.mlops.poisson_cusum import delay_d, limit_for
from sports_assets.mlops.profiles import WeekProfile
from sports_assets.mlops.sketch_distances import PSI_ACT
from sports_assets.mlops.watching import last_whole_week, reference_weeks
from sports_assets.models.injury_risk.shape import InjuryRiskKind
from sports_assets.models.kinds import KINDS

CLUBS: Final = 20
#: A rule and not a choice: nothing was set on clubs of this seed.
SEED, CHAMPION_SEED = 4001, 1001
#: In the third season, after preseason; a Thursday.
CHANGE_D: Final = 2 * YEAR_D + 80
CHANGE: Final = FIRST_DAY + timedelta(days=CHANGE_D)
SHIFT_SD: Final = 0.5
#: What athletes say and what is measured of them.
MAIN_FEATURES: Final = ("sleep_z", "wellness_z", "resting_heart_rate_deviation_bpm")
#: What coaches plan in blocks of two weeks, which move a squad's load by a quarter: told beside.
LOADS: Final = ("load_acute_au", "load_chronic_au")
_PSI_CLUBS: Final = 3
_WINDOWS: Final = ((-80, 0), (0, 28), (28, 84), (84, 140), (140, 235))


def main() -> None:
    """Measure, and print one JSON object last."""
    began = time.process_time()
    kinds = {kind.name: kind for kind in KINDS}
    champions = _champions()
    _tell("stable seasons")
    stable = list(clubs_of(SEED, CLUBS))
    told = [profiles_of(club) for club in stable]
    quiet = {name: _courses(stable, told, name, champions) for name in kinds}
    false = {
        name: sum(len(one.alarms) for one in courses) / CLUBS for name, courses in quiet.items()
    }
    _tell(f"a feature that moves by {SHIFT_SD} SD")
    shifts = {name: _shift_delays(stable, told, name) for name in (*MAIN_FEATURES, *LOADS)}
    shift_d = median(delay for name in MAIN_FEATURES for delay in shifts[name])
    _tell("a hazard that doubles")
    hurt = list(clubs_of(SEED, CLUBS, Scenario(hazard_on_d=CHANGE_D)))
    doubled = [Watch(club, kinds["injury_risk"], _own(club), profiles_of(club)).run()
               for club in hurt]  # fmt: skip
    hazard_d = median(_delay(one) for one in doubled)
    _tell("a device, a coach, a break, congestion")
    worst = max(false.values())
    detail: dict[str, Any] = {
        "false_alarms_per_season": false,
        "false_alarms_by_column": _by_column(quiet.values()),
        "trainings_per_stable_season": {
            name: sum(len(one.trainings) for one in courses) / CLUBS
            for name, courses in quiet.items()
        },
        "shift_delay_d": {name: _spread(delays) for name, delays in shifts.items()},
        "hazard_delay_d": _spread([_delay(one) for one in doubled]),
        "hazard_training_delay_d": _spread([_delay(one, trainings=True) for one in doubled]),
        "delay_possible_d": _possible(),
        "observed_expected_of_what_was_said": {
            "stable": _calibration(stable, quiet["injury_risk"]),
            "hazard_doubled": _calibration(hurt, doubled),
        },
        "device": _told_as(Scenario(new_device_on_d=CHANGE_D), "device_change"),
        "coach": _told_as(Scenario(new_coach_on_d=CHANGE_D), "shift"),
        "alarms_of_a_planned_season": _planned(),
        "psi_rule": _psi_rule(stable, told),
        "drift_to_score": (loop := drift_to_score()),
    }
    detail["cpu_s"] = round(time.process_time() - began)
    print_outcome(
        "drift_loop",
        [
            Target("false_alarms_per_season", worst, "1", "<= 1"),
            Target("delay_days", min(max(shift_d, hazard_d), SEASON_D), "d", "<= 21"),
            Target("shift_delay_days", min(shift_d, SEASON_D), "d", "<= 21"),
            Target("hazard_delay_days", min(hazard_d, SEASON_D), "d", "<= 21"),
            Target("drift_to_score_s", loop["seconds"], "s", "<= 300"),
        ],
        detail,
    )


def _champions() -> dict[str, bytes]:
    """Of the models whose answers are watched, one champion each, of another club."""
    squads = squads_from(Settings(seed=CHAMPION_SEED, seasons=2))
    found = {}
    for kind in KINDS:
        if kind.name != InjuryRiskKind.name:
            _tell(f"a champion of {kind.name}")
            found[kind.name] = kind.train(squads, None, 1).payload
    return found


def _own(club: Club) -> bytes:
    """The injury model that a club has when the watched season begins."""
    return learned(club.squads, WATCHED_FROM - timedelta(days=1))


def _courses(
    clubs: Sequence[Club],
    told: Sequence[Sequence[WeekProfile]],
    name: str,
    champions: Mapping[str, bytes],
) -> list[Course]:
    (kind,) = (one for one in KINDS if one.name == name)
    return [
        Watch(club, kind, champions.get(name) or _own(club), profiles).run()
        for club, profiles in zip(clubs, told, strict=True)
    ]


def _shift_delays(
    clubs: Sequence[Club], told: Sequence[Sequence[WeekProfile]], column: str
) -> list[float]:
    """Days until the injury model's inputs raise an alarm, by club."""
    (kind,) = (one for one in KINDS if one.name == InjuryRiskKind.name)
    delays = []
    for club, profiles in zip(clubs, told, strict=True):
        moved = profiles_of(shifted(club, column, SHIFT_SD, CHANGE), [column])
        others = [one for one in profiles if one.column != column]
        delays.append(_delay(Watch(club, kind, None, [*others, *moved]).run()))
    return delays


def _told_as(scenario: Scenario, kind: str) -> dict[str, Any]:
    """How soon a scenario is seen by the injury model's inputs, and whether as what it is."""
    (injury_risk,) = (one for one in KINDS if one.name == InjuryRiskKind.name)
    courses = [
        Watch(club, injury_risk, None, profiles_of(club)).run()
        for club in clubs_of(SEED, CLUBS, scenario)
    ]
    first = [alarm for one in courses if (alarm := one.first(CHANGE))]
    return {
        "delay_d": _spread([_delay(one) for one in courses]),
        "found": len(first),
        f"first_told_as_{kind}": sum(kind in one.kinds for one in first),
    }


def _planned() -> float:
    """Alarms a season where the plan alone is another: a winter break, then midweek matches."""
    (injury_risk,) = (one for one in KINDS if one.name == InjuryRiskKind.name)
    scenario = Scenario(winter_break_on_d=2 * YEAR_D + 175, congested_on_d=2 * YEAR_D + 210)
    courses = [
        Watch(club, injury_risk, None, profiles_of(club)).run()
        for club in clubs_of(SEED, CLUBS, scenario)
    ]
    return sum(len(one.alarms) for one in courses) / CLUBS


def _delay(course: Course, *, trainings: bool = False) -> float:
    """Days from the change; endless where the season ended before."""
    if trainings:
        day = next((one for one in course.trainings if one >= CHANGE), None)
    else:
        alarm = course.first(CHANGE)
        day = alarm.day if alarm else None
    return float("inf") if day is None else float((day - CHANGE).days)


def _spread(delays: Sequence[float]) -> dict[str, float | int | None]:
    ordered = sorted(delays)
    quarters = [ordered[len(ordered) * part // 4] for part in (1, 3)]
    told = [median(ordered), *quarters]
    names = ("median", "quarter", "three_quarters")
    return {
        **{
            name: None if one == float("inf") else one
            for name, one in zip(names, told, strict=True)
        },
        "found": sum(one < float("inf") for one in ordered),
    }


def _by_column(courses: Iterable[Sequence[Course]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for alarm in (alarm for every in courses for one in every for alarm in one.alarms):
        name = f"{alarm.model}: {alarm.finding.subject}"
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _possible() -> dict[str, int]:
    """Median delay of the best chart for a doubled hazard, by false alarms a season, exactly."""
    settings = PerformanceSettings()
    a_day = 0.75 / 7
    return {
        f"{alarms:g}": delay_d(a_day, settings.ratio, limit_for(a_day, settings.ratio, alarms), 2.0)
        for alarms in (settings.false_alarms, 1.0, settings.false_watches)
    }


def _calibration(clubs: Sequence[Club], courses: Sequence[Course]) -> dict[str, float]:
    """Observed over expected of all clubs, by days since the change."""
    sums = {window: [0.0, 0.0] for window in _WINDOWS}
    for club, course in zip(clubs, courses, strict=True):
        hurt = club.squads.injuries[["athlete_id", "day"]]
        daily = daily_onsets(course.said, hurt, club.last_day)
        for day, onsets, expected in zip(daily.days, daily.onsets, daily.expected, strict=True):
            for first, last in _WINDOWS:
                if first <= (day - CHANGE).days < last:
                    sums[first, last][0] += float(onsets)
                    sums[first, last][1] += float(expected)
    return {
        f"day {first} to {last}": round(observed / expected, 2)
        for (first, last), (observed, expected) in sums.items()
        if expected
    }


def _psi_rule(clubs: Sequence[Club], told: Sequence[Sequence[WeekProfile]]) -> dict[str, float]:
    """Weeks of a stable season in which the customary rule would have trained the injury model."""
    (kind,) = (one for one in KINDS if one.name == InjuryRiskKind.name)
    weeks, hits, reference = 0, 0, reference_weeks(WATCHED_FROM - timedelta(days=1))
    for club, profiles in zip(clubs[:_PSI_CLUBS], told, strict=False):
        read = [one for one in profiles if one.column in kind.watched]
        for week in _usual_weeks(club):
            found = judge_week(
                read, model=kind.name, week=week, reference=reference, plan=club.plan,
                profiler=WhylogsProfiler(),
            )  # fmt: skip
            psi = [one.value for one in found if one.statistic == "psi" and one.value is not None]
            weeks += 1
            hits += max(psi, default=0.0) >= PSI_ACT
    return {"clubs": _PSI_CLUBS, "weeks": weeks, "weeks_above_0.25": hits}


def _usual_weeks(club: Club) -> list[date]:
    last = last_whole_week(club.last_day)
    return [one for one in club.plan.matches
            if WATCHED_FROM <= one <= last and club.plan.is_usual(one)]  # fmt: skip


def _tell(words: str) -> None:
    print(f"{words} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
