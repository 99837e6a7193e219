"""Which side somebody plays for, and what he does there, by his colours along the whole track.

Two colours that most people on the field wear are the teams'. Whoever wears another is told by
where he is: a goalkeeper keeps to a goal, an assistant referee to a touchline, a referee moves
about the field. Nothing is told where colours are not clearly nearer to one side.

`home` and `away`: colours cannot say. Home is the side that stands further towards −x in the first
minute, that is, attacks towards +x in period 1, as everywhere in the lakehouse (`records`). A link
to tracking data tells it surely (`identity`).
"""

from dataclasses import dataclass

import numpy as np

from sports_assets.vision.follow.colours import weighted
from sports_assets.vision.follow.sightings import Flags, Floats, Sightings, Whole

#: Two colours of one team differ by less than this, whatever the light (weighted ΔE).
_LARGEST_RADIUS = 26.0
#: And no team is held together more closely than this.
_LEAST_RADIUS = 10.0
#: Members lie within so many times the median distance to the colour of their team.
_RADIUS_SHARE = 3.5
#: A team has at least this share of what is seen on the field: two of twenty.
_LEAST_SHARE = 0.1
#: How much nearer, as a share, one side must be than the next to be told.
_MARGIN = 0.3
#: Between the radius and so many times it, who is so much nearer to one side than to the other may
#: be of that side, in another light or nearer to the camera, where colours are fuller: not told.
_MUST_BE_FAR, _MUCH_NEARER = 2.5, 0.65
#: So many tracks are tried as the colours of a team, those that are seen longest.
_TRIED = 150
#: From so few clear sightings no colour is told.
FEWEST_COLOURS = 3
#: How long the first minute is, s.
_BEGIN_S = 60.0


@dataclass(frozen=True)
class Sides:
    """What colours tell of k tracks.

    Attributes:
        side: 0 or 1, −1 where neither is told: k.
        confidence: how much nearer the one is than the next, 0 to 1; NaN without colours: k.
        is_neither: the colours are clearly of neither: k.
        colours: medians, weighted: k × 6.
    """

    side: Whole
    confidence: Floats
    is_neither: Flags
    colours: Floats


def track_colours(seen: Sightings, label: Whole, count: int) -> tuple[Floats, Whole]:
    """Median colours of each track (count × 6), NaN from too few sightings; and their number."""
    colours = weighted(seen)
    medians, numbers = np.full((count, 6), np.nan), np.zeros(count, np.int64)
    order = np.argsort(label, kind="stable")
    order = order[label[order] >= 0]
    for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        if not group.size:
            continue
        one = int(label[group[0]])
        known = np.isfinite(colours[group])
        numbers[one] = int(known.any(axis=1).sum())
        for channel in range(6):
            if known[:, channel].sum() >= FEWEST_COLOURS:
                medians[one, channel] = np.median(colours[group][known[:, channel], channel])
    return medians, numbers


def sides(colours: Floats, weight: Floats, is_on_field: Flags) -> Sides:
    """Two teams among tracks.

    The two colours that leave the least unexplained are found by trying all pairs of tracks; what
    is far from both counts as far and no further, so that goalkeepers and officials pull at
    neither (a trimmed 2-medoid clustering; Garcia-Escudero & Gordaliza 1999).

    Args:
        colours: weighted medians: k × 6.
        weight: sightings of each: k.
        is_on_field: who counts when colours are sought: k.
    """
    count = len(colours)
    side, confidence = np.full(count, -1, np.int64), np.full(count, np.nan)
    neither = np.zeros(count, np.bool_)
    told = np.isfinite(colours[:, :3]).all(axis=1)
    voters = np.flatnonzero(told & is_on_field & (weight > 0))
    if voters.size < 2:  # noqa: PLR2004 - two teams
        return Sides(side, confidence, neither, colours)
    found = _two_colours(colours[voters], weight[voters])
    if found is None:
        return Sides(side, confidence, neither, colours)
    centres, radius = found
    far = _distances(colours, centres)
    nearest = np.argmin(far, axis=1)
    first, second = np.min(far, axis=1), np.max(far, axis=1)
    limit = np.minimum(second, 1.5 * radius)
    with np.errstate(invalid="ignore", divide="ignore"):
        sure = np.clip(1 - first / limit, 0, 1)
    confidence[told] = sure[told]
    is_side = told & (first <= radius) & (first < (1 - _MARGIN) * second)
    side[is_side] = nearest[is_side]
    could_be = (first <= _MUST_BE_FAR * radius) & (first < _MUCH_NEARER * second)
    neither = told & (first > radius) & ~could_be
    return Sides(side, confidence, neither, colours)


def _two_colours(colours: Floats, weight: Floats) -> tuple[Floats, float] | None:
    tried = np.argsort(-weight, kind="stable")[:_TRIED]
    far = _distances(colours, colours[tried]) ** 2  # tracks × tried
    capped = np.minimum(far, _LARGEST_RADIUS**2)
    best, pair = np.inf, (0, 0)
    for one in range(tried.size):
        both = np.minimum(capped[:, one, None], capped[:, one + 1 :])
        if not both.shape[1]:
            continue
        loss = weight @ both
        least = int(np.argmin(loss))
        if loss[least] < best:
            best, pair = float(loss[least]), (one, one + 1 + least)
    centres, radius = colours[tried[list(pair)]], _LARGEST_RADIUS
    for _ in range(10):
        gaps = _distances(colours, centres)
        mine, near = np.argmin(gaps, axis=1), np.min(gaps, axis=1)
        half = float(_distances(centres[:1], centres[1:])[0, 0]) / 2
        inside = near <= radius
        if any(not np.any(inside & (mine == team)) for team in (0, 1)):
            return None
        centres = np.stack(
            [
                _mean(colours[inside & (mine == team)], weight[inside & (mine == team)])
                for team in (0, 1)
            ]
        )
        spread = _weighted_median(near[inside], weight[inside])
        radius = float(
            np.clip(
                _RADIUS_SHARE * spread,
                _LEAST_RADIUS,
                max(_LEAST_RADIUS, min(_LARGEST_RADIUS, half)),
            )
        )
    share = [float(weight[inside & (mine == team)].sum() / weight.sum()) for team in (0, 1)]
    return (centres, radius) if min(share) >= _LEAST_SHARE else None


def _distances(colours: Floats, centres: Floats) -> Floats:
    """Root mean square over channels that both know, as if all six were: k × m."""
    squares = (colours[:, None] - centres[None]) ** 2
    known = np.isfinite(squares)
    total = np.where(known, squares, 0).sum(axis=2)
    number = known.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(number > 0, np.sqrt(total * 3 / number), np.inf), np.float64)


def _mean(colours: Floats, weight: Floats) -> Floats:
    known = np.isfinite(colours)
    share = np.where(known, weight[:, None], 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.where(known, colours, 0) * share).sum(0) / share.sum(0), np.float64)


def _weighted_median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def home_is_first(seen: Sightings, label: Whole, side: Whole) -> bool:
    """Whether side 0 is home: it stands further towards −x in the first minute."""
    mine = np.where(label >= 0, side[label], -1)
    begun = seen.t_s <= seen.t_s.min(initial=np.inf) + _BEGIN_S
    means = []
    for team in (0, 1):
        for which in (begun & (mine == team), mine == team):
            if which.any():
                means.append(float(np.mean(seen.place_m[which, 0])))
                break
        else:
            means.append(0.0)
    return means[0] <= means[1]
