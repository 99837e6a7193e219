"""Colours and height of people: how far two of them are apart, and how sure that is.

Shirt and shorts tell the teams apart; head, boots and height, people of one team. How much the
latter are worth is measured in each session: far away, or in another light, they may be worth
nothing.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sports_assets.vision.follow.sightings import Floats, Sightings, Whole

#: Lightness counts half: sun, shade and distance change it far more than the hue.
_KIT_WEIGHTS = np.array([0.5, 1.0, 1.0, 0.5, 1.0, 1.0])
#: Head, boots (L*a*b*), and height in hundredths of what is usual there.
_MARK_WEIGHTS = np.array([0.5, 1.0, 1.0, 0.5, 1.0, 1.0, 100.0])
#: The channels of one part vary together: of three, two are free.
CHANNELS_FREE = 2 / 3
#: One person's shirt differs between two places by so much: light, pose, what is behind.
_DRIFT = 4.0
#: The noise of one sighting is at least this, however alike the few that are there.
_LEAST_NOISE = 2.0
_FEWEST = 20
#: Of marks noise and drift are measured between stretches of so many sightings of one tracklet,
#: in a row: noise is less in the longer ones, drift is not.
_FEW, _MANY = 5, 15
#: And is at least so much.
_LEAST_DRIFT = 1.5


@dataclass(frozen=True)
class Palette:
    """What colours do over all sightings.

    Attributes:
        noise: standard deviation of one sighting within a tracklet, channels of `features`: 13.
        spread: the same among all people: 13.
        drift: by how much the mean of one person differs between two stretches of time: 13.
    """

    #: What `likeness` says where nothing is known: half of what colours say for one person, as most
    #: pairs that are near enough to be asked about are one person's.
    UNKNOWN: ClassVar[float] = 3.0

    noise: Floats
    spread: Floats
    drift: Floats

    @classmethod
    def of(cls, seen: Sightings, label: Whole) -> "Palette":
        """From sightings with their tracklets: what one sighting differs from the one before."""
        colours = features(seen)
        order = np.lexsort([seen.t_s, label])
        order = order[label[order] >= 0]
        step = np.diff(colours[order], axis=0)[np.diff(label[order]) == 0]
        noise = np.maximum(_robust_sd(step) / np.sqrt(2), _LEAST_NOISE)
        spread = np.maximum(_robust_sd(colours), _DRIFT)
        drift = np.full(spread.size, _DRIFT)
        (few, _), (many, means) = (_apart(colours, order, label, size) for size in (_FEW, _MANY))
        marks = slice(KIT, None)
        own = (few - many) / (2 / _FEW - 2 / _MANY)
        noise[marks] = np.sqrt(np.maximum(own, _LEAST_NOISE**2))[marks]
        left = many - 2 * noise**2 / _MANY
        drift[marks] = np.sqrt(np.maximum(left[marks], _LEAST_DRIFT**2))
        between = _wide_sd(means) ** 2 - noise**2 / _MANY - drift**2 / 2
        spread[marks] = np.sqrt(np.maximum(between[marks], 0.0))
        return cls(noise, spread, drift)

    def likeness(self, first: Floats, first_n: Floats, second: Floats, second_n: Floats) -> Floats:
        """How much likelier two mean colours are one person's than two people's, logarithm: k.

        Args:
            first, second: means of `features`, NaN where nothing is known: k × 13.
            first_n, second_n: sightings behind each: k × 13.

        Returns:
            `UNKNOWN` where nothing is known; bounded, so that features alone do not decide.
        """
        off = first - second
        with np.errstate(divide="ignore", invalid="ignore"):
            same = self.noise**2 * (1 / first_n + 1 / second_n) + self.drift**2
            other = same + 2 * self.spread**2
            score = 0.5 * (off**2 / other - off**2 / same + np.log(other / same))
        known = np.isfinite(score)
        score = np.maximum(score, -_CHANNEL_UNLIKE)
        total = np.where(known, score, 0.0).sum(axis=1) * CHANNELS_FREE
        total = np.where(known.any(axis=1), total, self.UNKNOWN)
        return np.asarray(np.clip(total, -_UNLIKE, _ALIKE), np.float64)


#: What colours say at most against one person, and for one, as a logarithm of odds.
_UNLIKE, _ALIKE = 12.0, 12.0
#: And one channel, whose values may be far off now and then.
_CHANNEL_UNLIKE = 8.0
#: How many channels `weighted` has.
KIT = 6


def weighted(seen: Sightings) -> Floats:
    """Kit in units in which distances are alike in all channels; NaN where not clear: n × 6."""
    clear = np.where(seen.is_clear[:, None], seen.colours, np.nan)
    return np.asarray(clear * _KIT_WEIGHTS, np.float64)


def features(seen: Sightings, *, also_covered: bool = False) -> Floats:
    """Kit and marks in such units, NaN where not known: n × 13.

    Args:
        also_covered: of those whom others cover, too, whose colours may be mixed.
    """
    told = np.column_stack([seen.colours * _KIT_WEIGHTS, seen.marks * _MARK_WEIGHTS])
    return told if also_covered else np.where(seen.is_clear[:, None], told, np.nan)


def mean_features(seen: Sightings, label: Whole, count: int) -> tuple[Floats, Floats]:
    """Mean of each tracklet's features, and how many sightings are behind: count × 13 each."""
    colours = features(seen)
    means = np.full((count, colours.shape[1]), np.nan)
    numbers = np.zeros_like(means)
    for channel in range(colours.shape[1]):
        ok = np.isfinite(colours[:, channel]) & (label >= 0)
        numbers[:, channel] = np.bincount(label[ok], minlength=count)
        total = np.bincount(label[ok], colours[ok, channel], minlength=count)
        with np.errstate(invalid="ignore"):
            means[:, channel] = total / numbers[:, channel]
    return means, numbers


def _apart(colours: Floats, order: Whole, label: Whole, size: int) -> tuple[Floats, Floats]:
    """Variance between stretches of tracklets that follow each other, and means of stretches.

    Args:
        order: sightings, tracklet after tracklet.
        size: of a stretch, sightings.
    """
    own = label[order]
    begin = np.searchsorted(own, own)
    number = (np.arange(own.size) - begin) // size
    key = own * (1 + int(number.max(initial=0))) + number
    names, inside, count = np.unique(key, return_inverse=True, return_counts=True)
    means = np.full((names.size, colours.shape[1]), np.nan)
    for channel in range(colours.shape[1]):
        values = colours[order, channel]
        known = np.isfinite(values)
        some = np.bincount(inside[known], minlength=names.size)
        total = np.bincount(inside[known], values[known], minlength=names.size)
        enough = (some >= size * 0.6) & (count == size)
        means[enough, channel] = total[enough] / some[enough]
    follows = np.diff(names // (1 + int(number.max(initial=0)))) == 0
    return _wide_sd(np.diff(means, axis=0)[follows]) ** 2, means


def _wide_sd(values: Floats) -> Floats:
    """From what 80 of 100 are within, tails and all, by channel; 0 where too little is known."""
    return _robust_sd(values, (10.0, 90.0), 2.563)


def _robust_sd(
    values: Floats, percentiles: tuple[float, float] = (25.0, 75.0), width: float = 1.349
) -> Floats:
    """From the quartiles, by channel; 0 where too little is known."""
    out = np.zeros(values.shape[1])
    for channel in range(values.shape[1]):
        known = values[np.isfinite(values[:, channel]), channel]
        if known.size >= _FEWEST:
            low, high = np.percentile(known, percentiles)
            out[channel] = (high - low) / width
    return out
