"""Real `edge-ingest watch` and `send`, killed at random: the lakehouse sees nothing of it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from edge_ingest.drops.arrival import read_manifest
from edge_ingest.drops.replay import find_drops
from resources.landing_zone import landing_zone
from sports_assets.raw.build import ArrivedDrop, build_session
from tests.conftest import REPOSITORY

ZONE = "Europe/Berlin"
SETTINGS = """
node_id = "stadium-1"
[landing]
uri = "landing"
[watch]
folder = "inbox"
settle_s = 0.2
poll_s = 0.05
[send]
poll_s = 0.05
[disk]
free_floor_gb = 0.01
"""
#: A whole life of a node until it is killed, in times of its start: from before its first import to
#: well into work.
LIFE = (0.3, 3.0)


class Stadium:
    """A node in processes of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.inbox, self.landing = root, root / "inbox", root / "landing"
        for folder in (self.inbox, self.landing):
            folder.mkdir(parents=True)
        (root / "edge.toml").write_text(SETTINGS)
        environment = {name: value for name, value in os.environ.items() if "SPORTS" not in name}
        self._environment = environment | {"SPORTS_EDGE_CONFIG": str(root / "edge.toml")}

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "edge_ingest.cli", *command],
            cwd=REPOSITORY, env=self._environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def end(self, *command: str) -> str:
        """Run a command to its end."""
        process = self.start(*command)
        told, _ = process.communicate(timeout=300)
        assert process.returncode in {0, 1}, told
        return told

    def finish(self) -> None:
        """What is left, in peace. Twice: the first may still meet files that were just put."""
        for _ in range(2):
            self.end("watch", "--once")
            self.end("send", "--once")


def put(recording: Sequence[Path], inbox: Path, told: str) -> None:
    """Put a recording there as a careful program does: under another name first."""
    if len(recording) == 1:
        partial = inbox / f"{recording[0].name}.part"
        shutil.copyfile(recording[0], partial)
        partial.rename(inbox / recording[0].name)
        return
    folder = inbox / recording[0].stem
    unfinished = inbox / f".{folder.name}"
    unfinished.mkdir()
    (unfinished / "recording.toml").write_text(told)
    for path in recording:
        shutil.copyfile(path, unfinished / path.name)
    unfinished.rename(folder)


def rows(landing: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The raw tables of every session, as the lakehouse builds them from the landing zone."""
    zone = landing_zone(str(landing), {}, ZONE)
    drops = [drop.manifest for drop in find_drops(landing)]
    sessions = {name for manifest in drops if (name := zone.session_of(manifest))}
    found = {}
    for session in sorted(sessions):
        active = [ArrivedDrop(one.manifest, one.place, one.fetch) for one in zone.active(session)]
        built = build_session(session, active)
        assert not built.refused
        found[session] = {name: table.to_pylist() for name, table in built.tables.items()}
    return found


def bytes_of_drops(landing: Path) -> dict[str, Any]:
    """Every file of every drop about a session; of manifests what does not tell the time."""
    found: dict[str, Any] = {}
    for manifest_path in sorted(landing.glob("2*/r*/manifest.json")):
        for path in sorted(manifest_path.parent.iterdir()):
            name = str(path.relative_to(landing))
            found[name] = path.read_bytes()
            if path == manifest_path:
                found[name] = json.loads(path.read_bytes()) | {"packed_at_utc": None}
    return found


def refusals(landing: Path) -> set[str]:
    """Streams of quarantine, without their day."""
    return {read_manifest(path).device_id for path in landing.glob("days_*/r*/manifest.json")}


@pytest.fixture(scope="module")
def recordings(
    kloppy_files: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> list[Sequence[Path]]:
    """Real recordings and damaged ones: a match in two files, rides, and halves of rides."""
    found: list[Sequence[Path]] = [
        (
            kloppy_files / "skillcorner_match_data.json",
            kloppy_files / "skillcorner_structured_data.json",
        )
    ]
    folder = tmp_path_factory.mktemp("recordings")
    rides = sorted(request.getfixturevalue("sweat_samples").glob("*.fit"))
    for number, ride in enumerate(rides):
        found.append((ride,))
        damaged = folder / f"damaged-{number}.fit"
        damaged.write_bytes(ride.read_bytes()[:200] + b"\0" * 50)
        found.append((damaged,))
    return found


TOLD = """
source = "skillcorner"
[parts]
match = "skillcorner_match_data.json"
tracking = "skillcorner_structured_data.json"
"""


def _survives(root: Path, recordings: list[Sequence[Path]], kills: int, seed: int) -> None:
    calm, wild = Stadium(root / "calm"), Stadium(root / "wild")
    clock = time.monotonic()
    calm.end("watch", "--once")
    start_s = time.monotonic() - clock
    for recording in recordings:
        put(recording, calm.inbox, TOLD)
    time.sleep(0.3)
    calm.finish()
    expected = bytes_of_drops(calm.landing)
    assert len(rows(calm.landing)) >= 3
    assert refusals(calm.landing)

    rng = random.Random(seed)
    coming = list(recordings)
    rng.shuffle(coming)
    told = ""
    for kill in range(kills):
        # All has come after three quarters of the lives.
        due = len(recordings) * (kill + 1) * 4 // (kills * 3) - (len(recordings) - len(coming))
        for recording in coming[: max(0, due)]:
            put(recording, wild.inbox, TOLD)
        del coming[: max(0, due)]
        node = [wild.start("watch"), wild.start("send")]
        time.sleep(start_s * rng.uniform(*LIFE))
        for process in rng.sample(node, len(node)):
            process.send_signal(signal.SIGKILL)
            told += process.communicate()[0]
    # The lives were long enough to work in, and work was what they died of.
    assert "packed" in told
    assert "sent" in told
    for recording in coming:
        put(recording, wild.inbox, TOLD)
    time.sleep(0.3)
    wild.finish()

    assert not list(wild.inbox.iterdir())
    assert bytes_of_drops(wild.landing) == expected
    assert rows(wild.landing) == rows(calm.landing)
    assert refusals(wild.landing) == refusals(calm.landing)
    assert not list(wild.landing.rglob(".*"))
    assert not list(wild.root.glob("outbox/*/*/*.parquet"))
    for recording in recordings:  # and nothing was lost on this side either
        for path in recording:
            held = [
                *wild.root.glob(f"kept/*/*/{path.name}"),
                *wild.root.glob(f"quarantine/*/{path.name}"),
            ]
            assert [one.read_bytes() for one in held] == [path.read_bytes()]


@pytest.mark.slow
def test_twenty_kills_change_nothing_in_the_lakehouse(
    tmp_path: Path, recordings: list[Sequence[Path]]
) -> None:
    _survives(tmp_path, recordings, kills=20, seed=7)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_hundreds_of_kills_change_nothing_in_the_lakehouse(
    tmp_path: Path, recordings: list[Sequence[Path]], seed: int
) -> None:
    _survives(tmp_path, recordings, kills=30, seed=seed)
