"""The still picture behind everyone who moves: the median of frames over a whole video."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from sports_assets.vision.frames import Frame, Image, Timeline, frames

#: Whoever stands still for less than half of the looks is not in the picture; more looks than this
#: cost time and change little.
_LOOKS = 25
#: Frames are held while their median is taken, B: 25 of 3072 × 1728, 5 of 8K.
_HELD_BYTES = 420_000_000
_LEAST_LOOKS = 5
#: Rows that are sorted at a time: what 25 looks need for them stays in a processor's cache.
_STRIP = 4
#: Looks closer to each other than this are decoded in one go, s; further ones are sought.
_ONE_GO_S = 4.0


def pooled(path: Path, line: Timeline, looks: int = _LOOKS) -> Iterator[Frame]:
    """Frames spread evenly over a video, the first and the last among them, in order.

    Between looks far apart the file is sought, so that 45 minutes cost little more than one; frames
    that are damaged are left out.

    Raises:
        SourceError: as `frames.timeline`.
    """
    count = line.pts.size
    numbers = np.unique(np.linspace(0, count - 1, min(looks, count)).round().astype(np.int64))
    apart = np.flatnonzero(np.diff(line.t_s[numbers]) > _ONE_GO_S) + 1
    groups = np.split(numbers, apart) if line.is_timed else [numbers]  # untimed: it is not sought
    for group in groups:
        yield from frames(path, line, group)


def looks_kept(height_px: int, width_px: int, frame_count: int) -> frozenset[int]:
    """Which of the frames that `pooled` gives are held to make a background from.

    As many as fit, an odd number, spread over all of them.
    """
    fit = int(_HELD_BYTES // (height_px * width_px * 3))
    fit = max(_LEAST_LOOKS, min(_LOOKS, fit)) // 2 * 2 + 1
    count = min(_LOOKS, frame_count)
    return frozenset(np.linspace(0, count - 1, min(fit, count)).round().astype(int).tolist())


def background(images: Sequence[Image]) -> Image:
    """What stands still: the median of each pixel over pictures of one size.

    Args:
        images: height × width × 3 each. Memory: they, and one more.

    Raises:
        ValueError: there is no picture, or they differ in size.
    """
    if not images:
        raise ValueError("a background needs a picture: none was decoded")
    shapes = {one.shape for one in images}
    if len(shapes) > 1:
        raise ValueError(f"pictures of a background differ in size: {sorted(shapes)}")
    made = np.empty_like(images[0])
    exchanges = _sorting_network(len(images))
    for top in range(0, made.shape[0], _STRIP):
        rows = [one[top : top + _STRIP].copy() for one in images]
        for low, high in exchanges:
            smaller = np.minimum(rows[low], rows[high])
            np.maximum(rows[low], rows[high], out=rows[high])
            rows[low] = smaller
        made[top : top + _STRIP] = rows[(len(images) - 1) // 2]
    return made


def _sorting_network(count: int) -> list[tuple[int, int]]:
    """Pairs to bring in order, one after another, so that all are: Batcher's merge exchange.

    Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M. All pixels of a strip take
    the same steps, so each is one instruction on whole arrays.
    """
    pairs = []
    power = 1 << max(0, (count - 1).bit_length() - 1)
    step = power
    while step > 0:
        other, rest, apart = power, 0, step
        while True:
            pairs += [(one, one + apart) for one in range(count - apart) if one & step == rest]
            if other == step:
                break
            apart, other, rest = other - step, other >> 1, step
        step >>= 1
    return pairs
