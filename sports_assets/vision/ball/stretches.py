"""Which stretches of the ball's path can be the ball: it plays on the pitch, and there is one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.ball.blobs import Candidates
from sports_assets.vision.ball.place import Way
from sports_assets.vision.ball.size import BALL_M

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A stretch in which the ball never gets further than this rests, m. That is believed where the
#: ball was lost or is found nearby, m, a while before or after, s, ...
_MOVES_M = 1.0
_RESTS_NEAR_M, _RESTS_FOR_S = 5.0, 8.0
#: ... or if it looks so much like the ball for so long, s, or less so for longer: a coder leaves
#: specks behind people, but sends the picture anew every few seconds; ...
_RESTS_CLEARLY = ((0.4, 3.0), (0.3, 8.0))
#: ... but litter lies there while the ball is elsewhere, for so many frames, within this of its
#: diameter.
_LITTER_FRAMES, _SAME_PLACE = 10, 0.7
#: A ball that lies is seen in one place to this, px, beside its size, is seen so often to lie
#: there by its way, and is hidden so long, s.
_JITTER_PX, _SEEN_LYING, _HIDDEN_S = 0.7, 3, 3.0
#: So many of its points must be on the pitch; what flies comes from there or gets there.
_ON_PITCH = 2
#: A stretch that earns less by itself is a stepping stone for those around it.
_LEAST_EARNED = 1.0
#: Two times are one if they differ by less, s.
_SAME_S = 1e-4


def believed_points(way: Way, times_s: Floats, kept: Sequence[Candidates]) -> Flags:
    """Points of stretches that can be the ball, among all candidates of all frames."""
    believed = np.zeros(way.t_s.size, np.bool_)
    names = np.unique(way.stretch)
    moves = {}
    for name in names:
        mine = way.stretch == name
        metre = BALL_M / float(np.median(way.diameter_px[mine]))
        spread = np.ptp(np.quantile(way.centre_px[mine], [0.05, 0.95], axis=0), axis=0) * metre
        moves[name] = float(np.hypot(*spread)) >= _MOVES_M
        is_stone = way.score[mine].sum() < _LEAST_EARNED
        believed[mine] = not is_stone and way.on_pitch[mine].sum() >= _ON_PITCH
    moving = np.array([moves[name] for name in way.stretch], np.bool_) & believed
    for name in names:
        mine = np.flatnonzero(way.stretch == name)
        if moves[name]:
            continue
        joins = [(mine[0], mine[0] - 1), (mine[-1], mine[-1] + 1)]
        mean, long_s = float(way.score[mine].mean()), float(np.ptp(way.t_s[mine]))
        is_clear = any(mean >= least and long_s >= so_long for least, so_long in _RESTS_CLEARLY)
        believed[mine] &= is_clear or any(
            0 <= other < way.t_s.size
            and moves[way.stretch[other]]
            and is_near(way, int(end), int(other), _RESTS_FOR_S, _RESTS_NEAR_M)
            for end, other in joins
        )
        believed[mine] &= not _is_litter(way, mine, moving, times_s, kept)
    return believed


def _is_litter(
    way: Way, mine: Whole, moving: Flags, times_s: Floats, kept: Sequence[Candidates]
) -> bool:
    """Whether what rests lies there too while the ball moves elsewhere."""
    place = np.median(way.centre_px[mine], axis=0)
    reach = _SAME_PLACE * float(np.median(way.diameter_px[mine])) + 1.0
    elsewhere = moving & (np.linalg.norm(way.centre_px - place, axis=1) > 3 * reach)
    found = 0
    for frame in np.searchsorted(times_s, way.t_s[elsewhere] - _SAME_S).tolist():
        far = np.linalg.norm(kept[frame].centre_px - place, axis=1)
        found += bool((far <= reach).any())
    return found >= _LITTER_FRAMES


def lies_until(  # noqa: PLR0917 - one end of one stretch
    way: Way, point: int, onward: int, limit_s: float, times_s: Floats, kept: Sequence[Candidates]
) -> float:
    """Until when the ball lies where a stretch of its way ends, or since when where one begins, s.

    A path that costs something for each frame gives a ball up that lies behind people; but while
    something is seen now and then in that very place, it is there.

    Args:
        point: of the way, an end of a stretch.
        onward: 1 into the time after it, -1 into the time before.
        limit_s: where the way goes on; no further.
    """
    place, diameter = way.centre_px[point], float(way.diameter_px[point])
    reach = _SAME_PLACE / 2 * diameter + _JITTER_PX
    last = float(way.t_s[point])
    rests = np.linalg.norm(way.centre_px - place, axis=1) <= reach
    if (rests & (np.abs(way.t_s - last) <= _RESTS_FOR_S)).sum() < _SEEN_LYING:
        return last
    frame = int(np.searchsorted(times_s, last - _SAME_S)) + onward
    while 0 <= frame < times_s.size:
        now = float(times_s[frame])
        if (now - limit_s) * onward >= 0 or abs(now - last) > _HIDDEN_S:
            break
        if (np.linalg.norm(kept[frame].centre_px - place, axis=1) <= reach).any():
            last = now
        frame += onward
    return last


def is_near(way: Way, one: int, other: int, gap_s: float, far_m: float) -> bool:
    """Whether two points of the ball's way are so near, in time and across the view."""
    metre = BALL_M / (way.diameter_px[one] + way.diameter_px[other]) * 2
    apart_m = float(np.linalg.norm(way.centre_px[one] - way.centre_px[other])) * metre
    return bool(abs(way.t_s[one] - way.t_s[other]) <= gap_s and apart_m <= far_m)
