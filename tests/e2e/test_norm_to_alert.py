"""The loop: sessions in the lakehouse, a norm in the landing zone, an alert at the ground."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from deploy.edge.broker import find_mosquitto
from edge_ingest.identity import read_athletes
from edge_ingest.norms import NORMS_NAME
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.dbt.build import dbt_build
from sports_assets.alerts.assets import SETTINGS, personal_norm
from sports_assets.warehouse.assets import PROJECT
from tests.dbt.crafted import CONTEXT, Rows
from tests.edge_ingest.live.conftest import Ground, wait_until
from tests.edge_ingest.live.feed import batches
from tests.sports_assets.alerts.test_personal_norm import CROSSWALK, play, session_id

pytestmark = pytest.mark.slow


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    if find_mosquitto() is None:
        pytest.skip("no mosquitto: deploy/local/debian-packages mosquitto")
    made = Ground(tmp_path)
    yield made
    made.close()


def test_who_leaves_the_norm_that_the_lakehouse_made_is_told_of_at_the_ground(
    ground: Ground,
) -> None:
    """Ada ran at 2 to 4 m/s in each of six sessions; today she sprints at 7."""
    paces = season(ground)
    assert "fetched personal norms of" in ground.run("send", "--once")
    assert ground.norms.read_bytes() == (ground.landing / NORMS_NAME).read_bytes()
    assert "norms         made" in ground.run("status")

    ground.start_live()
    health = ground.get("/healthz")
    assert (health["norms_problem"], health["is_connected"]) == (None, True)
    usual = [replace(one, source="camera") for one in batches(seconds=20, speed_mps=max(paces))]
    ground.publish(*usual)
    wait_until("her usual pace", lambda: ground.has_samples(200))
    assert ground.alerts == []
    sprint = batches(seconds=20, speed_mps=7.0, run="r2", start_us=usual[-1].captured_us[0] + 10**5)
    ground.publish(*(replace(one, source="camera") for one in sprint))
    # She also never had a metre at high speed, and is told of for that before.
    (alert,) = wait_until(
        "the alert", lambda: [one for one in ground.alerts if one["metric"] == "top_speed_mps"]
    )

    assert alert["athlete_id"] == "ada"
    assert alert["norm_mean"] == pytest.approx(sum(paces) / len(paces), rel=1e-3)
    assert alert["session_count"] == len(paces)
    assert alert["observed"] > alert["norm_high"] > max(paces)
    assert alert["explanation"].startswith("Ada: top speed is ")
    assert ground.stop_live() == 0


def season(ground: Ground) -> list[float]:
    """Ada's pace in each of the fewest sessions that a norm rests on; the norm is made of them."""
    lake = ground.folder / "lake"
    lake.mkdir()
    (ground.landing / "identity").mkdir()
    (ground.landing / "identity" / "athletes.csv").write_text(CROSSWALK)
    resources = {
        "lakehouse": LakehouseResource(
            catalog_uri=f"sqlite:///{lake}/catalog.db", warehouse_uri=str(lake / "warehouse")
        ),
        "landing_zone": LandingZoneResource(
            landing_uri=str(ground.landing), club_timezone="Europe/Berlin"
        ),
    }
    rng = random.Random(5)
    paces = []
    with resources["lakehouse"].open() as store:
        for day in range(SETTINGS.least_sessions):
            rows = Rows(session_id(day))
            paces.append(play(rows, day, rng)["total_distance_m"] / 1800)
            rows.commit(store)
        sessions = [session_id(day) for day in range(SETTINGS.least_sessions)]
        known = read_athletes(CROSSWALK)
        with dbt_build(store, sessions, project=PROJECT, context=CONTEXT, crosswalk=known) as build:
            build.run(None).require_complete()
    instance = dg.DagsterInstance.ephemeral()
    assert dg.materialize([personal_norm], resources=resources, instance=instance).success
    return paces
