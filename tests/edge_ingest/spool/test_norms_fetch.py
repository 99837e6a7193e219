"""Norms come from the landing zone, or the last good ones stay; sending goes on either way."""

import json
import os
import stat
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from edge_ingest.norms import LARGEST_NORMS, NORMS_NAME, read_norms
from edge_ingest.spool.landing import LandingError
from edge_ingest.spool.landing_folder import FolderLanding
from edge_ingest.spool.norms_fetch import (
    EVERY_S,
    RETRY_S,
    Fetch,
    NodeNorms,
    NormsFetcher,
    node_norms,
)
from edge_ingest.spool.sender import Round, send_until
from tests.edge_ingest.nodes import Ground
from tests.edge_ingest.spool.test_sender import store
from tests.edge_ingest.test_norms import MADE, norms


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def publish(ground: Ground, text: str) -> None:
    path = ground.landing / NORMS_NAME
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def fetcher(
    ground: Ground, on_fetch: Callable[[Fetch], None] = lambda _: None, uri: Path | None = None
) -> NormsFetcher:
    return NormsFetcher(
        FolderLanding(uri or ground.landing), ground.node.norms, ground.node.state,
        ground.clock.now, ground.clock.monotonic, on_fetch,
    )  # fmt: skip


def known(ground: Ground) -> NodeNorms:
    return node_norms(ground.node.norms, ground.node.state)


def test_what_is_there_is_taken_once_and_what_is_newer_replaces_it(ground: Ground) -> None:
    one = fetcher(ground)
    assert known(ground) == NodeNorms(None, "none was fetched yet")
    assert one.fetch() == Fetch(is_there=False)
    assert known(ground) == NodeNorms(None, f"the landing zone has no {NORMS_NAME}")
    assert not ground.node.norms.exists()

    publish(ground, norms().to_json())
    assert one.fetch() == Fetch(norms(), is_there=True)
    path = ground.node.norms
    assert path.read_bytes() == (ground.landing / NORMS_NAME).read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.stat()
    assert one.fetch() == Fetch(is_there=True)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    later = norms(MADE + timedelta(days=1))
    publish(ground, later.to_json())
    assert one.fetch().taken == later
    assert known(ground) == NodeNorms(MADE + timedelta(days=1), None)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_text(norms().to_json()[:200]), "no JSON, or was cut short"),
        (lambda path: path.write_text('{"norms_version": 2}'), "update the node"),
        (lambda path: os.truncate(path, LARGEST_NORMS + 1), "are read at most"),
        (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
    ],
    ids=["cut short", "of the future", "huge", "a folder"],
)
def test_a_file_that_is_no_good_never_replaces_the_last_good_one(
    ground: Ground, spoil: Callable[[Path], object], told: str
) -> None:
    publish(ground, norms().to_json())
    one = fetcher(ground)
    one.fetch()
    spoil(ground.landing / NORMS_NAME)

    found = one.fetch()

    assert found.taken is None
    assert told in str(found.fault)
    assert read_norms(ground.node.norms.read_bytes()) == norms()
    assert known(ground).made_at_utc == MADE
    assert told in str(known(ground).problem)


def test_a_file_that_was_spoilt_here_is_fetched_again(ground: Ground) -> None:
    publish(ground, norms().to_json())
    one = fetcher(ground)
    one.fetch()
    ground.node.norms.write_text("{")
    assert known(ground).made_at_utc is None
    assert one.fetch().taken == norms()


def test_a_node_that_cannot_keep_them_says_so_and_raises_nothing(ground: Ground) -> None:
    publish(ground, norms().to_json())
    ground.node.home.mkdir()
    ground.node.norms.parent.touch()
    assert "Not a directory" in str(fetcher(ground).fetch().fault)


def test_it_looks_at_start_and_every_ten_minutes_and_sooner_while_nobody_answers(
    ground: Ground,
) -> None:
    looks: list[tuple[float, bool | None]] = []
    away = ground.root / "away"
    one = fetcher(
        ground, lambda found: looks.append((ground.clock.seconds, found.is_there)), uri=away
    )
    sender = ground.sender()
    sender.stop = lambda: ground.clock.seconds > 1500
    rounds: list[Round] = []

    def sleep(seconds: float) -> None:
        ground.clock.sleep(seconds)
        if ground.clock.seconds >= 100 and not away.exists():
            away.mkdir()

    send_until(sender, 2.0, 600.0, sleep, rounds.append, norms=one)

    assert looks == [
        (0, None), (RETRY_S, None), (2 * RETRY_S, False), (2 * RETRY_S + EVERY_S, False),
        (2 * RETRY_S + 2 * EVERY_S, False),
    ]  # fmt: skip
    assert [done.fault for done in rounds if done.fault] == []


def test_drops_are_sent_though_norms_cannot_be_had(ground: Ground) -> None:
    class Unreadable(FolderLanding):
        def read(self, name: str, most_bytes: int | None = None) -> bytes | None:
            if name == NORMS_NAME:
                raise LandingError("the credentials may not do this", is_permanent=True)
            return super().read(name, most_bytes)

    store(ground)
    target = Unreadable(ground.landing)
    one = fetcher(ground)
    one.target = target
    sender = ground.sender(target)
    sender.stop = lambda: ground.clock.seconds > 10
    send_until(sender, 2.0, 600.0, ground.clock.sleep, norms=one)
    assert ground.outbox.waiting() == []
    told = json.loads((ground.node.state / "norms.json").read_text())
    assert told["fault"] == "the credentials may not do this"


def test_an_upload_of_hours_gives_way_to_norms_and_goes_on(ground: Ground) -> None:
    """Each piece takes five minutes of the clock; norms that come meanwhile are not waited for."""

    class Slow(FolderLanding):
        def put(self, parcel, pause) -> None:
            def slowly() -> bool:
                ground.clock.seconds += 300
                return pause()

            super().put(parcel, slowly)

    store(ground)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edge_ingest.spool.landing.CHUNK", 64)
        taken: list[float] = []
        one = fetcher(ground, lambda found: taken.append(ground.clock.seconds))
        sender = ground.sender(Slow(ground.landing))
        sender.stop = lambda: not ground.outbox.waiting() or ground.clock.seconds > 1e6
        send_until(sender, 2.0, 600.0, ground.clock.sleep, norms=one)
    assert ground.outbox.waiting() == []
    gaps = [later - earlier for earlier, later in pairwise(taken)]
    assert len(gaps) >= 2, "a drop of several pieces"
    assert max(gaps) <= EVERY_S + 300 + 2
