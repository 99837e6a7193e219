"""Which samples jump away and come back? For a place, or for any signal that changes so fast only.

A track is cut where a step is longer than its limit allows. Of the stretches between, the cheapest
explanation is sought: leaving out a sample costs 1, and a jump that remains costs half the longest
excursion. So a wild fix, a second in a mirror image, and a false start are left out, while after a
step that stays nothing is, however the stretches lie. (The longest path through stretches, by
dynamic programming; a plain test of each step flags the good sample after the jump as well.)
"""

from dataclasses import dataclass

import numpy as np

from edge_ingest.cleaning.tracks import BoolArray, FloatArray, IntArray, Tracks


@dataclass(frozen=True)
class Jumps:
    """What was found, (m,) of a track's samples.

    Attributes:
        away: sample of an excursion.
        landing: first sample after a jump that stays.
    """

    away: BoolArray
    landing: BoolArray


def longest_excursion(tracks: Tracks, longest_s: float, longest_samples: int) -> float:
    """Longest excursion in samples: so long, or so many, whichever is more."""
    return max(longest_s / tracks.interval_s, float(longest_samples))


def find_jumps(
    tracks: Tracks, fastest: FloatArray, tolerance: float, longest_samples: float
) -> Jumps:
    """Find excursions, and jumps that stay.

    Args:
        tracks: samples in order.
        fastest: (m,) change that is possible, unit/s.
        tolerance: reading noise, unit.
        longest_samples: see `longest_excursion`.
    """
    size = tracks.track.size
    with np.errstate(invalid="ignore"):
        is_jump = tracks.step > fastest * tracks.step_s + tolerance
    away, landing = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    if not is_jump.any():
        return Jumps(away, landing)
    begins = np.flatnonzero(is_jump | ~tracks.goes_on)
    ends = np.append(begins[1:], size) - 1
    # Stretches of one track lie together; only tracks that jump at all need a look.
    head = np.flatnonzero(~tracks.goes_on[begins])
    tail = np.append(head[1:], begins.size)
    for low, high in zip(head.tolist(), tail.tolist(), strict=True):
        if high - low == 1:
            continue
        kept, jumped = _cheapest(
            tracks,
            begins[low:high],
            ends[low:high],
            fastest=fastest,
            tolerance=tolerance,
            longest_samples=longest_samples,
        )
        for piece in range(low, high):
            if not kept[piece - low]:
                away[begins[piece] : ends[piece] + 1] = True
            elif jumped[piece - low]:
                landing[begins[piece]] = True
    return Jumps(away, landing)


def _cheapest(
    tracks: Tracks,
    begins: IntArray,
    ends: IntArray,
    *,
    fastest: FloatArray,
    tolerance: float,
    longest_samples: float,
) -> tuple[list[bool], list[bool]]:
    """Which stretches of one track stay, and which of them are reached by a jump."""
    weight = (ends - begins + 1).tolist()
    from_s, to_s = tracks.t_s[begins].tolist(), tracks.t_s[ends].tolist()
    from_place = tracks.values[:, begins].T.tolist()
    to_place = tracks.values[:, ends].T.tolist()
    limit = fastest[begins].tolist()
    cost = longest_samples / 2
    count = len(weight)
    best, before, jumped = [0.0] * count, [-1] * count, [False] * count
    for here in range(count):
        # To begin here: all before is left out.
        top, skipped = 0.0, 0
        for there in range(here - 1, -1, -1):
            # The neighbour is a jump away by definition; further ones may be within reach.
            way = sum((a - b) ** 2 for a, b in zip(from_place[here], to_place[there], strict=True))
            reach = limit[here] * (from_s[here] - to_s[there]) + tolerance
            far = way > reach * reach
            value = best[there] - (cost if far else 0.0)
            if value > top:
                top, before[here], jumped[here] = value, there, far
            skipped += weight[there]
            if skipped > longest_samples:
                break
        best[here] = top + weight[here]
    kept = [False] * count
    here = max(range(count), key=best.__getitem__)
    while here >= 0:
        kept[here] = True
        here = before[here]
    return kept, jumped
