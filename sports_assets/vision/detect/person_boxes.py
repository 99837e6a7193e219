"""Boxes of people that a network found: one for each person, where it stands, on the pitch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.person_sizes import PersonSizes

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

#: The surest of so many boxes are people, or none is: of noise a network may make thousands.
_MOST = 500
#: Two boxes that share more than this of their union are one person: people who pass close behind
#: each other share less, boxes of one person from two windows more.
_SAME_SHARE = 0.5
#: A box that lies with this share of it within a surer one, and stands where that one stands.
_WITHIN_SHARE = 0.8
_SAME_FEET = 0.25
#: Shortest and tallest that a person is seen, of what somebody who stands upright would be: who
#: stoops or lies is short or broad, who sits on a bench is shorter; a raised arm adds a third.
_SHORTEST, _TALLEST = 0.55, 1.45
#: Boxes reach below the point between the feet: the nearer sole, and a margin; of their height.
_SOLES = 0.03
#: A box shorter than this, of what is expected, whose lower side lies in another one: legs hidden.
_LEGS_HIDDEN = 0.8
#: That one stands nearer by so much of the height: who sits side by side hides nobody's legs.
_HIDDEN = 0.15


@dataclass(frozen=True)
class Boxes:
    """What a network says of one picture: n boxes (left, top, right, bottom) and scores, 0 to 1."""

    boxes_px: Floats
    person: Floats
    ball: Floats


def one_each(boxes_px: Floats, confidence: Floats) -> Places:
    """Which boxes to keep, the surest first, so that nobody is told twice: k of n numbers.

    Greedy non-maximum suppression by the share of the union; further, a box within a surer one
    whose feet are the same.
    """
    order = np.lexsort((np.arange(len(confidence)), -confidence))[:_MOST]
    areas = _areas(boxes_px)
    heights = boxes_px[:, 3] - boxes_px[:, 1]
    kept: list[int] = []
    for one in order.tolist():
        others = np.array(kept, np.int64)
        shared = _shared(boxes_px[one], boxes_px[others])
        union = areas[one] + areas[others] - shared
        feet = np.abs(boxes_px[others, 3] - boxes_px[one, 3])
        is_within = (shared > _WITHIN_SHARE * np.minimum(areas[one], areas[others])) & (
            feet < _SAME_FEET * np.maximum(heights[one], heights[others])
        )
        if not np.any((shared > _SAME_SHARE * union) | is_within):
            kept.append(one)
    return np.array(kept, np.int64)


def feet(boxes_px: Floats, sizes: PersonSizes | None) -> Floats:
    """Where the people of boxes stand: n × 2.

    The middle of the lower side, less what networks leave below the point between both feet. Of
    somebody whose legs are behind another one, below the head so far as somebody upright is tall
    there.
    """
    middle = (boxes_px[:, 0] + boxes_px[:, 2]) / 2
    heights = boxes_px[:, 3] - boxes_px[:, 1]
    ground = np.column_stack([middle, boxes_px[:, 3] - _SOLES * heights])
    if sizes is None or not len(boxes_px):
        return ground
    rise, _, _ = sizes.at(ground)
    for one in np.flatnonzero(heights < _LEGS_HIDDEN * np.nan_to_num(rise)).tolist():
        is_hidden = (
            (boxes_px[:, 0] < middle[one])
            & (middle[one] < boxes_px[:, 2])
            & (boxes_px[:, 1] < ground[one, 1])
            & (ground[one, 1] + _HIDDEN * rise[one] < boxes_px[:, 3])
        )
        if is_hidden.any():
            ground[one, 1] = _below(boxes_px[one, 1], ground[one], sizes)
    return ground


def on_pitch(boxes_px: Floats, ground_px: Floats, sizes: PersonSizes) -> NDArray[np.bool_]:
    """Which boxes stand on the ground of the pitch and are as large as a person is there: n."""
    rise, _, is_ground = sizes.at(ground_px)
    extent = np.maximum(boxes_px[:, 2] - boxes_px[:, 0], ground_px[:, 1] - boxes_px[:, 1])
    with np.errstate(invalid="ignore"):
        share = extent / rise
        return np.asarray(is_ground & (share > _SHORTEST) & (share < _TALLEST), np.bool_)


def _below(top_px: float, start: Floats, sizes: PersonSizes) -> float:
    """Row on which somebody stands whose head is at `top_px`: a fixed point, found in few steps."""
    row = float(start[1])
    for _ in range(4):
        rise = float(sizes.at(np.array([[start[0], row]]))[0][0])
        if not np.isfinite(rise):
            return float(start[1])
        row = top_px + rise
    return row


def _areas(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float64)


def _shared(box: Floats, boxes: Floats) -> Floats:
    across = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    down = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0), np.float64)
