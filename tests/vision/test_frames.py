"""Frames come with their own number and time, whatever the file has been through."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_ingest.errors import SourceError
from sports_assets.vision.frames import frames, timeline
from tests.edge_ingest.footage_clips import HEIGHT, WIDTH, drawn, encode, rewrapped, shown


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at 10 Hz, a key frame every second."""
    return encode(tmp_path_factory.mktemp("clip") / "clip.mp4", drawn([("play", 3)]))


def _all(path: Path) -> dict[int, np.ndarray]:
    line = timeline(path)
    return {one.frame_id: one.image for one in frames(path, line, line.due(None))}


def test_times_are_those_of_another_decoder(clip: Path) -> None:
    line = timeline(clip)
    found = list(frames(clip, line, line.due(None)))

    assert [one.frame_id for one in found] == list(range(30))
    assert [one.t_s for one in found] == pytest.approx([time for time, _ in shown(clip)])
    assert found[0].image.shape == (HEIGHT, WIDTH, 3)
    assert line.is_timed


def test_a_seek_gives_the_frames_that_decoding_from_the_start_gives(clip: Path) -> None:
    line, every = timeline(clip), _all(clip)
    for wanted in ([0], [9, 10, 11], [17], [29], [3, 28]):
        found = list(frames(clip, line, wanted))
        assert [one.frame_id for one in found] == wanted
        assert all((one.image == every[one.frame_id]).all() for one in found)
    assert list(frames(clip, line, [])) == []


def test_a_variable_rate_keeps_each_frame_s_own_time(tmp_path: Path) -> None:
    steps = np.tile([33, 33, 67, 20], 8)
    times = np.concatenate([[0], np.cumsum(steps)])[:30]
    path = encode(tmp_path / "a.mkv", drawn([("play", 3)]), times=times.tolist())
    line = timeline(path)

    assert line.t_s == pytest.approx(times / 1000)
    # Five looks a second: each the first frame at or after its tick.
    due = line.due(5.0)
    ticks = np.arange(0, line.t_s[-1], 0.2)
    assert due.tolist() == np.searchsorted(times / 1000, ticks - 1e-4).tolist()
    assert [one.t_s for one in frames(path, line, due)] == pytest.approx(line.t_s[due])


def test_a_rate_below_the_looks_gives_every_frame(clip: Path) -> None:
    assert timeline(clip).due(25.0).tolist() == list(range(30))
    assert timeline(clip).due(5.0).tolist() == list(range(0, 30, 2))


def test_damage_in_the_middle_leaves_frames_out_and_shifts_none(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ts", drawn([("play", 3)]))
    every, content = _all(path), bytearray(path.read_bytes())
    middle = len(content) * 45 // 100 // 188 * 188
    for packet in range(4):  # payloads, not the headers that keep the stream together
        at = middle + 188 * packet
        content[at + 40 : at + 188] = bytes(148)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(content)

    found = _all(damaged)
    assert 15 <= len(found) <= 30
    sound = [number for number, image in found.items() if (image == every[number]).all()]
    assert set(range(10)) <= set(sound)
    assert 29 in sound


@pytest.mark.parametrize("suffix", ["ts", "mkv", "mp4"])
def test_a_frame_far_from_its_key_frame_is_found_by_seeking(tmp_path: Path, suffix: str) -> None:
    options = {"g": "50", "sc_threshold": "0", "bf": "2"}
    path = encode(tmp_path / f"a.{suffix}", drawn([("play", 12)]), options=options)
    line = timeline(path)
    for number in (0, 1, 25, 49, 50, 51, 99, 119):
        (found,) = frames(path, line, [number])
        assert found.frame_id == number


def test_a_picture_of_another_size_is_refused_in_words(clip: Path) -> None:
    line = replace(timeline(clip), size_px=(160, 90))
    with pytest.raises(SourceError, match=f"changes from 160 × 90 to {WIDTH} × {HEIGHT} pixels"):
        list(frames(clip, line, [0]))


def test_a_turned_picture_is_set_upright(tmp_path: Path, clip: Path) -> None:
    turned = rewrapped(clip, tmp_path / "turned.mp4", turned_deg=90)
    line, every = timeline(turned), _all(clip)
    (found,) = frames(turned, line, [12])

    assert line.rotation_deg == 90
    assert found.image.shape == (WIDTH, HEIGHT, 3)
    assert (np.rot90(every[12]) == found.image).all()


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    path = encode(tmp_path / "one.mp4", drawn([("play", 0.1)]))
    line = timeline(path)

    assert (line.t_s.tolist(), line.due(5.0).tolist()) == ([0.0], [0])
    assert [one.frame_id for one in frames(path, line, [0])] == [0]


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video at all" * 100)
    with pytest.raises(SourceError):
        timeline(path)
