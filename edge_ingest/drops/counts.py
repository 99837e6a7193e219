"""Measured values as whole counts of a step, within a stated error.

Belongs here: choosing a step, counting, and the dead band. Does not belong here: files; see
`encoding.py`.

The error: a value comes back within half a step. With a dead band it comes back within the band and
half a step, and no error adds up: each value is held against the one that was kept, not against
its neighbour.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from edge_ingest.errors import ContractError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Steps that devices count in, coarsest first; 1000/1024 is a heart strap's 1/1024 s in ms.
DEVICE_STEPS = (1.0, 1000 / 1024, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1 / 128, 0.005, 0.002, 0.001)
#: A value stands on a step if it lies within this share of it: floating point, not measurement.
_ROUNDING = 1e-6
_UNIT_ROUNDING = 1e-9


def device_step(values: FloatArray, finest: float) -> float:
    """The coarsest step on which every value stands already, so that counting loses nothing.

    Args:
        values: (n,) finite.
        finest: no step is finer; the answer where values stand on none.
    """
    for step in DEVICE_STEPS:
        counts = values / step
        if step > finest and (np.abs(counts - np.rint(counts)) <= _ROUNDING).all():
            return float(step)
    return float(finest)


def to_counts(where: str, column: pa.ChunkedArray, step: float | FloatArray) -> IntArray:
    """Nearest whole counts; nought for null.

    Args:
        where: what to call the column in an error.
        column: (n,) numbers.
        step: of all, or (n,) of each.

    Raises:
        ContractError: a value is not finite, or beyond 64 bits at this step.
    """
    counts = column.fill_null(0.0).to_numpy() / step
    refuse_beyond(where, counts, np.iinfo(np.int64).bits, step)
    whole: IntArray = np.rint(counts).astype(np.int64)
    return whole


def refuse_beyond(
    where: str, counts: FloatArray | IntArray, bits: int, step: float | FloatArray
) -> None:
    """Refuse counts that a signed number of so many bits does not hold, without telling them.

    Raises:
        ContractError: there is one, or one is not finite.
    """
    limit = 2.0 ** (bits - 1) - 1
    # The largest float below 2⁶³ is far enough below it; equality would already wrap around.
    if counts.size and not (np.abs(counts) < limit).all():
        raise ContractError(
            f"{where} holds a value that is not finite or beyond {limit * np.min(step):.0f}: check "
            "the reader, or pack at a coarser scale"
        )


def from_counts(counts: IntArray, step: float | FloatArray) -> FloatArray:
    """Counts in their unit; by division where the step is one n-th, so that 0.1 stays 0.1."""
    steps = np.asarray(step, np.float64)
    per_unit = np.rint(1 / steps)
    is_nth = (per_unit > 0) & (np.abs(per_unit * steps - 1) < _UNIT_ROUNDING)
    values: FloatArray = np.where(is_nth, counts / np.where(is_nth, per_unit, 1), counts * steps)
    return values


def hold(counts: IntArray, reach: int) -> IntArray:
    """Dead band: a count that is within `reach` of the one last kept is written as that one.

    Args:
        counts: (n,) of one channel of one athlete, in order.
        reach: how far a count may be from what is written for it; 0 changes nothing.
    """
    if reach <= 0 or not counts.size:
        return counts
    kept = int(counts[0])
    written = []
    for count in counts.tolist():
        if abs(count - kept) > reach:
            kept = count
        written.append(kept)
    return np.array(written, np.int64)
