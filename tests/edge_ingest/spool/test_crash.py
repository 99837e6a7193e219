"""A node that dies at any of its commit points, and is started again: as if nothing had been.

Every call that changes something on the disk is a commit point. At one of them the process dies:
just before the call (then what was written and not yet forced to the disk is half gone), or just
after. From then on nothing it does has any effect, not even its own tidying up.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.edge_ingest.nodes import Ground, files
from tests.edge_ingest.tiny_reader import register

CALLS = ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "fsync")
#: Every so many commit points of a full day; a prime, so that it meets each kind of call.
STRIDE = 29
MEMORY = Path("/dev/shm")


class Dead(BaseException):
    """The process is no more: nothing catches it."""


class Fate:
    """Counts commit points, and ends the process at one of them."""

    def __init__(self, at: int, moment: str) -> None:
        self.at, self.moment, self.is_dead = at, moment, False
        self.calls: list[str] = []

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def commit(*arguments: Any, **options: Any) -> Any:
            if self.is_dead:
                raise Dead
            self.calls.append(name)
            is_now = len(self.calls) == self.at
            if is_now and self.moment == "before":
                self.is_dead = True
                if name == "fsync":
                    _lose_half(arguments[0])
                raise Dead
            try:
                return call(*arguments, **options)
            finally:
                if is_now:
                    self.is_dead = True
                    raise Dead

        return commit


def _lose_half(handle: int) -> None:
    """What a power cut leaves of a file that was not forced to the disk yet."""
    if Path(f"/proc/self/fd/{handle}").resolve().is_file():
        path = Path(f"/proc/self/fd/{handle}").resolve()
        os.truncate(path, path.stat().st_size // 2)


@contextmanager
def dying(at: int, moment: str) -> Iterator[Fate]:
    fate = Fate(at, moment)
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, fate.wrap(name, getattr(os, name)))
        yield fate


#: One of everything: what is put there, and how many drops come of it.
EVERYTHING: dict[str, tuple[dict[str, str], int]] = {
    "alone": ({"alone.json": '{"tiny": 0.5}'}, 1),
    "with a sidecar": (
        {"worn.json": '{"tiny": 0.25}', "worn.json.toml": 'athlete_id = "anna"\n'}, 1,
    ),
    "in two parts": (
        {
            "match/rows.json": '{"pair_rows": 1.5}', "match/names.json": '{"pair_names": 1}',
            "match/recording.toml": 'device_id = "vest-7"\n',
        }, 1,
    ),
    "damaged, in two parts": (
        {"spoiled/rows.json": '{"pair_rows": "bad"}', "spoiled/names.json": '{"pair_names": 1}'}, 1,
    ),
    "two that share a part": (
        {
            "training/a.json": '{"vest": 1, "device": "a"}',
            "training/b.json": '{"vest": 2, "device": "b"}',
            "training/pitch.json": '{"corners": 4}',
        }, 2,
    ),
    "nothing in it": ({"settings.json": '{"tiny": "nothing"}'}, 0),
    "damaged": ({"damaged.json": '{"tiny": "bad"}'}, 1),
    "unknown": ({"notes.txt": "who knows"}, 1),
}  # fmt: skip


def fill(ground: Ground, names: Iterable[str]) -> None:
    for name in names:
        for file, text in EVERYTHING[name][0].items():
            ground.put(file, text)
    for path in sorted(ground.inbox.rglob("*")):  # the key of what is kept comes from times too
        os.utime(path, (1_700_000_000, 1_700_000_000))


def work(ground: Ground) -> None:
    """What a node does until there is nothing left to do."""
    for _ in range(2):
        ground.watch()
        ground.sender().round()


def end(ground: Ground) -> dict[str, Any]:
    """What is left everywhere, but for what a person may read meanwhile (`state`, receipts)."""
    home = ground.node.home
    return {
        "inbox": files(ground.inbox),
        "landing": files(ground.landing),
        "kept": {
            name: data
            for name, data in files(ground.node.kept).items()
            if "/.kept.json" not in name
        },
        "quarantine": {
            name: data.replace(str(ground.root).encode(), b"")
            for name, data in files(ground.node.quarantine).items()
        },
        "outbox": {
            name: data.replace(str(ground.root).encode(), b"")
            for name, data in files(ground.node.outbox).items()
        },
        "homes": sorted(path.name for path in home.iterdir() if path.name != "state"),
    }


@pytest.fixture(autouse=True)
def _readers(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: four hundred lives are many writes."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


def _die_everywhere(folder: Path, stride: int, names: Collection[str]) -> int:
    calm = Ground(folder / "calm")
    fill(calm, names)
    with dying(0, "never") as fate:
        work(calm)
    expected = end(calm)
    assert not expected["inbox"]
    manifests = [name for name in expected["landing"] if name.endswith("manifest.json")]
    assert len(manifests) == sum(EVERYTHING[name][1] for name in names)
    deaths = [(at, "before") for at in range(1, len(fate.calls) + 1)]
    # After a call is as before the next one, unless that would lose what was written.
    deaths += [(at, "after") for at, name in enumerate(fate.calls) if name == "fsync" and at]
    for at, moment in deaths[::stride]:
        ground = Ground(folder / f"{moment}-{at}")
        fill(ground, names)
        with pytest.raises(Dead), dying(at, moment):
            work(ground)
        work(ground)
        assert end(ground) == expected, f"died {moment} commit point {at}: {fate.calls[at - 1]}"
        shutil.rmtree(ground.root)
    return len(deaths[::stride])


@pytest.mark.slow
def test_dying_at_some_commit_points_of_a_full_day_changes_nothing(quick_disk: Path) -> None:
    assert _die_everywhere(quick_disk, STRIDE, EVERYTHING) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERYTHING)
def test_dying_at_every_commit_point_changes_nothing(quick_disk: Path, name: str) -> None:
    """Of each kind of recording by itself: a whole day at each would take a quarter of an hour."""
    assert _die_everywhere(quick_disk, 1, [name]) > 40


@pytest.mark.soak
def test_dying_at_every_commit_point_of_a_full_day_changes_nothing(quick_disk: Path) -> None:
    assert _die_everywhere(quick_disk, 1, EVERYTHING) > 400
