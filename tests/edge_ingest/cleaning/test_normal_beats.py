"""What an error does to a series of beats, and what a breath does to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_ingest.cleaning.normal_beats import untrue_intervals
from edge_ingest.cleaning.settings import load_settings
from tests.edge_ingest.cleaning.made import real_beats

TOLD = load_settings().beats
SWAY = 800 + 15 * np.sin(np.arange(60))


def untrue(rr_ms, suspected=None) -> list[int]:
    rr_ms = np.asarray(rr_ms, float)
    told = np.ones(rr_ms.size, bool) if suspected is None else suspected
    return np.flatnonzero(untrue_intervals(rr_ms, told, TOLD)).tolist()


def test_worked_by_hand() -> None:
    displaced = SWAY.copy()
    displaced[30:32] += [150, -150]  # a beat late by 150 ms
    assert untrue(displaced) == [30, 31]
    assert untrue(displaced, np.zeros(60, bool)) == [], "nobody suspects it"
    assert untrue(displaced, np.arange(60) == 31) == [30, 31], "the one after it is suspected"
    missed = np.delete(SWAY, 30)
    missed[30] += SWAY[30]
    assert untrue(missed) == [30]
    extra = np.insert(SWAY, 30, 300.0)
    extra[31] -= 300
    assert untrue(extra) == [30, 31]
    # An atrial beat, early by a third, and no pause but its own: the sum is shorter too.
    early = SWAY.copy()
    early[30] *= 0.66
    assert untrue(early) == [30, 31]


@pytest.mark.parametrize("wrong", [350.0, 480.0, 1160.0])
def test_the_first_and_the_last_interval_of_a_series_are_told_by_their_size(wrong: float) -> None:
    assert untrue([wrong, *SWAY])[0] == 0
    assert max(untrue([wrong, *SWAY])) <= 1, "with the next it may look like one of two"
    assert untrue([*SWAY, wrong]) == [60]


@pytest.mark.parametrize("run", [[500.0, 500.0, 1150.0], [520.0, 500.0, 510.0, 1180.0]])
def test_a_run_of_premature_beats_goes_with_its_pause(run: list[float]) -> None:
    found = untrue([*SWAY[:20], *run, *SWAY[:20]])
    assert set(range(20, 20 + len(run))) <= set(found) <= set(range(19, 21 + len(run)))


@pytest.mark.parametrize(
    "breath",
    [
        [758, 1062, 1094, 898, 844],  # from the recording: slows in one beat, and stays
        [742, 820, 1133, 781, 742],  # one long interval: no beat of it was moved, and none missed
        [789, 992, 789],
        [961, 780, 970],  # quicker for one beat, by a fifth
    ],
)
def test_a_breath_is_no_error_though_it_is_suspected(breath) -> None:
    assert untrue([*SWAY[:20], *breath, *SWAY[:20]]) == []


@pytest.mark.realdata
def test_a_heart_of_steep_breaths_keeps_nearly_all_its_intervals(real_data) -> None:
    """4,684 that were annotated as normal: six beats are doubted, though every one is suspected."""
    assert len(untrue(real_beats(real_data))) <= 24


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    place=st.integers(3, 55),
    # Longer by half, it could as well be two intervals: a missed beat.
    shift=st.floats(0.15, 0.40),
    late=st.booleans(),
)
def test_any_beat_that_moved_in_a_calm_series_is_found(seed, place, shift, late) -> None:
    rr_ms = np.random.default_rng(seed).normal(800, 10, 60)
    moved = rr_ms[place] * shift * (1 if late else -1)
    rr_ms[place] += moved
    rr_ms[place + 1] -= moved
    assert untrue(rr_ms) == [place, place + 1]


@settings(deadline=None)
@given(st.lists(st.integers(200, 3000), max_size=80), st.randoms(use_true_random=False))
def test_any_series_has_an_answer_of_its_length_whatever_its_unit(rr_ms, random):
    rr_ms = np.array(rr_ms, float)
    suspected = np.array([random.random() < 0.5 for _ in rr_ms], bool)
    found = untrue_intervals(rr_ms, suspected, TOLD)
    assert found.shape == rr_ms.shape
    # In other units it is the same heart.
    assert (untrue_intervals(rr_ms * 4, suspected, TOLD) == found).all()


@pytest.mark.parametrize("rr_ms", [[], [800], [800, 1700], [800.0] * 50])
def test_too_short_or_too_even_to_tell(rr_ms) -> None:
    assert untrue(rr_ms) == []
