"""Which side has the ball, from where it is seen and who stands next to it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOME, AWAY, UNKNOWN = 0, 1, -1

#: Whoever plays the ball is within a stride of it; places of both are good to half a metre or so.
_TOUCH_M = 2.0
#: A touch counts if most touches within this long are of the same side, s to either side: two
#: athletes in a duel are both within reach.
_STEADY_S = 1.0
#: Between two touches of one side the ball is that side's, as in a pass; a pass lasts no longer, s.
_PASS_S = 4.0


def touches(t_s: Floats, ball: Floats, athlete_t_s: Floats, athletes: Floats, side: Ints) -> Ints:
    """The side of the nearest athlete within reach of the ball, or `UNKNOWN`.

    Args:
        t_s: when the ball is seen, s, ascending, each once.
        ball: its places, n × 2, m.
        athlete_t_s: when each athlete's row is, s, ascending.
        athletes: their places, m × 2, m.
        side: `HOME` or `AWAY`, of each row.

    Returns:
        A side for each place of the ball.
    """
    found = np.full(t_s.size, UNKNOWN)
    begins = np.searchsorted(athlete_t_s, t_s, "left")
    ends = np.searchsorted(athlete_t_s, t_s, "right")
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        if begin == end:
            continue
        apart = np.linalg.norm(athletes[begin:end] - ball[number], axis=1)
        nearest = int(apart.argmin())
        if apart[nearest] <= _TOUCH_M:
            found[number] = side[begin + nearest]
    return found


def possession(t_s: Floats, touch: Ints, at_s: Floats) -> Ints:
    """The side that has the ball at given times.

    Args:
        t_s, touch: `touches`.
        at_s: the times asked for, s.

    Returns:
        `HOME`, `AWAY`, or `UNKNOWN` where nobody was near the ball for long, or it changed sides.
    """
    is_touch = touch != UNKNOWN
    when, whose = t_s[is_touch], touch[is_touch]
    if not when.size:
        return np.full(at_s.size, UNKNOWN)
    # Of touches within the time around each: how many are away's.
    begin = np.searchsorted(when, when - _STEADY_S, "left")
    end = np.searchsorted(when, when + _STEADY_S, "right")
    summed = np.r_[0, np.cumsum(whose == AWAY)]
    share = (summed[end] - summed[begin]) / (end - begin)
    is_steady = np.where(whose == AWAY, share, 1 - share) > 0.5  # noqa: PLR2004 - most
    when, whose = when[is_steady], whose[is_steady]
    if not when.size:
        return np.full(at_s.size, UNKNOWN)
    later = np.minimum(np.searchsorted(when, at_s, "left"), when.size - 1)
    earlier = np.maximum(np.searchsorted(when, at_s, "right") - 1, 0)
    is_between = (when[earlier] <= at_s) & (at_s <= when[later])
    is_held = (
        is_between & (whose[earlier] == whose[later]) & (when[later] - when[earlier] <= _PASS_S)
    )
    return np.where(is_held, whose[earlier], UNKNOWN)
