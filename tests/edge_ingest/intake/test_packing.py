"""From what a reader found to a drop: by hand, and by the watched folder."""

import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_ingest.cleaning.settings import load_settings
from edge_ingest.drops.arrival import verify
from edge_ingest.drops.replay import find_drops
from edge_ingest.errors import NothingRecordedError
from edge_ingest.identity import slugify
from edge_ingest.intake.packing import Intake
from edge_ingest.readers import read_source
from edge_ingest.recording import Told
from edge_ingest.scratch import FILLING
from tests.edge_ingest.footage_clips import drawn, encode
from tests.edge_ingest.nodes import Ground
from tests.edge_ingest.recordings import NOW, recording

SETTINGS = load_settings()
TOLD = Told(
    started_at_utc=datetime(2024, 5, 4, 13, 30, tzinfo=UTC), sport="football", device_id="stand"
)


def intake(folder: Path, **footage: object) -> Intake:
    settings = replace(SETTINGS, footage=replace(SETTINGS.footage, **footage))
    return Intake(folder, settings, (), "Europe/Berlin")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play, nobody for 50 s, play."""
    stretches = [("play", 8), ("empty", 50), ("play", 8)]
    return encode(tmp_path_factory.mktemp("clip") / "stand.mp4", drawn(stretches, rate=5), 5)


def test_a_recording_is_cleaned_before_it_is_packed(tmp_path: Path) -> None:
    drop = intake(tmp_path).take(recording(), NOW)
    assert drop.manifest.filter_settings["cleaning.version"] == 2
    assert "optical.run_off_m" in drop.manifest.filter_settings


@pytest.mark.slow
def test_a_video_is_packed_without_its_idle_stretch_and_nothing_is_left_over(
    tmp_path: Path, clip: Path
) -> None:
    found = read_source("video", {"video": clip}, TOLD)
    drop = intake(tmp_path).take(found, NOW)
    assert len(drop.manifest.media) == 2
    assert drop.manifest.rows_by_rule["idle_s_left_out"] >= 35
    assert verify(drop.folder) == []
    assert [path.name for path in tmp_path.iterdir()] == [drop.folder.parent.name]
    assert drop.media_bytes < clip.stat().st_size

    whole = intake(tmp_path / "whole", is_on=False).take(found, NOW)
    assert whole.media_bytes == clip.stat().st_size
    assert whole.manifest.filter_settings["footage.is_on"] is False


def test_a_video_without_anybody_leaves_nothing_behind(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", drawn([("empty", 12)], rate=5), 5)
    into = tmp_path / "into"
    with pytest.raises(NothingRecordedError):
        intake(into).take(read_source("video", {"video": path}, TOLD), NOW)
    assert list(into.iterdir()) == []


def test_the_watched_folder_takes_the_same_way(tmp_path: Path, clip: Path) -> None:
    ground = Ground(tmp_path)
    (ground.node.outbox / FILLING / f"{slugify(socket.gethostname())}.dead").mkdir(parents=True)
    (ground.inbox / "stand.mp4").write_bytes(clip.read_bytes())
    ground.put(
        "stand.mp4.toml",
        'started_at_utc = 2024-05-04T13:30:00Z\nsport = "football"\ndevice_id = "stand"\n',
    )
    (outcome,) = ground.watch()
    assert outcome.state == "packed"
    (drop,) = find_drops(ground.node.outbox)
    by_hand = intake(tmp_path / "by-hand").take(read_source("video", {"video": clip}, TOLD), NOW)
    assert drop.manifest.content_sha256 == by_hand.manifest.content_sha256
    assert not list(ground.node.outbox.glob(".*"))
