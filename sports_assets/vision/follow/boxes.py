"""Boxes of a followed person, steadied: he is as tall in one look as in the next.

Where feet and head are is measured in each look to a pixel or so, which is much of somebody far
away. How far they are above the point on which he stands, of his size there, hardly changes within
a second, so that looks near in time tell it together. Left and right stay as they were seen: legs
and arms swing.
"""

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.follow.sightings import Floats

#: Looks count by their distance in time: a Gaussian of this standard deviation, cut at three, s.
_NEAR_S = 0.6
#: A box that was filled in says so much beside one that was seen.
_FILLED = 0.05
_TOP, _BOTTOM = 1, 3


def steadied(
    boxes_px: Floats, t_s: Floats, feet_y_px: Floats, rise_px: Floats, is_seen: NDArray[np.bool_]
) -> Floats:
    """Boxes (left, top, right, bottom) with their upper and lower sides told by all near looks.

    Args:
        boxes_px: of one person in one camera, finite: n × 4.
        t_s: of the looks, in order: n.
        feet_y_px, rise_px: row of the point on which he stands, and the height of somebody of
            1.8 m there: n.
        is_seen: whether he was seen in that look, or is filled in: n.
    """
    out = boxes_px.copy()
    share = (boxes_px[:, [_TOP, _BOTTOM]] - feet_y_px[:, None]) / rise_px[:, None]
    own = np.where(is_seen, 1.0, _FILLED)
    total, weight = share * own[:, None], own.copy()
    for apart in range(1, t_s.size):
        off_s = t_s[apart:] - t_s[:-apart]
        if off_s.min() > 3 * _NEAR_S:
            break
        near = np.where(off_s <= 3 * _NEAR_S, np.exp(-((off_s / _NEAR_S) ** 2) / 2), 0.0)
        total[apart:] += share[:-apart] * (near * own[:-apart])[:, None]
        total[:-apart] += share[apart:] * (near * own[apart:])[:, None]
        weight[apart:] += near * own[:-apart]
        weight[:-apart] += near * own[apart:]
    out[:, [_TOP, _BOTTOM]] = total / weight[:, None] * rise_px[:, None] + feet_y_px[:, None]
    return out
