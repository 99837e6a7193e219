"""The empty scene of each frame: for a camera that stands still, and for one that follows play."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.background import draw_background
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.props import draw_props
from edge_ingest.simulate.footage.rays import Rays
from edge_ingest.simulate.footage.sensor import Development, develop
from edge_ingest.simulate.footage.sprites import Sprite, blend
from edge_ingest.simulate.footage.textures import Floats32, Image, rough

Floats = NDArray[np.float64]

#: Leaves that fill less of a row than this are not moved (share of a pixel).
_LEAST_FOLIAGE = 0.3
#: A picture that a moving camera looks at in parts: half its angle, degrees, and how long
#: its focal length is, of the lens' longest.
_PANORAMA_DEG, _PANORAMA_FINER = 75.0, 0.85


class View(Protocol):
    """What a camera sees of the empty scene."""

    @property
    def props(self) -> Sequence[Sprite]:
        """Goals and flags, the furthest first."""
        ...

    @property
    def development(self) -> Development:
        """How its pictures are developed."""
        ...

    def camera(self, frame: int) -> Camera:
        """The camera of a frame."""
        ...

    def empty(self, frame: int) -> Image:
        """The empty scene of a frame; a copy that may be drawn on."""
        ...


class StillView:
    """A camera that stands still, with leaves that wind moves."""

    def __init__(self, parameters: SceneParameters, looks: int, *, is_court: bool) -> None:
        self._parameters = parameters
        empty = draw_background(parameters, looks=looks, is_court=is_court)
        props = draw_props(
            parameters.camera, parameters.field_m, parameters.seed, is_court=is_court
        )
        for prop in props:
            blend(empty.image, prop)
        self._image, self.development = develop(empty.image, parameters)
        self.props = [self.development.of_sprite(prop) for prop in props]
        self._find_leaves(empty.foliage)

    def camera(self, frame: int) -> Camera:  # noqa: ARG002 - the same for each
        """The camera of a frame."""
        return self._parameters.camera

    def empty(self, frame: int) -> Image:
        """The empty scene of a frame; a copy that may be drawn on."""
        import cv2

        image = self._image.copy()
        if self._rows is not None:
            time = frame / self._parameters.fps
            first, second = np.float32(np.sin(1.9 * time)), np.float32(np.sin(3.1 * time + 1))
            across = self._grid[0] + self._ways[0] * first + self._ways[1] * second
            down = self._grid[1] + self._ways[1] * (0.4 * first)
            image[self._rows] = cv2.remap(
                self._image[self._rows], across, down, cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
        return image

    def _find_leaves(self, foliage: Floats32) -> None:
        reach = self._parameters.recorder.sway_px
        rows = np.flatnonzero(foliage.max(axis=1) > _LEAST_FOLIAGE)
        self._rows: slice | None = None
        if reach == 0 or rows.size == 0:
            return
        self._rows = slice(int(rows[0]), int(rows[-1]) + 1)
        part = foliage[self._rows]
        shape = part.shape[0], part.shape[1]
        rng = np.random.default_rng([self._parameters.seed, 37])
        self._ways = [part * np.float32(reach) * rough(rng, shape, 60, 3) for _ in range(2)]
        self._grid = np.meshgrid(
            np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32)
        )


class MovingView:
    """A broadcast camera on its stand that turns and zooms: parts of one wide picture."""

    props: Sequence[Sprite] = ()  # the nets are part of the wide picture

    def __init__(self, parameters: SceneParameters, cameras: Sequence[Camera], looks: int) -> None:
        self._cameras = cameras
        flat = replace(parameters, recorder=replace(parameters.recorder, vignette=0.0))
        self._wide = _panorama(cameras)
        empty = draw_background(flat, camera=self._wide, looks=looks)
        for prop in draw_props(self._wide, flat.field_m, flat.seed, is_court=False):
            blend(empty.image, prop)
        self._image, _ = develop(empty.image, flat)
        camera = cameras[0]
        _, self.development = develop(
            np.zeros((camera.height_px, camera.width_px, 3), np.uint8), flat
        )

    def camera(self, frame: int) -> Camera:
        """The camera of a frame."""
        return self._cameras[frame]

    def empty(self, frame: int) -> Image:
        """The empty scene of a frame; a copy that may be drawn on."""
        import cv2

        camera = self._cameras[frame]
        stand = np.array([camera.x_m, camera.y_m, camera.z_m])
        map_x, map_y = Rays(camera, apart_px=32).seen_by(self._wide, stand)
        return np.asarray(cv2.remap(self._image, map_x, map_y, cv2.INTER_LINEAR), np.uint8)


def _panorama(cameras: Sequence[Camera]) -> Camera:
    """A cylindrical picture that holds whatever the cameras see."""
    first = cameras[0]
    focal = _PANORAMA_FINER * max(one.focal_px for one in cameras)
    tilts = np.array([one.tilt_deg for one in cameras])
    half = np.degrees(np.arctan2(first.height_px / 2, min(one.focal_px for one in cameras)))
    low, high = tilts.max() + half + 6, min(20.0, half + 6 - tilts.min())
    rows = focal * (np.tan(np.radians(low)) + np.tan(np.radians(high)))
    middle = focal * (np.tan(np.radians(low)) - np.tan(np.radians(high))) / 2
    return Camera(
        round(2 * np.radians(_PANORAMA_DEG) * focal), round(rows), float(focal),
        x_m=first.x_m, y_m=first.y_m, z_m=first.z_m, pan_deg=90.0, tilt_deg=0.0,
        lens="cylindrical", centre_y_px=-float(middle),
    )  # fmt: skip
