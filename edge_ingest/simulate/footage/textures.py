"""Irregular surfaces: noise of several scales, as grass, leaves and clouds have it."""

import numpy as np
from numpy.typing import NDArray

from edge_ingest.errors import SettingsError

Floats32 = NDArray[np.float32]
Image = NDArray[np.uint8]


def require_cv2() -> None:
    """Say what to install where pictures cannot be drawn.

    Raises:
        SettingsError: OpenCV is not there; an edge node does without.
    """
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "drawing footage needs OpenCV, which an edge node does without: "
            "pip install 'touchline[lakehouse]', or opencv-python-headless"
        ) from error


def rough(
    rng: np.random.Generator, shape: tuple[int, int], scale_px: float, octaves: int = 3
) -> Floats32:
    """Noise of mean 0 and standard deviation 1 whose coarsest detail is about so many pixels."""
    import cv2

    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = max(1.0, scale_px / 2**octave)
        rows, columns = int(height / cell) + 3, int(width / cell) + 3
        grain = rng.standard_normal((rows, columns), np.float32)
        total += cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return np.asarray((total - total.mean()) / max(1e-6, float(total.std())), np.float32)


def tinted(image: Image, share: Floats32) -> Image:
    """A picture made brighter or darker by a share, pixel by pixel."""
    import cv2

    factor = cv2.merge([1 + share] * image.shape[2])
    return np.asarray(cv2.multiply(image, factor, dtype=cv2.CV_8U), np.uint8)
