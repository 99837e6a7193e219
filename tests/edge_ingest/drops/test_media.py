"""Videos in drops: linked or copied, checked like the tables, never half there."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_ingest.checksum import sha256_of
from edge_ingest.drops.arrival import verify
from edge_ingest.drops.drop import PackedDrop, is_sound, pack
from edge_ingest.drops.media import describe, known_sha256
from edge_ingest.drops.replay import find_drops, replay
from edge_ingest.errors import DropError
from edge_ingest.readers import read_recording
from edge_ingest.recording import Recording, Told
from tests.edge_ingest.footage_clips import drawn, encode
from tests.edge_ingest.recordings import IDENTITY, NOW, START

Pack = Callable[..., PackedDrop]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return encode(tmp_path / "camera.mp4", drawn([("play", 1)]))


def recording(video: Path) -> Recording:
    return read_recording("video", {"video": video}, Told(started_at_utc=START, sport="football"))


def packed(tmp_path: Path, video: Path) -> PackedDrop:
    return pack(recording(video), tmp_path / "landing", IDENTITY, NOW)


@pytest.fixture
def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """As between two disks: nothing can be linked."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(target))

    monkeypatch.setattr(Path, "hardlink_to", refuse)


def test_a_drop_carries_the_video_and_says_so(tmp_path: Path, video: Path) -> None:
    drop = packed(tmp_path, video)
    (file,) = drop.manifest.media

    assert (file.path, file.bytes) == ("camera.mp4", video.stat().st_size)
    assert file.sha256 == sha256_of(drop.folder / "camera.mp4")
    assert drop.media_bytes == file.bytes
    assert (drop.folder / "camera.mp4").samefile(video)  # one file: no second copy on the disk
    assert verify(drop.folder) == []
    assert is_sound(drop)


@pytest.mark.usefixtures("other_disk")
def test_on_another_disk_it_is_copied(tmp_path: Path, video: Path) -> None:
    drop = packed(tmp_path, video)
    assert not (drop.folder / "camera.mp4").samefile(video)
    assert (drop.folder / "camera.mp4").read_bytes() == video.read_bytes()
    assert verify(drop.folder) == []


def test_the_original_may_be_removed(tmp_path: Path, video: Path) -> None:
    drop = packed(tmp_path, video)
    video.unlink()
    assert verify(drop.folder) == []


def test_the_same_video_again_is_nothing_new_and_another_start_is(
    tmp_path: Path, video: Path
) -> None:
    first = packed(tmp_path, video)
    assert not packed(tmp_path, video).is_new
    later = Told(started_at_utc=NOW, sport="football")
    corrected = read_recording("video", {"video": video}, later)
    second = pack(corrected, tmp_path / "landing", IDENTITY, NOW)
    assert (second.manifest.revision, second.manifest.supersedes) == (2, first.manifest.drop_id)
    assert second.manifest.media == first.manifest.media


def test_another_video_of_the_camera_is_no_correction(tmp_path: Path, video: Path) -> None:
    packed(tmp_path, video)
    video.unlink()
    encode(video, drawn([("play", 2)]))
    with pytest.raises(DropError, match="name the device differently"):
        packed(tmp_path, video)


@pytest.mark.parametrize(
    ("damage", "rule"),
    [("altered", "checksum"), ("cut", "cut_short"), ("gone", "missing")],
)
@pytest.mark.usefixtures("other_disk")
def test_verify_names_what_is_wrong_with_a_video(
    tmp_path: Path, video: Path, damage: str, rule: str
) -> None:
    drop = packed(tmp_path, video)
    path = drop.folder / "camera.mp4"
    payload = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        payload[100] ^= 1
        path.write_bytes(payload if damage == "altered" else payload[:-1])

    (problem,) = verify(drop.folder)
    assert (problem.rule, problem.file) == (rule, "camera.mp4")
    assert not is_sound(drop)
    again = packed(tmp_path, video)
    assert (again.is_new, again.manifest.revision) == (True, 2)


def test_a_video_that_changed_since_it_was_read_is_not_packed(tmp_path: Path, video: Path) -> None:
    read = recording(video)
    with video.open("ab") as handle:
        handle.write(b"more")
    with pytest.raises(DropError, match="not what is there now: wait") as caught:
        pack(read, tmp_path / "landing", IDENTITY, NOW)
    assert caught.value.rule == "checksum"
    assert not list((tmp_path / "landing").rglob("*.mp4"))


@pytest.mark.usefixtures("other_disk")
def test_a_video_that_changes_while_it_is_copied_is_not_packed(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge_ingest import durable
    from edge_ingest.drops import drop

    plain = durable.write_durably

    def grow(path: Path, payload: bytes) -> None:
        with video.open("ab") as handle:
            handle.write(b"more")
        plain(path, payload)

    monkeypatch.setattr(drop, "write_durably", grow)  # the tables go first
    with pytest.raises(DropError, match="changed since"):
        packed(tmp_path, video)
    assert not list((tmp_path / "landing").rglob("*.mp4"))


def test_a_checksum_is_taken_anew_once_a_file_has_changed(video: Path) -> None:
    before = known_sha256(video)
    payload = bytearray(video.read_bytes())
    payload[50] ^= 1
    video.write_bytes(payload)
    assert known_sha256(video) == sha256_of(video) != before


@pytest.mark.parametrize("name", ["../a.mp4", "a.exe", "A.mp4", ".mp4", "a/b.mp4"])
def test_a_name_that_a_drop_cannot_carry(video: Path, name: str) -> None:
    with pytest.raises(DropError, match="cannot go into a drop") as caught:
        describe({name: video}, None)
    assert caught.value.rule == "path"


def test_a_video_without_a_row_is_not_packed(tmp_path: Path, video: Path) -> None:
    stray = replace(recording(video), tables={}, media={"stray.mp4": video})
    with pytest.raises(DropError, match=r"stray\.mp4"):
        pack(stray, tmp_path / "landing", IDENTITY, NOW)


@pytest.mark.parametrize("can_link", [True, False])
def test_replay_sends_the_video_too(
    tmp_path: Path, video: Path, request: pytest.FixtureRequest, can_link: bool
) -> None:
    if not can_link:
        request.getfixturevalue("other_disk")
    packed(tmp_path, video)
    drops = find_drops(tmp_path / "landing")
    (sent,) = replay(drops, tmp_path / "other", None, lambda _: None)
    assert sent.is_new
    assert verify(sent.folder) == []
    (again,) = replay(drops, tmp_path / "other", None, lambda _: None)
    assert not again.is_new

    (sent.folder / "camera.mp4").unlink()
    (mended,) = replay(drops, tmp_path / "other", None, lambda _: None)
    assert mended.is_new
    assert verify(mended.folder) == []


def test_replay_of_a_drop_without_its_video_says_so(tmp_path: Path, video: Path) -> None:
    (packed(tmp_path, video).folder / "camera.mp4").unlink()
    drops = find_drops(tmp_path / "landing")
    with pytest.raises(DropError, match=r"lacks camera\.mp4"):
        list(replay(drops, tmp_path / "other", None, lambda _: None))
    assert not list((tmp_path / "other").rglob("manifest.json"))
