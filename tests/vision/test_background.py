"""The still picture: a median, whoever walks through it, of frames over the whole video."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.vision.camera.background import background, looks_kept, pooled
from sports_assets.vision.frames import timeline
from tests.edge_ingest.footage_clips import drawn, encode

pytestmark = pytest.mark.slow


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 27), st.integers(0, 1000))
def test_it_is_the_median_of_each_pixel(count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    images = [chance.integers(0, 256, (6, 5, 3), dtype=np.uint8) for _ in range(count)]
    expected = np.sort(np.stack(images), axis=0)[(count - 1) // 2]
    assert (background(images) == expected).all()


def test_whoever_stands_for_less_than_half_of_the_time_is_not_in_it() -> None:
    images = [np.full((20, 20, 3), 90, np.uint8) for _ in range(9)]
    for one in images[2:6]:
        one[5:15, 5:10] = 250
    assert (background(images) == 90).all()


def test_pictures_are_left_as_they_are() -> None:
    images = [np.full((8, 8, 3), level, np.uint8) for level in (9, 3, 6)]
    background(images)
    assert [int(one[0, 0, 0]) for one in images] == [9, 3, 6]


def test_none_or_different_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="none was decoded"):
        background([])
    with pytest.raises(ValueError, match="differ in size"):
        background([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)])


def test_looks_are_spread_over_a_video_and_the_same_as_without_seeking(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", drawn([("play", 40)], rate=5), rate=5)
    line = timeline(path)
    found = list(pooled(path, line, 5))
    assert [one.t_s for one in found] == pytest.approx([0, 9.8, 19.8, 29.8, 39.8], abs=0.21)
    assert [one.frame_id for one in pooled(path, line, 1000)] == list(range(200))


def test_one_frame_is_its_own_background(tmp_path: Path) -> None:
    path = encode(tmp_path / "one.mp4", drawn([("play", 0.1)]))
    (look,) = pooled(path, timeline(path))
    assert (background([look.image]) == look.image).all()


def test_large_pictures_get_fewer_looks() -> None:
    assert looks_kept(1728, 3072, 500) == frozenset(range(25))
    assert looks_kept(4320, 7680, 500) == {0, 6, 12, 18, 24}
    assert looks_kept(4320, 7680, 3) == {0, 1, 2}
    assert len(looks_kept(4320, 7680, 500)) * 4320 * 7680 * 3 < 500_000_000
