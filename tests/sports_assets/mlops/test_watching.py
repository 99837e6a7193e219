"""Which weeks are looked at, and held against which."""

from datetime import date, timedelta

import pandas as pd
import pytest

from resources.profiler_datasketches import DatasketchesProfiler
from sports_assets.mlops.watching import (
    REFERENCE_WEEKS,
    Watched,
    judge_model,
    judge_risk,
    last_whole_week,
    plan_of_squads,
    profile_weeks,
    reference_weeks,
    weeks_to_profile,
)
from tests.sports_assets.mlops.drifting_squad import Season, season, shifted

MONDAY = date(2026, 3, 2)
COLUMN, KEY = "marker_3", "feature/workload"


@pytest.mark.parametrize(("newest", "last"), [
    (MONDAY + timedelta(days=6), MONDAY),
    (MONDAY + timedelta(days=5), MONDAY - timedelta(days=7)),
    (MONDAY, MONDAY - timedelta(days=7)),
])  # fmt: skip
def test_a_week_is_over_on_its_sunday(newest: date, last: date) -> None:
    assert last_whole_week(newest) == last


def test_weeks_that_are_profiled_are_profiled_again_while_corrections_come() -> None:
    newest = MONDAY + timedelta(days=6)
    first = weeks_to_profile(newest, [])
    assert (first[-1], len(first)) == (MONDAY, 106)
    again = weeks_to_profile(newest, first)
    assert again == first[-4:]
    assert weeks_to_profile(newest + timedelta(days=7), first)[-1] == MONDAY + timedelta(days=7)


def test_the_reference_is_what_a_champion_learned_from_last() -> None:
    weeks = reference_weeks(MONDAY + timedelta(days=8))
    assert (weeks[0], len(weeks)) == (MONDAY, REFERENCE_WEEKS)


def test_one_team_has_a_plan_and_several_have_none() -> None:
    fixtures = pd.DataFrame({"team": ["a"], "day": pd.to_datetime([MONDAY])})
    last = MONDAY + timedelta(days=30)
    plan = plan_of_squads(fixtures, ["a"], MONDAY, last)
    assert plan is not None
    assert plan.matches[MONDAY] == 1
    assert plan_of_squads(fixtures, ["b"], MONDAY, last) is None
    assert plan_of_squads(fixtures, ["a", "b"], MONDAY, last) is None


@pytest.fixture(scope="module")
def stable() -> Season:
    return season(11, weeks=80)


def verdicts(told: Season, week: date, trained_through: date) -> set[tuple[str, str]]:
    profiled = profile_weeks(
        told.frame, [COLUMN], DatasketchesProfiler(), set_name=KEY, profiled=[],
        newest=told.weeks[-1] + timedelta(days=6), plan=told.plan,
    )  # fmt: skip
    watched = Watched("readiness", trained_through, (COLUMN,), ("prediction/readiness", "x"))
    found = judge_model(
        watched, profiled, features_key=KEY, week=week, plan=told.plan, profiler=None
    )
    return {(one.statistic, one.verdict) for one in found}


def test_a_shift_since_the_training_acts_and_one_before_it_is_the_reference(
    stable: Season,
) -> None:
    last = stable.weeks[-1]
    moved = shifted(stable, {COLUMN: 1.0}, stable.weeks[-6])
    before = stable.weeks[-7] + timedelta(days=6)
    assert ("own_shift", "act") in verdicts(moved, last, before)
    assert ("own_shift", "ok") in verdicts(stable, last, before)
    assert verdicts(moved, last, last + timedelta(days=6)) == set(), "the champion learned of it"


def test_a_risk_that_said_nothing_is_not_judged() -> None:
    said = pd.DataFrame({"athlete_id": [], "day": pd.to_datetime([]), "probability": []})
    found, daily = judge_risk(
        "injury_risk", said, said[["athlete_id", "day"]], newest=MONDAY, week=MONDAY, plan=None
    )
    assert (found, daily) == ([], None)
