"""The file of personal norms: what is refused, and what a node goes on with."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from edge_ingest.errors import NormsError
from edge_ingest.norms import (
    DEFAULT_THRESHOLDS,
    AthleteNorms,
    KeptNorms,
    NormsFile,
    PersonalNorm,
    SourceId,
    Thresholds,
    read_norms,
)
from tests.conftest import REPOSITORY

MAX_AGE = timedelta(days=7)
MADE = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def norm(metric="total_distance_m", unit="m", mean=5000.0, sd=400.0, **changes) -> PersonalNorm:
    told = {
        "sport": "football", "metric": metric, "unit": unit, "session_count": 12,
        "first_day": date(2026, 1, 3), "last_day": date(2026, 2, 27), "mean": mean, "sd": sd,
        "low": mean - 2 * sd, "high": mean + 2 * sd, "act_above": mean + 3 * sd,
    }  # fmt: skip
    return PersonalNorm.model_validate(told | changes)


def norms(made=MADE, athletes=None) -> NormsFile:
    if athletes is None:
        known = (SourceId(source="catapult", source_athlete_id="7"),)
        athletes = (AthleteNorms(athlete_id="ada", known_as=known, norms=(norm(),)),)
    return NormsFile(
        made_at_utc=made, provenance={"code_version": "1"}, definition={"least_sessions": 5},
        sports={"football": Thresholds(high_speed_threshold_mps=5.5)}, athletes=athletes,
    )  # fmt: skip


def test_what_is_written_is_read_back():
    assert read_norms(norms().to_json().encode()) == norms()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told[:100], "no JSON, or was cut short"),
        (lambda told: json.dumps(json.loads(told) | {"norms_version": 2}), "update the node"),
        (lambda told: json.dumps(json.loads(told) | {"norms_version": 0}), "norms_version"),
        (lambda _: "[]", "the whole"),
        (lambda told: told.replace('"sd":400.0', '"sd":-413.5'), "athletes.0.norms.0.sd"),
        (lambda told: told.replace('"high":5800.0', '"high":4813.5'), "in this order"),
        (lambda told: told.replace('"mean":5000.0', '"mean":NaN'), "norms.0.mean"),
        (lambda told: told.replace('"unit":"m"', '"unit":"km"'), "told in m"),
    ],
)
def test_a_bad_file_is_refused_in_words_without_an_athlete_s_value(change, message):
    with pytest.raises(NormsError, match=message) as caught:
        read_norms(change(norms().to_json()).encode())
    assert "13.5" not in str(caught.value)
    assert "ada" not in str(caught.value)


def test_an_id_that_stands_for_two_athletes_is_refused():
    known = (SourceId(source="catapult", source_athlete_id="7"),)
    athletes = tuple(AthleteNorms(athlete_id=name, known_as=known) for name in ("ada", "bob"))
    with pytest.raises(ValueError, match="id of a source stands there twice"):
        norms(athletes=athletes)


def test_a_node_goes_on_with_the_last_good_file_and_says_so(tmp_path: Path):
    path, copy = tmp_path / "norms.json", tmp_path / "last-good.json"
    kept = KeptNorms(path, copy, MAX_AGE)
    assert not kept.refresh()
    assert "no personal norms, so no alerts: there is no" in str(kept.told(MADE))
    path.write_text(norms().to_json())
    assert kept.refresh()
    assert not kept.refresh()
    assert kept.told(MADE) is None
    path.write_text("{")
    assert not kept.refresh()
    assert kept.current == norms()
    assert "going on with the norms of 2026-03-01 04:00 UTC: " in str(kept.told(MADE))
    assert "cut short" in str(kept.told(MADE))

    restarted = KeptNorms(path, copy, MAX_AGE)
    assert restarted.refresh(), "whoever starts anew must be told of the old norms"
    assert restarted.current == norms()
    assert "going on with" in str(restarted.told(MADE))
    later = norms(MADE + timedelta(days=1))
    path.write_text(later.to_json())
    assert restarted.refresh()
    assert (restarted.current, restarted.problem) == (later, None)


def test_old_norms_are_told_and_a_huge_file_is_not_read(tmp_path: Path):
    path = tmp_path / "norms.json"
    path.write_text(norms().to_json())
    kept = KeptNorms(path, tmp_path / "copy.json", MAX_AGE)
    kept.refresh()
    assert kept.told(MADE + MAX_AGE) is None
    assert "9 days old" in str(kept.told(MADE + timedelta(days=9)))
    os.truncate(path, 5 * 1024**3)
    assert not kept.refresh()
    assert "norms have fewer" in str(kept.problem)
    assert kept.current == norms()


def test_thresholds_of_a_node_without_norms_are_those_of_the_warehouse():
    sql = (REPOSITORY / "dbt_project/models/staging/sport_threshold.sql").read_text()
    columns = "sport, high_speed_threshold_mps, sprint_threshold_mps, effort_dwell_s, is_on_foot"
    rows = duckdb.sql(f"select {columns} from ({sql})").fetchall()
    assert {row[0] for row in rows} == set(DEFAULT_THRESHOLDS)
    for sport, fast, sprint, dwell, on_foot in rows:
        mine = DEFAULT_THRESHOLDS[sport]
        assert (mine.high_speed_threshold_mps, mine.sprint_threshold_mps) == (fast, sprint)
        assert (mine.effort_dwell_s, mine.is_on_foot) == (dwell, on_foot)
    project = (REPOSITORY / "dbt_project/dbt_project.yml").read_text()
    assert f"top_speed_dwell_s: {DEFAULT_THRESHOLDS['football'].top_speed_dwell_s}" in project
