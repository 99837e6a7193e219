"""Who has the ball while it is not seen: somebody who had it before and gives it away after.

A ball at somebody's feet is hidden, or looks like them, for seconds. If one person was beside it
when it was lost and beside it when it was found, and did not leave the picture meanwhile, it went
with him.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.ball.score import BESIDE, is_beside

Floats = NDArray[np.float64]

#: Somebody is where he was foretold to within this share of his height: between two looks at five
#: a second nobody turns or stops by more.
_ASTRAY = 0.45
#: His box stays as tall, but for so much, from one look to the next.
_TALLER = 1.5
#: A ball that is lost on its way to him, or found on its way from him, rolls on for so long, s.
_ROLLS_S, _STEP_S = 0.6, 0.04
#: Looks in a row that may miss him.
_MISSED = 2


@dataclass(frozen=True)
class End:
    """Where the ball was lost, or found.

    Attributes:
        t_s: when.
        centre_px: where.
        speed_px: how fast, px/s.
    """

    t_s: float
    centre_px: Floats
    speed_px: Floats

    def at(self, when_s: Floats) -> Floats:
        """Where it is at other times if it goes on like that: n × 2."""
        return self.centre_px + self.speed_px * (when_s - self.t_s)[:, None]


@dataclass(frozen=True)
class Carried:
    """A ball that comes to somebody, goes with him and leaves him.

    Attributes:
        lost, found: where it was lost and found.
        comes_s, leaves_s: when it is beside him first and last.
        t_s, feet_px: when and where he stands: k, k × 2.
    """

    lost: End
    found: End
    comes_s: float
    leaves_s: float
    t_s: Floats
    feet_px: Floats

    def centre_px(self, when_s: Floats) -> Floats:
        """Where the ball is at times between lost and found: n × 2."""
        ends_s = np.array([self.comes_s, self.leaves_s])
        ends = np.concatenate([self.lost.at(ends_s[:1]), self.found.at(ends_s[1:])])
        away = ends - _between(ends_s, self.t_s, self.feet_px)
        with_him = _between(when_s, self.t_s, self.feet_px) + _between(when_s, ends_s, away)
        told = np.where((when_s < self.comes_s)[:, None], self.lost.at(when_s), with_him)
        return np.where((when_s > self.leaves_s)[:, None], self.found.at(when_s), told)


def carried(looks_s: Floats, people_px: Sequence[Floats], lost: End, found: End) -> Carried | None:
    """The way of a ball that one person had from one sighting to the next; None: nobody surely had.

    Args:
        looks_s: times of the looks for people, ascending.
        people_px: their boxes in each look: k × 4.
    """
    if not looks_s.size or found.t_s <= lost.t_s:
        return None
    last = int(np.argmin(np.abs(looks_s - found.t_s)))
    ahead = np.arange(0.0, min(_ROLLS_S, found.t_s - lost.t_s), _STEP_S)
    for comes_s, centre in zip(lost.t_s + ahead, lost.at(lost.t_s + ahead), strict=True):
        first = int(np.argmin(np.abs(looks_s - comes_s)))
        people = people_px[first]
        for box in people[is_beside_each(centre, people)]:
            chain = _followed(looks_s, people_px, first, last, box)
            if chain is None:
                continue
            times, feet, tall = chain
            comes, _ = _nearest(lost, lost.t_s + ahead, times, feet)
            leaves, far = _nearest(found, found.t_s - ahead, times, feet)
            if far < BESIDE * tall and comes < leaves:
                return Carried(lost, found, comes, leaves, times, feet)
    return None


def _nearest(end: End, when_s: Floats, t_s: Floats, feet: Floats) -> tuple[float, float]:
    """When a ball that rolls on is nearest to somebody, and how near, px."""
    far = np.linalg.norm(end.at(when_s) - _between(when_s, t_s, feet), axis=1)
    at = int(np.argmin(far))
    return float(when_s[at]), float(far[at])


def is_beside_each(centre: Floats, people: Floats) -> NDArray[np.bool_]:
    """Which people stand within about a metre of a place: k."""
    return np.array([is_beside(centre[None], one[None])[0] for one in people], np.bool_)


def _followed(
    looks_s: Floats, people: Sequence[Floats], first: int, last: int, box: Floats
) -> tuple[Floats, Floats, float] | None:
    """One person from look to look: when, where he stands, and how tall he is at last."""
    times, feet, speed, missed = [looks_s[first]], [_feet(box)], np.zeros(2), 0
    for look in range(first + 1, last + 1):
        after_s = looks_s[look] - times[-1]
        expected = feet[-1] + speed * after_s
        boxes = people[look]
        tall = box[3] - box[1]
        far = np.linalg.norm(_feet(boxes) - expected, axis=1) / tall
        ratio = (boxes[:, 3] - boxes[:, 1]) / tall
        far[(ratio > _TALLER) | (ratio < 1 / _TALLER)] = np.inf
        best = int(np.argmin(far)) if far.size else -1
        if best < 0 or far[best] > _ASTRAY * (1 + missed):
            missed += 1
            if missed > _MISSED:
                return None
            continue
        place = _feet(boxes[best])
        new = (place - feet[-1]) / after_s
        speed = (speed + new) / 2 if len(feet) > 1 else new
        box, missed = boxes[best], 0
        times.append(looks_s[look])
        feet.append(place)
    if missed:
        return None
    return np.array(times), np.array(feet), float(box[3] - box[1])


def _between(when_s: Floats, t_s: Floats, values: Floats) -> Floats:
    return np.column_stack([np.interp(when_s, t_s, one) for one in values.T])


def _feet(boxes: Floats) -> Floats:
    return np.stack([(boxes[..., 0] + boxes[..., 2]) / 2, boxes[..., 3]], axis=-1)
