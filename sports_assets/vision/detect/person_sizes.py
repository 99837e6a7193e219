"""How large a person is seen, wherever one may stand in a still camera's picture."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

#: Of a standing footballer with boots and hair, m.
PERSON_HEIGHT_M = 1.8
#: How broad a body is, of its height: shoulders 0.5 m.
PERSON_BREADTH = 0.28
#: Who is further beside the field than this takes no part: assistant referees are nearer, m.
BESIDE_M = 2.5
#: Sizes are kept on a grid of so many columns: between its nodes they are straight to 0.1 px.
_COLUMNS = 384
#: Sizes are known so far around the field, so that they can be read off anywhere on it, m.
_AROUND_M = 30.0


@dataclass(frozen=True)
class PersonSizes:
    """Sizes by the pixel on which somebody stands.

    Attributes:
        cell_px: pixels between nodes of the grid; node (row, column) is at
            (column · cell, row · cell).
        rise_px: from the feet up to the top of the head, along y.
        lean_px: from the feet to the head, along x: lenses and roll let people lean.
        is_ground: where somebody may stand.
    """

    cell_px: int
    rise_px: Floats
    lean_px: Floats
    is_ground: NDArray[np.bool_]

    @classmethod
    def of_camera(
        cls, camera: Camera, field: FieldSize, shape: tuple[int, int], beside_m: float = BESIDE_M
    ) -> Self:
        """As the camera sees somebody of 1.8 m, on the field and so far beside it.

        Args:
            shape: height and width of the picture that is looked at; the camera is fitted to it.
        """
        nodes, cell, grid = _nodes(shape)
        fitted = camera.resized(shape[1], shape[0])
        places = fitted.ground(nodes)
        known = field.holds(np.nan_to_num(places, nan=np.inf), _AROUND_M)
        rise, lean = np.full(len(nodes), np.nan), np.full(len(nodes), np.nan)
        tops = np.column_stack([places[known], np.full(known.sum(), PERSON_HEIGHT_M)])
        heads = fitted.project(tops)
        rise[known] = nodes[known, 1] - heads[:, 1]
        lean[known] = heads[:, 0] - nodes[known, 0]
        on_field = field.holds(np.nan_to_num(places, nan=np.inf), beside_m)
        ground = known & on_field & (np.nan_to_num(rise) > 1)  # less than a pixel is nobody
        return cls(cell, rise.reshape(grid), lean.reshape(grid), ground.reshape(grid))

    @classmethod
    def of_rows(cls, pitch: NDArray[np.bool_], slope: float, horizon_px: float) -> Self:
        """Without calibration: on flat ground, size grows evenly below the horizon.

        Args:
            pitch: where somebody may stand: height × width.
            slope: pixels of height a pixel below the horizon.
        """
        nodes, cell, grid = _nodes((pitch.shape[0], pitch.shape[1]))
        rise = np.where(nodes[:, 1] > horizon_px, slope * (nodes[:, 1] - horizon_px), np.nan)
        on_pitch = pitch[nodes[:, 1].astype(int), nodes[:, 0].astype(int)]
        is_ground = on_pitch & (np.nan_to_num(rise) > 1)
        return cls(cell, rise.reshape(grid), np.zeros(grid), is_ground.reshape(grid))

    def at(self, pixels: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Rise, lean, and whether somebody may stand there, of n × 2 pixels: each n.

        Rise and lean are NaN where they are unknown; such a pixel is no ground.
        """
        rows, columns = self.rise_px.shape
        place = np.asarray(pixels, np.float64).reshape(-1, 2) / self.cell_px
        x, y = np.clip(place[:, 0], 0, columns - 1.001), np.clip(place[:, 1], 0, rows - 1.001)
        left, top = x.astype(int), y.astype(int)
        across, down = x - left, y - top
        read = []
        for values in (self.rise_px, self.lean_px):
            upper = values[top, left] * (1 - across) + values[top, left + 1] * across
            lower = values[top + 1, left] * (1 - across) + values[top + 1, left + 1] * across
            read.append(upper * (1 - down) + lower * down)
        near = self.is_ground[np.rint(y).astype(int), np.rint(x).astype(int)]
        return read[0], read[1], near & np.isfinite(read[0])

    def ground_cells(self) -> tuple[Floats, Floats]:
        """Pixels (n × 2) of the nodes on which somebody may stand, and the rise there (n)."""
        row, column = np.nonzero(self.is_ground)
        pixels = np.column_stack([column, row]).astype(np.float64) * self.cell_px
        return pixels, self.rise_px[row, column]


def _nodes(shape: tuple[int, int]) -> tuple[Floats, int, tuple[int, int]]:
    """Pixels of the grid's nodes, their distance, and rows × columns (at least two of each)."""
    height, width = shape
    cell = max(1, width // _COLUMNS)
    rows, columns = max(2, -(-height // cell)), max(2, -(-width // cell))
    row, column = np.mgrid[:rows, :columns]
    pixels = np.column_stack([column.ravel(), row.ravel()]).astype(np.float64) * cell
    return np.minimum(pixels, [width - 1, height - 1]), cell, (rows, columns)
