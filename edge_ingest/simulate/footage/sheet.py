"""The plan that the ground is painted on: which place each of its pixels is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.textures import Floats32

#: How far the plan reaches beyond the field, m.
_BEYOND_M = 24.0
#: Pixels of the plan, m: a line of 0.12 m is four of the finest wide, and one or two of the
#: coarsest.
_FINEST_M, _COARSEST_M = 0.03, 0.08
#: Size of them, of that of the picture's pixels near the camera.
_OF_A_PIXEL = 0.65


@dataclass(frozen=True)
class Sheet:
    """Where the plan's pixels are.

    Attributes:
        texel_m: size of a pixel.
        x_m: of the columns.
        y_m: of the rows, which run along +y.
    """

    texel_m: float
    x_m: Floats32
    y_m: Floats32

    @property
    def corner_m(self) -> tuple[float, float]:
        """The first pixel's middle."""
        return float(self.x_m[0]), float(self.y_m[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y_m.size, self.x_m.size

    def beyond_m(self, field_m: tuple[float, float]) -> Floats32:
        """How far outside of the field each pixel is; negative inside: rows × columns."""
        aside = np.abs(self.x_m)[None, :] - np.float32(field_m[0] / 2)
        ahead = np.abs(self.y_m)[:, None] - np.float32(field_m[1] / 2)
        return np.asarray(np.maximum(aside, ahead), np.float32)


def plan(parameters: SceneParameters) -> Sheet:
    """As fine as the camera sees the near touchline, and as far as the ground is seen close by."""
    length, width = parameters.field_m
    camera = parameters.camera
    nearest = np.array([[camera.x_m, -width / 2]])
    size_m = _OF_A_PIXEL / max(1e-6, float(camera.upright_px(nearest, 1.0)[0]))
    texel = float(np.clip(np.nan_to_num(size_m, nan=_FINEST_M), _FINEST_M, _COARSEST_M))
    near = max(_BEYOND_M, -width / 2 - camera.y_m + 2)

    def axis(begin: float, end: float) -> NDArray[np.float32]:
        return (begin + np.arange(round((end - begin) / texel)) * texel).astype(np.float32)

    return Sheet(
        texel,
        axis(-length / 2 - _BEYOND_M, length / 2 + _BEYOND_M),
        axis(-width / 2 - near, width / 2 + _BEYOND_M),
    )
