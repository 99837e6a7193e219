"""Manifests that lie: each costs its own drop, and says what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge_ingest import manifest as manifests
from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.drop import pack
from edge_ingest.errors import DropError
from edge_ingest.manifest import DropFile
from tests.edge_ingest.recordings import IDENTITY, NOW, recording


@pytest.fixture
def told(tmp_path: Path) -> dict[str, Any]:
    """A sound manifest, as JSON."""
    return json.loads(pack(recording(), tmp_path, IDENTITY, NOW).manifest.to_json())


def sealed(told: dict[str, Any]) -> bytes:
    """The manifest with hashes that fit what it says, as a packer with a fault would write it."""
    files = tuple(DropFile(**file) for file in told["files"])
    content = manifests.content_sha256(files, told["scale"], encoding=told["encoding"])
    drop_id = manifests.drop_id(told["stream_id"], told["revision"], content)
    return json.dumps(told | {"content_sha256": content, "drop_id": drop_id}).encode()


def test_a_sound_manifest_is_read(told: dict[str, Any]) -> None:
    assert read_manifest(sealed(told)).stream_id == told["stream_id"]


@pytest.mark.parametrize("stream", ["..", ".", "identity", "2024-05-04_football_other.a.tracking"])
def test_a_stream_that_its_parts_do_not_give_is_refused(told: dict[str, Any], stream: str) -> None:
    told["stream_id"] = stream
    with pytest.raises(DropError, match="its parts give"):
        read_manifest(sealed(told))


def test_a_stream_of_days_cannot_climb_out_of_the_landing_zone(told: dict[str, Any]) -> None:
    told |= {"session": None, "days": {"first_day": "2024-01-01", "last_day": "2024-01-02"}}
    told["stream_id"] = ".."
    with pytest.raises(DropError, match="stream_id is"):
        read_manifest(sealed(told))


@pytest.mark.parametrize("path", ["../a.parquet", "a/b.parquet", "/a.parquet", "a.parquet\n", ".."])
def test_a_file_outside_of_the_drop_is_refused(told: dict[str, Any], path: str) -> None:
    text = json.dumps(told).replace("positions.parquet", json.dumps(path)[1:-1])
    with pytest.raises(DropError, match="path"):
        read_manifest(text.encode())


def test_a_day_that_no_calendar_has_is_refused(told: dict[str, Any]) -> None:
    told["session"]["session_id"] = "2024-02-30_football_test-match"
    told["stream_id"] = "2024-02-30_football_test-match.tracker-1.tracking"
    with pytest.raises(DropError, match="day is out of range"):
        read_manifest(sealed(told))


@pytest.mark.parametrize("scale", [0.0, -0.005, 1e-320, float("nan"), float("inf")])
def test_a_scale_that_would_spoil_every_coordinate_is_refused(
    told: dict[str, Any], scale: float
) -> None:
    told["scale"]["x_m"] = scale
    with pytest.raises(DropError, match=r"scale\.x_m"):
        read_manifest(sealed(told))


def test_a_table_that_is_named_twice_is_refused(told: dict[str, Any]) -> None:
    told["files"].append(told["files"][1] | {"path": "positions-2.parquet"})
    with pytest.raises(DropError, match="each table stands in files once"):
        read_manifest(sealed(told))


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:30:00Z"])
@pytest.mark.parametrize("what", ["packed_at_utc", "started_at_utc"])
def test_an_instant_that_no_clock_of_ours_shows_is_refused(
    told: dict[str, Any], what: str, instant: str
) -> None:
    (told if what == "packed_at_utc" else told["session"])[what] = instant
    with pytest.raises(DropError, match=what):
        read_manifest(sealed(told))


def test_a_revision_beyond_what_raw_can_count_is_refused(told: dict[str, Any]) -> None:
    told |= {"revision": 2**31, "supersedes": "0" * 16}
    with pytest.raises(DropError, match="revision"):
        read_manifest(sealed(told))
