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
_RESTS_NEAR_M, _RESTS_FOR_S = 4.0, 8.0
#: ... or if it looks so much like the ball for so long, s: a coder leaves specks behind people,
#: but sends the picture anew every few seconds; ...
_RESTS_CLEARLY, _RESTS_LONG_S = 0.4, 3.0
#: ... but litter lies there while the ball is elsewhere, for so many frames, within this of its
#: diameter.
_LITTER_FRAMES, _SAME_PLACE = 10, 0.7
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
        is_clear = float(way.score[mine].mean()) >= _RESTS_CLEARLY
        is_clear &= float(np.ptp(way.t_s[mine])) >= _RESTS_LONG_S
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


def is_near(way: Way, one: int, other: int, gap_s: float, far_m: float) -> bool:
    """Whether two points of the ball's way are so near, in time and across the view."""
    metre = BALL_M / (way.diameter_px[one] + way.diameter_px[other]) * 2
    apart_m = float(np.linalg.norm(way.centre_px[one] - way.centre_px[other])) * metre
    return bool(abs(way.t_s[one] - way.t_s[other]) <= gap_s and apart_m <= far_m)
