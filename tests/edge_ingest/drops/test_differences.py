"""Whole numbers as differences and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_ingest.drops.differences import Whole, from_differences, to_differences


def test_differences_worked_by_hand() -> None:
    numbers = np.array([100, 103, 105, 104], np.int32)

    # First differences from nought: 100, 3, 2, −1; second: 100, −97, −1, −3.
    assert to_differences(numbers, 0).tolist() == [200, 206, 210, 208]
    assert to_differences(numbers, 1).tolist() == [200, 6, 4, 1]
    assert to_differences(numbers, 2).tolist() == [200, 193, 1, 5]


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("order", [0, 1, 2])
@given(data=st.data())
def test_any_numbers_come_back_the_largest_included(
    kind: type[np.signedinteger], order: int, data: st.DataObject
) -> None:
    numbers: Whole = data.draw(arrays(kind, st.integers(0, 40)))

    folded = to_differences(numbers, order)

    assert folded.dtype == numbers.dtype
    assert np.array_equal(from_differences(folded, order), numbers)


def test_small_differences_of_either_sign_leave_the_high_bytes_nought() -> None:
    numbers = np.cumsum(np.random.default_rng(7).integers(-60, 61, 1000)).astype(np.int32)

    folded = to_differences(numbers, 1).view(np.uint8).reshape(-1, 4)

    assert not folded[:, 1:].any()
