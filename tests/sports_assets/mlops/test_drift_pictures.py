from datetime import date, timedelta
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from resources.profiler_datasketches import DatasketchesProfiler
from sports_assets.mlops.drift import judge_week
from sports_assets.mlops.drift_pictures import control_chart, most_moved, observed_and_expected
from sports_assets.mlops.performance import DailyOnsets
from sports_assets.mlops.profiles import week_profiles
from tests.sports_assets.mlops.drifting_squad import season, shifted


@pytest.fixture(scope="module")
def drifted():
    stable = season(seed=21, weeks=60)
    club = shifted(stable, {"readiness": 1.0}, stable.weeks[55])
    profiles = week_profiles(
        club.frame, DatasketchesProfiler(), set_name="feature/x", unusual=club.plan.unusual,
        columns=["readiness", "marker_1"],
    )  # fmt: skip
    asked = {
        "week": club.weeks[57], "reference": club.weeks[:50], "plan": club.plan,
    }  # fmt: skip
    return profiles, asked


def test_what_moved_gets_a_chart(drifted):
    profiles, asked = drifted
    findings = judge_week(profiles, model="readiness", **asked)
    assert most_moved(findings) == ["readiness"]
    picture = control_chart(profiles, "readiness", **asked)
    assert picture is not None
    root = ET.fromstring(picture.svg)
    assert root.get("viewBox")
    assert "Control chart of readiness" in picture.svg
    assert "#0a0" not in picture.svg, "a placeholder was left"
    assert picture == control_chart(profiles, "readiness", **asked)


def test_no_chart_of_an_unknown_column_or_too_short_a_past(drifted):
    profiles, asked = drifted
    assert control_chart(profiles, "unheard_of", **asked) is None
    short = asked | {"reference": asked["reference"][:4]}
    assert control_chart(profiles, "readiness", **short) is None


def test_injuries_against_expectation():
    rng = np.random.default_rng(2)
    days = tuple(date(2026, 1, 5) + timedelta(days=at) for at in range(200))
    rate = np.repeat([0.1, 0.3], 100)
    daily = DailyOnsets(days, rng.poisson(rate).astype(float), np.full(200, 0.1, np.float64))
    picture = observed_and_expected(daily)
    assert picture is not None
    assert f"{daily.onsets.sum():.0f} injuries where 20.0 were expected" in picture.svg
    assert "alarms of the CUSUM" in picture.svg
    empty = DailyOnsets((), np.zeros(0, np.float64), np.zeros(0, np.float64))
    assert observed_and_expected(empty) is None
