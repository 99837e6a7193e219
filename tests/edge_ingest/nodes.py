"""A node in a temporary folder, with clocks that the test winds."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_ingest.intake.isolation import Attempt, here
from edge_ingest.intake.watch import Outcome, Watcher
from edge_ingest.node.settings import Node
from edge_ingest.spool.landing import LandingTarget
from edge_ingest.spool.landing_folder import FolderLanding
from edge_ingest.spool.outbox import Outbox, OutboxDrop
from edge_ingest.spool.sender import Sender
from tests.edge_ingest.recordings import NOW


@dataclass
class Clock:
    """Time that passes when somebody sleeps."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0, "a loop that does not wait"
        self.seconds += seconds


@dataclass
class Ground:
    """A stadium: the watched folder, the node, and the landing zone."""

    root: Path
    settings: dict[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.landing.mkdir(exist_ok=True)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def node(self) -> Node:
        told: dict[str, Any] = {
            "node_id": "stadium-1",
            "home": self.root / "node",
            "landing": {"uri": str(self.landing)},
            "watch": {"settle_s": 0},
            "disk": {"free_floor_gb": 0},
        }
        return Node.model_validate(told | self.settings)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.node.outbox)

    def put(self, name: str, text: str) -> Path:
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def watcher(self, attempt: Attempt = here) -> Watcher:
        watcher = Watcher(self.node, self.inbox, self.clock.now, self.clock.monotonic, attempt)
        watcher.start()
        return watcher

    def watch(self, attempt: Attempt = here) -> list[Outcome]:
        return list(self.watcher(attempt).once())

    def sender(
        self,
        target: LandingTarget | None = None,
        seed: int = 1,
        on_sent: Callable[[OutboxDrop], None] = lambda _: None,
    ) -> Sender:
        return Sender(
            self.outbox,
            target or FolderLanding(self.landing),
            self.clock.now,
            self.clock.monotonic,
            random.Random(seed),
            state=self.node.state,
            on_sent=on_sent,
        )


def files(folder: Path) -> dict[str, bytes]:
    """Every file in a folder by its relative path, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as handle:
        for size in (1 << 16, 4096, 1):
            with suppress(OSError):  # it is full for pieces of this size
                while True:
                    handle.write(b"x" * size)
    with pytest.raises(OSError, match="No space left"):
        (disk / "more").write_bytes(b"x" * 4096)
    (disk / "more").unlink()
    return ballast
