"""Which way each pixel looks, for pictures that are drawn from the scene backwards."""

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera

Floats32 = NDArray[np.float32]

#: Rays are reckoned at every so many pixels and interpolated: a lens is smooth (errors of less
#: than a hundredth of a pixel).
_APART_PX = 8
_NEAR_M = 0.01


class Rays:
    """Directions of the pixels of a camera."""

    def __init__(self, camera: Camera, apart_px: int = _APART_PX) -> None:
        self._apart = apart_px
        self._size = camera.width_px, camera.height_px
        columns = np.arange(-apart_px, camera.width_px + 2 * apart_px, apart_px)
        rows = np.arange(-apart_px, camera.height_px + 2 * apart_px, apart_px)
        grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2).astype(float)
        found = _directions(camera, grid)
        lost = ~np.isfinite(found[:, 0])
        if lost.any():  # those that look at the horizon itself, or where the lens shows nothing
            found[lost] = _directions(camera, grid[lost] + [0.01, 0.05])
        self._is_shown = np.isfinite(found[:, 0]).astype(np.float32)
        self._is_shown = self._is_shown.reshape(rows.size, columns.size)
        self._grid = np.nan_to_num(found).astype(np.float32).reshape(rows.size, columns.size, 3)

    def at(self, shift_px: tuple[float, float], top: int, bottom: int) -> Floats32:
        """Directions (unit, field axes) of pixels' places shifted by (x, y): rows × width × 3."""
        import cv2

        return np.asarray(
            cv2.remap(self._grid, *self._maps(shift_px, top, bottom), cv2.INTER_LINEAR), np.float32
        )

    def seen_by(self, other: Camera, stand_m: NDArray[np.float64]) -> tuple[Floats32, Floats32]:
        """Where another camera, that stands at the same place, has these pixels: x and y maps."""
        import cv2

        rows, columns = self._grid.shape[:2]
        seen = other.project(stand_m + 100.0 * self._grid.reshape(-1, 3).astype(float))
        coarse = np.nan_to_num(seen, nan=-9.0).astype(np.float32).reshape(rows, columns, 2)
        found = cv2.remap(coarse, *self._maps((0, 0), 0, self._size[1]), cv2.INTER_LINEAR)
        return np.ascontiguousarray(found[..., 0]), np.ascontiguousarray(found[..., 1])

    def is_shown(self) -> Floats32:
        """0 to 1: where the lens shows something: height × width."""
        import cv2

        maps = self._maps((0, 0), 0, self._size[1])
        return np.asarray(cv2.remap(self._is_shown, *maps, cv2.INTER_LINEAR), np.float32)

    def _maps(
        self, shift_px: tuple[float, float], top: int, bottom: int
    ) -> tuple[Floats32, Floats32]:
        across = (np.arange(self._size[0], dtype=np.float32) + shift_px[0]) / self._apart + 1
        down = (np.arange(top, bottom, dtype=np.float32) + shift_px[1]) / self._apart + 1
        shape = down.size, across.size
        return (
            np.ascontiguousarray(np.broadcast_to(across[None, :], shape)),
            np.ascontiguousarray(np.broadcast_to(down[:, None], shape)),
        )


def _directions(camera: Camera, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors, by where the pixels meet planes just below and above the camera."""
    found = np.full((len(pixels), 3), np.nan)
    for height in (-_NEAR_M, _NEAR_M):
        ground = camera.ground(pixels, camera.z_m + height)
        known = np.isfinite(ground[:, 0])
        found[known, :2] = ground[known] - [camera.x_m, camera.y_m]
        found[known, 2] = height
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float64)
