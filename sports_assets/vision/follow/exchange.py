"""Two who came close and were taken for each other from then on: exchanged back.

Movement says little of who is who after two have been one in the picture, and shirts nothing of
two of one team. What each looks like before and after does, over all the time that he is followed:
tracks exchange what comes after a meeting where both are then more of one piece.
"""

from dataclasses import dataclass

import numpy as np

from sports_assets.vision.follow.colours import Palette, features
from sports_assets.vision.follow.motion import link_score, state_at
from sports_assets.vision.follow.sightings import Floats, Sightings, Whole

#: Two within this may be taken for each other, m.
_MEETING_M = 3.0
#: Two tracks exchange what is after a meeting if that is so much likelier, as a logarithm of odds.
_CLEARLY = 1.0
#: More rounds than this are not needed: each exchanges all meetings that do not touch.
_ROUNDS = 6
#: So many meetings of two are tried, and so many sightings tell where somebody is heading.
_TRIED, _LOOKED_AT = 3, 12


def exchanged(seen: Sightings, label: Whole, palette: Palette) -> Whole:
    """The same tracks, those put right that were exchanged where two met.

    Args:
        seen: in order of time.
        label: number of the track of each, −1 of none; none has two sightings in a tick.
    """
    values, label = features(seen), label.copy()
    order = np.lexsort([seen.tick, label])
    order = order[label[order] >= 0]
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    ways = {int(label[one[0]]): _Way.of(seen, values, one) for one in groups if one.size}
    changed, found = set(ways), dict[tuple[int, int], tuple[float, int]]()
    for _ in range(_ROUNDS):
        found = {pair: gain for pair, gain in found.items() if not changed & set(pair)}
        found |= _gains(seen, palette, ways, changed)
        changed = set()
        for (one, other), (gain, tick) in sorted(found.items(), key=lambda told: -told[1][0]):
            if gain < _CLEARLY or one in changed or other in changed:
                continue
            changed |= {one, other}
            heads, tails = (
                [way.sightings[is_part] for way, is_part in
                 ((way, (way.ticks > tick) == is_tail) for way in (ways[one], ways[other]))]
                for is_tail in (False, True)
            )  # fmt: skip
            for name, head, tail in ((one, heads[0], tails[1]), (other, heads[1], tails[0])):
                label[tail] = name
                ways[name] = _Way.of(seen, values, np.concatenate([head, tail]))
        if not changed:
            break
    return label


@dataclass(frozen=True)
class _Way:
    """One track.

    Attributes:
        sightings, ticks: in order of time: k.
        places_m: from the first tick to the last, straight in between: ticks × 2.
        sums: of features before each sighting, and of all: (k + 1) × channels × (sum, count).
    """

    sightings: Whole
    ticks: Whole
    places_m: Floats
    sums: Floats

    @classmethod
    def of(cls, seen: Sightings, values: Floats, sightings: Whole) -> "_Way":
        ticks = seen.tick[sightings]
        all_ticks = np.arange(ticks[0], ticks[-1] + 1)
        places = [np.interp(all_ticks, ticks, seen.place_m[sightings, axis]) for axis in (0, 1)]
        known = np.isfinite(values[sightings])
        rows = np.stack([np.where(known, values[sightings], 0.0), known * 1.0], axis=2)
        sums = np.concatenate([np.zeros((1, *rows.shape[1:])), np.cumsum(rows, axis=0)])
        return cls(sightings, ticks, np.column_stack(places), sums)


def _gains(
    seen: Sightings, palette: Palette, ways: dict[int, _Way], changed: set[int]
) -> dict[tuple[int, int], tuple[float, int]]:
    """What pairs of tracks gain, at best, and after which tick; of those that changed."""
    found = {}
    names = sorted(ways, key=lambda name: (int(ways[name].ticks[0]), name))
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            if ways[other].ticks[0] >= ways[one].ticks[-1]:
                break
            if one in changed or other in changed:
                best = _best(seen, palette, ways[one], ways[other])
                if best is not None:
                    found[one, other] = best
    return found


def _best(seen: Sightings, palette: Palette, one: _Way, other: _Way) -> tuple[float, int] | None:
    """The exchange that gains most, and after which tick; None: none gains enough."""
    ticks = _meetings(one, other)
    if not ticks.size:
        return None
    at = [np.searchsorted(way.ticks, ticks, "right") for way in (one, other)]
    head = [way.sums[place] for way, place in zip((one, other), at, strict=True)]
    tail = [way.sums[-1] - part for way, part in zip((one, other), head, strict=True)]
    told = _alike(
        palette, np.stack([head[0], head[1], head[0], head[1]]),
        np.stack([tail[1], tail[0], tail[0], tail[1]]),
    )  # fmt: skip
    gain = told[0] + told[1] - told[2] - told[3]
    best: tuple[float, int] | None = None
    for which in np.argsort(-gain, kind="stable")[:_TRIED]:
        if gain[which] < _CLEARLY:
            break
        left = float(gain[which]) - _detour(
            seen, one.sightings, other.sightings, int(at[0][which]), int(at[1][which])
        )
        if best is None or left > best[0]:
            best = left, int(ticks[which])
    return best


def _alike(palette: Palette, first: Floats, second: Floats) -> Floats:
    """What features say for pairs of such sums being one person's: of any shape."""
    shape, channels = first.shape[:-2], first.shape[-2]
    sums = [part.reshape(-1, channels, 2) for part in (first, second)]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [part[..., 0] / part[..., 1] for part in sums]
    told = palette.likeness(means[0], sums[0][..., 1], means[1], sums[1][..., 1])
    return told.reshape(shape)


def _meetings(one: _Way, other: _Way) -> Whole:
    """Ticks after which two tracks may have been exchanged.

    Where one begins beside the other, or ends there, it may be that from then on, or until then,
    it was the other.
    """
    begin = max(int(one.ticks[0]), int(other.ticks[0]))
    end = min(int(one.ticks[-1]), int(other.ticks[-1]))
    if end <= begin:
        return np.empty(0, np.int64)
    places = [way.places_m[begin - way.ticks[0] : end - way.ticks[0] + 1] for way in (one, other)]
    near = ((places[0] - places[1]) ** 2).sum(axis=1) < _MEETING_M**2
    inside = begin + np.flatnonzero(near)
    return np.append(begin - 1, inside) if near[0] else inside


def _detour(seen: Sightings, one: Whole, other: Whole, at: int, place: int) -> float:
    """How much less likely the ways become, as a logarithm of odds."""
    heads = one[max(0, at - _LOOKED_AT) : at], other[max(0, place - _LOOKED_AT) : place]
    tails = one[at : at + _LOOKED_AT], other[place : place + _LOOKED_AT]
    ends, begins = (
        [
            state_at(seen.t_s[part], seen.place_m[part], seen.sd_m[part], end=is_end)
            if part.size
            else None
            for part in parts
        ]
        for is_end, parts in ((True, heads), (False, tails))
    )

    def score(head: int, tail: int) -> float:
        end, begin = ends[head], begins[tail]
        return 0.0 if end is None or begin is None else float(link_score(end, begin)[0])

    return score(0, 0) + score(1, 1) - score(0, 1) - score(1, 0)
