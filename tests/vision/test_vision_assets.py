"""Footage from its drop to its page through the asset graph, with nobody touching it."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from edge_ingest.readers import read_recording
from edge_ingest.recording import Told
from edge_ingest.simulate.footage.parameters import draw_parameters
from edge_ingest.simulate.footage.scene import draw_match
from edge_ingest.simulate.footage.sources import read_stretch
from edge_ingest.simulate.footage.variants import draw_black
from resources.contracts import ALL
from resources.dagster_resources import (
    FootageLookResource,
    LakehouseResource,
    LandingZoneResource,
    ReportStoreResource,
)
from sensors.edge_drops import session_footage
from sports_assets.partitions import SESSIONS_NAME
from sports_assets.raw.assets import raw_session
from sports_assets.vision import assets as vision
from sports_assets.vision.assets import (
    vision_clip,
    vision_follow,
    vision_look,
    vision_quality,
)
from sports_assets.vision.page.assets import report_footage
from tests.sports_assets.workouts import send

pytestmark = pytest.mark.slow

STARTED = datetime(2024, 5, 4, 14, 0, tzinfo=UTC)
ASSETS = [
    raw_session, vision_look, vision_follow, vision_quality, vision_clip, report_footage,
]  # fmt: skip
CONTRACTS = {one.key: one for one in ALL}


class Club:
    """A landing zone, a lakehouse and a report store in one folder."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SPORTS_HOME", str(home))
        self.landing = home / "landing"
        (home / "lake").mkdir()
        self.instance = dg.DagsterInstance.ephemeral()
        self.lakehouse = LakehouseResource(
            catalog_uri=f"sqlite:///{home}/lake/catalog.db?timeout=60",
            warehouse_uri=str(home / "lake"),
        )
        self.resources: dict[str, Any] = {
            "lakehouse": self.lakehouse,
            "landing_zone": LandingZoneResource(
                landing_uri=str(self.landing), club_timezone="Europe/Berlin"
            ),
            "report_store": ReportStoreResource(report_uri=str(home / "reports")),
            "footage_look": FootageLookResource(),
            "pipes": dg.PipesSubprocessClient(),
        }

    def film(self, path: Path, camera: str, after_s: float = 0.0, **parts: Path) -> str:
        """Deliver a video; gives its session."""
        told = Told(
            started_at_utc=STARTED + timedelta(seconds=after_s), sport="football", device_id=camera
        )
        packed = send(self.landing, read_recording("video", {"video": path, **parts}, told))
        return packed.manifest.session.session_id

    def run(self, session: str) -> dg.ExecuteInProcessResult:
        """The run that the sensor asks for."""
        self.instance.add_dynamic_partitions(SESSIONS_NAME, [session])
        return dg.materialize(
            ASSETS,
            selection=session_footage.selection,
            resources=self.resources,
            instance=self.instance,
            partition_key=session,
            raise_on_error=False,
        )

    def rows(self, key: str, session: str) -> list[dict[str, Any]]:
        contract = CONTRACTS[key]
        with self.lakehouse.open() as store, store.connect() as connection:
            store.view(connection, contract, "t", [session])
            order = ", ".join(contract.sort_by)
            found = connection.sql(f"select * from t order by {order}").to_arrow_table()
        assert contract.violations(contract.conform(found)) == []
        return found.to_pylist()


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Club:
    return Club(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def match(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of half a pitch, at a rate that lets the ball be looked for in every frame."""
    path = tmp_path_factory.mktemp("drawn") / "left.mp4"
    seen = draw_parameters(31, view="left half", size_px=(1280, 720), fps=10)
    draw_match(read_stretch("skillcorner", 1647, 8), seen, path, 8)
    return path


def test_footage_becomes_tracks_formations_and_a_page(club: Club, match: Path) -> None:
    session = club.film(match, "left")
    first = club.run(session)
    (camera,) = club.rows("vision/camera", session)
    assert (camera["state"], camera["method"], camera["looks"]) == ("calibrated", "lines", 40)
    assert len(club.rows("vision/look", session)) == 40
    people = [one for one in club.rows("vision/track", session) if one["object_kind"] != "ball"]
    assert len(people) >= 5
    assert {one["track_id"] for one in club.rows("vision/positions", session)} <= {
        one["track_id"] for one in club.rows("vision/track", session)
    }
    (quality,) = club.rows("vision/quality", session)
    (page,) = club.rows("report/footage", session)
    html = Path(page["uri"]).read_text()
    assert "data:video/mp4;base64," in html
    # Eight seconds are no match: the check says so, what follows it waits, the page is there.
    (good,) = [
        one
        for one in first.get_asset_check_evaluations()
        if one.check_name == "footage_can_be_believed"
    ]
    assert good.passed == quality["is_good"]
    made = {one.asset_key.to_user_string() for one in first.get_asset_materialization_events()}
    assert ("vision/clip" in made) == quality["is_good"]

    # The same again: no video is looked at a second time, and nothing changes.
    before = {
        key: club.rows(key, session)
        for key in CONTRACTS
        if key.startswith("vision/") or key == "report/footage"
    }
    again = club.run(session)
    assert not [event for event in again.all_events if "external process" in (event.message or "")]
    assert {key: club.rows(key, session) for key in before} == before

    # A second camera that shows nothing costs itself only.
    dark = match.with_name("dark.mp4")
    draw_black(dark, 2)
    club.film(dark, "dark")
    club.run(session)
    states = {one["camera"]: one["state"] for one in club.rows("vision/camera", session)}
    assert states == {"left": "calibrated", "dark": "refused"}
    assert club.rows("vision/detection", session) == before["vision/detection"]
    pages = club.rows("report/footage", session)
    assert [one["revision"] for one in pages] == [1, 2]
    assert "dark" in Path(pages[-1]["uri"]).read_text()


class Killed(dg.PipesSubprocessClient):
    """As if memory ran out: the process is killed before it looks."""

    def run(self, **told: Any) -> dg.PipesClientCompletedInvocation:
        command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
        return super().run(**{**told, "command": command})


def test_a_video_whose_step_dies_each_time_is_refused_and_others_are_looked_at(
    club: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision, "WAITS_S", ())  # the first try is the last one
    for name, length_s in (("one", 2), ("two", 3)):
        draw_black(tmp_path / f"{name}.mp4", length_s)
        session = club.film(tmp_path / f"{name}.mp4", name)
    club.resources["pipes"] = Killed()
    assert club.run(session).success is False  # nobody can be believed
    rows = club.rows("vision/camera", session)
    assert [one["state"] for one in rows] == ["refused", "refused"]
    assert all("died each time" in one["reason"] for one in rows)


def test_a_session_without_footage_has_nothing_to_show(club: Club) -> None:
    session = "2024-05-04_football_session-1600"
    club.instance.add_dynamic_partitions(SESSIONS_NAME, [session])
    done = dg.materialize(
        ASSETS,
        selection=["vision/camera", "vision/look", "vision/detection", "vision/track",
                   "vision/positions", "vision/formation", "vision/quality", "vision/clip",
                   "report/footage"],
        resources=club.resources,
        instance=club.instance,
        partition_key=session,
    )  # fmt: skip
    assert done.success
    assert club.rows("vision/quality", session) == []
    assert club.rows("report/footage", session) == []
