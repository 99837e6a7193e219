"""A match, from raw rows to facts: what stands in the lakehouse afterwards, by hand."""

import pytest

from resources.dbt.outcome import BuildResult
from resources.dbt.project import PROJECT, DbtProject
from resources.iceberg.lakehouse import IcebergLakehouse
from tests.dbt.conftest import EARLIER, MATCH, RIDE, Build
from tests.dbt.reading import committed, one

pytestmark = pytest.mark.slow

Season = tuple[IcebergLakehouse, BuildResult]

TABLES = sorted(
    f"{path.parent.name}/{path.stem}"
    for layer in ("core", "mart")
    for path in (PROJECT / "models" / layer).glob("*.sql")
)


def test_every_table_of_sessions_is_published_parents_first(season: Season) -> None:
    _, result = season
    assert result.is_complete
    assert sorted([*result.published, "mart/athlete_day"]) == TABLES
    order = list(result.published)
    assert order.index("core/session") < order.index("core/athlete_session")
    assert order.index("core/athlete_session") < order.index("mart/athlete_session_baseline")


def test_the_result_names_every_snapshot_that_was_read(season: Season) -> None:
    _, result = season
    assert result.snapshots["tracking/kinematics"]
    assert {key for key in result.snapshots if not key.startswith(("raw", "tracking"))} == {
        "core/session", "mart/athlete_session_external_load", "mart/athlete_session_internal_load",
    }  # fmt: skip


def test_a_warning_is_told_by_rule_and_row_and_keeps_nothing_out(season: Season) -> None:
    _, result = season
    (told,) = [test for test in result.tests if not test.passed]
    assert told.name == "unmatched_athlete_is_on_the_list_of_its_source"
    assert not told.blocks
    assert told.rules == {"reason <> 'not_listed_by_source'": 1}
    assert len(told.references) == 1
    assert "core/unmatched_athlete" in result.published


def test_an_athlete_known_to_three_devices_is_one(season: Season, project: DbtProject) -> None:
    lakehouse, _ = season
    known = committed(lakehouse, project, "core/athlete", session_id=MATCH, athlete_id="ada")
    assert [row["source"] for row in known] == ["camera", "feed", "watch"]
    row = one(lakehouse, project, "core/athlete_session", session_id=MATCH, athlete_id="ada")
    assert row["position_stream_id"].endswith("camera.tracking")
    assert row["tracked_s"] == 60.0
    assert row["display_name"] == "Ada"


def test_the_bench_the_nameless_and_the_ball_have_no_load(
    season: Season, project: DbtProject
) -> None:
    lakehouse, _ = season
    rows = committed(lakehouse, project, "mart/athlete_session_external_load", session_id=MATCH)
    athletes = {row["athlete_id"] for row in rows}
    assert len(athletes) == 7 + 3
    assert athletes.isdisjoint({"camera:h99", "camera:home_anon_1"})
    took_part = committed(lakehouse, project, "core/athlete_session", session_id=MATCH)
    assert "camera:h99" not in {row["athlete_id"] for row in took_part}


def test_external_load_by_hand(season: Season, project: DbtProject) -> None:
    lakehouse, _ = season
    row = one(
        lakehouse, project, "mart/athlete_session_external_load",
        session_id=MATCH, athlete_id="ada",
    )  # fmt: skip
    # 30 s at 6 m/s, 2 s at 8 m/s, 28 s at 1.5 m/s.
    assert row["total_distance_m"] == pytest.approx(180 + 16 + 42)
    assert row["distance_per_min_m"] == pytest.approx(238)
    assert row["high_speed_distance_m"] == pytest.approx(196)
    assert row["sprint_distance_m"] == pytest.approx(16)
    assert (row["high_speed_effort_count"], row["sprint_effort_count"]) == (1, 1)
    assert row["top_speed_mps"] == 8.0
    assert row["speed_filter"] == "butterworth order=4 cutoff_hz=1"
    # At constant speed: 3.6 J/kg/m × 1.29 over the whole way.
    assert row["metabolic_energy_kj_per_kg"] == pytest.approx(3.6 * 1.29 * 238 / 1000)


def test_internal_load_by_hand(season: Season, project: DbtProject) -> None:
    lakehouse, _ = season
    row = one(
        lakehouse, project, "mart/athlete_session_internal_load",
        session_id=MATCH, athlete_id="ada",
    )  # fmt: skip
    # 60 s each at 100, 150 and 190 of 200 bpm; the last sample stands for nothing.
    zones = [row[f"heart_rate_zone_{zone}_s"] for zone in range(1, 6)]
    assert zones == [60, 0, 60, 0, 59]
    assert row["edwards_trimp_au"] == pytest.approx(1 + 3 + 5 * 59 / 60)
    assert row["max_heart_rate_source"] == "crosswalk"
    assert row["power_s"] is None


def test_events_and_shape_by_hand(season: Season, project: DbtProject) -> None:
    lakehouse, _ = season
    row = one(lakehouse, project, "mart/athlete_session_events", session_id=MATCH, athlete_id="ada")
    counts = ("pass_count", "completed_pass_count", "shot_count", "shot_on_target_count")
    assert [row[name] for name in counts] == [2, 1, 3, 2]
    shape = one(lakehouse, project, "mart/team_shape", session_id=MATCH)
    assert (shape["team_side"], shape["width_m"], shape["length_m"]) == ("home", 35.0, 14.0)
    assert (shape["mean_tracked_athletes"], shape["frame_count"]) == (8.0, 600)


def test_a_ride_has_power_and_no_sprints(season: Season, project: DbtProject) -> None:
    lakehouse, _ = season
    where = {"session_id": RIDE, "athlete_id": "ada"}
    inner = one(lakehouse, project, "mart/athlete_session_internal_load", **where)
    assert (inner["work_kj"], inner["peak_power_w"], inner["power_s"]) == (12.0, 200.0, 119.0)
    outer = one(lakehouse, project, "mart/athlete_session_external_load", **where)
    assert outer["total_distance_m"] == pytest.approx(96.0)
    assert outer["sprint_distance_m"] is None
    assert outer["mean_metabolic_power_w_per_kg"] is None


@pytest.mark.parametrize("key", [key for key in TABLES if key != "mart/athlete_day"])
def test_each_table_alone_gives_the_same_rows(season: Season, build: Build, key: str) -> None:
    lakehouse, together = season
    alone = build(lakehouse, [MATCH], [key])
    assert list(alone.published) == [key]
    assert alone.published[key].content_hash == together.published[key].content_hash
    assert any(test.model == key for test in alone.tests)


def test_nothing_is_written_into_the_project(season: Season, build: Build) -> None:
    lakehouse, _ = season
    before = {path: path.stat().st_mtime_ns for path in PROJECT.rglob("*")}
    build(lakehouse, [MATCH], ["core/session"])
    assert {path: path.stat().st_mtime_ns for path in PROJECT.rglob("*")} == before


def test_the_same_again_changes_nothing_also_as_a_backfill_of_all(
    season: Season, build: Build, project: DbtProject
) -> None:
    lakehouse, _ = season
    before = committed(lakehouse, project, "mart/athlete_session_baseline")
    again = build(lakehouse, [RIDE, EARLIER, MATCH])
    assert not any(commit.is_new for commit in again.published.values())
    assert committed(lakehouse, project, "mart/athlete_session_baseline") == before
