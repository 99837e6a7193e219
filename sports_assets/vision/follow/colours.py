"""Colours of shirt and shorts: how far two of them are apart, and how sure that is."""

from dataclasses import dataclass

import numpy as np

from sports_assets.vision.follow.sightings import Floats, Sightings, Whole

#: Lightness counts half: sun, shade and distance change it far more than the hue.
WEIGHTS = np.array([0.5, 1.0, 1.0, 0.5, 1.0, 1.0])
#: The channels of shirt and shorts vary together: of six, so many are free.
CHANNELS_FREE = 2 / 3
#: One person's colour differs between two places by so much: light, pose, what is behind.
_DRIFT = 4.0
#: The noise of one sighting is at least this, however alike the few that are there.
_LEAST_NOISE = 2.0
_FEWEST = 20


@dataclass(frozen=True)
class Palette:
    """What colours do over all sightings.

    Attributes:
        noise: standard deviation of one sighting within a tracklet, weighted channels: 6.
        spread: the same among all people: 6.
    """

    noise: Floats
    spread: Floats

    @classmethod
    def of(cls, seen: Sightings, label: Whole) -> "Palette":
        """From sightings with their tracklets: what one sighting differs from the one before."""
        colours = weighted(seen)
        order = np.lexsort([seen.t_s, label])
        step = np.diff(colours[order], axis=0)[
            (np.diff(label[order]) == 0) & (label[order][1:] >= 0)
        ]
        return cls(
            np.maximum(_robust_sd(step) / np.sqrt(2), _LEAST_NOISE),
            np.maximum(_robust_sd(colours), _DRIFT),
        )

    def likeness(self, first: Floats, first_n: Floats, second: Floats, second_n: Floats) -> Floats:
        """How much likelier two mean colours are one person's than two people's, logarithm: k.

        Args:
            first, second: means of weighted colours, NaN where nothing is known: k × 6.
            first_n, second_n: sightings behind each: k × 6.

        Returns:
            `_UNKNOWN` where nothing is known; never so far from it that colours alone decide.
        """
        off = first - second
        with np.errstate(divide="ignore", invalid="ignore"):
            same = self.noise**2 * (1 / first_n + 1 / second_n) + _DRIFT**2
            other = same + 2 * self.spread**2
            score = 0.5 * (off**2 / other - off**2 / same + np.log(other / same))
        known = np.isfinite(score)
        total = np.where(known, score, 0.0).sum(axis=1) * CHANNELS_FREE
        total = np.where(known.any(axis=1), total, _UNKNOWN)
        return np.asarray(np.clip(total, -_UNLIKE, _ALIKE), np.float64)


#: What colours say at most against one person, and for one, as a logarithm of odds; and what
#: they say where they are not known: half of what they say for one, as most pairs that are near
#: enough to be asked about are one person's.
_UNLIKE, _ALIKE, _UNKNOWN = 12.0, 6.0, 3.0


def weighted(seen: Sightings) -> Floats:
    """Colours in units in which distances are alike in all channels; NaN where not clear: n × 6."""
    clear = np.where(seen.is_clear[:, None], seen.colours, np.nan)
    return np.asarray(clear * WEIGHTS, np.float64)


def mean_colours(seen: Sightings, label: Whole, count: int) -> tuple[Floats, Floats]:
    """Mean of each tracklet's weighted colours, and how many sightings are behind: count × 6."""
    colours = weighted(seen)
    means, numbers = np.full((count, 6), np.nan), np.zeros((count, 6))
    for channel in range(6):
        ok = np.isfinite(colours[:, channel]) & (label >= 0)
        numbers[:, channel] = np.bincount(label[ok], minlength=count)
        total = np.bincount(label[ok], colours[ok, channel], minlength=count)
        with np.errstate(invalid="ignore"):
            means[:, channel] = total / numbers[:, channel]
    return means, numbers


def _robust_sd(values: Floats) -> Floats:
    """From the quartiles, by channel; 0 where too little is known."""
    out = np.zeros(values.shape[1])
    for channel in range(values.shape[1]):
        known = values[np.isfinite(values[:, channel]), channel]
        if known.size >= _FEWEST:
            low, high = np.percentile(known, [25, 75])
            out[channel] = (high - low) / 1.349
    return out
