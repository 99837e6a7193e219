"""Towards which goal does the home side play? From where both sides stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Sides change ends at half-time alone: what counts is who stood where over this long, s, to
#: either side. Each is goalside of the other on average, whatever happens in between.
_AROUND_S = 90.0


@dataclass(frozen=True)
class Attack:
    """A stretch of play in which it is known where the home side plays to.

    Attributes:
        start_utc, end_utc: the stretch; its end is not in it.
        is_home_rightwards: the home side plays towards +x, as in period 1 by the convention of
            `edge_ingest.records`.
    """

    start_utc: datetime
    end_utc: datetime
    is_home_rightwards: bool


def home_signs(t_s: Floats, evidence_m: Floats, told: Sequence[tuple[float, float, bool]]) -> Ints:
    """+1 where the home side plays towards +x, −1 where towards −x, 0 where that cannot be told.

    Args:
        t_s: times of looks, s, ascending.
        evidence_m: how much further towards +x the away side stands than the home side, all with
            their goalkeepers; NaN where one side is not seen.
        told: stretches that are known: begin and end, s, and whether it is towards +x.
    """
    known = np.isfinite(evidence_m)
    summed = np.r_[0.0, np.cumsum(np.where(known, evidence_m, 0.0))]
    begin = np.searchsorted(t_s, t_s - _AROUND_S, "left")
    end = np.searchsorted(t_s, t_s + _AROUND_S, "right")
    signs: Ints = np.sign(summed[end] - summed[begin]).astype(np.int64)
    for start_s, end_s, is_rightwards in told:
        signs[(t_s >= start_s) & (t_s < end_s)] = 1 if is_rightwards else -1
    return signs
