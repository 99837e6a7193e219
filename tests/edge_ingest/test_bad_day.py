"""Everything goes wrong at once, and the lakehouse ends with the rows of a calm day."""

import random
import shutil
from pathlib import Path

import pytest

from edge_ingest.drops.drop import PackedDrop
from edge_ingest.spool.landing import LandingError
from tests.edge_ingest.nodes import Ground, fill
from tests.edge_ingest.spool.test_kill import refusals, rows
from tests.edge_ingest.spool.test_sender import Network
from tests.edge_ingest.tiny_reader import register

pytestmark = pytest.mark.slow

MINUTE_S = 60.0
BACK_AT_S = 30 * MINUTE_S
FULL = range(8, 14)
#: What people put there in the first minutes, in folders of their own.
RECORDINGS: list[dict[str, str]] = [
    *({f"r{n}.json": f'{{"tiny": {n}, "device": "d{n}"}}'} for n in range(6)),
    {"match/r.json": '{"pair_rows": 1.5}', "match/n.json": '{"pair_names": 1}'},
    {
        "training/a.json": '{"vest": 1, "device": "a"}',
        "training/b.json": '{"vest": 2, "device": "b"}',
        "training/pitch.json": '{"corners": 4}',
    },
    {"bad.json": '{"tiny": "bad"}'},
    {"settings.json": '{"tiny": "nothing"}'},
]


@pytest.fixture(autouse=True)
def _readers(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def put(ground: Ground, recording: dict[str, str], beneath: str = "") -> None:
    for name, text in recording.items():
        ground.put(f"{beneath}{name}", text)


def put_back(ground: Ground, copy: Path, rng: random.Random) -> int:
    """Drops stand in the outbox once more and go in any order: a disk that was restored."""
    folders = [path.parent for path in copy.glob("*/r*/manifest.json")]
    rng.shuffle(folders)
    for folder in folders:
        target = ground.node.outbox / folder.relative_to(copy)
        shutil.copytree(folder, target, dirs_exist_ok=True)
        (target / "sent.json").unlink(missing_ok=True)
        ground.sender(seed=rng.randrange(99)).round()
    return len(folders)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_network_a_full_disk_and_everything_twice_change_no_row(
    tmp_path: Path, small_disk: Path, seed: int
) -> None:
    calm = Ground(tmp_path / "calm")
    for recording in RECORDINGS:
        put(calm, recording)
    calm.watch()
    calm.sender().round()
    expected = rows(calm.landing)
    assert sum(len(table["positions"]) for table in expected.values()) == 9 * 15
    assert len(refusals(calm.landing)) == 1

    rng = random.Random(seed)
    wild = Ground(tmp_path / "wild", {"home": small_disk / "node"})
    asked = iter(range(10**9))
    # Away for half an hour; after that every fifth answer is lost.
    network = Network(
        wild.landing,
        lambda: (
            LandingError("no route to host")
            if wild.clock.seconds < BACK_AT_S or not next(asked) % 5
            else None
        ),
    )
    watcher, sender = wild.watcher(), wild.sender(network, seed)
    coming = rng.sample(RECORDINGS, len(RECORDINGS))
    states: list[str] = []
    ballast = copy = None
    sent: list[PackedDrop] = []
    for minute in range(120):
        if coming and minute % 2:
            put(wild, coming.pop())
        if minute == FULL.start:
            ballast = fill(small_disk)
        if minute == FULL.stop and ballast:
            ballast.unlink()
        if minute == 25:  # the same files again, on another card
            for recording in rng.sample(RECORDINGS, 5):
                put(wild, recording, "card/")
        if minute == 29:
            assert not list(wild.landing.iterdir())
            copy = Path(shutil.copytree(wild.node.outbox, tmp_path / "copy"))
        states += [outcome.state for outcome in watcher.once()]
        sent += sender.round().sent
        wild.clock.sleep(MINUTE_S)
        if minute > 29 and not wild.outbox.waiting():
            break
    assert copy is not None
    assert {"no space", "known", "packed", "refused"} <= set(states)
    assert len(sent) == 10
    assert put_back(wild, copy, rng) == 10
    again = Ground(tmp_path / "again")
    put_back(again, copy, rng)

    assert not [path for path in wild.inbox.rglob("*") if path.is_file()]
    assert not wild.outbox.waiting()
    assert rows(wild.landing) == rows(again.landing) == expected
    assert refusals(wild.landing) == refusals(calm.landing)
