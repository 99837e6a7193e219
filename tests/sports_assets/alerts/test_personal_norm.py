"""From sessions in the lakehouse to the file at the ground, through the real asset."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from edge_ingest.identity import read_athletes
from edge_ingest.norms import NORMS_NAME, read_norms
from edge_ingest.records import SIGNALS
from resources.contracts import ALERT_PERSONAL_NORM, KINEMATICS
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.dbt.build import dbt_build
from resources.errors import ResourceError
from resources.landing_zone import landing_zone
from sports_assets.alerts.assets import personal_norm
from sports_assets.keys import PERSONAL_NORM_KEY
from sports_assets.warehouse.assets import PROJECT
from tests.dbt.crafted import CONTEXT, Rows, athlete, stream

CROSSWALK = (
    "source,source_athlete_id,athlete_id,display_name,max_heart_rate_bpm\n"
    "camera,7,ada,Ada,200\nstrap,s7,ada,,\ncamera,8,bob,Bob,\n"
)
FIRST = datetime(2026, 1, 3, 14, tzinfo=UTC)
DAYS = 8


def session_id(day: int) -> str:
    return f"{FIRST + timedelta(days=day):%Y-%m-%d}_football_training"


def play(rows: Rows, day: int, rng: random.Random) -> dict[str, float]:
    """Half an hour in steps of 2 s: Ada at some pace, Bob for five minutes only."""
    start = FIRST + timedelta(days=day)
    camera = stream(rows, "tracking", "camera", start)
    strap = stream(rows, "wearable", "strap", start)
    athlete(rows, camera, "7")
    athlete(rows, camera, "8")
    athlete(rows, strap, "s7")
    speed = rng.uniform(2, 4)
    for name, steps in (("7", 900), ("8", 150)):
        for frame in range(steps):
            rows.add(
                KINEMATICS, stream_id=camera, period_id=1, frame_id=frame,
                captured_at_utc=start + timedelta(seconds=2 * frame), period_time_s=2.0 * frame,
                object_kind="athlete", source_athlete_id=name, x_m=0.0, y_m=0.0, segment_id=0,
                dt_s=2.0, speed_mps=speed, acceleration_mps2=0.0, speed_filter="none", quality=0,
            )  # fmt: skip
    high = rng.randint(100, 300)
    for second in range(1500):
        rows.add(
            SIGNALS, stream_id=strap, source_athlete_id="s7", channel="heart_rate",
            sample_index=second, captured_at_utc=start + timedelta(seconds=second),
            value=185.0 if second < high else 120.0, quality=0,
        )  # fmt: skip
    return {"total_distance_m": speed * 1800, "heart_rate_zone_5_s": float(high)}


@pytest.mark.slow
def test_norms_of_a_season_reach_the_landing_zone(tmp_path: Path) -> None:
    lake, landing = tmp_path / "lake", tmp_path / "landing"
    lake.mkdir()
    (landing / "identity").mkdir(parents=True)
    (landing / "identity" / "athletes.csv").write_text(CROSSWALK)
    resources = {
        "lakehouse": LakehouseResource(
            catalog_uri=f"sqlite:///{lake}/catalog.db", warehouse_uri=str(lake / "warehouse")
        ),
        "landing_zone": LandingZoneResource(
            landing_uri=str(landing), club_timezone="Europe/Berlin"
        ),
    }
    rng = random.Random(5)
    told = []
    with resources["lakehouse"].open() as store:
        for day in range(DAYS):
            rows = Rows(session_id(day))
            told.append(play(rows, day, rng))
            rows.commit(store)
        sessions = [session_id(day) for day in range(DAYS)]
        known = read_athletes(CROSSWALK)
        with dbt_build(store, sessions, project=PROJECT, context=CONTEXT, crosswalk=known) as build:
            build.run(None).require_complete()

    instance = dg.DagsterInstance.ephemeral()
    for _ in range(2):
        result = dg.materialize([personal_norm], resources=resources, instance=instance)
        assert result.success
        assert all(one.passed for one in result.get_asset_check_evaluations())
    file = read_norms((landing / NORMS_NAME).read_bytes())
    assert [one.athlete_id for one in file.athletes] == ["ada", "bob"]
    ada, bob = file.athletes
    assert (ada.max_heart_rate_bpm, len(ada.known_as), bob.norms) == (200, 2, ())
    norms = {norm.metric: norm for norm in ada.norms}
    for metric in ("total_distance_m", "heart_rate_zone_5_s"):
        values = [one[metric] for one in told]
        assert norms[metric].mean == pytest.approx(sum(values) / DAYS, rel=1e-6)
        assert norms[metric].session_count == DAYS
        assert norms[metric].high > max(values)
    assert norms["top_speed_mps"].high < 6
    assert file.thresholds("football").high_speed_threshold_mps == 5.5
    assert file.thresholds("football").top_speed_dwell_s == 0.5
    assert "mart/athlete_session_external_load" in file.provenance["snapshots"]

    with resources["lakehouse"].open() as store, store.connect() as connection:
        store.view(connection, ALERT_PERSONAL_NORM, "norm")
        found = connection.sql("select count(*), count(distinct athlete_id) from norm").fetchone()
    assert found == (len(ada.norms), 1)
    made = instance.get_latest_materialization_event(PERSONAL_NORM_KEY)
    shown = str(made.asset_materialization.metadata)
    assert str(landing / NORMS_NAME) in shown
    assert not any(name in shown for name in ("bob", "'ada'", '"ada"', "strap"))


def test_a_lakehouse_without_sessions_gives_a_file_of_names_alone(tmp_path: Path) -> None:
    (tmp_path / "landing" / "identity").mkdir(parents=True)
    (tmp_path / "landing" / "identity" / "athletes.csv").write_text(CROSSWALK)
    (tmp_path / "lake").mkdir()
    resources = {
        "lakehouse": LakehouseResource(
            catalog_uri=f"sqlite:///{tmp_path}/lake/catalog.db",
            warehouse_uri=str(tmp_path / "lake" / "warehouse"),
        ),
        "landing_zone": LandingZoneResource(
            landing_uri=str(tmp_path / "landing"), club_timezone="Europe/Berlin"
        ),
    }
    assert dg.materialize([personal_norm], resources=resources).success
    file = read_norms((tmp_path / "landing" / NORMS_NAME).read_bytes())
    assert [len(one.norms) for one in file.athletes] == [0, 0]


@pytest.mark.parametrize("name", ["identity/athletes.csv", "s.d.tracking/r0001/manifest.json"])
def test_what_is_the_club_s_or_a_drop_s_cannot_be_put(tmp_path: Path, name: str) -> None:
    with landing_zone(str(tmp_path), {}, "Europe/Berlin") as zone:
        with pytest.raises(ResourceError, match="not for the lakehouse"):
            zone.put(name, b"x")
        zone.put(NORMS_NAME, b"{}")
        assert zone.read(NORMS_NAME) == b"{}"
        assert zone.arrivals() == []
