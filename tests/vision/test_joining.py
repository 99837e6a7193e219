"""Tracklets: what is foretold of movement, who is joined to whom, and where a swap is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.vision.follow.colours import Palette
from sports_assets.vision.follow.exchange import exchanged
from sports_assets.vision.follow.joining import assign, chained, join
from sports_assets.vision.follow.motion import (
    MEMORY_S,
    SPEED_SD_MPS,
    link_score,
    state_at,
    transition,
)
from sports_assets.vision.follow.sightings import Sightings
from sports_assets.vision.follow.smoothing import smoothed
from sports_assets.vision.follow.swaps import changes, cut_swaps, jumps
from sports_assets.vision.follow.tracking import tracklets

RED, BLUE = [40.0, 60, 30, 80, 0, 0], [30.0, 20, -50, 30, 20, -50]


def sightings(t_s: np.ndarray, place: np.ndarray, colours: np.ndarray) -> Sightings:
    order = np.argsort(t_s, kind="stable")
    t_s, place, colours = t_s[order], place[order], colours[order]
    tick_s, tick = np.unique(t_s, return_inverse=True)
    count = t_s.size
    return Sightings(
        tick, t_s, place, np.full(count, 0.2), np.tile(np.eye(2) * 0.04, (count, 1, 1)),
        np.full(count, 0.9), colours, np.full((count, 7), np.nan),
        np.ones(count, np.bool_), np.zeros((count, 4)), np.zeros(count, np.int64), tick,
        np.arange(count), tick_s,
    )  # fmt: skip


def run(
    begin_s: float,
    end_s: float,
    start: tuple[float, float],
    speed: tuple[float, float],
    kit: list[float],
):
    t_s = np.arange(begin_s, end_s, 0.2)
    place = np.array(start) + (t_s - begin_s)[:, None] * np.array(speed)
    noise = np.random.default_rng(int(begin_s * 10)).normal(0, 3, (t_s.size, 6))
    return t_s, place, np.array(kit) + noise


def together(*runs) -> tuple[Sightings, np.ndarray]:
    t_s, place, colours = (np.concatenate(one) for one in zip(*runs, strict=True))
    label = np.concatenate([np.full(one[0].size, number) for number, one in enumerate(runs)])
    order = np.argsort(t_s, kind="stable")
    return sightings(t_s, place, colours), label[order]


def test_velocity_is_forgotten_and_place_spreads() -> None:
    matrix, added = transition(np.array([0.0, MEMORY_S, 1000.0]))
    assert matrix[0] == pytest.approx(np.eye(2))
    assert added[0] == pytest.approx(np.zeros((2, 2)))
    assert matrix[1, 1, 1] == pytest.approx(np.exp(-1))
    # after long, velocity is anybody's, and the way is 2·D·t with D = (speed sd)² · memory
    assert added[2, 1, 1] == pytest.approx(SPEED_SD_MPS**2)
    assert added[2, 0, 0] == pytest.approx(2 * SPEED_SD_MPS**2 * MEMORY_S * 1000, rel=0.01)


@settings(max_examples=30, deadline=None)
@given(st.floats(-8, 8), st.floats(-8, 8), st.integers(4, 12))
def test_a_state_tells_speed_in_both_directions_of_time(vx: float, vy: float, count: int) -> None:
    t_s = np.arange(count) * 0.2
    place = t_s[:, None] * np.array([vx, vy])
    for end in (True, False):
        state = state_at(t_s, place, np.full(count, 0.01), end=end)
        assert state.velocity_mps[0] == pytest.approx([vx, vy], abs=0.05 + 0.03 * np.hypot(vx, vy))
        assert state.t_s[0] == (t_s[-1] if end else 0.0)


def test_who_runs_on_is_likelier_than_who_turns_back() -> None:
    t_s = np.arange(5) * 0.2
    end = state_at(t_s, t_s[:, None] * [5.0, 0], np.full(5, 0.1), end=True)
    on, back = (
        state_at(1.6 + t_s, [x, 0.0] + t_s[:, None] * [v, 0.0], np.full(5, 0.1), end=False)
        for x, v in ((7.5, 4.5), (0.5, -4.5))
    )
    assert link_score(end, on)[0] > link_score(end, back)[0]


def test_the_best_pairs_are_taken_all_at_once() -> None:
    # greedily 0→0 (5.0) leaves 1 without anybody; the whole is better with 0→1 and 1→0
    first, second = np.array([0, 0, 1]), np.array([0, 1, 0])
    follower = assign(first, second, np.array([5.0, 4.0, 4.0]), 2)
    assert follower.tolist() == [1, 0]
    assert assign(first[:0], second[:0], np.empty(0), 2).tolist() == [-1, -1]
    assert chained(np.array([2, -1, -1, 1])).tolist() == [0, 3, 0, 3, -1]


def test_two_who_cross_unseen_go_on_as_they_ran() -> None:
    seen, label = together(
        run(0, 4, (-8, 0), (2, 0), RED), run(0, 4, (8, 0.5), (-2, 0), RED),
        run(5, 9, (2, 0), (2, 0), RED), run(5, 9, (-2, 0.5), (-2, 0), RED),
    )  # fmt: skip
    found = join(seen, label, Palette.of(seen, label), np.zeros(len(seen), np.bool_))
    assert set(found[np.isin(label, (0, 2))]) != set(found[np.isin(label, (1, 3))])
    assert len(set(found[np.isin(label, (0, 2))])) == 1
    assert len(set(found)) == 2


def test_nobody_is_joined_to_whom_he_could_not_run() -> None:
    seen, label = together(run(0, 4, (-40, 0), (1, 0), RED), run(5, 9, (0, 0), (1, 0), RED))
    assert len(set(join(seen, label, Palette.of(seen, label), np.zeros(len(seen), np.bool_)))) == 2


def test_shirts_decide_where_movement_does_not() -> None:
    seen, label = together(
        run(0, 4, (-4, 0), (1, 0), RED), run(0, 4, (-4, 1), (1, 0), BLUE),
        run(5, 9, (1, 0), (1, 0), BLUE), run(5, 9, (1, 1), (1, 0), RED),
    )  # fmt: skip
    found = join(seen, label, Palette.of(seen, label), np.zeros(len(seen), np.bool_))
    assert len(set(found[np.isin(label, (0, 3))])) == 1
    assert len(set(found[np.isin(label, (1, 2))])) == 1
    assert len(set(found)) == 2


def test_a_swap_is_cut_where_the_shirt_changes() -> None:
    seen, label = together(run(0, 4, (0, 0), (1, 0), RED), run(4, 8, (4, 0), (1, 0), BLUE))
    swapped = np.zeros_like(label)
    assert np.array_equal(cut_swaps(seen, swapped, Palette.of(seen, label)), label)


def test_light_that_fades_is_no_swap() -> None:
    seen, label = together(run(0, 40, (0, 0), (1, 0), RED))
    seen.colours[:] -= np.linspace(0, 1, len(seen))[:, None] * np.array([10, 4, 2, 10, 0, 0])
    assert set(cut_swaps(seen, label, Palette.of(seen, label))) == {0}


def marked(seen: Sightings, label: np.ndarray, heads: list[float]) -> Sightings:
    """People of one kit, whose heads differ in lightness."""
    noise = np.random.default_rng(3).normal(0, 2, (len(seen), 7))
    seen.marks[:] = noise * [1, 1, 1, 1, 1, 1, 0.01] + [0, 0, 0, 30, 0, 0, 1]
    seen.marks[:, 0] += np.array(heads)[label]
    return seen


def test_two_of_one_team_who_met_are_told_apart_by_their_heads() -> None:
    # They run towards each other, turn, and run back: movement alone would let them pass.
    seen, label = together(
        run(0, 45, (-18, 0), (0.4, 0), RED), run(45, 90, (0, 0), (-0.4, 0), RED),
        run(0, 45, (18, 0.4), (-0.4, 0), RED), run(45, 90, (0, 0.4), (0.4, 0), RED),
    )  # fmt: skip
    person = np.array([0, 0, 1, 1])[label]
    seen = marked(seen, person, [20.0, 60.0])
    crossed = np.array([0, 1, 1, 0])[label]
    found = exchanged(seen, crossed, Palette.of(seen, label))
    assert len(set(found)) == 2
    agree = (found == person).mean()
    assert max(agree, 1 - agree) > 0.97
    # who is told right stays
    assert np.array_equal(exchanged(seen, person, Palette.of(seen, label)), person)


def test_a_track_that_begins_beside_somebody_and_takes_him_over_is_given_back() -> None:
    # At 45 s the one who goes left is told as a new track; the old one goes on with a passer-by.
    seen, label = together(
        run(0, 45, (-18, 0), (0.4, 0), RED), run(45, 90, (0, 0), (0.4, 0), RED),
        run(45, 90, (0, 1), (-0.4, 0), RED),
    )  # fmt: skip
    person = np.array([0, 0, 1])[label]
    seen = marked(seen, person, [20.0, 60.0])
    taken = np.array([0, 1, 0])[label]
    found = exchanged(seen, taken, Palette.of(seen, label))
    assert (found == person).mean() > 0.97


def test_a_hole_of_a_track_is_filled_by_whoever_was_followed_in_it() -> None:
    # The tracker lost him at 20 s, began anew at once, and found the first again at 40 s.
    seen, label = together(run(0, 60, (-24, 0), (0.8, 0), RED))
    holed = ((seen.t_s >= 20) & (seen.t_s < 40)).astype(np.int64)
    palette = Palette.of(seen, holed)
    assert set(cut_swaps(seen, holed, palette)) == {0, 1, 2}
    found = join(seen, cut_swaps(seen, holed, palette), palette, np.zeros(len(seen), np.bool_))
    assert np.array_equal(found, label)


def test_who_is_followed_is_taken_before_who_just_began() -> None:
    # Something beside him is seen for three looks, as near to where he goes on as he is himself.
    him = run(0, 6, (0, 0), (1, 0), RED)
    looks = slice(14, 17)
    phantom = him[0][looks], him[1][looks] + [0.0, 0.9], him[2][looks]
    seen, label = together(him, phantom)
    away = (label == 0) & (seen.t_s > him[0][16])
    seen.place_m[away, 1] = 0.6
    found = tracklets(seen)
    assert len(set(found[label == 0])) == 1


def test_marks_that_say_nothing_exchange_nobody() -> None:
    seen, label = together(
        run(0, 90, (-18, 0), (0.4, 0), RED), run(0, 90, (18, 0.4), (-0.4, 0), RED),
    )  # fmt: skip
    seen = marked(seen, label, [40.0, 40.0])
    assert np.array_equal(exchanged(seen, label, Palette.of(seen, label)), label)


def test_who_is_hidden_behind_another_goes_on_with_him() -> None:
    # The second walks behind the first for three seconds, and comes out on the other side.
    first = run(0, 12, (0, 0), (1, 0), RED)
    t_s = first[0]
    beside = np.interp(t_s, [0, 4, 8, 12], [4.0, 0.3, 0.3, 4.0])
    hidden = (t_s > 4.2) & (t_s < 7.2)
    second = t_s[~hidden], (first[1] + np.column_stack([beside * 0, beside]))[~hidden]
    seen, label = together(first, (*second, np.array(BLUE) + np.zeros((second[0].size, 6))))
    found = tracklets(seen, Palette.of(seen, label))
    assert np.array_equal(found, label)


def test_an_unsure_sighting_goes_on_and_begins_nothing() -> None:
    seen, label = together(run(0, 4, (0, 0), (1, 0), RED), run(2, 2.3, (30, 0), (1, 0), RED))
    unsure = (label == 1) | ((label == 0) & (np.arange(len(seen)) % 3 == 2))
    seen.confidence[unsure] = 0.2
    found = tracklets(seen)
    assert set(found[label == 0]) == {0}
    assert set(found[label == 1]) == {-1}


def test_along_the_view_a_place_may_be_off_and_aside_it_may_not() -> None:
    # Two stand side by side and one behind the other; each look is off by a metre along the view.
    far = np.array([1.0, -1.0] * 10)
    t_s = np.arange(20) * 0.2
    runs = [
        (t_s, np.column_stack([np.full(20, x), sign * far]), np.array(RED) + np.zeros((20, 6)))
        for x, sign in ((0.0, 1.0), (0.8, -1.0))
    ]
    seen, label = together(*runs)
    seen.cov_m[:] = np.diag([0.1**2, 0.8**2])
    assert np.array_equal(tracklets(seen), label)


def test_a_jump_is_cut() -> None:
    seen, label = together(run(0, 2, (0, 0), (1, 0), RED), run(2, 4, (9, 0), (1, 0), RED))
    assert jumps(seen, np.arange(len(seen))).tolist() == [9]
    assert set(cut_swaps(seen, np.zeros_like(label), Palette.of(seen, label))) == {0, 1}


def test_changes_by_hand() -> None:
    values = np.concatenate([np.zeros(6), np.full(3, 12.0), np.zeros(5)])[:, None]
    assert changes(values, np.ones(14)).tolist() == [6, 9]
    assert not changes(np.zeros((14, 1)), np.ones(14)).size


def test_a_gap_is_bridged_between_both_sides() -> None:
    t_s = np.concatenate([np.arange(0, 2, 0.2), np.arange(3, 5, 0.2)])
    place = t_s[:, None] * np.array([3.0, -1.0])
    told, sd = smoothed(t_s, place, np.full(t_s.size, 0.1), np.array([1.0, 2.5]))
    assert told == pytest.approx(np.array([[3.0, -1.0], [7.5, -2.5]]), abs=0.15)
    assert sd[1] > sd[0]
