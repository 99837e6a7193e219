"""What is the ground in a shadow, and how dark shadows are in a scene.

A shadow leaves the ground the light of the sky: its luma falls to a share, and its chroma by as
much, but for the sky's own colour, which is bluer than the sun's. Both are one scene's: all cores
of shadows have one share and one tint, whoever casts them, so that they stand out of the shares of
everything that is darker than the ground as a peak with a foot. Clothes are as dark as they like,
and below the foot they are all that is left.
"""

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Middle of chroma in 8 bits.
_GREY = 128.0
#: A shadow leaves at least this of the luma (sky light; gamma of video counted in), or less where a
#: scene's shadows stand out and are darker; what is darker yet is black cloth.
_LEAST = 0.45
#: Chroma is that of the ground in such light to within so many standard deviations.
_SIGMAS = 4.0
#: What may be a shadow's edge is up to so far off, and down to this share of the least.
_LOOSE_SIGMAS, _LOOSE = 20.0, 0.75
#: Video carries chroma at half the resolution and less of its detail, so that legs tinge the
#: shadow beside them: who stands before his shadow seems to reach into it. Where a scene's shadows
#: are known, what lies beside one is part of it up to so far off, and up to this share of the luma.
_TINGED_SIGMAS, _TINGED_LIGHTEST = 16.0, 0.8
#: The tint is told by what is left of these shares, where neither noise nor black cloth rules, and
#: is at most so strong: levels of chroma that the darkest shadow would be away from the ground's.
_TELLING, _MOST_TINT = (0.35, 0.7), 15.0
_TINTS = np.linspace(-_MOST_TINT, _MOST_TINT, 61)
#: Shares of what may be a shadow are counted in steps of this, from 0 to 1.
_STEP = 0.02
_SHARES = np.linspace(0.0, 1.0, round(1 / _STEP) + 1)
#: A scene has told once so many pixels may be in shadow.
_KNOWN = 20_000
#: Most shadows' share lies between these: of clear daylight the sky is 15 to 25 %, which gamma of
#: video shows as 0.42 to 0.53.
_DARKEST, _LIGHTEST = 0.36, 0.85
#: The foot of their peak is where so much is left of what it stands above the clothes below it,
#: which are looked for from here on and are no more than so much of the peak.
_CLOTHES_FROM, _FOOT, _STANDS_OUT = 0.2, 0.15, 0.5


class Shadows:
    """Shadows of one scene. It learns from whatever it is asked about, in order."""

    def __init__(self) -> None:
        self._tints = np.zeros((2, _TINTS.size - 1))
        self._shares = np.zeros(_SHARES.size - 1)
        self._tint: Singles = np.zeros(2, np.float32)
        self._least = _LEAST
        self._foot: float | None = None  # of its shadows; None: they do not stand out

    def are(self, seen: Singles, still: Singles, noise: Singles) -> tuple[Flags, Flags, Flags]:
        """Which pixels are the ground in a shadow; which are where one is beside; which may be.

        Edges mix with what is beside them, so that they only may be.

        Args:
            seen: luma and chroma of what differs from the ground: n × 3.
            still: of the ground there, in the same light: n × 3.
            noise: standard deviation of both: n × 3.
        """
        share = np.asarray(seen[:, 0] / np.maximum(still[:, 0], 1), np.float32)
        expected = _GREY + (still[:, 1:] - _GREY) * share[:, None]
        off = np.asarray(seen[:, 1:] - expected, np.float32)
        is_shadow, may_be = (
            _alike(off, share, sigmas * noise, self._tint) & (share > least) & (share < 1)
            for sigmas, least in ((_SIGMAS, self._least), (_LOOSE_SIGMAS, self._least * _LOOSE))
        )
        tinged = np.zeros_like(is_shadow)
        if self._foot is not None:
            tinged = _alike(off, share, _TINGED_SIGMAS * noise, self._tint)
            tinged &= (share > self._foot) & (share < _TINGED_LIGHTEST)
        self._learn(off, share, noise)
        return is_shadow, tinged, may_be

    def _learn(self, off: Singles, share: Singles, noise: Singles) -> None:
        telling = (share > _TELLING[0]) & (share < _TELLING[1])
        tints = off[telling] / (1 - share[telling])[:, None]
        tints = tints[(np.abs(tints) < _MOST_TINT).all(axis=1)]
        self._tints += [np.histogram(one, _TINTS)[0] for one in tints.T]
        tint = np.array([_median(one) for one in self._tints], np.float32)
        self._shares += np.histogram(share[_alike(off, share, _SIGMAS * noise, tint)], _SHARES)[0]
        foot = _foot(self._shares) if self._shares.sum() >= _KNOWN else None
        self._foot = foot
        self._least = _LEAST if foot is None else min(foot, _LEAST)
        self._tint = np.zeros(2, np.float32) if foot is None else tint


def _alike(off: Singles, share: Singles, most: Singles, tint: Singles) -> Flags:
    """Whose chroma (off that of the ground at such a share: n × 2) is that of a tinted shadow."""
    far = np.abs(off - tint * (1 - share)[:, None])
    return np.asarray((far < most[:, 1:]).all(axis=1), np.bool_)


def _foot(counts: Floats) -> float | None:
    """Least share of a scene's shadows; None: they do not stand out of what else is dark."""
    smooth = np.convolve(counts, np.ones(3) / 3, mode="same")
    middles = (_SHARES[:-1] + _SHARES[1:]) / 2
    within = np.flatnonzero((middles >= _DARKEST) & (middles <= _LIGHTEST))
    peak = within[int(np.argmax(smooth[within]))]
    below = np.flatnonzero((middles >= _CLOTHES_FROM) & (middles <= middles[peak]))
    base = float(smooth[below].min())
    if base > _STANDS_OUT * smooth[peak]:
        return None
    foot = base + _FOOT * (smooth[peak] - base)
    low = below[smooth[below] < foot]
    return float(_SHARES[low[-1] + 1])


def _median(counts: Floats) -> float:
    """Of counted tints; 0 of none."""
    total = np.cumsum(counts)
    if not total[-1]:
        return 0.0
    return float(np.interp(total[-1] / 2, total, _TINTS[1:]))
