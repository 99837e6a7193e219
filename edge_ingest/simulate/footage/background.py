"""What the camera sees while nobody is there: ground, surroundings and sky through its lens."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from edge_ingest.simulate.footage.backdrop import Wall, build_walls
from edge_ingest.simulate.footage.ground import MEADOW_M, Ground, paint_ground
from edge_ingest.simulate.footage.parameters import Lighting, SceneParameters
from edge_ingest.simulate.footage.rays import Rays
from edge_ingest.simulate.footage.textures import Image, rough

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

#: Looks a pixel, in each direction: lines far away are thinner than one.
LOOKS = 4
#: Rows that are drawn at a time, so that memory stays small.
_STRIP_PX = 240
#: How soft the border of a shadow of a roof is, m.
_PENUMBRA_M = 0.6
#: Room around what is projected at a few places only, px.
_SPARE_PX = 40


@dataclass(frozen=True)
class Background:
    """The empty scene.

    Attributes:
        image: blue, green, red.
        foliage: 0 to 1, how much of a pixel is leaves that wind moves.
    """

    image: Image
    foliage: Floats32


def draw_background(
    parameters: SceneParameters, camera: Camera | None = None, looks: int = LOOKS, *,
    is_court: bool = False,
) -> Background:  # fmt: skip
    """Draw the empty scene.

    Args:
        parameters: of the scene.
        camera: another one than the scene's.
        is_court: a hall with a court instead of a pitch.
        looks: looks a pixel in each direction.
    """
    camera = camera or parameters.camera
    ground = paint_ground(parameters, is_court=is_court)
    walls = build_walls(parameters, is_court=is_court)
    sky = _Sky(parameters, is_court=is_court)
    rays = Rays(camera)
    size = camera.height_px, camera.width_px
    image, foliage = np.empty((*size, 3), np.uint8), np.zeros(size, np.float32)
    shifts = (np.arange(looks) + 0.5) / looks - 0.5
    jitter = np.random.default_rng([parameters.seed, 17]).uniform(-0.4, 0.4, looks) / looks
    level = _levels(camera, rays, looks, ground.texel_m)
    boxes = [_box(camera, wall) for wall in walls]
    for top in range(0, camera.height_px, _STRIP_PX):
        bottom = min(camera.height_px, top + _STRIP_PX)
        total = np.zeros((bottom - top, camera.width_px, 3), np.float32)
        above = sky.at(rays.at((0, 0), top, bottom))  # smooth: one look is enough
        for down in shifts:
            for number, across in enumerate(shifts):
                shift = float(across), float(down + jitter[number])
                look = rays.at(shift, top, bottom)
                seen = above.copy()
                _lay_ground(seen, look, camera, ground, level[top:bottom], parameters.lighting)
                for wall, box in zip(walls, boxes, strict=True):
                    cut = _within(box, top, bottom)
                    if cut is None:
                        continue
                    leaves = _lay_wall(seen[cut], look[cut], camera, wall)
                    if wall.sways:
                        foliage[top:bottom][cut] += leaves / looks**2
                total += seen
        image[top:bottom] = np.clip(total / looks**2, 0, 255).astype(np.uint8)
    shown = rays.is_shown()[..., None]
    if shown.min() < 1:
        image = (image * shown).astype(np.uint8)
    return Background(image, np.clip(foliage, 0, 1))


def _levels(camera: Camera, rays: Rays, looks: int, texel_m: float) -> NDArray[np.int8]:
    """Which level of the ground's picture fits the size of a look: height × width."""
    height, width = camera.height_px, camera.width_px
    look = rays.at((0, 0), 0, height)
    with np.errstate(divide="ignore"):
        far = np.where(look[..., 2] < -1e-4, camera.z_m / -look[..., 2], 1e6)  # noqa: PLR2004
        # A look takes in a wedge; on the ground it is stretched by the flat angle.
        angle = 1.0 / camera.focal_px / looks
        size = far * angle * np.sqrt(np.maximum(1, far / camera.z_m))
        level = np.clip(np.round(np.log2(np.maximum(size / texel_m, 1e-3))), 0, 4)
    return np.asarray(level, np.int8).reshape(height, width)


def _lay_ground(  # noqa: PLR0917 - all that decides a pixel
    seen: Floats32, look: Floats32, camera: Camera, ground: Ground, level: NDArray[np.int8],
    lighting: Lighting,
) -> None:  # fmt: skip
    import cv2

    rows = np.flatnonzero((look[..., 2] < -1e-3).any(axis=1))  # noqa: PLR2004
    if rows.size == 0:
        return
    cut = slice(int(rows[0]), int(rows[-1]) + 1)
    part = look[cut]
    down = np.minimum(part[..., 2], -1e-4)
    far = -camera.z_m / down
    x = camera.x_m + far * part[..., 0]
    y = camera.y_m + far * part[..., 1]
    size_m = np.float32(ground.texel_m)
    across, along = (x - ground.corner_m[0]) / size_m, (y - ground.corner_m[1]) / size_m
    wanted = level[cut]
    colour = np.zeros((*x.shape, 3), np.uint8)
    for number in np.unique(wanted):
        image = ground.levels[number]
        here = np.flatnonzero((wanted == number).any(axis=1))
        band = slice(int(here[0]), int(here[-1]) + 1)
        scale = np.float32(1 / 2**number)
        found = cv2.remap(
            image, across[band] * scale, along[band] * scale, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        cv2.copyTo(found, (wanted[band] == number).astype(np.uint8), colour[band])
    tall, wide = ground.levels[0].shape[:2]
    outside = (across < 0) | (along < 0) | (across > wide - 1) | (along > tall - 1)
    if outside.any():
        land = cv2.remap(
            ground.meadow, x / np.float32(MEADOW_M), y / np.float32(MEADOW_M), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip
        cv2.copyTo(land, outside.astype(np.uint8), colour)
    value = colour.astype(np.float32)
    if lighting.shade_y_m is not None:
        value *= shade(lighting, y)[..., None]
    is_ground = part[..., 2] < -1e-3  # noqa: PLR2004
    haze = np.clip((far - 100) / 600, 0, 0.6)[..., None]
    value += (np.float32(150) - value) * haze
    seen[cut] = np.where(is_ground[..., None], value, seen[cut])


def shade(lighting: Lighting, y_m: Floats32 | Floats) -> Floats32:
    """How bright places are under a stand's roof: 1 outside of its shade."""
    if lighting.shade_y_m is None:
        return np.ones(np.shape(y_m), np.float32)
    inside = 1 / (1 + np.exp(np.clip((y_m - lighting.shade_y_m) / (_PENUMBRA_M / 4), -30, 30)))
    return np.asarray(1 - lighting.shadow * inside, np.float32)


def _box(camera: Camera, wall: Wall) -> tuple[slice, slice]:
    """Rows and columns of the picture that a wall may touch."""
    tall, wide = (size * wall.texel_m for size in wall.image.shape[:2])
    along, up = np.meshgrid(np.linspace(0, wide, 500), np.linspace(0, tall, 12))
    places = wall.corner_m + along.reshape(-1, 1) * wall.along + up.reshape(-1, 1) * wall.up
    seen = camera.project(places)
    seen = seen[np.isfinite(seen).all(axis=1)]
    edge = np.array([camera.width_px, camera.height_px])
    seen = seen[((seen > -edge) & (seen < 2 * edge)).all(axis=1)]
    if not seen.size:
        return slice(0, 0), slice(0, 0)
    low = np.clip(np.floor(seen.min(axis=0)) - _SPARE_PX, 0, edge).astype(int)
    high = np.clip(np.ceil(seen.max(axis=0)) + _SPARE_PX, 0, edge).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _within(box: tuple[slice, slice], top: int, bottom: int) -> tuple[slice, slice] | None:
    """The part of a box in a strip of rows, counted from the strip's first."""
    rows, columns = box
    first, last = max(rows.start, top), min(rows.stop, bottom)
    if last <= first or columns.stop <= columns.start:
        return None
    return slice(first - top, last - top), columns


def _lay_wall(seen: Floats32, look: Floats32, camera: Camera, wall: Wall) -> Floats32:
    """Draw one over what is seen so far; its opacity."""
    import cv2

    across = np.cross(wall.along, wall.up)
    stand = np.array([camera.x_m, camera.y_m, camera.z_m])
    reach = np.float32(np.dot(across, wall.corner_m - stand))
    first = stand - wall.corner_m
    ways = np.stack([across, wall.along, wall.up]).astype(np.float32)
    parts = cv2.transform(look, ways)  # the look in the wall's axes
    with np.errstate(divide="ignore", invalid="ignore"):
        far = reach / parts[..., 0]
        map_x = (np.float32(first @ wall.along) + far * parts[..., 1]) / np.float32(wall.texel_m)
        map_y = (np.float32(first @ wall.up) + far * parts[..., 2]) / np.float32(wall.texel_m)
        hit = (far > 0.5) & (map_y > 0) & (map_y < wall.image.shape[0])  # noqa: PLR2004 - m
    map_x = np.where(hit, map_x - np.float32(0.5), np.float32(-9))
    map_y = np.where(hit, map_y - np.float32(0.5), np.float32(-9))
    found = cv2.remap(wall.image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    opacity = found[..., 3].astype(np.float32) / np.float32(255)
    seen += (found[..., :3] - seen) * opacity[..., None]
    return np.asarray(opacity, np.float32)


class _Sky:
    """A dome of clouds, or the dark wall of a hall."""

    def __init__(self, parameters: SceneParameters, *, is_court: bool) -> None:
        rng = np.random.default_rng([parameters.surroundings.seed, 23])
        self._is_court = is_court
        self._is_night = parameters.lighting.is_night
        cover = parameters.surroundings.cloud
        shape = rough(rng, (900, 900), 260, 7)
        self._clouds = np.clip((shape + 3.2 * cover - 1.6) * 0.6, 0, 1).astype(np.float32)
        self._tone = (0.82 + 0.10 * rough(rng, (900, 900), 180, 6)).astype(np.float32)

    def at(self, look: Floats32) -> Floats32:
        """Colours in directions: blue, green, red, 0 to 255."""
        import cv2

        high = look[..., 2]
        if self._is_court:
            value = np.empty((*high.shape, 3), np.float32)
            value[:] = (150, 158, 160)
            dim = np.clip(0.75 + 0.5 * high, 0.3, 1)[..., None]
            return np.asarray(value * dim, np.float32)
        steep = np.maximum(high, 0.015) + 0.06
        map_x = np.asarray(look[..., 0] / steep * 40 + 450, np.float32)
        map_y = np.asarray(look[..., 1] / steep * 40 + 450, np.float32)
        edge = cv2.BORDER_REFLECT
        cloud = cv2.remap(self._clouds, map_x, map_y, cv2.INTER_LINEAR, borderMode=edge)
        tone = cv2.remap(self._tone, map_x, map_y, cv2.INTER_LINEAR, borderMode=edge)
        rise = np.clip(high * 2.2, 0, 1)[..., None]
        blue = np.array([228, 196, 160], np.float32) * (1 - rise) + rise * np.array(
            [206, 142, 88], np.float32
        )
        white = np.array([242, 238, 234], np.float32) * tone[..., None]
        value = blue + (white - blue) * cloud[..., None]
        if self._is_night:
            value *= np.array([0.16, 0.13, 0.12], np.float32)
        return np.asarray(value, np.float32)
