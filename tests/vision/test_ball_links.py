from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.vision.ball.links import LinkSettings, best_path

#: A ball of 10 px: 1 px is 2.2 cm; at 25 a second 35 m/s are 64 px from one frame to the next.
BALL_PX = 10.0
MOST_PX_S = 35.0 / 0.22 * BALL_PX


def path_of(frames, rate=25.0, settings=None):
    """Frames are lists of (x, y, score)."""
    told = [np.array(one, float).reshape(-1, 3) for one in frames]
    return best_path(
        [number / rate for number in range(len(told))],
        [one[:, :2] for one in told],
        [one[:, 2] for one in told],
        [np.full(len(one), BALL_PX) for one in told],
        ball_m=0.22,
        settings=settings,
    )


def rolling(frames, x=0.0, y=0.0, *, dx=12.0, dy=3.0):
    return [[(x + dx * n, y + dy * n, 1.0)] for n in range(frames)]


def test_it_follows_what_moves_evenly():
    frames = rolling(20)
    for n, one in enumerate(frames):  # something that jumps about
        one.append((100 + 40 * (n % 3), 300 - 30 * (n % 2), 0.4))
    path = path_of(frames)
    assert [(point.frame, point.candidate) for point in path] == [(n, 0) for n in range(20)]
    assert {point.stretch for point in path} == {0}


def test_a_kick_does_not_end_it():
    frames = rolling(12) + rolling(12, x=117, y=53, dx=-15, dy=20)
    path = path_of(frames)
    assert len(path) == 24
    assert path[-1].stretch == 0


def test_nothing_is_found_where_nothing_lasts():
    assert path_of(rolling(3)) == []
    assert path_of([[], [], []]) == []
    assert path_of([]) == []


def test_it_is_found_again_after_a_gap_as_another_stretch():
    frames = rolling(15)
    frames += [[] for _ in range(25)]
    frames += rolling(15, 300, 50)
    path = path_of(frames)
    assert [point.stretch for point in path] == [0] * 15 + [1] * 15


def test_what_it_cannot_have_reached_is_not_it():
    frames = rolling(20)
    frames += [[] for _ in range(8)]
    frames += rolling(9, 3000, 0)  # 58 m away, after 0.36 s
    path = path_of(frames)
    assert {point.frame for point in path} == set(range(20))


def test_what_lies_still_must_lie_there_for_long():
    lies = [[(50, 50, 1.0)] for _ in range(8)]
    assert path_of(lies) == []
    assert len(path_of(lies * 6)) == 48


def test_looks_that_are_rare_still_make_a_path():
    path = path_of(rolling(20, dx=60), rate=5.0)
    assert len(path) == 20


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([5.0, 12.5, 25.0]))
def test_never_two_in_one_frame_and_never_faster_than_a_ball_flies(seed, rate):
    random = np.random.default_rng(seed)
    frames = [
        np.column_stack([random.uniform(0, 800, (n, 2)), random.uniform(-1, 1.2, n)]).tolist()
        for n in random.integers(0, 7, 40)
    ]
    path = path_of(frames, rate, LinkSettings(lost=1.0))
    numbers = [point.frame for point in path]
    assert numbers == sorted(set(numbers))
    for one, other in pairwise(path):
        places = [np.array(frames[point.frame][point.candidate][:2]) for point in (one, other)]
        after_s = (other.frame - one.frame) / rate
        if after_s < LinkSettings().lost_for_s:
            assert np.linalg.norm(places[1] - places[0]) <= MOST_PX_S * after_s * 1.0001


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_clear_ball_is_followed_through_clutter(seed):
    random = np.random.default_rng(seed)
    frames = rolling(40, 50, 80, dx=11, dy=4)
    for one in frames:
        one += [(*random.uniform(0, 600, 2), float(random.uniform(-1, 0.3))) for _ in range(6)]
    path = path_of(frames)
    right = sum(point.candidate == 0 for point in path)
    assert right >= 38
    assert len(path) - right <= 2
