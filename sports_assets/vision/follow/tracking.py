"""Sightings to tracklets, look after look: stretches that are surely one person's.

Where everybody is heading is foretold (`motion`), and all of a look are assigned at once to whom
they fit best by place and by colours (Hungarian method). Places are matched on the ground, in
metres, with their uncertainty: at five looks a second boxes of people far away no longer overlap,
and a camera that looks along the grass tells aside far better than far away.

Two ideas keep people apart in a crowd. As in ByteTrack (Zhang et al. 2022) what the detector is
not sure of continues a tracklet, and begins none. And two who become one in the picture are both
there: who is seen by nobody goes on, for a while, with whoever is seen where he should be.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import linear_sum_assignment

from sports_assets.vision.follow.colours import Palette, features
from sports_assets.vision.follow.motion import SPEED_SD_MPS, transition
from sports_assets.vision.follow.sightings import Flags, Floats, Sightings, Whole

#: A tracklet that finds nobody for so long ends: what follows is for `joining`, which sees both
#: sides of the gap, s.
_LOST_S = 0.7
#: Squares of standard deviations beyond which nobody is taken for who was foretold.
_FURTHEST = 16.0
#: Added to the uncertainty of a place: turns and stops between two looks, m.
_SLACK_M = 0.15
#: How densely anything else is seen, 1/m², and the least logarithm of odds beside it at which
#: somebody is taken for who was foretold.
_ANYTHING, _LEAST_ODDS = 0.005, -3.0
#: What the detector is surer of than this begins a tracklet; less sure ones only continue one,
#: and what speaks for them counts so much less, as a logarithm of odds.
SURE = 0.3
_UNSURE_COSTS = 2.0
#: Nobody comes out of nothing: until he was seen so often, whoever began beside somebody comes
#: after him, by so much as a logarithm of odds.
_NEW, _NEW_COSTS = 5, 6.0
#: Colours of one sighting say less than their noise tells: what is around mixes in. So much of
#: their logarithm of odds counts, and at most so much against anybody.
_COLOUR_SHARE, _COLOUR_MOST = 0.2, 6.0
#: Who was seen so often may be hidden: for so long at most, s; by whoever is seen within so many
#: squares of standard deviations and metres, of whose place his own differs by so much, m.
_FEWEST_TO_HIDE, HIDDEN_S = 5, 4.0
_HIDDEN_FURTHEST, _HIDDEN_M, _HIDDEN_SLACK_M, _HIDDEN_SD_M = 9.0, 3.0, 0.6, 0.7
#: Whoever was seen less often, or over a shorter time, was not followed: most such are nobody.
_FEWEST_LOOKS = 5
_SHORTEST_S = 0.8
#: Nor was he of whom so few of the looks in between saw anything: what detectors make up now and
#: then in one place is seen less often, and people whom they hardly see more often.
_LEAST_SEEN = 0.2


def tracklets(seen: Sightings, palette: Palette | None = None) -> Whole:
    """Number of the tracklet of each sighting, from 0; a sighting alone is a tracklet, too.

    Args:
        seen: at most one sighting of a person in a tick; places are finite.
        palette: what colours do; None: they are not asked.

    Returns:
        n; −1 for a lone sighting of which the detector is not sure.
    """
    label = np.full(len(seen), -1, np.int64)
    colours = features(seen)
    first = np.searchsorted(seen.tick, np.arange(seen.tick_s.size + 1))
    runners, count, before_s = _Runners.none(colours.shape[1]), 0, 0.0
    for tick, at_s in enumerate(seen.tick_s.tolist()):
        mine = np.arange(first[tick], first[tick + 1])
        runners.run_on(at_s - before_s if tick else 0.0)
        before_s = at_s
        look = _Look(seen.place_m[mine], seen.cov_m[mine], colours[mine], seen.confidence[mine])
        who, whom, hidden, behind = _assigned(runners, look, palette, at_s)
        label[mine[whom]] = runners.label[who]
        runners.correct(who, look.place_m[whom], look.cov_m[whom])
        runners.correct(
            hidden, look.place_m[behind], look.cov_m[behind] + np.eye(2) * _HIDDEN_SD_M**2
        )
        alone = ~np.isin(whom, behind)  # of two who are one, nobody's colours are told
        runners.note(who, hidden, at_s)
        runners.paint(who[alone], look.colours[whom[alone]])
        new = np.setdiff1d(np.arange(mine.size), whom)
        new = new[look.confidence[new] >= SURE]
        label[mine[new]] = count + np.arange(new.size)
        runners = runners.only(at_s - runners.held_s <= _LOST_S)
        runners = runners.joined_by(look, new, count, at_s)
        count += new.size
    return renumbered(label)


@dataclass
class _Look:
    """Who is seen in one look: m."""

    place_m: Floats
    cov_m: Floats
    colours: Floats
    confidence: Floats


@dataclass
class _Runners:
    """Who is being followed: k.

    Attributes:
        state, cov: x, y and their velocities, and the covariance of these: k × 4, k × 4 × 4.
        label: of the tracklet: k.
        seen_s, held_s: when he himself was last seen, and he or whoever hides him: k.
        looks: how often he was seen: k.
        colours, painted: sums, and how many are in them: k × channels.
    """

    state: Floats
    cov: Floats
    label: Whole
    seen_s: Floats
    held_s: Floats
    looks: Whole
    colours: Floats
    painted: Floats

    @classmethod
    def none(cls, channels: int) -> "_Runners":
        nobody, empty = np.empty(0, np.int64), np.empty(0)
        paint = np.empty((0, channels))
        return cls(
            np.empty((0, 4)), np.empty((0, 4, 4)), nobody, empty, empty, nobody, paint, paint
        )

    def __len__(self) -> int:
        return len(self.label)

    def only(self, which: Flags) -> "_Runners":
        return _Runners(*(getattr(self, one.name)[which] for one in fields(self)))

    def joined_by(self, look: _Look, new: Whole, first_label: int, at_s: float) -> "_Runners":
        """These, and some of a look, of whose velocity nothing is known."""
        many = new.size
        state, cov = np.zeros((many, 4)), np.zeros((many, 4, 4))
        state[:, :2], cov[:, :2, :2] = look.place_m[new], look.cov_m[new]
        cov[:, 2, 2] = cov[:, 3, 3] = SPEED_SD_MPS**2
        known = np.isfinite(look.colours[new])
        more = _Runners(
            state, cov, first_label + np.arange(many), np.full(many, at_s), np.full(many, at_s),
            np.ones(many, np.int64), np.where(known, look.colours[new], 0.0), known * 1.0,
        )  # fmt: skip
        return _Runners(
            *(
                np.concatenate([getattr(self, one.name), getattr(more, one.name)])
                for one in fields(self)
            )
        )

    def run_on(self, dt_s: float) -> None:
        """Where they are so much later."""
        matrix, added = (np.kron(one[0], np.eye(2)) for one in transition(np.array([dt_s])))
        self.state = self.state @ matrix.T
        self.cov = matrix @ self.cov @ matrix.T + added

    def correct(self, who: Whole, place_m: Floats, cov_m: Floats) -> None:
        """By where some of them were seen (Kalman 1960)."""
        total = self.cov[who][:, :2, :2] + cov_m
        gain = np.swapaxes(np.linalg.solve(total, self.cov[who][:, :2, :]), 1, 2)
        off = place_m - self.state[who, :2]
        self.state[who] += np.einsum("kij,kj->ki", gain, off)
        self.cov[who] -= gain @ self.cov[who][:, :2, :]

    def note(self, who: Whole, hidden: Whole, at_s: float) -> None:
        """Who was seen, and who was hidden."""
        self.looks[who] += 1
        self.seen_s[who] = at_s
        self.held_s[np.concatenate([who, hidden])] = at_s

    def paint(self, who: Whole, colours: Floats) -> None:
        """Add what is seen of their colours."""
        known = np.isfinite(colours)
        self.colours[who] += np.where(known, colours, 0.0)
        self.painted[who] += known


def _assigned(
    runners: _Runners, look: _Look, palette: Palette | None, at_s: float
) -> tuple[Whole, Whole, Whole, Whole]:
    """Who is whom in a look, and who is hidden by whom: pairs of numbers of runners and seen."""
    nobody = np.empty(0, np.int64)
    if not len(runners) or not len(look.place_m):
        return nobody, nobody, nobody, nobody
    off = look.place_m[None] - runners.state[:, None, :2]
    cov = runners.cov[:, None, :2, :2] + look.cov_m[None]
    squares, log_det = _misfit(off, cov + np.eye(2) * _SLACK_M**2)
    score = -0.5 * (squares + log_det) - np.log(2 * np.pi * _ANYTHING)
    if palette is not None:
        score += np.maximum(_COLOUR_SHARE * _likeness(runners, look, palette), -_COLOUR_MOST)
    score -= _UNSURE_COSTS * (look.confidence < SURE)
    can = (squares < _FURTHEST) & (score > _LEAST_ODDS)
    score -= _NEW_COSTS * (runners.looks < _NEW)[:, None]
    who, whom = linear_sum_assignment(np.where(can, -score, 1e4))
    good = can[who, whom]
    who, whom = who[good], whom[good]
    if not whom.size:
        return who, whom, nobody, nobody
    may = (runners.looks >= _FEWEST_TO_HIDE) & (at_s - runners.seen_s <= HIDDEN_S)
    may[who] = False
    hidden = np.flatnonzero(may)
    near, _ = _misfit(off[hidden][:, whom], cov[hidden][:, whom] + np.eye(2) * _HIDDEN_SLACK_M**2)
    best = near.argmin(axis=1)
    way = np.linalg.norm(off[hidden, whom[best]], axis=1)
    is_near = (near[np.arange(hidden.size), best] <= _HIDDEN_FURTHEST) & (way <= _HIDDEN_M)
    return who, whom, hidden[is_near], whom[best[is_near]]


def _likeness(runners: _Runners, look: _Look, palette: Palette) -> Floats:
    """What colours say for each pair beside what they say where they are not known: k × m."""
    k, m = len(runners), len(look.place_m)
    with np.errstate(invalid="ignore"):
        means = runners.colours / runners.painted
    told = palette.likeness(
        np.repeat(means, m, axis=0), np.repeat(runners.painted, m, axis=0),
        np.tile(look.colours, (k, 1)), np.ones((k * m, means.shape[1])),
    )  # fmt: skip
    return (told - palette.UNKNOWN).reshape(k, m)


def _misfit(off: Floats, cov: Floats) -> tuple[Floats, Floats]:
    """Squares of standard deviations, and logarithm of the determinant, of 2 × 2 covariances."""
    xx, yy, xy = cov[..., 0, 0], cov[..., 1, 1], cov[..., 0, 1]
    det = xx * yy - xy**2
    x, y = off[..., 0], off[..., 1]
    return (yy * x**2 - 2 * xy * x * y + xx * y**2) / det, np.log(det)


def renumbered(label: Whole) -> Whole:
    """The same groups, numbered from 0 in the order in which they first appear; −1 stays."""
    told = label[label >= 0]
    names, first = np.unique(told, return_index=True)
    rank = np.empty(names.size, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(names.size)
    out = np.full(label.size, -1, np.int64)
    out[label >= 0] = rank[np.searchsorted(names, told)]
    return out


def followed_enough(seen: Sightings, label: Whole) -> Whole:
    """The same groups without those that were seen too little, numbered anew."""
    count = int(label.max(initial=-1)) + 1
    number = np.bincount(label[label >= 0], minlength=count)
    begin, end = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(begin, label[label >= 0], seen.t_s[label >= 0])
    np.maximum.at(end, label[label >= 0], seen.t_s[label >= 0])
    between = np.zeros(count)
    some = number > 0
    between[some] = (
        1 + np.searchsorted(seen.tick_s, end[some]) - np.searchsorted(seen.tick_s, begin[some])
    )
    good = (number >= _FEWEST_LOOKS) & (end - begin >= _SHORTEST_S)
    good &= number >= _LEAST_SEEN * between
    return renumbered(np.where((label >= 0) & np.append(good, False)[label], label, -1))
