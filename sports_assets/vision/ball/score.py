"""How much a candidate looks like the ball, before it is asked where it came from.

A score is in the units of a log-likelihood ratio: above 0 rather the ball, below 0 rather
something else. It is made to be robust and not to be exact: the path adds up many of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.ball.blobs import Candidates
from sports_assets.vision.ball.size import BallSize

Floats = NDArray[np.float64]

#: A clear ball by itself.
_BEST = 1.0
#: Spread of the measured size about the expected, in doublings. Larger ones are likelier: a ball
#: in flight is nearer to the camera, and a fast one is smeared.
_SMALLER, _LARGER = 0.6, 0.9
#: Most that counts against a larger one, up to so many doublings: a ball over the far side at
#: half of the camera's height is seen against ground that is twice as far.
_IN_FLIGHT, _IN_FLIGHT_TO = 0.8, 2.2
#: A size that is guessed from the picture's width counts so much.
_GUESS = 0.2
#: A disc fills 0.79 of its box; less than this is a line, an arm or a leg.
_LEAST_FILL = 0.55
#: Smaller blobs have too few pixels to be round, px.
_ROUND_PX = 10.0
#: Lens, shutter and coder make a point so large, px.
_BLUR_PX = 2.0
#: What is not at rest around it counts against it: all of it so much.
_AROUND = 2.5
#: A hole that somebody left who stands in the background counts against it: in full so much.
_HOLE = 3.0
#: What is seen beyond the pitch counts against it: a ball gets there in flight alone.
_BEYOND = 0.7
#: Contrast at which it is as clear as it gets, of 255; below, each halving counts against it.
_CLEAR = 24.0
#: Parts of people look like it: against what is within somebody's box, and at his feet, where
#: the ball is often too.
_WITHIN, _AT_FEET = 2.0, 0.8
#: But if the rest of it is no worse than this, waiting there costs little: so much a second. A
#: path that comes with the ball may go on with whoever has it, and leave with it.
_HAD_LEAST, _HAD_PER_S = -1.2, 1.5
#: Feet are below this share of a box, and reach so much of its height beyond it.
_FEET_FROM, _FEET_BEYOND = 0.72, 0.08
#: Boxes of two looks that overlap more than this (shared over joint area) are one person.
_SAME_PERSON = 0.15
#: Beside somebody is within this share of his height of where he stands.
BESIDE = 0.6
#: Two times are one if they differ by less, s.
_SAME_S = 1e-4
#: A detector's own box of a ball about it counts for it.
_DETECTED = 0.7


def score(
    candidates: Candidates,
    people_px: Floats,
    balls_px: Floats | None = None,
    size: BallSize | None = None,
    *,
    frame_s: float = 0.04,
) -> Floats:
    """How much each candidate looks like the ball: n.

    Args:
        people_px: boxes of people in that frame, or near it in time: k × 4.
        balls_px: boxes that a detector took for balls: m × 4.
        size: of the ball there, where it is known better than when candidates were found.
        frame_s: time from one frame with candidates to the next.
    """
    wide, tall = candidates.size_px[:, 0], candidates.size_px[:, 1]
    expected = candidates.expected_px if size is None else size.at(candidates.centre_px)
    told = np.full(len(candidates), _BEST)
    doublings = np.log2(np.sqrt(wide * tall) / np.hypot(expected, _BLUR_PX))
    spread = np.where(doublings < 0, _SMALLER, _LARGER)
    weight = 1.0 if size is None or size.is_known else _GUESS
    off = np.minimum((doublings / spread) ** 2 / 2, 3.0)
    is_larger = (doublings > 0) & (doublings < _IN_FLIGHT_TO)
    told -= weight * np.where(is_larger, np.minimum(off, _IN_FLIGHT), off)
    told -= np.clip(np.log2(np.maximum(wide, tall) / np.minimum(wide, tall)) - 0.6, 0, 2)
    coarse = np.minimum(np.maximum(wide, tall) / _ROUND_PX, 1.0)
    told -= np.clip((_LEAST_FILL - candidates.fill) * 5, 0, 2) * coarse
    told -= _HOLE * np.clip(1 - candidates.own / 0.6, 0, 1)
    told -= np.where(candidates.on_pitch, 0.0, _BEYOND)
    told -= np.clip(np.log2(_CLEAR / np.maximum(candidates.contrast, 1.0)), 0, 2) / 2
    of_people, at_feet = _of_people(candidates.centre_px, people_px)
    told -= of_people
    told -= _AROUND * (1 - candidates.rest) * np.where(at_feet, 0.5, 1.0)
    told = np.where(at_feet & (told >= _HAD_LEAST), np.maximum(told, -_HAD_PER_S * frame_s), told)
    if balls_px is not None and len(balls_px):
        told += _DETECTED * _is_within(candidates.centre_px, balls_px).any(axis=1)
    return told


def diameter_px(candidates: Candidates, size: BallSize | None = None) -> Floats:
    """How large the ball would be that a candidate is: n, px.

    As on the ground there, or larger as it is seen: it is nearer in flight. The shorter side of
    the blob is told, because a fast one is smeared along its way.
    """
    expected = candidates.expected_px if size is None else size.at(candidates.centre_px)
    seen = np.sqrt(np.maximum(candidates.size_px.min(axis=1) ** 2 - _BLUR_PX**2, 0.0))
    return np.asarray(np.clip(seen, expected, 2**_IN_FLIGHT_TO * expected), np.float64)


def people_near(times_s: Sequence[float] | Floats, seen: Mapping[float, Floats]) -> list[Floats]:
    """Boxes of people in each frame, on their way from the look before to the look after it.

    Args:
        times_s: of the frames.
        seen: boxes (k × 4) by the times of the looks.
    """
    known = np.array(sorted(seen))
    if not known.size:
        return [np.empty((0, 4)) for _ in times_s]
    near = []
    for time_s in times_s:
        after = int(np.searchsorted(known, time_s - _SAME_S))
        before = max(after - 1, 0)
        after = min(after, known.size - 1)
        first, last = seen[float(known[before])], seen[float(known[after])]
        if known[after] - time_s <= _SAME_S or before == after:
            near.append(last)
        else:
            near.append(
                _moved(first, last, (time_s - known[before]) / (known[after] - known[before]))
            )
    return near


def _moved(first: Floats, last: Floats, share: float) -> Floats:
    """Boxes on their way; who has no partner in the other look stays where he is."""
    if not len(first) or not len(last):
        return np.concatenate([first, last])
    low = np.maximum(first[:, None, :2], last[None, :, :2])
    high = np.minimum(first[:, None, 2:], last[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    area = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, last)]
    overlap = both / (area[0][:, None] + area[1][None] - both)
    partner, other = overlap.argmax(axis=1), overlap.argmax(axis=0)
    rows = np.arange(len(first))
    paired = (other[partner] == rows) & (overlap[rows, partner] > _SAME_PERSON)
    alone = np.ones(len(last), np.bool_)
    alone[partner[paired]] = False
    way = first[paired] * (1 - share) + last[partner[paired]] * share
    return np.concatenate([way, first[~paired], last[alone]])


def is_beside(centres: Floats, people: Floats) -> NDArray[np.bool_]:
    """Whether somebody stands within about a metre of each place: n."""
    if not len(people):
        return np.zeros(len(centres), np.bool_)
    feet = np.column_stack([(people[:, 0] + people[:, 2]) / 2, people[:, 3]])
    far = np.linalg.norm(centres[:, None] - feet[None], axis=2)
    return np.asarray((far < BESIDE * (people[:, 3] - people[:, 1])).any(axis=1), np.bool_)


def _of_people(centres: Floats, people: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """What counts against each for being part of somebody; and which are at nothing but feet."""
    if not len(people):
        return np.zeros(len(centres)), np.zeros(len(centres), np.bool_)
    tall = people[:, 3] - people[:, 1]
    reach = people.copy()
    reach[:, 3] += _FEET_BEYOND * tall
    reach[:, 0] -= _FEET_BEYOND * tall
    reach[:, 2] += _FEET_BEYOND * tall
    within = _is_within(centres, reach)
    at_feet = within & (centres[:, None, 1] > people[:, 1] + _FEET_FROM * tall)
    costs = np.where(at_feet, _AT_FEET, np.where(within, _WITHIN, 0.0)).max(axis=1)
    return costs, costs == _AT_FEET


def _is_within(centres: Floats, boxes: Floats) -> NDArray[np.bool_]:
    x, y = centres[:, None, 0], centres[:, None, 1]
    return np.asarray(
        (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3]), np.bool_
    )
