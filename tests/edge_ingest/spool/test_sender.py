"""Store and forward: nothing leaves the outbox before the landing zone has it."""

import errno
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_ingest import manifest as manifests
from edge_ingest.drops import drop as drops
from edge_ingest.drops import media
from edge_ingest.drops.arrival import read_manifest, verify
from edge_ingest.drops.drop import PackedDrop, is_sound, pack
from edge_ingest.drops.history import last_finished, revisions
from edge_ingest.drops.signing import make_key
from edge_ingest.manifest import Clock, DropFile, Manifest, MediaFile, SessionGuess
from edge_ingest.node.status import status
from edge_ingest.spool.backoff import Backoff
from edge_ingest.spool.landing import LandingError, Parcel, Pause
from edge_ingest.spool.landing_folder import FolderLanding
from edge_ingest.spool.landing_s3 import S3Landing, s3_client
from edge_ingest.spool.outbox import PRIORITY, Outbox
from edge_ingest.spool.sender import LONGEST_WAIT_S, LOOK_EVERY_S, REFUSABLE, Round, send_until
from tests.edge_ingest.nodes import Ground, files, fill
from tests.edge_ingest.recordings import IDENTITY, NOW, START, recording
from tests.edge_ingest.spool.test_landing import PART, _settings


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def store(
    ground: Ground, x_m: float = 0.5, kind: str = "tracking", age_s: float = 0, **changes: Any
) -> PackedDrop:
    one = recording(x_m, kind=kind, **changes)
    return pack(one, ground.node.outbox, IDENTITY, NOW - timedelta(seconds=age_s))


def store_video(ground: Ground, payload: bytes) -> Path:
    """A drop of footage, as whoever packs videos writes it."""
    stream = manifests.stream_id(IDENTITY.session_id, "camera-1", "footage")
    folder = ground.node.outbox / stream / "r0001"
    folder.mkdir(parents=True)
    parts: list[Any] = []
    for name, data in (("sessions.parquet", b"rows"), ("half-1.mp4", payload)):
        (folder / name).write_bytes(data)
        told = {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        is_table = name.endswith("parquet")
        parts.append(DropFile(table="sessions", rows=1, **told) if is_table else MediaFile(**told))
    content = manifests.content_sha256((parts[0],), {}, (parts[1],))
    manifest = Manifest(
        drop_id=manifests.drop_id(stream, 1, content), stream_id=stream, kind="footage", revision=1,
        content_sha256=content, source="test", device_id="camera-1", reader="test",
        reader_version="1", packed_at_utc=NOW, clock=Clock(source="device"),
        session=SessionGuess(
            session_id=IDENTITY.session_id, sport="football", started_at_utc=START
        ),
        files=(parts[0],), media=(parts[1],),
    )  # fmt: skip
    (folder / "manifest.json").write_text(manifest.to_json())
    return folder


class Network(FolderLanding):
    """A landing zone that is away while `is_down` says so; counts how often it was asked."""

    def __init__(self, root: Path, is_down: Callable[[], LandingError | None]) -> None:
        super().__init__(root)
        self._is_down, self.asked = is_down, 0

    def _ask(self) -> None:
        self.asked += 1
        if fault := self._is_down():
            raise fault

    def read(self, name: str, most_bytes: int | None = None) -> bytes | None:
        self._ask()
        return super().read(name, most_bytes)

    def put(self, parcel: Parcel, pause: Pause) -> None:
        self._ask()
        super().put(parcel, pause)


def stop_when(ground: Ground, sender: Any, is_done: Callable[[], bool]) -> None:
    """Run the sender's own loop until something is so, an hour at the longest."""
    sender.stop = lambda: is_done() or ground.clock.seconds > 3600
    send_until(sender, 2.0, 600.0, ground.clock.sleep)


# --- what is sent, and in which order ---------------------------------------------------------


def test_drops_arrive_whole_and_leave_the_outbox(ground: Ground) -> None:
    drop = store(ground)
    packed = files(drop.folder)

    done = ground.sender().round()

    place = f"{drop.folder.parent.name}/r0001"
    assert [sent.place for sent in done.sent] == [place]
    assert files(ground.landing / place) == packed
    assert verify(ground.landing / place) == []
    assert set(files(ground.node.outbox)) == {
        f".sent/{place}/manifest.json", f".sent/{place}/sent.json",
    }  # fmt: skip
    assert json.loads((ground.node.outbox / ".sent" / place / "sent.json").read_text()) == {
        "confirmed_at_utc": NOW.isoformat(),
        "drop_id": drop.manifest.drop_id,
        "landing": str(ground.landing),
    }
    assert ground.sender().round() == Round((), None, {}, 0.0)


def test_every_kind_has_its_turn_and_alerts_go_first() -> None:
    assert set(PRIORITY) == set(Manifest.model_fields["kind"].annotation.__args__)
    ranks = sorted(PRIORITY, key=PRIORITY.__getitem__)
    assert set(ranks[:3]) == {"acknowledgement", "approval", "quarantine"}
    assert ranks[3:] == [
        "wearable", "wellness", "injuries", "fixtures", "events", "tracking", "footage",
    ]  # fmt: skip


def test_the_urgent_goes_first_then_the_old(ground: Ground) -> None:
    for kind, age in (("footage", 900), ("tracking", 60), ("events", 10), ("wearable", 5)):
        store(ground, kind=kind, age_s=age)
    store(ground, kind="wearable", device_id="watch-2", age_s=50)
    store(ground, kind="quarantine", age_s=1)

    sent = ground.sender().round().sent

    assert [(drop.manifest.kind, drop.manifest.device_id) for drop in sent] == [
        ("quarantine", "tracker-1"),
        ("wearable", "watch-2"),
        ("wearable", "tracker-1"),
        ("events", "tracker-1"),
        ("tracking", "tracker-1"),
        ("footage", "tracker-1"),
    ]


def test_the_manifest_goes_last(ground: Ground) -> None:
    store(ground)
    put: list[str] = []

    class Noting(FolderLanding):
        def put(self, parcel: Parcel, pause: Pause) -> None:
            put.append(Path(parcel.name).name)
            super().put(parcel, pause)

    ground.sender(Noting(ground.landing)).round()
    assert put == ["athletes.parquet", "positions.parquet", "sessions.parquet", "manifest.json"]


def test_a_long_upload_gives_way_to_an_alert(ground: Ground) -> None:
    store_video(ground, os.urandom(4 << 20))
    sent: list[str] = []

    class AlertMeanwhile(FolderLanding):
        """While the video goes, a refusal is packed."""

        def put(self, parcel: Parcel, pause: Pause) -> None:
            def with_alert() -> bool:
                ground.clock.sleep(LOOK_EVERY_S)
                if not sent:
                    store(ground, kind="quarantine")
                return pause()

            super().put(parcel, with_alert if parcel.name.endswith("mp4") else pause)

    sender = ground.sender(
        AlertMeanwhile(ground.landing), on_sent=lambda drop: sent.append(drop.manifest.kind)
    )
    sender.round()
    assert sent == ["quarantine", "footage"]


def test_a_long_upload_does_not_look_at_the_whole_outbox_for_each_piece(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_video(ground, os.urandom(8 << 20))
    looks, sweeps = [], []
    waiting, sweep = Outbox.waiting, Outbox.sweep
    monkeypatch.setattr(Outbox, "waiting", lambda self: looks.append(1) or waiting(self))
    monkeypatch.setattr(Outbox, "sweep", lambda self: sweeps.append(1) or sweep(self))
    sender = ground.sender()

    assert len(sender.round().sent) == 1
    assert len(looks) < 8
    sender.round()
    assert len(sweeps) == 1


# --- packing again after sending --------------------------------------------------------------


def test_the_same_content_after_sending_is_no_new_revision(ground: Ground) -> None:
    first = store(ground)
    ground.sender().round()

    again = store(ground)
    assert not again.is_new
    assert again.manifest.drop_id == first.manifest.drop_id
    assert not ground.outbox.waiting()

    changed = store(ground, x_m=0.7)
    assert changed.manifest.revision == 2
    assert changed.manifest.supersedes == first.manifest.drop_id
    assert [drop.manifest.revision for drop in ground.sender().round().sent] == [2]


def test_packing_while_the_sender_empties_the_drop_makes_no_new_revision(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(ground)
    read = Path.read_bytes

    def emptied(path: Path) -> bytes:
        if path.suffix == ".parquet" and ground.node.outbox in path.parents:
            monkeypatch.setattr(Path, "read_bytes", read)
            ground.sender().round()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", emptied)
    assert not store(ground).is_new


def test_a_video_that_is_sent_while_it_is_checked_is_no_new_revision(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = PackedDrop(folder := store_video(ground, b"video"), read_manifest(folder), is_new=False)
    is_whole = media.is_whole

    def meanwhile(folder: Path, listed: Any) -> bool:
        ground.sender().round()
        return is_whole(folder, listed)

    monkeypatch.setattr(media, "is_whole", meanwhile)
    assert is_sound(drop)


def test_what_the_lakehouse_refused_is_packed_anew_and_sent(ground: Ground) -> None:
    drop = store(ground)
    ground.sender().round()
    place = f"{drop.folder.parent.name}/r0001"
    (ground.landing / place / "refused.json").write_text('{"rule": "schema", "reason": "old"}')
    assert ground.outbox.is_confirmed(place)

    (refused,) = ground.sender().mirror_refusals()

    assert refused.place == place
    assert ground.sender().mirror_refusals() == []
    assert not ground.outbox.is_confirmed(place)
    assert store(ground).manifest.revision == 2
    assert [drop.manifest.revision for drop in ground.sender().round().sent] == [2]


def refuse_there(ground: Ground, place: str) -> Path:
    """As the lakehouse does it: the time of a file's last change is the file system's."""
    refusal = ground.landing / place / "refused.json"
    refusal.write_text('{"rule": "schema", "reason": "old"}')
    return refusal


def test_a_refusal_that_is_void_since_the_drop_came_again_is_forgotten(ground: Ground) -> None:
    drop = store(ground)
    ground.sender().round()
    place = f"{drop.folder.parent.name}/r0001"
    refusal = refuse_there(ground, place)
    assert ground.sender().mirror_refusals()
    assert [one.place for one in status(ground.node).refused] == [place]

    manifest = ground.landing / place / "manifest.json"
    while manifest.stat().st_ctime_ns <= refusal.stat().st_ctime_ns:  # a tick of the file system
        manifest.write_bytes(manifest.read_bytes())  # copied over itself, as landing-zone.md says

    assert ground.sender().mirror_refusals() == []
    assert ground.outbox.is_confirmed(place)
    assert status(ground.node).refused == []
    assert store(ground).manifest.revision == 1


def test_a_refusal_of_what_stood_there_before_is_not_taken_for_one_of_the_drop(
    ground: Ground,
) -> None:
    drop = store(ground)
    place = f"{drop.folder.parent.name}/r0001"
    (ground.landing / place).mkdir(parents=True)
    refuse_there(ground, place)

    sender = ground.sender()
    assert len(sender.round().sent) == 1
    assert sender.mirror_refusals() == []


class Counting(FolderLanding):
    """Counts how often it is asked for a refusal."""

    asked = 0

    def refusal(self, place: str) -> bytes | None:
        self.asked += 1
        return super().refusal(place)


def test_the_work_of_a_round_does_not_grow_with_what_was_ever_sent(ground: Ground) -> None:
    """Neither what is looked at here, nor how often the landing zone is asked."""
    target = Counting(ground.landing)
    sender = ground.sender(target)
    costs = []
    for day in range(24):
        store(ground, device_id=f"vest-{day}")
        sender.round()
        before = target.asked
        sender.mirror_refusals()
        ground.clock.sleep(86_400)
        costs.append((len(list(ground.node.outbox.iterdir())), target.asked - before))
        assert len(ground.outbox.sent()) <= REFUSABLE.days + 2
    assert {shown for shown, _ in costs[17:]} == {2}  # .sent and .settled
    assert max(asked for _, asked in costs) <= REFUSABLE.days + 2
    assert len(list(ground.node.outbox.glob(".settled/*/r0001"))) >= 7
    again = store(ground, device_id="vest-0")  # and all of it is known still
    assert not again.is_new
    assert ground.outbox.is_confirmed(f"{again.manifest.stream_id}/r0001")
    changed = store(ground, x_m=0.7, device_id="vest-0")
    assert changed.manifest.supersedes == again.manifest.drop_id


def test_a_drop_is_asked_for_the_more_seldom_the_older_it_is(ground: Ground) -> None:
    store(ground)
    store(ground, device_id="vest-2")
    target = Counting(ground.landing)
    sender = ground.sender(target)
    sender.round()
    asked = []
    for _ in range(15 * 144):  # every ten minutes of 15 days
        before = target.asked
        sender.mirror_refusals()
        asked.append((target.asked - before) / 2)
        ground.clock.sleep(600)
    assert sum(asked[:6]) == 6
    assert sum(asked) < 110
    assert sum(asked[-144:]) <= 2


def test_a_refusal_that_comes_while_there_is_no_network_for_weeks_is_heard_all_the_same(
    ground: Ground,
) -> None:
    for device in ("vest-1", "vest-2"):
        store(ground, device_id=device)
    sender = ground.sender()
    sender.round()
    place = ground.outbox.sent()[0].place
    refuse_there(ground, place)
    ground.clock.sleep(40 * 86_400)

    assert [one.place for one in sender.mirror_refusals()] == [place]
    assert [one.place for one in status(ground.node).refused] == [place]
    sender.mirror_refusals()
    assert [one.place for one in status(ground.node).refused] == [place]  # until it is packed anew


def test_asking_for_refusals_ends_when_the_sender_is_to_stop(ground: Ground) -> None:
    for number in range(5):
        store(ground, device_id=f"vest-{number}")
    target = Counting(ground.landing)
    sender = ground.sender(target)
    sender.round()
    sender.stop = lambda: target.asked == 2
    told: list[str] = []

    sender.mirror_refusals(lambda: told.append("all"))
    assert (target.asked, told) == (2, [])
    sender.mirror_refusals()
    assert target.asked == 2


def test_asking_for_refusals_gives_way_to_a_drop_and_comes_to_its_end_all_the_same(
    ground: Ground,
) -> None:
    """A drop arrives during each question: each of them goes before the next question."""
    target = Counting(ground.landing)
    for number in range(5):
        store(ground, device_id=f"vest-{number}")
    sender = ground.sender(target)
    sender.round()
    ground.clock.sleep(1800)
    places = {one.place for one in ground.outbox.sent()}
    asked: list[str] = []
    waited: list[int] = []

    class Busy(Counting):
        def refusal(self, place: str) -> bytes | None:
            waited.append(len(ground.outbox.waiting()))
            asked.append(place)
            store(ground, device_id=f"later-{len(asked)}")
            return super().refusal(place)

    sender.target = Busy(ground.landing)
    stop_when(ground, sender, lambda: places <= set(asked) or len(asked) > 20)

    assert places <= set(asked)
    assert set(waited) == {0}


def test_a_drop_that_was_confirmed_without_a_clock_is_asked_for_a_day(ground: Ground) -> None:
    """A machine without a battery starts in 1970, and is told the time once there is a network."""
    drop = store(ground)
    target = Counting(ground.landing)
    sender = ground.sender(target)
    sender.now = lambda: datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    sender.round()
    sender.now = ground.clock.now
    store(ground, device_id="vest-2")
    sender.round()
    place = f"{drop.folder.parent.name}/r0001"
    sender.mirror_refusals()
    assert {one.place for one in ground.outbox.sent()} >= {place}

    ground.clock.sleep(7200)
    refuse_there(ground, place)
    assert [one.place for one in sender.mirror_refusals()] == [place]
    (ground.landing / place / "refused.json").unlink()
    ground.clock.sleep(86_400)
    sender.mirror_refusals()
    assert place not in {one.place for one in ground.outbox.sent()}
    assert (ground.node.outbox / ".settled" / place).is_dir()


def test_an_outbox_of_the_layout_before_is_taken_over(ground: Ground) -> None:
    """Confirmed drops stood between those that wait."""
    drop = store(ground)
    note = {"drop_id": drop.manifest.drop_id, "landing": "there", "confirmed_at_utc": str(NOW)}
    (drop.folder / "sent.json").write_text(json.dumps(note))
    assert not store(ground).is_new

    assert ground.sender().round().sent == ()

    assert [sent.drop_id for sent in ground.outbox.sent()] == [drop.manifest.drop_id]
    assert not store(ground).is_new


def test_a_drop_that_stands_in_the_outbox_again_is_put_in_the_place_of_its_note(
    ground: Ground,
) -> None:
    drop = store(ground)
    copy = shutil.copytree(drop.folder, ground.root / "copy")
    ground.sender().round()
    shutil.copytree(copy, drop.folder)
    assert len(ground.sender().round().sent) == 1
    assert [sent.drop_id for sent in ground.outbox.sent()] == [drop.manifest.drop_id]
    assert not drop.folder.exists()


def test_two_packers_take_no_number_twice_though_one_is_sent_in_between(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first still copies when the second's drop was packed, sent, and has left the outbox."""
    taking = drops.publish

    def late(unfinished: Path, target: Path) -> bool:
        monkeypatch.setattr(drops, "publish", taking)
        assert store(ground, x_m=0.7).manifest.revision == 1
        assert len(ground.sender().round().sent) == 1
        return taking(unfinished, target)

    monkeypatch.setattr(drops, "publish", late)
    drop = store(ground)

    assert drop.manifest.revision == 2
    assert drop.manifest.supersedes
    assert [one.manifest.revision for one in ground.sender().round().sent] == [2]


# --- when it does not work --------------------------------------------------------------------


def test_half_an_hour_without_network_loses_nothing(ground: Ground) -> None:
    """Drops keep coming while it is away; all of them are there soon after it is back."""
    back_at = 1800.0
    down = LandingError("no route to host")
    network = Network(ground.landing, lambda: down if ground.clock.seconds < back_at else None)
    sender = ground.sender(network)
    packed: list[PackedDrop] = []
    rounds: list[Round] = []

    def is_done() -> bool:
        if ground.clock.seconds < back_at and len(packed) < ground.clock.seconds // 180:
            packed.append(store(ground, x_m=1 + len(packed) / 10, device_id=f"vest-{len(packed)}"))
        return ground.clock.seconds > back_at and not ground.outbox.waiting()

    sender.stop = lambda: is_done() or ground.clock.seconds > 3600
    send_until(sender, 2.0, 600.0, ground.clock.sleep, rounds.append)

    assert len(packed) >= 8
    for drop in packed:
        assert verify(ground.landing / drop.folder.relative_to(ground.node.outbox)) == []
    assert ground.clock.seconds < back_at + LONGEST_WAIT_S + 2.0
    failures = [done for done in rounds if done.fault]
    assert 25 <= len(failures) <= 60  # patient, and not asleep
    waits = [done.next_in_s for done in failures]
    assert waits[0] <= 1.0
    assert max(waits) <= LONGEST_WAIT_S
    assert all(wait >= 30 for wait in waits[8:])


def test_wrong_credentials_are_tried_slowly_and_told_what_to_do(ground: Ground) -> None:
    store(ground)
    denied = LandingError("403: allow PutObject", is_permanent=True)
    network = Network(ground.landing, lambda: denied if ground.clock.seconds < 3000 else None)
    sender = ground.sender(network)

    stop_when(ground, sender, lambda: not ground.outbox.waiting())

    assert not ground.outbox.waiting()
    assert network.asked < 25
    assert ground.clock.seconds < 3600


def test_how_it_goes_can_be_read_while_it_waits(ground: Ground) -> None:
    store(ground)
    denied = LandingError("403: allow PutObject", is_permanent=True)
    sender = ground.sender(Network(ground.landing, lambda: denied))
    sender.round()
    sender.round()

    told = json.loads((ground.node.state / "send.json").read_text())
    assert told["fault"] == "403: allow PutObject"
    assert told["needs_a_person"]
    assert datetime.fromisoformat(told["next_try_at_utc"]) > NOW


def test_a_process_that_is_started_anew_tries_at_once(ground: Ground) -> None:
    store(ground)
    assert ground.sender(Network(ground.landing, lambda: LandingError("off"))).round().fault
    assert ground.sender().round().sent


def test_drops_that_arrive_in_any_order_and_twice_are_the_same(ground: Ground) -> None:
    drops = [store(ground, x_m=x, device_id=device) for device in "ab" for x in (0.5, 0.6, 0.7)]
    copy = ground.root / "copy"
    shutil.copytree(ground.node.outbox, copy)
    ground.sender().round()
    expected = files(ground.landing)
    assert len([name for name in expected if name.endswith("manifest.json")]) == len(drops)

    for seed in range(5):
        again = Ground(ground.root / f"again-{seed}")
        order = list(copy.glob("*/r*"))
        random.Random(seed).shuffle(order)
        for folder in [*order, *order[:3]]:
            target = again.node.outbox / folder.relative_to(copy)
            shutil.copytree(folder, target, dirs_exist_ok=True)
            (target / "sent.json").unlink(missing_ok=True)
            again.sender().round()
        assert files(again.landing) == expected


def test_two_nodes_may_send_one_drop(ground: Ground, tmp_path: Path) -> None:
    """The manifests differ in when they were packed; the drop is the same."""
    other = Ground(tmp_path / "other")
    store(ground)
    later = store(other, age_s=60)
    ground.sender().round()
    before = files(ground.landing)

    done = other.sender(FolderLanding(ground.landing)).round()

    assert len(done.sent) == 1
    manifest = f"{done.sent[0].place}/manifest.json"
    assert files(ground.landing) == before | {manifest: later.manifest.to_json().encode()}


def test_what_bears_the_drop_s_id_and_says_something_else_is_not_taken_for_it(
    ground: Ground,
) -> None:
    """A manifest's id says nothing of its session, clock or signature."""
    drop = store(ground)
    place = ground.landing / drop.folder.relative_to(ground.node.outbox)
    shutil.copytree(drop.folder, place)
    told = drop.manifest.model_copy(update={"clock": Clock(source="operator", offset_s=3600.0)})
    (place / "manifest.json").write_text(told.to_json())
    assert told.drop_id == drop.manifest.drop_id

    assert len(ground.sender().round().sent) == 1

    assert (place / "manifest.json").read_text() == drop.manifest.to_json()


@pytest.mark.parametrize("theirs_is_signed", [True, False])
def test_what_a_node_vouches_for_is_not_replaced_by_what_nobody_does(
    ground: Ground, tmp_path: Path, theirs_is_signed: bool
) -> None:
    key = make_key("stadium-2", tmp_path / "keys")
    one = recording(0.5)
    theirs = pack(one, ground.landing, IDENTITY, NOW, key if theirs_is_signed else None)
    ours = pack(one, ground.node.outbox, IDENTITY, NOW, None if theirs_is_signed else key)

    assert len(ground.sender().round().sent) == 1

    standing = read_manifest(theirs.folder)
    assert standing == (theirs if theirs_is_signed else ours).manifest
    assert standing.signature is not None


@pytest.mark.parametrize("what", ["manifest.json", "positions.parquet"])
def test_what_arrived_in_part_is_completed(ground: Ground, what: str) -> None:
    drop = store(ground)
    place = ground.landing / drop.folder.relative_to(ground.node.outbox)
    shutil.copytree(drop.folder, place)
    (place / what).write_bytes((place / what).read_bytes()[:-9])

    assert len(ground.sender().round().sent) == 1
    assert verify(place) == []


def test_another_drop_in_its_place_is_left_alone_and_holds_up_nobody(
    ground: Ground, tmp_path: Path
) -> None:
    stranger = pack(recording(9.0), ground.landing, IDENTITY, NOW)
    before = files(stranger.folder)
    store(ground)
    store(ground, kind="footage", device_id="camera-1")

    sender = ground.sender()
    done = sender.round()

    assert [drop.manifest.kind for drop in done.sent] == ["footage"]
    (reason,) = done.stuck.values()
    assert "another drop stands in" in reason
    assert files(stranger.folder) == before
    assert sender.round().stuck == done.stuck


def test_a_monster_in_place_of_a_manifest_is_not_read_and_holds_up_nobody(ground: Ground) -> None:
    drop = store(ground)
    there = ground.landing / drop.folder.parent.name / "r0001" / "manifest.json"
    there.parent.mkdir(parents=True)
    there.touch()
    os.truncate(there, 1 << 40)  # sparse
    store(ground, kind="footage", device_id="camera-1")

    done = ground.sender().round()

    assert [one.manifest.kind for one in done.sent] == ["footage"]
    assert (done.fault, len(done.stuck)) == (None, 1)
    assert "another drop stands in" in next(iter(done.stuck.values()))


def test_a_monster_in_place_of_a_refusal_is_not_read_and_refuses(ground: Ground) -> None:
    drop = store(ground)
    sender = ground.sender()
    sender.round()
    place = f"{drop.folder.parent.name}/r0001"
    os.truncate(refuse_there(ground, place), 1 << 40)

    assert [one.place for one in sender.mirror_refusals()] == [place]
    (refused,) = status(ground.node).refused
    assert "gives no reason" in refused.reason


@pytest.mark.parametrize("fault", ["gone", "altered", "manifest"])
def test_a_drop_that_is_damaged_here_is_told_of_and_holds_up_nobody(
    ground: Ground, fault: str
) -> None:
    drop = store(ground)
    store(ground, kind="footage", device_id="camera-1")
    path = drop.folder / "positions.parquet"
    if fault == "gone":
        path.unlink()
    elif fault == "altered":
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    else:
        (drop.folder / "manifest.json").write_text("{")

    done = ground.sender().round()

    assert len(done.sent) == 1
    (reason,) = (done.damaged | done.stuck).values()
    assert {"gone": "is gone", "altered": "check this machine's disk", "manifest": "no manifest"}[
        fault
    ] in reason
    assert not list(ground.landing.glob("*tracking/r0001/manifest.json"))


@pytest.mark.parametrize("fault", ["gone", "altered", "shorter", "longer"])
@pytest.mark.parametrize("where", ["folder", "s3"])
def test_a_video_that_is_not_what_was_packed_is_refused_once_and_packed_anew(
    ground: Ground, fault: str, where: str, s3_options: dict[str, str]
) -> None:
    """Nobody reads gigabytes again and again for a drop that will never arrive."""
    payload = os.urandom(PART + 1000)
    folder = store_video(ground, payload)
    video = folder / "half-1.mp4"
    if fault == "gone":
        video.unlink()
    else:
        other = bytes([payload[-1] ^ 1])
        changed = {"altered": payload[:-1] + other, "shorter": payload[:-1], "longer": payload * 2}
        video.write_bytes(changed[fault])
    target: Any = FolderLanding(ground.landing)
    if where == "s3":
        settings = _settings(s3_options)
        bucket = f"damaged-{fault}"
        where_to = {"CreateBucketConfiguration": {"LocationConstraint": settings.region}}
        s3_client(settings).create_bucket(Bucket=bucket, **where_to)
        target = S3Landing(s3_client(settings), f"s3://{bucket}", PART)
    sender = ground.sender(target)

    done = sender.round()

    (reason,) = done.damaged.values()
    assert "half-1.mp4" in reason
    assert "put the original back into the watched folder" in reason
    assert (done.sent, done.stuck, done.fault) == ((), {}, None)
    assert sender.round() == ground.sender(target).round() == Round((), None, {}, 0.0)
    (damaged,) = status(ground.node).damaged
    assert (damaged.rule, damaged.reason) == ("missing" if fault == "gone" else "checksum", reason)
    assert not list(ground.landing.rglob(".*"))
    stream, _, _ = damaged.place.partition("/")
    assert last_finished(revisions(ground.node.outbox, stream))  # the next one is its revision 2
    assert not is_sound(PackedDrop(folder, read_manifest(folder), is_new=False))


def test_a_drop_that_is_packed_anew_stands_for_the_one_that_was_damaged(ground: Ground) -> None:
    drop = store(ground)
    (drop.folder / "positions.parquet").write_bytes(b"x")
    ground.sender().round()
    assert len(status(ground.node).damaged) == 1

    assert store(ground).manifest.revision == 2

    assert [one.manifest.revision for one in ground.sender().round().sent] == [2]
    assert status(ground.node).damaged == []
    assert not drop.folder.parent.exists()  # its files would stay for ever
    assert not store(ground).is_new


def test_a_sender_that_dies_before_it_removes_what_was_damaged_does_so_later(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = store(ground)
    (drop.folder / "positions.parquet").write_bytes(b"x")
    ground.sender().round()
    store(ground)
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "_remove_if_replaced", lambda *_: None)
        assert len(ground.sender().round().sent) == 1
    assert drop.folder.exists()

    ground.sender().round()

    assert not drop.folder.parent.exists()
    assert not store(ground).is_new


def test_a_damaged_drop_stays_while_nothing_stands_for_it(ground: Ground) -> None:
    drop = store(ground)
    (drop.folder / "positions.parquet").write_bytes(b"x")
    ground.sender().round()
    store(ground, device_id="tracker-2")
    assert len(ground.sender().round().sent) == 1
    assert len(status(ground.node).damaged) == 1
    assert drop.folder.exists()


def test_a_drop_that_vanishes_while_it_is_sent_is_forgotten_and_no_folder_made_for_it(
    ground: Ground,
) -> None:
    drop = store(ground)

    class Vanishing(FolderLanding):
        def holds(self, parcel: Parcel) -> bool:
            shutil.rmtree(drop.folder, ignore_errors=True)
            return super().holds(parcel)

    done = ground.sender(Vanishing(ground.landing)).round()

    assert done.sent == ()
    assert files(ground.node.outbox) == {}
    assert not drop.folder.exists()
    assert list(ground.landing.iterdir()) == []
    assert ground.sender().round() == Round((), None, {}, 0.0)


def test_a_file_that_this_disk_cannot_read_is_told_of_and_holds_up_nobody(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = store(ground)
    store(ground, kind="footage", device_id="camera-1")
    opened = Path.open

    def broken(path: Path, *given: Any, **named: Any) -> Any:
        if path.parent == drop.folder and path.suffix == ".parquet":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return opened(path, *given, **named)

    monkeypatch.setattr(Path, "open", broken)
    done = ground.sender().round()

    assert done.fault is None
    assert [one.manifest.kind for one in done.sent] == ["footage"]
    (reason,) = done.stuck.values()
    assert "check this machine's disk" in reason


def test_a_note_that_cannot_be_written_is_made_later(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(ground)

    def broken(*_: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    sender = ground.sender()
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "confirm", broken)
        done = sender.round()
    assert done.sent == ()
    assert "check this machine's disk" in next(iter(done.stuck.values()))
    ground.clock.sleep(60)
    assert len(sender.round().sent) == 1


def test_another_drop_that_is_packed_in_the_place_of_one_is_sent_as_it_is(ground: Ground) -> None:
    first = store(ground)
    sender = ground.sender()
    assert [drop.manifest.drop_id for drop in sender.outbox.waiting()] == [first.manifest.drop_id]
    shutil.rmtree(first.folder)  # as a message says, before the original is put back
    second = store(ground, x_m=0.7)
    assert second.folder == first.folder

    done = sender.round()

    assert not done.stuck
    assert [drop.manifest.drop_id for drop in done.sent] == [second.manifest.drop_id]
    assert verify(ground.landing / done.sent[0].place) == []


# --- large files on S3 ------------------------------------------------------------------------


class Died(BaseException):
    """The process is no more."""


@pytest.mark.slow
def test_a_sender_that_dies_at_any_call_to_s3_goes_on_where_it_was(
    ground: Ground,
    s3_options: dict[str, str],
) -> None:
    """Before and after each request of a drop with a video in three parts."""
    payload = os.urandom(2 * PART + 1000)
    settings = _settings(s3_options)
    client = s3_client(settings)
    where = {"CreateBucketConfiguration": {"LocationConstraint": settings.region}}

    def life(number: int, dies_at: int | None, event: str) -> tuple[int, int]:
        """Number of requests, and bytes of parts that were sent."""
        one = s3_client(settings)
        calls, sent = 0, 0

        def count(params: dict[str, Any], model: Any, **_: Any) -> None:
            nonlocal calls, sent
            calls += 1
            if event == "before" and calls == dies_at:
                raise Died
            if model.name == "UploadPart":
                sent += params["body"].getbuffer().nbytes

        def after(**_: Any) -> None:
            if event == "after" and calls == dies_at:
                raise Died

        one.meta.events.register("before-call.s3", count)
        one.meta.events.register("after-call.s3", after)
        target = S3Landing(one, f"s3://edge-{number}/drops", PART)
        try:
            ground.sender(target).round()
        except Died:
            assert dies_at is not None
        return calls, sent

    def arrived(number: int) -> dict[str, bytes]:
        listed = client.list_objects_v2(Bucket=f"edge-{number}")["Contents"]
        return {
            one["Key"]: client.get_object(Bucket=f"edge-{number}", Key=one["Key"])["Body"].read()
            for one in listed
        }

    def fresh(number: int) -> None:
        shutil.rmtree(ground.node.outbox, ignore_errors=True)
        store_video(ground, payload)
        client.create_bucket(Bucket=f"edge-{number}", **where)

    fresh(0)
    requests, _ = life(0, None, "")
    expected = arrived(0)
    assert sorted(Path(key).name for key in expected) == [
        "half-1.mp4", "manifest.json", "sessions.parquet",
    ]  # fmt: skip
    assert requests >= 12
    for number in range(1, requests + 1):
        for event in ("before", "after"):
            at = 2 * number + (event == "after")
            fresh(at)
            _, first = life(at, number, event)
            _, second = life(at, None, "")
            assert arrived(at) == expected, f"died {event} request {number}"
            assert not ground.outbox.waiting()
            assert not client.list_multipart_uploads(Bucket=f"edge-{at}").get("Uploads")
            # A part whose answer was lost may go twice, and no other.
            assert first + second <= len(payload) + PART


# --- a full disk ------------------------------------------------------------------------------


def test_a_full_disk_does_not_keep_a_node_from_making_room(
    small_disk: Path, tmp_path: Path
) -> None:
    """Sending is what frees the disk: it must not need a byte of it."""
    ground = Ground(tmp_path, {"home": small_disk / "node"})
    drops = [store(ground, x_m=x, device_id=f"vest-{x}") for x in (1, 2, 3)]
    fill(small_disk)

    done = ground.sender().round()

    assert len(done.sent) == 3
    assert done.fault is None
    for drop in drops:
        place = drop.folder.relative_to(ground.node.outbox)
        assert verify(ground.landing / place) == []
        assert set(files(ground.node.outbox / ".sent" / place)) == {"manifest.json", "sent.json"}


def test_a_disk_that_fills_while_packing_leaves_nothing_half(
    small_disk: Path, tmp_path: Path
) -> None:
    ground = Ground(tmp_path, {"home": small_disk / "node"})
    store(ground, x_m=1)
    ballast = fill(small_disk)
    before = files(ground.node.outbox)

    with pytest.raises(OSError, match="No space left"):
        store(ground, x_m=2)
    assert files(ground.node.outbox) == before

    ballast.unlink()
    assert store(ground, x_m=2).manifest.revision == 2
    assert len(ground.sender().round().sent) == 2


# --- waiting ----------------------------------------------------------------------------------


def test_waits_double_and_end_at_the_longest() -> None:
    """By hand: with first 1 s and longest 60 s the whole waits are 1, 2, 4, …, 32, 60, 60 s."""

    class Most(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    backoff = Backoff(Most(), 1.0, 60.0)
    assert [backoff.failed() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.succeeded()
    assert backoff.failed() == 1
    backoff.failures = 100_000  # weeks without network
    assert backoff.failed() == 60


def test_waits_of_many_nodes_are_spread() -> None:
    waits = {Backoff(random.Random(seed), 8.0, 60.0).failed() for seed in range(50)}
    assert len(waits) == 50
    assert all(4 <= wait <= 8 for wait in waits)
