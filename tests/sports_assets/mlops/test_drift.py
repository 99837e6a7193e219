from datetime import date, timedelta

import numpy as np
import pytest

from resources.model_contracts import OPS_DRIFT
from resources.profiler_datasketches import DatasketchesProfiler
from sports_assets.mlops.drift import judge_week
from sports_assets.mlops.drift_findings import Finding, findings_table
from sports_assets.mlops.profiles import WeekProfile, week_profiles
from tests.sports_assets.mlops.drifting_squad import COLUMNS, Season, season, shifted

REFERENCE_WEEKS = 60
PROFILER = DatasketchesProfiler()


def profiled(of: Season) -> list[WeekProfile]:
    return week_profiles(
        of.frame, PROFILER, set_name="feature/athlete_day", columns=COLUMNS,
        unusual=of.plan.unusual,
    )  # fmt: skip


def judged(of: Season, weeks: list[date], profiles=None, **settings) -> list[list[Finding]]:
    profiles = profiles or profiled(of)
    return [
        judge_week(
            profiles, model="injury_risk", week=week, reference=of.weeks[:REFERENCE_WEEKS],
            plan=of.plan, **settings,
        )
        for week in weeks
    ]  # fmt: skip


def acted(findings: list[Finding]) -> dict[str, Finding]:
    return {one.subject: one for one in findings if one.verdict == "act"}


def verdicts(findings: list[Finding]) -> set[str]:
    return {one.verdict for one in findings}


@pytest.fixture(scope="module")
def stable() -> Season:
    return season(seed=11, weeks=72)


@pytest.mark.slow
def test_stable_seasons_are_left_in_peace():
    alarms = 0
    for seed in range(6):
        club = season(seed=100 + seed)
        said = judged(club, club.weeks[REFERENCE_WEEKS:])
        acts = [bool(acted(week)) for week in said]
        # One that goes on, or comes back within four weeks, is the same alarm.
        alarms += sum(act and not any(acts[max(0, at - 4) : at]) for at, act in enumerate(acts))
    # 180 weeks, four seasons of 22 columns; 0.2 alarms a season are allowed.
    assert alarms <= 2


@pytest.mark.parametrize("column", ["readiness", "load_au", "marker_3"])
def test_half_an_sd_is_found_within_three_weeks(stable, column):
    since = stable.weeks[64]
    club = shifted(stable, {column: 0.5}, since)
    said = judged(club, stable.weeks[63:67])
    assert column not in acted(said[0])
    found = next(acted(week)[column] for week in said if column in acted(week))
    assert (found.day - since).days + 1 <= 21
    assert found.kind == "shift"
    assert found.value >= found.threshold
    assert "SD" in found.reason
    assert "a stable season" in found.reason


def test_answers_that_stay_away_are_found(stable):
    club = Season(stable.frame.copy(), stable.fixtures, stable.weeks)
    late = (club.frame["day"] >= np.datetime64(stable.weeks[64])).to_numpy()
    silent = np.random.default_rng(1).random(len(late)) < 0.5
    club.frame.loc[late & silent, "readiness"] = np.nan
    found = [
        one
        for week in judged(club, stable.weeks[64:67])
        for one in week
        if one.subject == "readiness" and one.verdict == "act"
    ]
    assert {(one.statistic, one.kind) for one in found} == {("own_missing_shift", "missing")}


def test_a_column_that_is_gone_is_found(stable):
    week = stable.weeks[64]
    profiles = [one for one in profiled(stable) if (one.column, one.week) != ("marker_1", week)]
    (said,) = judged(stable, [week], profiles)
    assert [one.subject for one in said if one.kind == "missing"] == ["marker_1"]


def test_a_new_device_is_known_as_one(stable):
    thursday = stable.weeks[64] + timedelta(days=3)
    club = shifted(stable, {"resting_heart_rate_bpm": 0.6, "ln_rmssd": -0.5}, thursday)
    said = judged(club, stable.weeks[64:67])
    found = [acted(week) for week in said if acted(week)]
    assert found
    assert {one.kind for week in found for one in week.values()} == {"device_change"}
    assert {subject for week in found for subject in week} == {"resting_heart_rate_bpm", "ln_rmssd"}
    told = found[0]["resting_heart_rate_bpm"].reason
    assert any((thursday + timedelta(days=off)).isoformat() in told for off in (-1, 0, 1))


def test_hearts_that_change_with_how_athletes_feel_are_no_new_device(stable):
    club = shifted(stable, {"resting_heart_rate_bpm": 0.6, "readiness": -0.6}, stable.weeks[64])
    kinds = {one.kind for week in judged(club, stable.weeks[64:67]) for one in acted(week).values()}
    assert kinds == {"shift"}


def test_hearts_that_change_slowly_are_no_new_device(stable):
    club = Season(stable.frame.copy(), stable.fixtures, stable.weeks)
    days = (club.frame["day"] - np.datetime64(stable.weeks[62])).dt.days.to_numpy()
    ramp = np.clip(days / 28, 0, 1)
    club.frame["resting_heart_rate_bpm"] += 0.9 * ramp
    kinds = {one.kind for week in judged(club, stable.weeks[63:68]) for one in acted(week).values()}
    assert kinds == {"shift"}


def test_after_a_winter_break_loads_are_expected_to_be_low(stable):
    pause = stable.weeks[62:64]
    club = Season(
        stable.frame.copy(),
        [day for day in stable.fixtures if not pause[0] <= day < stable.weeks[64]],
        stable.weeks,
    )
    away = club.frame["day"].between(
        np.datetime64(pause[0]), np.datetime64(pause[1] + timedelta(days=6))
    )
    club.frame.loc[away, ["load_au", "minutes"]] = -2.5
    after = (club.frame["day"] >= np.datetime64(stable.weeks[64])).to_numpy()
    club.frame.loc[after, "load_chronic_au"] -= 1.0
    # The week of the first match began within the pause: the one after it is judged.
    during, first = judged(club, [pause[1], stable.weeks[65]])
    assert verdicts(during) == {"ok"}
    assert "a pause of the fixture list" in during[0].reason
    told = next(one for one in first if one.subject == "load_chronic_au")
    assert (told.verdict, told.kind) == ("ok", "expected")
    assert "break of the fixture list ended 1 week ago" in told.reason
    # A marker of no such family is judged as ever.
    club.frame.loc[after, "marker_2"] += 1.5
    (again,) = judged(club, [stable.weeks[65]])
    assert set(acted(again)) == {"marker_2"}


def test_too_little_reference_is_said(stable):
    profiles = profiled(stable)
    said = judge_week(
        profiles, model="readiness", week=stable.weeks[64], reference=stable.weeks[:5],
        plan=stable.plan,
    )  # fmt: skip
    assert verdicts(said) == {"ok"}
    assert all(one.value is None for one in said)
    assert "at least 6" in said[0].reason


def test_psi_and_ks_stand_beside_and_decide_nothing(stable):
    since = stable.weeks[64]
    club = shifted(stable, {"readiness": 1.5}, since)
    kept = [one for one in profiled(club) if one.column in {"readiness", "marker_1"}]
    (said,) = judged(club, [since], kept, profiler=PROFILER)
    beside = {(one.subject, one.statistic): one for one in said}
    assert beside["readiness", "psi"].value > 0.25 > beside["marker_1", "psi"].value
    assert beside["readiness", "ks"].value > beside["marker_1", "ks"].value
    assert {one.verdict for one in said if one.statistic in {"psi", "ks"}} == {"ok"}
    assert "decides nothing" in beside["readiness", "psi"].reason


def test_the_same_profiles_give_the_same_findings_which_a_table_keeps(stable):
    profiles = profiled(stable)
    (one,) = judged(stable, [stable.weeks[66]], profiles)
    (other,) = judged(stable, [stable.weeks[66]], list(reversed(profiles)))
    assert sorted(one, key=repr) == sorted(other, key=repr)
    rows = OPS_DRIFT.conform(findings_table(one)).to_pylist()
    assert [Finding(model=row.pop("source"), **row) for row in rows] == one


def test_one_athlete_only_is_judged_by_a_wider_chart():
    club = season(seed=5, weeks=66, athletes=1)
    said = judged(club, club.weeks[62:66])
    assert not any(acted(week) for week in said)
