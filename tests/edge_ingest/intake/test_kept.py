"""Originals that are kept: all of a recording or none, and nothing that a person put there."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge_ingest.intake import kept
from edge_ingest.intake.kept import Receipt, finish, keep, recordings, release
from tests.edge_ingest.nodes import files

NOW = datetime(2024, 5, 4, 12, tzinfo=UTC)


class Killed(BaseException):
    """The process is no more."""


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "kept").mkdir()
    return tmp_path / "inbox"


@pytest.fixture(params=["one disk", "two disks"])
def disks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether an original is linked to where it is kept, or copied."""
    if request.param == "two disks":

        def refused(*_: Any) -> None:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

        monkeypatch.setattr(Path, "hardlink_to", refused)


def receipt(place: str = "stream/r0001", now: datetime = NOW) -> Receipt:
    return Receipt("packed", "test", now, place=place)


def put(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(f"{folder.name} {name}")
    return [folder / name for name in names]


@contextmanager
def dying(name: str, call: int, *, after: bool) -> Iterator[None]:
    """The process dies at the n-th removal (`unlink`) or note (`_write`)."""
    owner: Any = Path if name == "unlink" else kept
    plain: Callable[..., Any] = getattr(owner, name)
    calls: list[int] = []

    def one(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == call and not after:
            raise Killed
        found = plain(*given, **named)
        if len(calls) == call:
            raise Killed
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, one)
        yield


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_dies_while_originals_leave_is_finished_at_the_next_start(
    inbox: Path, call: int, after: bool
) -> None:
    originals = put(inbox, "a.json", "b.json", "b.json.toml")
    before = files(inbox)
    with pytest.raises(Killed), dying("unlink", call, after=after):
        keep(originals, receipt(), inbox.parent / "kept", "match")

    finish(inbox.parent / "kept", NOW)

    assert files(inbox) == {}
    (one,) = recordings(inbox.parent / "kept")
    assert {name: (one.folder / name).read_bytes() for name in before} == before
    assert one.receipt.is_moved


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("is_noted", [True, False])
def test_what_somebody_put_back_before_the_restart_stays_there(inbox: Path, is_noted: bool) -> None:
    """The lakehouse refused the drop: the original is put back, to be packed again."""
    (original,) = put(inbox, "a.json")
    if is_noted:
        keep([original], receipt(), inbox.parent / "kept", "a.json")
    else:  # it died just before it could write that the file has left
        with pytest.raises(Killed), dying("_write", 2, after=False):
            keep([original], receipt(), inbox.parent / "kept", "a.json")
    (one,) = recordings(inbox.parent / "kept")
    assert one.receipt.is_moved == is_noted
    shutil.copy2(one.folder / "a.json", original)  # with its time, as `cp -p` does

    finish(inbox.parent / "kept", NOW)
    finish(inbox.parent / "kept", NOW)

    assert original.read_text() == "inbox a.json"


def test_another_file_of_that_name_stays_there(inbox: Path) -> None:
    (original,) = put(inbox, "a.json")
    with pytest.raises(Killed), dying("unlink", 1, after=True):
        keep([original], receipt(), inbox.parent / "kept", "a.json")
    original.write_text("another recording")
    finish(inbox.parent / "kept", NOW)
    assert original.read_text() == "another recording"


@pytest.mark.usefixtures("disks")
def test_what_is_kept_again_says_what_became_of_it_this_time(inbox: Path) -> None:
    (original,) = put(inbox, "a.json")
    folder = keep([original], receipt(), inbox.parent / "kept", "a.json")
    shutil.copy2(folder / "a.json", original)
    later = NOW + timedelta(days=2)

    assert keep([original], receipt("stream/r0002", later), inbox.parent / "kept", "a.json") == (
        folder
    )

    (one,) = recordings(inbox.parent / "kept")
    assert (one.receipt.place, one.receipt.kept_at_utc) == ("stream/r0002", later)
    assert not original.exists()
    keep_for = timedelta(days=30)
    confirmed = {"stream/r0002"}.__contains__  # the first one was refused
    assert not release(inbox.parent / "kept", confirmed, NOW + keep_for, keep_for)
    assert len(release(inbox.parent / "kept", confirmed, later + keep_for, keep_for)) == 1


@pytest.mark.usefixtures("disks")
def test_two_files_of_one_name_are_both_kept(inbox: Path) -> None:
    originals = put(inbox / "first", "rows.csv") + put(inbox / "second", "rows.csv")
    with pytest.raises(Killed), dying("unlink", 1, after=True):
        keep(originals, receipt(), inbox.parent / "kept", "match")
    finish(inbox.parent / "kept", NOW)

    assert files(inbox) == {}
    (one,) = recordings(inbox.parent / "kept")
    assert {path.name: path.read_text() for path in one.folder.glob("[!.]*")} == {
        "rows.csv": "first rows.csv", "2-rows.csv": "second rows.csv",
    }  # fmt: skip


def test_a_share_that_nobody_may_write_does_not_keep_the_node_from_starting(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (original,) = put(inbox, "a.json")
    with pytest.raises(Killed), dying("unlink", 1, after=False):
        keep([original], receipt(), inbox.parent / "kept", "a.json")

    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", read_only)
        finish(inbox.parent / "kept", NOW)
    assert original.exists()
    finish(inbox.parent / "kept", NOW)
    assert not original.exists()


@pytest.mark.usefixtures("disks")
def test_a_file_that_is_exported_anew_while_it_is_put_away_stays(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video is copied for minutes; the operator puts a better one in its place meanwhile."""
    (original,) = put(inbox, "match.mp4")
    home = inbox.parent / "kept"
    plain = kept._link_or_copy

    def meanwhile(file: Path, target: Path) -> None:
        plain(file, target)
        (inbox / "new").write_text("a better one")
        (inbox / "new").replace(file)

    with monkeypatch.context() as patch:
        patch.setattr(kept, "_link_or_copy", meanwhile)
        with pytest.raises(OSError, match="changed while it was put away") as caught:
            keep([original], receipt(), home, "match.mp4")
    assert caught.value.errno == errno.EBUSY
    assert recordings(home) == []

    finish(home, NOW)
    assert original.read_text() == "a better one"
    folder = keep([original], receipt("stream/r0002"), home, "match.mp4")
    assert (folder / "match.mp4").read_text() == "a better one"


@pytest.mark.usefixtures("disks")
def test_a_file_that_is_exported_anew_once_its_like_is_kept_stays(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (original,) = put(inbox, "match.mp4")
    home = inbox.parent / "kept"
    plain = kept._publish

    def meanwhile(unfinished: Path, target: Path) -> None:
        plain(unfinished, target)
        (inbox / "new").write_text("a better one")
        (inbox / "new").replace(original)

    monkeypatch.setattr(kept, "_publish", meanwhile)
    with pytest.raises(OSError, match="changed while it was put away"):
        keep([original], receipt(), home, "match.mp4")
    finish(home, NOW)
    assert original.read_text() == "a better one"


def test_what_an_earlier_version_kept_is_let_go_in_its_turn(tmp_path: Path) -> None:
    folder = tmp_path / "2024-05-04" / "a.fit-0123abcd"
    folder.mkdir(parents=True)
    (folder / "a.fit").write_bytes(b"1" * 1000)
    told = {
        "outcome": "packed", "source": "fit", "kept_at_utc": NOW.isoformat(),
        "place": "stream/r0001", "reason": None, "came_from": ["/inbox/a.fit"],
    }  # fmt: skip
    (folder / ".kept.json").write_text(json.dumps(told))

    (one,) = recordings(tmp_path)
    assert one.receipt.place == "stream/r0001"
    finish(tmp_path, NOW)
    keep_for = timedelta(days=30)
    assert release(tmp_path, lambda _: True, NOW, keep_for) == []
    assert release(tmp_path, lambda _: False, NOW + keep_for, keep_for) == []
    assert release(tmp_path, lambda _: True, NOW + keep_for, keep_for) == [one]
    assert list(tmp_path.iterdir()) == []
