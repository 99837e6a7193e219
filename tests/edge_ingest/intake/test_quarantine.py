"""A file that cannot be read: kept aside, told once, whatever happens meanwhile."""

import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_ingest import durable
from edge_ingest.drops import drop as drops
from edge_ingest.drops.arrival import read_manifest, read_table
from edge_ingest.drops.replay import find_drops
from edge_ingest.drops.signing import check_signature, make_key, public_line, read_public_keys
from edge_ingest.errors import ContractError, DropError, SourceError
from edge_ingest.intake import quarantine as module
from edge_ingest.intake.quarantine import RefusedFile, finish_refusals, refuse_file

NOW = datetime(2024, 5, 4, 23, 30, tzinfo=UTC)
ERROR = SourceError("monday.fit ends early at byte 771: export it again", rule="malformed")


class Killed(BaseException):
    """Stands for a process that is no more: nothing catches it."""


class Node:
    """An edge node's folders, and what it does with a bad file."""

    def __init__(self, home: Path) -> None:
        self.inbox, self.quarantine, self.outbox = home / "in", home / "bad", home / "out"
        self.inbox.mkdir(parents=True)

    def put(self, name: str = "monday.fit", content: bytes = b"\x0e no fit") -> Path:
        path = self.inbox / name
        path.write_bytes(content)
        return path

    def refuse(self, *files: Path, error: Any = ERROR, now: datetime = NOW) -> RefusedFile:
        return refuse_file(
            files,
            error,
            quarantine=self.quarantine,
            outbox=self.outbox,
            node_id="stadium-1",
            source="fit",
            now=now,
            key=None,
        )

    def rows(self) -> list[dict[str, Any]]:
        """Rows of all drops in the outbox."""
        if not self.outbox.exists() or not any(self.outbox.glob("*/r0001")):
            return []
        found = []
        for drop in find_drops(self.outbox):
            (file,) = drop.manifest.files
            payload = (drop.folder / file.path).read_bytes()
            found += read_table(drop.manifest, file, {file.path: payload}.__getitem__).to_pylist()
        return found

    def kept(self) -> dict[str, bytes]:
        return {
            path.name: path.read_bytes()
            for path in self.quarantine.glob("*/*")
            if path.name != "refused.json"
        }


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_a_bad_file_is_kept_and_told(node: Node) -> None:
    refusal = node.refuse(node.put())
    assert not list(node.inbox.iterdir())
    assert node.kept() == {"monday.fit": b"\x0e no fit"}
    assert node.rows() == [
        {
            "quarantine_id": refusal.quarantine_id,
            "source": "fit",
            "day": NOW.date(),
            "refused_at_utc": NOW,
            "rule": "malformed",
            "reason": "monday.fit ends early at byte 771: export it again",
            "kept_at_uri": f"edge://stadium-1/{refusal.quarantine_id}/monday.fit",
            "drop_id": None,
        }
    ]
    (drop,) = find_drops(node.outbox)
    assert drop.manifest.device_id == f"stadium-1-{refusal.quarantine_id}"
    assert drop.manifest.kind == "quarantine"


def test_the_same_file_again_is_the_same_refusal(node: Node) -> None:
    first = node.refuse(node.put())
    again = node.refuse(node.put("copy-of-monday.fit"), now=NOW + timedelta(days=3))
    assert again == first
    assert not list(node.inbox.iterdir())
    assert node.kept() == {"monday.fit": b"\x0e no fit"}
    assert len(node.rows()) == 1


def test_the_same_file_again_after_its_drop_was_sent_makes_no_other(node: Node) -> None:
    node.refuse(node.put())
    (drop,) = find_drops(node.outbox)
    sent = node.outbox / ".sent" / drop.folder.parent.name
    sent.mkdir(parents=True)
    drop.folder.rename(sent / "r0001")
    (sent / "r0001" / "sent.json").write_text("{}")
    node.refuse(node.put())
    assert node.rows() == []
    assert finish_refusals(node.quarantine, node.outbox, None) == []


def test_a_report_that_was_damaged_before_it_was_sent_goes_again(node: Node) -> None:
    first = node.refuse(node.put())
    (drop,) = find_drops(node.outbox)
    (drop.folder / "quarantine.parquet").unlink()
    (drop.folder / "refused.json").write_text("{}")  # as the sender sets it aside

    assert node.refuse(node.put(), now=NOW + timedelta(hours=1)) == first

    again = node.outbox / drop.folder.parent.name / "r0002"
    assert read_manifest(again).supersedes == drop.manifest.drop_id
    assert (again / "quarantine.parquet").exists()


def test_what_a_person_puts_back_is_not_taken_away_at_the_next_start(node: Node) -> None:
    path = node.put()
    refusal = node.refuse(path)
    kept = node.quarantine / refusal.quarantine_id / "monday.fit"
    kept.rename(path)  # with a sidecar that says what was missing
    assert finish_refusals(node.quarantine, node.outbox, None) == []
    assert path.exists()


def test_another_rule_content_or_node_is_another_refusal(node: Node, tmp_path: Path) -> None:
    ids = {
        node.refuse(node.put()).quarantine_id,
        node.refuse(node.put(content=b"other")).quarantine_id,
        node.refuse(node.put(), error=SourceError("x", rule="too_large")).quarantine_id,
        node.refuse(node.put(), error=ContractError("rows break it")).quarantine_id,
        refuse_file(
            [node.put()], ERROR, quarantine=tmp_path / "bad2", outbox=tmp_path / "out2",
            node_id="stadium-2", source="fit", now=NOW, key=None,
        ).quarantine_id,
    }  # fmt: skip
    assert len(ids) == 5
    assert sorted(row["rule"] for row in node.rows()) == [
        "contract", "malformed", "malformed", "too_large",
    ]  # fmt: skip


def test_parts_of_one_recording_are_one_refusal(node: Node) -> None:
    (node.inbox / "b").mkdir()
    parts = [node.put("a.xml", b"1"), node.put("b/a.xml", b"2"), node.put("refused.json", b"3")]
    refusal = node.refuse(*parts)
    assert node.kept() == {"a.xml": b"1", "2-a.xml": b"2", "2-refused.json": b"3"}
    (row,) = node.rows()
    assert row["kept_at_uri"] == f"edge://stadium-1/{refusal.quarantine_id}/"


def test_a_link_is_moved_and_what_it_leads_to_is_left_alone(node: Node, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not for the lakehouse")
    for name, target in (("link.fit", secret), ("nowhere.fit", tmp_path / "nowhere"),
                         ("folder.fit", tmp_path / "in")):  # fmt: skip
        link = node.inbox / name
        link.symlink_to(target)
        refusal = node.refuse(link, error=SourceError("a link", rule="symlink"))
        kept = node.quarantine / refusal.quarantine_id / name
        assert kept.is_symlink()
        assert kept.readlink() == target
        assert not link.is_symlink()
    assert secret.read_bytes() == b"not for the lakehouse"
    assert len(node.rows()) == 3


def test_a_pipe_is_not_waited_for(node: Node) -> None:
    os.mkfifo(node.inbox / "pipe.fit")
    node.refuse(node.inbox / "pipe.fit", error=SourceError("no file", rule="unknown_format"))
    assert not list(node.inbox.iterdir())
    assert [row["rule"] for row in node.rows()] == ["unknown_format"]


def test_a_name_that_is_no_utf_8_is_kept_and_told(node: Node) -> None:
    name = os.fsdecode(b"mont\xe9e.fit")
    refusal = node.refuse(node.put(name), error=SourceError(f"{name} is no FIT file"))
    assert (node.quarantine / refusal.quarantine_id / name).exists()
    (row,) = node.rows()
    assert row["reason"] == "mont?e.fit is no FIT file"
    assert row["kept_at_uri"].endswith("/mont%E9e.fit")
    assert node.refuse(node.put(name)) == refusal


def test_a_monster_is_told_apart_without_being_read(node: Node) -> None:
    """Sparse: 4 TB by its size alone. Read whole, this test would take an hour."""
    path = node.put()
    os.truncate(path, 4 * 1024**4)
    refusal = node.refuse(path, error=SourceError("4 TB", rule="too_large"))
    kept = node.quarantine / refusal.quarantine_id / "monday.fit"
    assert kept.stat().st_size == 4 * 1024**4


def test_a_node_that_cannot_be_named_moves_nothing(node: Node) -> None:
    path = node.put()
    with pytest.raises(DropError, match="stream_id"):
        refuse_file(
            [path], ERROR, quarantine=node.quarantine, outbox=node.outbox, node_id="No Name",
            source="fit", now=NOW, key=None,
        )  # fmt: skip
    assert path.exists()


def test_the_drop_is_signed(node: Node, tmp_path: Path) -> None:
    key = make_key("stadium-1", tmp_path / "keys")
    refuse_file(
        [node.put()], ERROR, quarantine=node.quarantine, outbox=node.outbox, node_id="stadium-1",
        source="fit", now=NOW, key=key,
    )  # fmt: skip
    (drop,) = find_drops(node.outbox)
    check_signature(read_manifest(drop.folder), read_public_keys(public_line(key), "nodes"))


def test_between_two_disks_a_file_is_copied_whole_before_it_is_let_go(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Path.rename

    def across(path: Path, target: Path) -> Path:
        if path.parent == node.inbox:
            raise OSError(18, "Invalid cross-device link")
        return plain(path, target)

    monkeypatch.setattr(Path, "rename", across)
    link = node.inbox / "link.fit"
    link.symlink_to("/nowhere")
    node.refuse(node.put())
    node.refuse(link, error=SourceError("a link", rule="symlink"))
    assert not list(node.inbox.iterdir())
    names = {path.name for path in node.quarantine.glob("*/*")}
    assert names == {"refused.json", "monday.fit", "link.fit"}


def test_a_file_that_is_exported_anew_while_it_is_copied_to_another_disk_stays(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = node.put()
    plain_rename, plain_copy = Path.rename, shutil.copy2

    def across(one: Path, target: Path) -> Path:
        if one.parent == node.inbox:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return plain_rename(one, target)

    def meanwhile(*given: Any, **named: Any) -> Any:
        found = plain_copy(*given, **named)
        (node.inbox / "new").write_bytes(b"a better one")
        (node.inbox / "new").replace(path)
        return found

    monkeypatch.setattr(Path, "rename", across)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", meanwhile)
        with pytest.raises(OSError, match="changed while it was put away"):
            node.refuse(path)
    assert path.read_bytes() == b"a better one"
    assert node.kept() == {}
    node.refuse(path)
    assert node.kept() == {"monday.fit": b"a better one"}


def test_a_file_that_is_exported_anew_stays_where_the_like_of_the_old_one_is_kept(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.refuse(node.put())
    path = node.put()
    plain = module._report

    def meanwhile(*given: Any) -> RefusedFile:
        path.write_bytes(b"a better one")
        return plain(*given)

    monkeypatch.setattr(module, "_report", meanwhile)
    with pytest.raises(OSError, match="changed while it was put away"):
        node.refuse(path)
    assert path.read_bytes() == b"a better one"


def _kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the process die before the n-th thing that it does to the disk."""
    left = [step]

    def dying(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return plain(*arguments, **named)

        return call

    for owner, name in (
        (durable, "write_durably"), (drops, "write_durably"), (module, "sync_folder"),
        (drops, "sync_folder"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"),
        (Path, "unlink"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, dying(getattr(owner, name)))


@pytest.mark.parametrize("recovery", ["looked at again", "finished at the start", "both"])
def test_killed_at_any_step_it_ends_the_same(tmp_path: Path, recovery: str) -> None:
    steps = 0
    for step in range(60):
        node = Node(tmp_path / f"{recovery} {step}")
        one, two = node.put("a.xml", b"1"), node.put("b.xml", b"2")
        with pytest.MonkeyPatch.context() as patch:
            _kill_at(patch, step)
            try:
                node.refuse(one, two)
            except Killed:
                steps += 1
            else:
                break
        later = NOW + timedelta(hours=3)
        if recovery != "looked at again":
            finish_refusals(node.quarantine, node.outbox, None)
        left = [path for path in (one, two) if path.exists()]
        if recovery != "finished at the start" and len(left) == 2:
            node.refuse(*left, now=later)
        elif recovery == "looked at again":
            finish_refusals(node.quarantine, node.outbox, None)
        elif left:  # killed before the refusal was written down: nothing was done yet
            assert len(left) == 2
            node.refuse(*left, now=later)
        assert not list(node.inbox.iterdir()), step
        assert node.kept() == {"a.xml": b"1", "b.xml": b"2"}, step
        assert len(node.rows()) == 1, step
    assert steps > 15
    assert steps < 60


def test_another_file_of_that_name_is_not_taken_for_the_refused_one(node: Node) -> None:
    path = node.put()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_move", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            node.refuse(path)
    path.write_bytes(b"a good one, exported again")
    assert finish_refusals(node.quarantine, node.outbox, None) == []
    assert path.read_bytes() == b"a good one, exported again"
