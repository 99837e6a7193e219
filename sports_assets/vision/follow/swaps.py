"""Where a tracklet goes over from one person to another: cut there, for `joining` to decide anew.

Two people who cross are one box for a moment, and a tracker can come out with the wrong one. The
colours before and after tell, if they are of different teams; and so does a jump.
"""

import numpy as np

from sports_assets.vision.follow.colours import CHANNELS_FREE, KIT, Palette, features
from sports_assets.vision.follow.joining import FASTEST_MPS
from sports_assets.vision.follow.sightings import Floats, Sightings, Whole
from sports_assets.vision.follow.tracking import HIDDEN_S, renumbered

#: What a change of colours must explain, as a logarithm of odds, to be one: sightings in a row are
#: alike, so that each says less than it would alone.
_CHANGE = 20.0
#: What others cover counts for so little.
_COVERED_WEIGHT = 0.25
#: Changes are sought in stretches of so many sightings: time grows with their square.
_STRETCH = 500
#: Longer gaps are `joining`'s to bridge anew, who knows everybody else by then: what the tracker
#: holds on to who is hidden, and a part of a look, s.
_GAP_S = HIDDEN_S + 0.05
#: Two sightings may be so many standard deviations off when a jump is called one.
_SDS = 3.0


def cut_swaps(seen: Sightings, label: Whole, palette: Palette) -> Whole:
    """The same tracklets, cut where they are two people's, and at long gaps.

    Args:
        seen: in order of time.
        label: number of the tracklet of each, −1 of none.
    """
    colours = features(seen, also_covered=True)
    weight = np.where(seen.is_clear, 1.0, _COVERED_WEIGHT)
    order = np.argsort(label, kind="stable")
    order = order[label[order] >= 0]
    out = label.copy()
    count = int(label.max(initial=-1)) + 1
    for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        gaps = np.flatnonzero(np.diff(seen.t_s[group]) > _GAP_S) + 1
        for part in np.split(group, gaps):
            for piece in _pieces(seen, colours, weight, palette, part):
                out[piece] = count
                count += 1
    return renumbered(out)


def jumps(seen: Sightings, one: Whole) -> Whole:
    """Places in a row of sightings after which comes one that nobody could run to."""
    way = np.linalg.norm(np.diff(seen.place_m[one], axis=0), axis=1)
    spread = np.hypot(seen.sd_m[one][1:], seen.sd_m[one][:-1])
    return np.flatnonzero(way > FASTEST_MPS * np.diff(seen.t_s[one]) + _SDS * spread)


def _pieces(
    seen: Sightings, colours: Floats, weight: Floats, palette: Palette, group: Whole
) -> list[Whole]:
    out: list[Whole] = []
    for piece in np.split(group, jumps(seen, group) + 1):
        for begin in range(0, piece.size, _STRETCH):
            part = piece[begin : begin + _STRETCH]
            kit = colours[part, :KIT] / palette.noise[:KIT]
            cuts = changes(kit, weight[part])
            out += _told_apart(np.split(part, cuts), colours, weight, palette, out if begin else [])
    return out


def _told_apart(
    pieces: list[Whole], colours: Floats, weight: Floats, palette: Palette, before: list[Whole]
) -> list[Whole]:
    """Pieces in a row, those put together again that the light alone may have changed."""
    out: list[Whole] = [before.pop()] if before else []
    for piece in pieces:
        if out:
            (first, first_n), (second, second_n) = (
                _mean(colours[one], weight[one]) for one in (out[-1], piece)
            )
            alike = palette.likeness(first[None], first_n[None], second[None], second_n[None])
            if alike[0] > -_CHANGE / 2:
                out[-1] = np.concatenate([out[-1], piece])
                continue
        out.append(piece)
    return out


def _mean(colours: Floats, weight: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(colours)
    share = np.where(known, weight[:, None], 0.0)
    number = share.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return (np.where(known, colours, 0.0) * share).sum(axis=0) / number, number


def changes(values: Floats, weight: Floats) -> Whole:
    """Where the mean of a row of values changes: the partition of least squares and fewest parts.

    Exact, by pruned dynamic programming (PELT; Killick, Fearnhead & Eckley 2012).

    Args:
        values: in standard deviations of their noise, NaN where unknown: n × channels.
        weight: of each: n.

    Returns:
        First places of all parts but the first.
    """
    known = np.isfinite(values)
    share = np.where(known, weight[:, None], 0.0)
    filled = np.where(known, values, 0.0)
    zero = np.zeros((1, values.shape[1]))
    number, total, squares = (
        np.concatenate([zero, np.cumsum(one, axis=0)])
        for one in (share, share * filled, share * filled**2)
    )
    penalty = 2 * _CHANGE
    best, came_from = np.zeros(len(values) + 1), np.zeros(len(values) + 1, np.int64)
    best[0] = -penalty
    begins = np.array([0], np.int64)
    for end in range(1, len(values) + 1):
        n = number[end] - number[begins]
        off = (
            squares[end] - squares[begins] - (total[end] - total[begins]) ** 2 / np.maximum(n, 1e-9)
        )
        cost = best[begins] + CHANNELS_FREE * off.sum(axis=1)
        least = int(np.argmin(cost))
        best[end], came_from[end] = cost[least] + penalty, begins[least]
        begins = np.append(begins[cost <= best[end]], end)
    cuts: list[int] = []
    at = int(came_from[-1])
    while at > 0:
        cuts.append(at)
        at = int(came_from[at])
    return np.array(cuts[::-1], np.int64)
