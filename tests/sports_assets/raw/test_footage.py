"""Footage from the camera's file to its row, beside facts that it must not disturb."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from edge_ingest.checksum import sha256_of
from edge_ingest.cleaning.footage import leave_out_idle
from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.drop import PackedDrop
from edge_ingest.errors import IncompleteDropError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Told
from edge_ingest.records import SESSION_TABLES
from resources.dagster_resources import LakehouseResource, LandingZoneResource
from resources.landing_zone import LandingZone
from sensors.requests import plan
from sports_assets.partitions import SESSIONS_NAME
from sports_assets.raw.assets import raw_session
from tests.edge_ingest.footage_clips import drawn, encode
from tests.sports_assets.workouts import FIRST, ride, send

pytestmark = pytest.mark.slow

RAW = sorted(SESSION_TABLES)


class Club:
    """A landing zone and a lakehouse, and the runs that the sensor asks for."""

    def __init__(self, home: Path) -> None:
        self.landing = home / "landing"
        self.instance = dg.DagsterInstance.ephemeral()
        (home / "lake").mkdir()
        self.lakehouse = LakehouseResource(
            catalog_uri=f"sqlite:///{home}/lake/catalog.db?timeout=60",
            warehouse_uri=str(home / "lake"),
        )
        self.zone = LandingZoneResource(
            landing_uri=str(self.landing), club_timezone="Europe/Berlin"
        )

    def film(self, path: Path, started: datetime = FIRST, device: str = "stand") -> PackedDrop:
        told = Told(started_at_utc=started, sport="cycling", device_id=device)
        return send(self.landing, read_recording("video", {"video": path}, told))

    def run(self, session: str, *names: str) -> dg.ExecuteInProcessResult:
        """Materialise raw tables; all of them but footage where none is named."""
        self.instance.add_dynamic_partitions(SESSIONS_NAME, [session])
        chosen = names or tuple(name for name in RAW if name != "footage")
        return dg.materialize(
            [raw_session],
            selection=[dg.AssetKey(["raw", name]) for name in chosen],
            resources={"lakehouse": self.lakehouse, "landing_zone": self.zone},
            instance=self.instance,
            partition_key=session,
            raise_on_error=False,
        )

    def rows(self, name: str, session: str) -> list[dict]:
        contract = SESSION_TABLES[name]
        with self.lakehouse.open() as store, store.connect() as connection:
            store.view(connection, contract, "t", [session])
            order = ", ".join(contract.sort_by)
            return (
                connection.sql(f"select * from t order by {order}").arrow().read_all().to_pylist()
            )


@pytest.fixture
def club(tmp_path: Path) -> Club:
    return Club(tmp_path)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("video") / "stand.mp4", drawn([("play", 2)]))


def why(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    return failed.event_specific_data.error.message


def test_the_video_is_listed_where_it_landed(club: Club, video: Path) -> None:
    drop = club.film(video)
    club.instance.add_dynamic_partitions(SESSIONS_NAME, [drop.session_id])
    result = club.run(drop.session_id, "footage")

    assert result.success
    (row,) = club.rows("footage", drop.session_id)
    assert row["uri"] == str(drop.folder / "stand.mp4")
    assert sha256_of(Path(row["uri"])) == row["sha256"]
    assert (row["drop_id"], row["revision"]) == (drop.manifest.drop_id, 1)
    assert row["stream_id"] == drop.manifest.stream_id
    assert (row["frame_count"], row["duration_s"], row["frame_rate_hz"]) == (20, 2.0, 10.0)
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert made == {"raw/footage"}


def test_no_video_is_taken_into_memory_on_the_way_to_its_row(
    club: Club, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = club.film(video)
    read: list[str] = []
    plain = LandingZone.fetch

    def noted(zone: LandingZone, place: str) -> Callable[[str], bytes]:
        fetch = plain(zone, place)
        return lambda name: (read.append(name), fetch(name))[1]

    monkeypatch.setattr(LandingZone, "fetch", noted)
    assert club.run(drop.session_id, "footage").success
    assert sorted(read) == ["footage.parquet", "sessions.parquet"]


def test_an_altered_video_costs_its_drop_alone(club: Club, video: Path) -> None:
    other = club.film(video, device="bench")
    drop = club.film(video)
    landed = drop.folder / "stand.mp4"
    altered = bytearray(landed.read_bytes())
    altered[len(altered) // 2] ^= 1
    landed.unlink()  # it is linked to the original
    landed.write_bytes(altered)

    assert club.run(drop.session_id, "footage").success
    refused = json.loads((drop.folder / "refused.json").read_text())
    assert refused["rule"] == "checksum"
    assert "stand.mp4: was altered on the way" in refused["reason"]
    (row,) = club.rows("footage", drop.session_id)
    assert row["drop_id"] == other.manifest.drop_id


def test_a_video_that_goes_away_refuses_nothing(club: Club, video: Path) -> None:
    from resources.landing_drops import ActiveDrop
    from sports_assets.raw.build import build_session
    from sports_assets.raw.load import _arrived_drop

    drop = club.film(video)
    with club.zone.open() as zone:
        (active,) = zone.active(drop.session_id)
        assert isinstance(active, ActiveDrop)
        (drop.folder / "stand.mp4").unlink()
        with pytest.raises(IncompleteDropError, match="is not there: wait for it"):
            build_session(drop.session_id, [_arrived_drop(active, {})])


def test_footage_changes_no_fact_and_asks_for_none(club: Club, video: Path) -> None:
    facts = send(club.landing, ride())
    assert club.run(facts.session_id).success
    before = {name: club.rows(name, facts.session_id) for name in RAW}
    early = club.film(video, FIRST - timedelta(minutes=2))  # the camera runs before the start
    assert early.session_id != facts.session_id  # no calendar: named by its own start
    (club.landing / "identity").mkdir()
    (club.landing / "identity" / "sessions.csv").write_text(
        "starts_at_utc,site,sport,slug,name,home_team,away_team\n"
        f"{FIRST:%Y-%m-%dT%H:%M:%SZ},,cycling,{facts.session_id.rsplit('_')[-1]},,,\n"
    )
    with club.zone.open() as zone:
        assert zone.session_of(early.manifest) == facts.session_id
        asked = plan([(facts.session_id, early.manifest)], zone.active)
    assert [(one.work, one.delivery_ids) for one in asked] == [
        ("vision", (early.manifest.drop_id,))
    ]

    assert club.run(facts.session_id, "footage").success
    assert club.run(facts.session_id).success  # as after a correction of the facts
    after = {name: club.rows(name, facts.session_id) for name in RAW}
    assert len(after.pop("footage")) == 1
    assert before.pop("footage") == []
    assert after == before


def test_all_tables_at_once_are_the_same_as_each_lane_alone(club: Club, video: Path) -> None:
    facts = send(club.landing, ride())
    assert club.film(video).session_id == facts.session_id
    assert club.run(facts.session_id).success
    assert club.run(facts.session_id, "footage").success
    alone = {name: club.rows(name, facts.session_id) for name in RAW}
    assert club.run(facts.session_id, *RAW).success
    assert {name: club.rows(name, facts.session_id) for name in RAW} == alone
    assert [row["kind"] for row in alone["sessions"]] == ["wearable"]


def test_a_session_of_footage_alone_has_footage_and_no_facts(club: Club, video: Path) -> None:
    session = club.film(video).session_id
    assert club.run(session, "footage").success
    result = club.run(session)
    assert not result.success
    assert "none but of footage" in why(result)
    assert club.rows("sessions", session) == []
    assert len(club.rows("footage", session)) == 1


def test_a_session_without_footage_has_an_empty_table(club: Club) -> None:
    session = send(club.landing, ride()).session_id
    assert club.run(session, "footage").success
    assert club.rows("footage", session) == []


def test_each_piece_of_a_cut_video_is_a_row(club: Club, tmp_path: Path) -> None:
    stretches = [("play", 8), ("empty", 60), ("play", 8)]
    path = encode(tmp_path / "long.mp4", drawn(stretches, rate=5), 5)
    told = Told(started_at_utc=FIRST, sport="cycling", device_id="stand")
    read = read_recording("video", {"video": path}, told)
    (tmp_path / "pieces").mkdir()
    session = send(
        club.landing, leave_out_idle(read, tmp_path / "pieces", load_settings())
    ).session_id
    assert club.run(session, "footage").success

    first, second = club.rows("footage", session)
    assert first["started_at_utc"] == FIRST.astimezone(UTC)
    assert second["source_start_s"] > first["duration_s"] + 40
    assert second["started_at_utc"] - FIRST == timedelta(seconds=second["source_start_s"])
    assert all(Path(row["uri"]).is_file() for row in (first, second))


def test_a_row_that_tells_of_another_file_costs_its_drop(club: Club, video: Path) -> None:
    """As a packer with a fault would write it: the manifest and the row name different files."""
    from edge_ingest.drops.arrival import locate_media
    from edge_ingest.errors import DropError
    from sports_assets.raw.build import ArrivedDrop, build_session

    drop = club.film(video)
    (media,) = drop.manifest.media
    changed = drop.manifest.model_copy(update={"media": (replace_sha(media),)})
    fetch = lambda name: (drop.folder / name).read_bytes()  # noqa: E731
    built = build_session(drop.session_id, [ArrivedDrop(changed, "place", fetch, str(drop.folder))])
    (refused,) = built.refused
    assert refused.rule == "manifest"
    assert "stand.mp4" in refused.reason
    assert built.tables["footage"].num_rows == 0
    with pytest.raises(DropError):
        locate_media(changed, SESSION_TABLES["footage"].empty(), "")


def replace_sha(media):
    return media.model_copy(update={"sha256": "0" * 64})
