"""Mean places of a team's roles, from looks in which athletes come, go, and change their track.

Roles, not people, are averaged: in each look every athlete is given the role whose mean place is
nearest, all at once and at the least cost, and the means are taken anew until nothing changes
(Bialkowski et al. 2014, "Large-scale analysis of soccer matches using spatiotemporal tracking
data"). So it does not matter whose track ends when, or that two wingers change sides. The team's
movement over the pitch is taken out by laying each look over the roles that are seen in it: the
mean of those who are there is no fixed point when somebody is missing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.formation.templates import assign, distances

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Looks that may be the first guess of the roles' places; the most typical of them is.
_CANDIDATES = 25
#: Where roles settle at all, they do within this many rounds.
_ROUNDS = 20
#: An athlete's place among the others is what it is over this long, s to either side: runs last
#: some seconds, and a role does not change with each of them.
_STEADY_S = 5.0


@dataclass(frozen=True)
class RolePlaces:
    """Where a team's roles stand to each other.

    Attributes:
        places: roles × 2, m, about their own centre.
        seen_share: share of looks in which somebody has each role.
    """

    places: Floats
    seen_share: Floats


@dataclass(frozen=True)
class Looks:
    """Places of a team's athletes, look by look.

    Attributes:
        look: number of the look that each row is of, ascending, from 0 without gaps.
        t_s: when each look is, s, ascending.
        athlete: whose place a row is, as far as that is known: a number for each track.
        is_whole: false for a track that is there for less than half of the look: one that ends,
            and one that begins in its place, are not two athletes.
        places: rows × 2, m; towards +x is towards the opponents' goal.
    """

    look: Ints
    t_s: Floats
    athlete: Ints
    is_whole: Bools
    places: Floats

    @property
    def counts(self) -> Ints:
        """Athletes that are there for most of each look."""
        return np.bincount(self.look[self.is_whole], minlength=self.t_s.size)


def role_places(looks: Looks, roles: int) -> RolePlaces | None:
    """Mean places of so many roles; None where no look shows so many athletes at once.

    Args:
        looks: of one team, its goalkeeper left out.
    """
    ends = np.cumsum(np.bincount(looks.look, minlength=looks.t_s.size))
    rows = [np.arange(begin, end) for begin, end in zip(np.r_[0, ends[:-1]], ends, strict=True)]
    places = _first_guess(looks, rows, roles)
    if places is None:
        return None
    centres = np.array([looks.places[one].mean(axis=0) for one in rows])
    aligned = looks.places - centres[looks.look]
    role = np.full(looks.look.size, -1)
    neighbours = _Neighbours(looks)
    for _ in range(_ROUNDS):
        before = role
        role = _roles(neighbours.mean(aligned), rows, places)
        aligned = _laid_over(looks, role, places)
        places = _means(aligned, role, places)
        if np.array_equal(role, before):
            break
    seen = np.bincount(role[role >= 0], minlength=roles) / len(rows)
    return RolePlaces(places, seen)


def _first_guess(looks: Looks, rows: list[Ints], roles: int) -> Floats | None:
    """The look with so many athletes that is nearest to the others of its kind."""
    counts = looks.counts
    enough = counts[counts >= roles]
    if not enough.size:
        return None
    usable = np.flatnonzero(counts == enough.min())
    step = max(1, usable.size // _CANDIDATES)
    shapes = []
    for number in usable[::step]:
        places = looks.places[rows[number]][looks.is_whole[rows[number]]]
        places = places - places.mean(axis=0)
        nearest = np.argsort(np.linalg.norm(places, axis=1), kind="stable")[:roles]
        shapes.append(places[np.sort(nearest)])
    apart = np.zeros((len(shapes), len(shapes)))
    for one in range(len(shapes)):
        for other in range(one):
            costs = distances(shapes[one], shapes[other])
            apart[one, other] = apart[other, one] = costs[assign(costs)].sum()
    return np.asarray(shapes[int(apart.sum(axis=0).argmin())], np.float64)


class _Neighbours:
    """Moving means along each track: which rows are of one athlete at about one time."""

    def __init__(self, looks: Looks) -> None:
        t_s = looks.t_s[looks.look]
        self._order = np.lexsort((t_s, looks.athlete))
        athlete, at = looks.athlete[self._order], t_s[self._order]
        # Tracks one behind the other on one axis, too far apart to be neighbours.
        span = float(at.max() - at.min()) + 4 * _STEADY_S
        axis = np.unique(athlete, return_inverse=True)[1] * span + (at - at.min())
        self._begin = np.searchsorted(axis, axis - _STEADY_S, "left")
        self._end = np.searchsorted(axis, axis + _STEADY_S, "right")

    def mean(self, places: Floats) -> Floats:
        """Mean of each row's neighbours and itself."""
        summed = np.vstack([np.zeros((1, 2)), np.cumsum(places[self._order], axis=0)])
        means = np.empty_like(places)
        means[self._order] = (summed[self._end] - summed[self._begin]) / (self._end - self._begin)[
            :, None
        ]
        return means


def _roles(steady: Floats, rows: list[Ints], places: Floats) -> Ints:
    """Role of each row; −1 for whoever is left over where there are more athletes than roles."""
    role = np.full(len(steady), -1)
    for one in rows:
        costs = distances(steady[one], places) ** 2
        taken, given = assign(costs)
        role[one[np.asarray(taken)]] = given
    return role


def _laid_over(looks: Looks, role: Ints, places: Floats) -> Floats:
    """Every look moved so that those who have a role stand about their roles' places."""
    has_role = role >= 0
    off = np.zeros((looks.t_s.size, 2))
    np.add.at(off, looks.look[has_role], places[role[has_role]] - looks.places[has_role])
    count = np.bincount(looks.look[has_role], minlength=looks.t_s.size)
    off /= np.maximum(count, 1)[:, None]
    return np.asarray(looks.places + off[looks.look], np.float64)


def _means(aligned: Floats, role: Ints, before: Floats) -> Floats:
    means = before.copy()
    for number in range(len(before)):
        if (mine := role == number).any():
            means[number] = aligned[mine].mean(axis=0)
    return np.asarray(means - means.mean(axis=0), np.float64)
