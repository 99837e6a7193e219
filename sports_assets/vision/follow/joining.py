"""Tracklets joined to tracks: who disappeared here is who appears there, if he could run so.

All ends and begins of a session are matched at once, by the likeliest whole (a linear assignment;
Hungarian method). What speaks for a pair: where he was heading (`motion`), and his colours. What
speaks against: people do not come out of nothing, so that a begin that nobody explains costs, and
nobody runs faster than people do.
"""

import numpy as np

from sports_assets.vision.follow.colours import Palette, mean_features
from sports_assets.vision.follow.motion import link_score, stack, state_at
from sports_assets.vision.follow.sightings import Flags, Floats, Sightings, Whole
from sports_assets.vision.follow.tracking import renumbered

#: Nobody runs faster than this, m/s: the fastest sprints of football reach 10.
FASTEST_MPS = 10.0
#: Places can be so many standard deviations off when a way is called too long to run.
_SDS = 2.5
#: Gaps that are bridged, in rounds: short ones first, so that long ones are bridged between tracks
#: whose heading and colours are known better, s.
_GAPS_S = (0.7, 2.0, 6.0, 20.0, 60.0)
#: What a begin out of nothing costs, and an end into nothing, as a logarithm of odds, beside
#: colours that agree (`Palette.likeness`, at most 12): well inside of what cameras see nobody comes
#: out of nothing, so that a link is taken up to one in 10⁶ of its density; at the edge people come
#: and go, but whoever comes in is mostly one of the few who went out.
_OUT_OF_NOTHING, _AT_EDGE = 4.5, 2.5


def join(seen: Sightings, label: Whole, palette: Palette, at_edge: Flags) -> Whole:
    """Number of the track of each sighting.

    Args:
        seen: in order of time.
        label: number of the tracklet of each, −1 of none.
        at_edge: who may leave the picture there, or have come in.

    Returns:
        As `label`; tracks never overlap in time with themselves.
    """
    for gap_s in _GAPS_S:
        label = _joined(seen, renumbered(label), palette, at_edge, gap_s)
    return renumbered(label)


def _joined(seen: Sightings, label: Whole, palette: Palette, at_edge: Flags, gap_s: float) -> Whole:
    count = int(label.max(initial=-1)) + 1
    if count < 2:  # noqa: PLR2004 - a pair
        return label
    order = np.argsort(label, kind="stable")
    order = order[label[order] >= 0]
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    ends, begins = (
        stack(
            [
                state_at(seen.t_s[one], seen.place_m[one], seen.sd_m[one], end=is_end)
                for one in groups
            ]
        )
        for is_end in (True, False)
    )
    lost = [
        np.where(at_edge[[one[place] for one in groups]], _AT_EDGE, _OUT_OF_NOTHING)
        for place in (-1, 0)
    ]
    first, second = _pairs(ends.t_s, begins.t_s, gap_s)
    sd = np.sqrt(ends.cov[first, 0, 0] + begins.cov[second, 0, 0])
    way = np.linalg.norm(begins.place_m[second] - ends.place_m[first], axis=1)
    dt = begins.t_s[second] - ends.t_s[first]
    can = way <= FASTEST_MPS * dt + _SDS * sd
    first, second = first[can], second[can]
    means, numbers = mean_features(seen, label, count)
    score = (
        link_score(ends.only(first), begins.only(second))
        + palette.likeness(means[first], numbers[first], means[second], numbers[second])
        + lost[0][first]
        + lost[1][second]
    )
    good = score > 0
    follower = assign(first[good], second[good], score[good], count)
    return chained(follower)[label] if count else label


def chained(follower: Whole) -> Whole:
    """Number of the chain of each, where each names who follows, or −1. Never a circle."""
    chain = np.full(follower.size, -1, np.int64)
    is_first = np.ones(follower.size, np.bool_)
    is_first[follower[follower >= 0]] = False
    for begin in np.flatnonzero(is_first):
        one = int(begin)
        while one >= 0:
            chain[one] = begin
            one = int(follower[one])
    return np.append(chain, -1)  # so that label −1 stays −1


def assign(first: Whole, second: Whole, score: Floats, count: int) -> Whole:
    """Pairs of the largest total score, each used once on each side: who follows each, or −1.

    Args:
        first, second, score: pairs that are possible, score > 0.
        count: how many there are on each side.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    follower = np.full(count, -1, np.int64)
    if not first.size:
        return follower
    rows, row = np.unique(first, return_inverse=True)
    columns, column = np.unique(second, return_inverse=True)
    # each may stay alone, in a column of its own; weights must not be 0
    most = float(score.max()) + 1.0
    lonely = np.arange(rows.size)
    weights = csr_matrix(
        (
            np.concatenate([most - score, np.full(rows.size, most)]),
            (np.concatenate([row, lonely]), np.concatenate([column, columns.size + lonely])),
        ),
        shape=(rows.size, columns.size + rows.size),
    )
    chosen_row, chosen = min_weight_full_bipartite_matching(weights)
    is_pair = chosen < columns.size
    follower[rows[chosen_row[is_pair]]] = columns[chosen[is_pair]]
    return follower


def _pairs(end_s: Floats, begin_s: Floats, gap_s: float) -> tuple[Whole, Whole]:
    """All pairs of an end and a later begin at most so far apart."""
    order = np.argsort(begin_s, kind="stable")
    low = np.searchsorted(begin_s[order], end_s, "right")
    high = np.searchsorted(begin_s[order], end_s + gap_s + 1e-6, "right")
    many = np.maximum(high - low, 0)
    first = np.repeat(np.arange(end_s.size), many)
    offset = np.arange(first.size) - np.repeat(np.cumsum(many) - many, many)
    return first, order[np.repeat(low, many) + offset]
