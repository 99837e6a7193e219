"""What jumps away and comes back, and what only jumps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.excursions import find_jumps
from edge_ingest.cleaning.tracks import Tracks


def track(values, t_s=None) -> Tracks:
    values = np.atleast_2d(np.asarray(values, float))
    size = values.shape[1]
    t_s = np.arange(size, dtype=float) if t_s is None else np.asarray(t_s, float)
    return Tracks(np.arange(size), np.zeros(size, np.int64), t_s, values)


def away(values, t_s=None, fastest=1.0, longest=8.0) -> list[int]:
    way = track(values, t_s)
    jumps = find_jumps(way, np.full(way.t_s.size, fastest), 0.5, longest)
    return np.flatnonzero(jumps.away).tolist()


def landing(values, **changes) -> list[int]:
    way = track(values)
    jumps = find_jumps(way, np.full(way.t_s.size, 1.0), 0.5, 8.0)
    return np.flatnonzero(jumps.landing).tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0] * 9 + [30] + [0] * 9, [9]),
        ([0] * 9 + [30, 31, 30] + [0] * 9, [9, 10, 11]),
        ([0] * 9 + [30, -30, 90] + [0] * 9, [9, 10, 11]),  # each somewhere else
        ([30] + [0] * 9, [0]),  # a false start
        ([0] * 9 + [30], [9]),
        ([0] * 12 + [30] * 12, []),  # stays there: nobody knows which side is right
        ([0] * 12 + [30] * 12 + [0] * 12, []),  # too long to be an excursion
        (list(range(12)), []),  # as fast as can be
    ],
)
def test_the_excursion_is_found_and_nothing_else(values, expected) -> None:
    assert away(values) == expected


def test_a_step_that_stays_is_marked_where_it_lands() -> None:
    assert landing([0] * 12 + [30] * 12) == [12]
    assert landing([0] * 9 + [30] + [0] * 9) == []


def test_a_wild_sample_after_a_step_does_not_take_the_track_with_it() -> None:
    assert away([0] * 20 + [30] * 6 + [300] + [30] * 20) == [26]


def test_a_gap_gives_time_to_move() -> None:
    assert away([0, 0, 0, 30, 30, 30], [0, 1, 2, 40, 41, 42]) == []


def test_tracks_do_not_touch() -> None:
    way = Tracks(
        np.arange(8), np.repeat([0, 1], 4), np.arange(8.0), np.array([[0.0] * 4 + [99.0] * 4])
    )
    jumps = find_jumps(way, np.full(8, 1.0), 0.5, 8.0)
    assert not jumps.away.any()
    assert not jumps.landing.any()


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(1, 5),
    place=st.integers(12, 80),
    size=st.floats(20, 1e4),
)
def test_any_short_excursion_is_found_on_any_walk(seed, length, place, size) -> None:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.uniform(-1, 1, (2, 100)) / np.sqrt(2), axis=1)
    angle = rng.uniform(0, 2 * np.pi)
    walk[:, place : place + length] += [[size * np.cos(angle)], [size * np.sin(angle)]]
    assert away(walk) == list(range(place, place + length))
