"""What a still camera sees when nobody is there, followed through the light, and what differs.

Colours are luma and two chroma (BT.601), as video carries them. A pixel differs if its distance
from the background, in standard deviations of the noise around it, is large; a shadow (darker, its
chroma less by as much) does not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.shadows import Shadows
from sports_assets.vision.frames import Image

Mask = NDArray[np.uint8]
Singles = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Light and noise are measured in blocks: so many across the picture, each of so many samples
#: along its sides. A person covers less than half of a block, so medians do not see people.
_BLOCKS = 24
_SAMPLES = 8
_MAD = 1.4826
#: Noise of an 8-bit picture is at least its rounding and a coder's, luma and chroma, levels.
_LEAST_NOISE = np.array([2.0, 1.0, 1.0], np.float32)
#: Edges of the background (lines, boards) move by about so much, px; each pixel's own noise is
#: learnt from then on, up to so many levels: more is no noise.
_TREMBLE_PX, _MOST_RESTLESS = 0.2, 20.0
#: What differs by more is none of the ground's. Of 10⁶ pixels with three Gaussian channels one
#: lies beyond 5.5; grass that moves and codecs, whose key frames come with a jolt, have far longer
#: tails.
_SIGMAS = 9.0
#: A skirt of the lens and the coder is weaker than this beside what it belongs to; a stronger one
#: may be dark shorts beside a white shirt.
_SKIRT = 0.15
#: Beside a shadow is what has so many of its pixels in a square of such a side around: one alone is
#: noise.
_AROUND, _SOME = 5, 2
#: What squares of luma and chroma count where edges are asked for.
_SHARPNESS = np.array([1.0, 0.2, 0.2], np.float32)
#: What is further from the background than this moves it no more than this does, levels.
_MOST_STEP = 6.0
#: The background follows within so many seconds where nobody is, and where somebody was who stood
#: there already when it was made.
_FOLLOW_S, _UNCOVER_S = 20.0, 1.0
#: Grass differs from the grass of its block by mowing and wear: so many of the block's deviations.
_GRASS_SIGMAS = 3.5


@dataclass(frozen=True)
class Change:
    """How a frame is not as the background: all height × width.

    Attributes:
        differs: 1 where something stands before the background; shadows are left out.
        surely: the same without what may be a shadow's edge.
        uncovered: 1 where the background is no grass, and the frame is: who stood there went.
        strength: distance of the colours, in standard deviations of the noise; chroma, which
            video carries at half the resolution, says little of where an edge is.
    """

    differs: Mask
    surely: Mask
    uncovered: Mask
    strength: Singles


class Background:
    """Of a part of the picture, natively. It learns from each frame, in order."""

    def __init__(self, image: Image) -> None:
        self._still: Singles = _luma_chroma(image)
        #: Pixels from one sample to the next.
        self._step = max(1, image.shape[1] // (_BLOCKS * _SAMPLES))
        self._grass = self._grass_of_blocks()
        self._restless = _at_edges(self._still)
        self._shadows = Shadows()

    def change(self, image: Image) -> Change:
        """How a frame is not as the background in its light, which is measured by blocks."""
        import cv2

        seen = _luma_chroma(image)
        offset, noise = self._light_and_noise(seen)
        lit = self._still + self._spread(offset)
        variance = self._spread(np.maximum(noise, _LEAST_NOISE) ** 2)
        change = seen - lit
        # A mean over the neighbours takes most of the noise and none of a person.
        squares = change * change / (variance + self._restless)
        bare = squares.sum(axis=2)
        is_far = cv2.blur(bare, (3, 3)) > _SIGMAS**2
        # Beside an edge the lens and the coder leave a skirt, which is no part of the person.
        beside = cv2.dilate(bare, np.ones((3, 3), np.uint8))
        is_skirt = bare < _SKIRT**2 * beside
        differs = (is_far & ~is_skirt).astype(np.uint8)
        uncovered = np.zeros_like(differs)
        where = np.nonzero(differs)
        now, still = seen[where], lit[where]
        is_uncovered = self._is_grass(now, where) & ~self._is_grass(still, where)
        is_shadow, tinged, may_be_shadow = self._shadows.are(now, still, np.sqrt(variance[where]))
        is_shadow |= tinged & _has_some_around(is_shadow, where, differs.shape)
        differs[where] = ~is_shadow & ~is_uncovered
        surely = differs.copy()
        surely[where] &= ~may_be_shadow
        uncovered[where] = is_uncovered
        sharp = squares @ _SHARPNESS
        sharp[where] = np.where(is_shadow | is_uncovered, 0, sharp[where])
        return Change(differs, surely, uncovered, np.sqrt(sharp))

    def learn(self, image: Image, believed: Mask, uncovered: Mask, seconds: float) -> None:
        """Follow the frame where nobody is believed, fast where ground was uncovered.

        Args:
            seconds: since the last frame that was learnt from.
        """
        rates = np.where(believed > 0, 0.0, -np.expm1(-seconds / _FOLLOW_S))
        rates = np.where(uncovered > 0, -np.expm1(-seconds / _UNCOVER_S), rates)
        follow = rates[..., None].astype(np.float32)
        change = _luma_chroma(image) - self._still
        # Bounded steps, so that it nears the median, and not whoever passed through unseen.
        bounded = np.clip(change, -_MOST_STEP, _MOST_STEP)
        self._still += np.where(uncovered[..., None] > 0, change, bounded) * follow
        # Towards the median of squares: whoever passes through for a while hardly moves it.
        step = follow * np.maximum(self._restless, 1.0)
        self._restless += np.where(change**2 > self._restless, step, -step)
        np.clip(self._restless, 0.0, _MOST_RESTLESS**2, out=self._restless)

    def _light_and_noise(self, seen: Singles) -> tuple[Singles, Singles]:
        """By how much blocks became lighter, and their noise: rows × columns × 3 each."""
        change = self._sampled(seen) - self._sampled(self._still)
        offset = np.median(change, axis=2)
        noise = _MAD * np.median(np.abs(change - offset[:, :, None]), axis=2)
        return _smooth(offset), _smooth(noise)

    def _grass_of_blocks(self) -> tuple[Singles, Singles]:
        samples = self._sampled(self._still)
        middle = np.median(samples, axis=2)
        spread = _MAD * np.median(np.abs(samples - middle[:, :, None]), axis=2)
        return middle.astype(np.float32), np.maximum(spread, _LEAST_NOISE).astype(np.float32)

    def _is_grass(self, colours: Singles, where: tuple[Places, ...]) -> NDArray[np.bool_]:
        """Which colours (n × 3) are those of the grass around their pixels (rows, columns)."""
        rows, columns = self._grass[0].shape[:2]
        side = self._step * _SAMPLES
        row = np.minimum(where[0] // side, rows - 1)
        column = np.minimum(where[1] // side, columns - 1)
        middle, spread = self._grass[0][row, column], self._grass[1][row, column]
        away = (colours - middle) / spread
        return np.asarray(np.einsum("ik,ik->i", away, away) < 3 * _GRASS_SIGMAS**2, np.bool_)

    def _sampled(self, image: Singles) -> Singles:
        """Blocks of samples: rows × columns × samples × 3."""
        step = self._step
        thin = image[::step, ::step]
        rows, columns = -(-thin.shape[0] // _SAMPLES), -(-thin.shape[1] // _SAMPLES)
        missing = (rows * _SAMPLES - thin.shape[0], columns * _SAMPLES - thin.shape[1])
        whole = np.pad(thin, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        blocks = whole.reshape(rows, _SAMPLES, columns, _SAMPLES, 3).transpose(0, 2, 1, 3, 4)
        return np.ascontiguousarray(blocks).reshape(rows, columns, -1, 3)

    def _spread(self, blocks: NDArray[np.floating]) -> Singles:
        """Values of blocks for each pixel, linear between their middles."""
        import cv2

        height, width = self._still.shape[:2]
        side = self._step * _SAMPLES
        size = (blocks.shape[1] * side, blocks.shape[0] * side)
        spread = cv2.resize(np.asarray(blocks, np.float32), size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(spread[:height, :width], np.float32)


def _has_some_around(chosen: Flags, where: tuple[Places, ...], shape: tuple[int, ...]) -> Flags:
    """Which pixels (rows, columns) have some of the chosen ones in the square around them."""
    import cv2

    plane = np.zeros(shape, np.uint8)
    plane[where] = chosen
    around = cv2.boxFilter(plane, cv2.CV_16U, (_AROUND, _AROUND), normalize=False)
    return np.asarray(around[where] >= _SOME, np.bool_)


def _at_edges(image: Singles) -> Singles:
    """Variance that edges add before it is measured: they tremble, and coders blur them."""
    import cv2

    steep = [cv2.Sobel(image, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1))]
    return np.asarray((steep[0] ** 2 + steep[1] ** 2) * _TREMBLE_PX**2, np.float32)


def _luma_chroma(image: Image) -> Singles:
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb), np.float32)


def _smooth(blocks: NDArray[np.floating]) -> Singles:
    """Medians with the neighbours: rows × columns × 3."""
    import cv2

    planes = [np.ascontiguousarray(blocks[..., one], np.float32) for one in range(3)]
    return np.asarray(np.dstack([cv2.medianBlur(plane, 3) for plane in planes]), np.float32)
