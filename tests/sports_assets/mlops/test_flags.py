"""Whom staff would talk to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sports_assets.mlops.flags import flag_highest, staff_metrics

DAY = np.array(["2026-03-01"] * 4 + ["2026-03-02"] * 2)


def test_two_flags_a_day_worked_by_hand():
    found = staff_metrics([1, 0, 1, 0, 0, 1], [0.9, 0.8, 0.2, 0.1, 0.3, 0.4], DAY, n=2)
    # First day: the positive 0.9 and the negative 0.8; second day: both. 2 of 4 flags, 2 of 3.
    assert (found.precision, found.day_recall) == (pytest.approx(2 / 4), pytest.approx(2 / 3))
    # Chance: each of four gets half a flag (1 positive flag of 2), each of two gets a whole one.
    assert found.random_precision == pytest.approx((1 + 1) / 4)
    assert found.random_day_recall == pytest.approx((1 + 1) / 3)
    assert found.flags_per_day == 2


def test_who_ties_for_the_last_flag_shares_it():
    flagged = flag_highest([0.9, 0.5, 0.5, 0.1, 0.2, 0.2], DAY, n=2)
    assert flagged.flags == pytest.approx([1, 0.5, 0.5, 0, 1, 1])


def test_each_squad_has_its_own_flags():
    team = ["a", "a", "b", "b", "a", "b"]
    flagged = flag_highest([0.9, 0.8, 0.2, 0.1, 0.3, 0.4], DAY, team, n=1)
    assert flagged.flags == pytest.approx([1, 0, 1, 0, 1, 1])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3), st.sampled_from("ab")),
        min_size=1, max_size=60,
    ),
    st.integers(1, 4),
)  # fmt: skip
def test_predictions_that_tell_nobody_apart_get_what_chance_gets(rows, n):
    y, p, day, team = (list(column) for column in zip(*rows, strict=True))
    days = np.datetime64("2026-01-01") + np.array(day)
    flat = staff_metrics(y, np.zeros(len(y)), days, team, n)
    assert flat.precision == pytest.approx(flat.random_precision)
    assert flat.day_recall == pytest.approx(flat.random_day_recall, nan_ok=True)
    flagged = flag_highest(p, days, team, n)
    assert flagged.flags.sum() == pytest.approx(flagged.random.sum())
    assert ((flagged.flags >= 0) & (flagged.flags <= 1)).all()
