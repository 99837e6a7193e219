"""Real recordings, read by the real readers, all the way to facts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.drop import pack
from edge_ingest.identity import mint_session_id
from edge_ingest.readers import read_recording
from edge_ingest.records import SESSION_TABLES
from edge_ingest.samples import Sample, activity_samples, match_samples
from resources.contracts import KINEMATICS
from resources.dbt.project import DbtProject
from resources.iceberg.lakehouse import IcebergLakehouse
from sports_assets.raw.build import ArrivedDrop, build_session
from sports_assets.tracking.kinematics import KinematicsSettings, kinematics
from tests.dbt.conftest import Build
from tests.dbt.crafted import CONTEXT
from tests.dbt.reading import committed, one

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LOAD = "mart/athlete_session_external_load"


def load(sample: Sample, landing: Path, lakehouse: IcebergLakehouse) -> str:
    """From the vendor's files to raw and tracking tables."""
    recording = read_recording(sample.source, sample.parts, sample.told)
    facts = recording.session
    identity = mint_session_id(facts.started_at_utc, "Europe/Berlin", facts.sport, facts.site, ())
    folder = pack(recording, landing, identity, NOW).folder
    drop = ArrivedDrop(
        read_manifest(folder / "manifest.json"),
        str(folder),
        lambda name: (folder / name).read_bytes(),
    )
    session = identity.session_id
    raw = build_session(session, [drop])
    assert not raw.refused
    for name, rows in raw.tables.items():
        lakehouse.replace_sessions(SESSION_TABLES[name], rows, [session], CONTEXT)
    smoothed = kinematics(raw.tables["positions"], KinematicsSettings.for_sport(facts.sport))
    lakehouse.replace_sessions(KINEMATICS, smoothed, [session], CONTEXT)
    return session


@pytest.mark.slow
def test_the_goals_of_leicester_and_liverpool(
    tmp_path: Path, lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    (sample,) = [sample for sample in match_samples() if sample.source == "wyscout"]
    session = load(sample, tmp_path, lakehouse)
    build(lakehouse, [session]).require_complete()
    facts = one(lakehouse, project, "core/session")
    assert (facts["home_score"], facts["away_score"]) == (2, 3)
    assert (facts["has_events"], facts["has_positions"]) == (True, False)
    assert facts["local_day"].isoformat() == "2017-09-23"

    sides = {
        row["athlete_id"]: row["team_side"]
        for row in committed(lakehouse, project, "core/athlete_session")
    }
    goals = {"home": 0, "away": 0}
    for row in committed(lakehouse, project, "mart/athlete_session_events"):
        goals[sides[row["athlete_id"]]] += row["goal_count"]
    assert goals == {"home": 2, "away": 3}
    assert committed(lakehouse, project, LOAD) == []


@pytest.mark.slow
def test_a_whole_match_of_broadcast_tracking(
    tmp_path: Path, lakehouse: IcebergLakehouse, build: Build, project: DbtProject
) -> None:
    (sample,) = [sample for sample in match_samples() if sample.source == "skillcorner"]
    session = load(sample, tmp_path, lakehouse)
    result = build(lakehouse, [session])
    result.require_complete()
    assert [test.name for test in result.tests if not test.passed] == []

    loads = committed(lakehouse, project, LOAD)
    assert len(loads) == 22 + 6  # everybody who played
    regulars = [row for row in loads if row["tracked_s"] > 1500]
    assert len(regulars) > 11
    for row in regulars:
        assert 80 < row["distance_per_min_m"] < 200
        assert 6 < row["top_speed_mps"] < 12
        assert 5 < row["mean_metabolic_power_w_per_kg"] < 40
    unmatched = committed(lakehouse, project, "core/unmatched_athlete")
    assert {row["reason"] for row in unmatched} == {"not_in_crosswalk", "unidentified_track"}
    for row in committed(lakehouse, project, "mart/team_shape"):
        assert 10 < row["width_m"] < 68
        assert row["mean_tracked_athletes"] >= 7


@pytest.mark.slow
def test_a_ride_with_power_and_heart_rate(
    tmp_path: Path,
    sweat_samples: Path,
    lakehouse: IcebergLakehouse,
    build: Build,
    project: DbtProject,
) -> None:
    activities = activity_samples(sweat_samples.parents[2])
    (sample,) = [one for one in activities if one.parts["activity"].stem.startswith("2020-06-01")]
    session = load(sample, tmp_path, lakehouse)
    build(lakehouse, [session]).require_complete()
    row = one(lakehouse, project, "mart/athlete_session_internal_load")
    assert row["mean_power_w"] <= row["normalized_power_w"] <= row["peak_power_w"]
    assert row["work_kj"] == pytest.approx(row["mean_power_w"] * row["power_s"] / 1000)
