"""Boxes of a followed person are steadied: upper and lower side over time, left and right never."""

import numpy as np

from sports_assets.vision.follow.boxes import steadied


def walk(looks: int, noise_px: float) -> tuple[np.ndarray, ...]:
    """Somebody who comes nearer: true boxes, seen ones, instants, feet and size."""
    t_s = np.arange(looks) / 5
    feet, rise = 200 + 4 * t_s, 30 + 0.6 * t_s
    middle, half = 100 + 9 * t_s, 6 + 3 * np.sin(9 * t_s)
    true = np.column_stack([middle - half, feet - 0.98 * rise, middle + half, feet + 0.04 * rise])
    seen = true + np.random.default_rng(4).normal(0, noise_px, true.shape)
    return true, seen, t_s, feet, rise


def test_noise_of_head_and_feet_is_less_and_sides_stay() -> None:
    true, seen, t_s, feet, rise = walk(200, 1.0)
    told = steadied(seen, t_s, feet, rise, np.ones(200, np.bool_))
    off = np.abs(told - true)[:, [1, 3]].mean() / np.abs(seen - true)[:, [1, 3]].mean()
    assert off < 0.5
    assert np.array_equal(told[:, [0, 2]], seen[:, [0, 2]])


def test_without_noise_nothing_changes_and_a_gap_is_not_crossed() -> None:
    true, _, t_s, feet, rise = walk(60, 0.0)
    assert np.allclose(steadied(true, t_s, feet, rise, np.ones(60, np.bool_)), true)
    apart = np.array([0.0, 10.0])
    boxes = np.array([[0, 0, 5, 30.0], [0, 10, 5, 30.0]])
    ends = np.array([30.0, 30.0])
    assert np.array_equal(steadied(boxes, apart, ends, ends, np.ones(2, np.bool_)), boxes)


def test_who_was_not_seen_follows_those_who_were() -> None:
    true, _, t_s, feet, rise = walk(21, 0.0)
    wrong = true.copy()
    wrong[10, [1, 3]] += 8
    is_seen = np.arange(21) != 10
    told = steadied(wrong, t_s, feet, rise, is_seen)
    assert np.abs(told[10] - true[10]).max() < 0.5
