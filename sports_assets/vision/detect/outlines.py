"""Boxes of people, and the point on which each stands, from the pixels that are their own."""

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.silhouettes import People

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Singles = NDArray[np.float32]

#: A row or column belongs to a box if it has more own pixels than this, of the height: single
#: pixels are noise.
_THIN = 0.03
#: How far below the fitted feet a leading foot may stand, of the height; what is not his own there
#: is somebody else's, or shadow, from here on.
_LEADING, _UNDER_FEET = 0.2, 0.08
#: A box ends where less than these shares of a person's usual difference are left, aside and
#: above: blur reaches further, and hair differs less than shirts.
_CLEAR_ASIDE, _CLEAR_ABOVE = 0.5, 0.2
#: Where the head is, of the height. Feet are known to half a stride, heads to how much people
#: differ in height and posture: worse by half, so a head weighs a third.
_HEAD, _HEAD_WEIGHT = 0.75, 0.3
#: Heads tell where people stand if so many are seen, who are upright to within this share.
_FEWEST, _UPRIGHT = 5, 0.3
#: Legs, from the ground up; with less of it filled than so much, they are hidden.
_LEGS, _LEGS_FILLED = 0.3, 0.06
#: Hips to shoulders: their middle is above the ground point, whatever the legs do.
_BODY = (0.35, 0.85)
#: The lowest pixels are soles in front of the point between both feet, by this of the height.
_SOLES = 0.02
#: The sole that bears is the lower one, the lowest quarter of what legs are across, and
#: no more than this of the height; single columns may be noise.
_LOWEST, _SOLE_WIDE = 0.75, 0.12
#: Of a person's edge so much is mixed with the grass by lens and coder, px.
_MIXED_PX = 0.25
#: From the middles of the outermost clear pixels to where a person ends: left, top, right, bottom.
_EDGES = (0.5 + _MIXED_PX) * np.array([-1, -1, 1, 1])


def outline(people: People, strength: Singles, top_px: int) -> tuple[Floats, Floats]:
    """Boxes (left, top, right, bottom: n × 4) and ground points (n × 2), px of the picture.

    Args:
        strength: how much each pixel differs from the background: height × width.
        top_px: row of the picture that is the first of `people.own` and `strength`.
    """
    boxes, ground = np.empty((len(people.confidence), 4)), people.feet_px.copy()
    heads = np.full(len(boxes), np.nan)
    for one in range(len(boxes)):
        boxes[one], ground[one], heads[one] = _one(people, strength, one, top_px)
    ground[:, 1] += _HEAD_WEIGHT * _by_heads(ground[:, 1], heads, people.stature_px)
    return boxes, ground


def _by_heads(feet: Floats, heads: Floats, stature: Floats) -> Floats:
    """By how much lower the head says that somebody stands: n, 0 where it says nothing.

    People of one match are as tall, of what is expected, as they are in the middle: that also takes
    what blur and hair do to heads.
    """
    with np.errstate(invalid="ignore"):
        share = (feet - heads) / stature
    known = np.isfinite(share) & (np.abs(share - 1) < _UPRIGHT)
    if known.sum() < _FEWEST:
        return np.zeros(len(feet))
    usual = float(np.median(share[known]))
    return np.where(known, heads + usual * stature - feet, 0.0)


def _one(people: People, strength: Singles, one: int, top_px: int) -> tuple[Floats, Floats, float]:
    feet, rise, lean = people.feet_px[one], float(people.rise_px[one]), float(people.lean_px[one])
    reach = rise + abs(lean)
    left, upper = max(0, int(feet[0] - reach)), max(0, int(feet[1] - top_px - 1.3 * rise))
    right, lower = int(feet[0] + reach) + 1, round(feet[1] - top_px + _LEADING * rise) + 2
    here = slice(upper, lower), slice(left, right)
    own = people.own[here] == one + 1
    level = float(np.median(strength[here][own])) if own.any() else 0.0
    thin = max(1.0, _THIN * rise)
    rows = np.flatnonzero((own & (strength[here] >= _CLEAR_ABOVE * level)).sum(1) >= thin)
    columns = np.flatnonzero((own & (strength[here] >= _CLEAR_ASIDE * level)).sum(0) >= thin)
    expected = np.array(
        [feet[0] - 0.2 * rise + min(lean, 0), feet[1] - rise, feet[0] + 0.2 * rise + max(lean, 0),
         feet[1]]
    )  # fmt: skip
    if not rows.size or not columns.size:
        return expected, feet, np.nan
    corner = np.array([left, upper + top_px, left, upper + top_px])
    seen = np.array([columns[0], rows[0], columns[-1], rows[-1]]) + corner + _EDGES
    above = (feet[1] - top_px - upper - np.arange(own.shape[0])) / rise
    legs = above < _LEGS
    ground = feet.copy()
    is_near = above[:, None] > -_UNDER_FEET
    field = strength[here] * (own | (is_near & (people.own[here] == 0)))
    legs_hidden = bool(own[legs].sum() < _LEGS_FILLED * rise * _LEGS * rise)
    if legs_hidden:
        seen[3] = max(seen[3], feet[1])
    else:
        ends = _lower_ends(field, own & legs[:, None])
        lowest = max(_LOWEST, 1 - _SOLE_WIDE * rise / ends.size)
        sole = float(np.quantile(ends, lowest)) + upper + top_px
        seen[3] = sole + _MIXED_PX
        ground[1] = sole - _SOLES * rise
    body = own[(above >= _BODY[0]) & (above < _BODY[1])]
    if body.any():
        height = (_BODY[0] + _BODY[1]) / 2
        ground[0] = float(np.mean(np.nonzero(body)[1])) + left - lean * height
    head = own & (above > _HEAD)[:, None]
    if (
        not head.any()
        or legs_hidden
        or _is_before(people.own[here], one + 1, int(rows[0]), columns)
    ):
        return seen, ground, np.nan
    tops = len(above) - 1 - _lower_ends(field[::-1], head[::-1])
    return seen, ground, float(np.quantile(tops, 1 - _LOWEST)) + upper + top_px


def _is_before(own: NDArray[np.uint8], number: int, row: int, columns: Places) -> bool:
    """Whether somebody further away is right above the box of a person: its head has no edge."""
    above = own[max(0, row - 2) : row, columns[0] : columns[-1] + 1]
    return bool(((above > 0) & (above != number)).any())


def _lower_ends(strength: Singles, legs: NDArray[np.bool_]) -> Floats:
    """Row, with its fraction, at which legs end in each column that has some.

    There half of what the legs differ is reached: blur does not move that place.
    """
    columns = np.flatnonzero(legs.any(axis=0))
    ends = np.empty(columns.size)
    for number, column in enumerate(columns.tolist()):
        values = strength[:, column]
        rows = np.flatnonzero(legs[:, column])
        last, half = int(rows[-1]), float(values[rows].max()) / 2
        while last + 1 < len(values) and values[last + 1] >= half:
            last += 1
        while last > rows[0] and values[last] < half:
            last -= 1
        below = float(values[last + 1]) if last + 1 < len(values) else 0.0
        step = float(values[last]) - below
        ends[number] = last + (
            np.clip((float(values[last]) - half) / step, 0, 1) if step > 0 else 0
        )
    return ends
