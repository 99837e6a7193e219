"""The ground as seen from above: grass or boards, markings, and what lies around."""

from dataclasses import dataclass

import numpy as np

from edge_ingest.simulate.footage.lining import paint_lines
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.sheet import plan
from edge_ingest.simulate.footage.textures import Image, rough, tinted
from edge_ingest.simulate.footage.turf import paint_floor, paint_grass, pave

#: The picture is kept this often halved, so that far ground is not drawn from single pixels.
_HALVINGS = 4
#: Size of a pixel of the land around, m, and how many of them are drawn.
MEADOW_M = 0.5
_TILE_PX = 600


@dataclass(frozen=True)
class Ground:
    """A picture of the ground from above.

    Attributes:
        levels: the picture, and the same ever smaller by half: blue, green, red.
        corner_m: field metres of the first pixel's middle; rows run along +y.
        texel_m: size of a pixel of the first level.
        meadow: what goes on beyond the picture, at `MEADOW_M` a pixel, mirrored again and again.
    """

    levels: tuple[Image, ...]
    corner_m: tuple[float, float]
    texel_m: float
    meadow: Image


def paint_ground(parameters: SceneParameters, *, is_court: bool = False) -> Ground:
    """Draw it: a pitch, or an indoor court."""
    import cv2

    rng = np.random.default_rng([parameters.seed, 11])
    sheet = plan(parameters)
    if is_court:
        image = paint_floor(sheet, parameters, rng)
    else:
        image = paint_grass(sheet, parameters, rng)
        pave(image, sheet, parameters, rng)
    paint_lines(image, sheet, parameters, rng, is_court=is_court)
    levels = [image]
    for _ in range(_HALVINGS):
        levels.append(np.asarray(cv2.pyrDown(levels[-1]), np.uint8))
    return Ground(tuple(levels), sheet.corner_m, sheet.texel_m, _meadow(image, rng))


def _meadow(image: Image, rng: np.random.Generator) -> Image:
    """Ground of the tone that the picture has at its far edge."""
    tile = np.empty((_TILE_PX, _TILE_PX, 3), np.uint8)
    tile[:] = image[-4:].reshape(-1, 3).mean(axis=0)
    return tinted(tile, 0.07 * rough(rng, (_TILE_PX, _TILE_PX), 80, 6))
