"""The path of one thing through frames full of candidates: the best there is, or none.

Dynamic programming over pairs of candidates (Viterbi 1967; over pairs, because what is asked is
whether a third one goes on as the two before it went: Wolf, Hutchinson & Meyer 1989). A path
earns the scores of what it goes through; it pays for going on otherwise than straight, for a frame
without a candidate, and for being lost and found again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: A blob's middle is known to so much, px, and to so much of its size.
_BLUR_PX, _BLUR = 0.7, 0.15
#: Looks that are further apart than this give no movement, s.
_RAREST_S = 0.5
#: Paths of each frame that may be found again after they were lost.
_TOPS = 8


@dataclass(frozen=True)
class LinkSettings:
    """What the ball can do, and what it costs a path.

    Attributes:
        fastest_mps: no ball in play is faster: the hardest shots reach 35 m/s.
        bend_mps2: change of speed that costs little: a rolling ball slows by 1 to 3, one in flight
            falls at 10 and is slowed by air as much, seen at a slant.
        kick: most that a sudden change of speed costs; a kick can be anything.
        longest_link_s: two candidates with nothing between them are one movement up to here.
        skipped: cost of each frame between them.
        lost: cost of being found: so much must a stretch earn.
        lost_near: cost of being found again where it was lost; further away it is more, up to
            `lost` where somebody who runs with it would not get in that time.
        runs_mps, within_m: how far that is: so much a second, and so much at once.
        lost_for_s: after so long it can be anywhere on the pitch.
        still: share of its score that a candidate earns which does not move: a ball at rest soon
            is, but litter and what was dropped beside the pitch is so for long.
        still_mps: slower is at rest.
        most_links: paths that are kept, a frame.
    """

    fastest_mps: float = 35.0
    bend_mps2: float = 30.0
    kick: float = 1.5
    longest_link_s: float = 0.17
    skipped: float = 0.3
    lost: float = 4.0
    lost_near: float = 1.6
    runs_mps: float = 5.0
    within_m: float = 2.0
    lost_for_s: float = 5.0
    still: float = 0.3
    still_mps: float = 0.5
    most_links: int = 48


@dataclass(frozen=True)
class Point:
    """A candidate on the path: which frame, which of its candidates, which stretch of the path."""

    frame: int
    candidate: int
    stretch: int


@dataclass(frozen=True)
class _Links:
    """Pairs of candidates that end in one frame: n, the best of what leads to each."""

    begin_frame: Whole
    begin: Whole
    end: Whole
    total: Floats
    step: Floats  # from the begin to the end, px: n × 2
    after_s: Floats
    before: Whole  # number of the link before, over all frames; -1: the path begins
    is_found: NDArray[np.bool_]  # whether it was lost before this link

    def best(self, most: int) -> "_Links":
        """Those that earned most, the best first."""
        chosen = np.argsort(-self.total, kind="stable")[:most]
        return _Links(
            self.begin_frame[chosen], self.begin[chosen], self.end[chosen], self.total[chosen],
            self.step[chosen], self.after_s[chosen], self.before[chosen], self.is_found[chosen],
        )  # fmt: skip


def best_path(
    times_s: Sequence[float] | Floats,
    places_px: Sequence[Floats],
    scores: Sequence[Floats],
    ball_px: Sequence[Floats],
    *,
    ball_m: float,
    settings: LinkSettings | None = None,
) -> list[Point]:
    """The path that earns most.

    Speeds are across the view, from the size of the ball there: a pixel is `ball_m / ball_px`.
    What moves towards the camera or away from it is faster than that.

    Args:
        times_s: of the frames, ascending.
        places_px: candidates of each frame: n × 2.
        scores: of each candidate, above 0 rather the ball: n.
        ball_px: diameter of a ball at each candidate: n.

    Returns:
        In order of time; empty where no stretch earns what being found costs. Two points are
        nowhere in one frame, and nowhere further apart than the ball flies in that time.
    """
    search = _Search(
        np.asarray(times_s, np.float64), places_px, scores, ball_px, ball_m=ball_m,
        settings=settings or LinkSettings(),
    )  # fmt: skip
    for frame in range(len(places_px)):
        search.step(frame)
    return search.best()


class _Search:
    """The best way to each link, frame after frame."""

    def __init__(
        self, times_s: Floats, places: Sequence[Floats], scores: Sequence[Floats],
        ball_px: Sequence[Floats], *, ball_m: float, settings: LinkSettings,
    ) -> None:  # fmt: skip
        self._t, self._places, self._scores = times_s, places, scores
        self._ball_px = ball_px
        self._metre = [ball_m / one for one in ball_px]  # metres a pixel
        self._set = settings
        usual = float(np.median(np.diff(times_s))) if times_s.size > 1 else 0.0
        # Looks that are rarer still have neighbours.
        self._longest_s = max(settings.longest_link_s, min(1.5 * usual, _RAREST_S))
        self._links: list[_Links] = []
        self._first = [0]  # number of each frame's first link
        self._tops: list[Floats] = []  # of each frame's best links: total, number, x, y, metre
        self._ever = (-np.inf, -1)  # best of those that are lost for so long that all is forgotten
        self._forgotten = 0

    def step(self, frame: int) -> None:
        """Links that end in this frame."""
        self._forget(self._t[frame] - self._longest_s)
        found = []
        for begin in range(frame - 1, -1, -1):
            if self._t[frame] - self._t[begin] > self._longest_s:
                break
            if len(self._scores[begin]) and len(self._scores[frame]):
                found.append(self._between(begin, frame))
        links = _joined(found).best(self._set.most_links)
        self._links.append(links)
        self._tops.append(self._top(frame, links))
        self._first.append(self._first[-1] + links.total.size)

    def best(self) -> list[Point]:
        """The path that earns most, of all."""
        totals = np.concatenate([one.total for one in self._links]) if self._links else np.empty(0)
        if not totals.size or totals.max() <= 0:
            return []
        number = int(np.argmax(totals))
        backwards: list[tuple[int, int, bool]] = []
        while number >= 0:
            frame = int(np.searchsorted(self._first, number, "right")) - 1
            links, at = self._links[frame], number - self._first[frame]
            if not backwards or backwards[-1][2]:
                backwards.append((frame, int(links.end[at]), False))
            is_found = bool(links.is_found[at])
            backwards.append((int(links.begin_frame[at]), int(links.begin[at]), is_found))
            number = int(links.before[at])
        path, stretch = [], -1
        for frame, candidate, is_found in reversed(backwards):
            stretch += is_found
            path.append(Point(frame, candidate, stretch))
        return path

    def _between(self, begin: int, end: int) -> "_Links":
        """All links between two frames that the ball can fly."""
        after_s = self._t[end] - self._t[begin]
        step = self._places[end][None] - self._places[begin][:, None]
        metre = (self._metre[begin][:, None] + self._metre[end][None]) / 2
        speed = np.linalg.norm(step, axis=2) * metre / after_s
        i, j = np.nonzero(speed <= self._set.fastest_mps)
        earned = self._scores[end][j]
        is_still = (speed[i, j] < self._set.still_mps) & (earned > 0)
        earned = np.where(is_still, earned * self._set.still, earned)
        earned = earned - self._set.skipped * (end - begin - 1)
        found, found_from = self._found(begin, i)
        onward, onward_from = self._onward(begin, i, step[i, j], after_s)
        is_found = found >= onward
        before = np.where(is_found, found_from, onward_from)
        return _Links(
            np.full(i.size, begin), i, j, np.maximum(found, onward) + earned, step[i, j],
            np.full(i.size, after_s), before, is_found,
        )  # fmt: skip

    def _onward(
        self, begin: int, candidate: Whole, step: Floats, after_s: float
    ) -> tuple[Floats, Whole]:
        """Best of the links that end where these begin, less what bending costs; its number."""
        earlier = self._links[begin]
        total = np.full(candidate.size, -np.inf)
        source = np.full(candidate.size, -1, np.int64)
        if not earlier.total.size or not candidate.size:
            return total, source
        # Pairs of one link and one that ends where it begins.
        one, other = np.nonzero(candidate[:, None] == earlier.end[None])
        ratio = after_s / earlier.after_s[other]
        error = np.linalg.norm(step[one] - earlier.step[other] * ratio[:, None], axis=1)
        bend_m = self._set.bend_mps2 / 2 * after_s * (after_s + earlier.after_s[other])
        diameter = self._ball_px[begin][candidate[one]]
        # The ends of both links are blurred, and the earlier one's blur grows as it is extended.
        allowed = (_BLUR_PX + _BLUR * diameter) * (1 + ratio)
        allowed += bend_m / self._metre[begin][candidate[one]]
        reached = earlier.total[other] - np.minimum((error / allowed) ** 2 / 2, self._set.kick)
        order = np.lexsort((other, -reached, one))
        first = order[np.unique(one[order], return_index=True)[1]]
        total[one[first]] = reached[first]
        source[one[first]] = self._first[begin] + other[first]
        return total, source

    def _found(self, begin: int, candidate: Whole) -> tuple[Floats, Whole]:
        """Best way to begin at these candidates, or to find there what was lost before."""
        best = np.full(candidate.size, max(self._ever[0], 0.0) - self._set.lost)
        source = np.full(candidate.size, self._ever[1], np.int64)
        tops = [one for one in self._tops[self._forgotten : begin] if len(one)]
        if tops and candidate.size:
            total, number, x, y, metre, when_s = np.concatenate(tops).T
            places, own = self._places[begin][candidate], self._metre[begin][candidate]
            far = np.hypot(places[:, None, 0] - x, places[:, None, 1] - y)
            far *= (own[:, None] + metre) / 2
            after_s = self._t[begin] - when_s
            apart = np.minimum(far / (self._set.within_m + self._set.runs_mps * after_s), 1.0)
            cost = self._set.lost_near + (self._set.lost - self._set.lost_near) * apart
            reached = np.where(far <= self._set.fastest_mps * after_s, total - cost, -np.inf)
            choice = np.argmax(reached, axis=1)
            found = reached[np.arange(candidate.size), choice]
            source = np.where(found > best, number[choice].astype(np.int64), source)
            best = np.maximum(found, best)
        return best + self._scores[begin][candidate], source

    def _forget(self, now_s: float) -> None:
        """What was lost for so long that the ball can be anywhere."""
        while now_s - self._t[self._forgotten] > self._set.lost_for_s:
            top = self._tops[self._forgotten]
            if len(top) and top[0, 0] > max(self._ever[0], 0.0):
                self._ever = (float(top[0, 0]), int(top[0, 1]))
            self._forgotten += 1

    def _top(self, frame: int, links: "_Links") -> Floats:
        """Of a frame's best links: total, number, where, metres a pixel, and when."""
        few = np.arange(min(links.total.size, _TOPS))
        ends = links.end[few]
        return np.column_stack(
            [
                links.total[few], self._first[-1] + few, self._places[frame][ends],
                self._metre[frame][ends], np.full(few.size, self._t[frame]),
            ]
        )  # fmt: skip


def _joined(found: "Sequence[_Links]") -> "_Links":
    if not found:
        none, real = np.empty(0, np.int64), np.empty(0)
        return _Links(none, none, none, real, np.empty((0, 2)), real, none, none.astype(bool))
    arrays = {
        field.name: np.concatenate([getattr(one, field.name) for one in found])
        for field in fields(_Links)
    }
    return _Links(**arrays)
