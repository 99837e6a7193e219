"""Whole numbers as differences from what the numbers before them foretell.

A tracked athlete goes on nearly as before, so second differences of place are small; a clock ticks
evenly, so first differences of time are all the same. Exact both ways, whatever the numbers: sums
wrap around as the processor's do. Does not belong here: what a number stands for.
"""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.signedinteger]


def to_differences(numbers: Whole, order: int) -> Whole:
    """Differences of so high an order, each folded to a number from nought on.

    Folded: 0, −1, 1, −2, 2, … become 0, 1, 2, 3, 4, …, so that the high bytes of small differences
    are nought whatever their sign, which is what makes them cheap (the zigzag of Protocol Buffers).

    Args:
        numbers: (n,) signed whole numbers.
        order: how often differences are taken; the first number's are from nought.

    Returns:
        (n,) of the same type; read as unsigned.
    """
    for _ in range(order):
        numbers = np.diff(numbers, prepend=numbers.dtype.type(0))
    folded: Whole = (numbers << 1) ^ (numbers >> (8 * numbers.dtype.itemsize - 1))
    return folded


def from_differences(folded: Whole, order: int) -> Whole:
    """The numbers again; the inverse of `to_differences`."""
    halves = (folded.view(f"u{folded.dtype.itemsize}") >> 1).view(folded.dtype)
    numbers: Whole = halves ^ -(folded & 1)
    for _ in range(order):
        numbers = np.cumsum(numbers, dtype=numbers.dtype)
    return numbers
