"""What a field lies on: mown and worn grass, a running track, concrete, or a hall's boards."""

import numpy as np

from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.sheet import Sheet
from edge_ingest.simulate.footage.textures import Floats32, Image, rough, tinted

#: Grass beyond the lines, before something else begins, m.
_RUN_OFF_M = 4.5
_SURROUND = {"track": (62, 74, 146), "concrete": (142, 148, 150)}
#: How wide that is: eight lanes, or a path; beyond it nobody mows.
_LANE_M = 1.22
_SURROUND_M = {"track": 8 * _LANE_M, "concrete": 9.0}
#: Benches along the near side, on concrete: rows, how far apart and how wide, m.
_BENCHES, _BENCH_APART_M, _BENCH_M = 5, 0.95, 0.32
_SOIL = np.array([70, 108, 128], np.float32)
#: Wear below this is not to be seen.
_LEAST_WEAR = 0.1
#: Boards of a hall's floor: width, m, and how many end in a row.
_BOARD_M, _BOARDS = 0.12, 40
#: Rows that are worked on at a time: floats of the whole plan are large.
_STRIP = 512


def paint_grass(sheet: Sheet, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """Stripes of the mower, patches, texture, bare soil."""
    import cv2

    grass = parameters.grass
    begin = -parameters.field_m[0] / 2
    across = np.sign(np.sin(np.pi * (sheet.x_m - begin) / grass.stripe_m))[None, :]
    along = np.sign(np.sin(np.pi * sheet.y_m / grass.stripe_m + 0.4))[:, None]
    share = np.zeros(sheet.shape, np.float32)
    if grass.mowing in {"across", "chequered"}:
        share += grass.contrast / 2 * across
    if grass.mowing in {"along", "chequered"}:
        share += grass.contrast / 2 * along * (0.6 if grass.mowing == "chequered" else 1)
    share = np.asarray(cv2.GaussianBlur(share, (0, 0), 0.12 / sheet.texel_m), np.float32)
    share += grass.patches * 0.6 * rough(rng, sheet.shape, 6 / sheet.texel_m, 4)
    share += grass.patches * 0.5 * rough(rng, sheet.shape, 0.7 / sheet.texel_m, 2)
    share += grass.grain * 0.5 * rough(rng, sheet.shape, 0.18 / sheet.texel_m, 3)
    image = np.empty((*sheet.shape, 3), np.uint8)
    image[:] = grass.colour
    image = tinted(image, share)
    if grass.wear < _LEAST_WEAR:
        return image
    worn = _worn(sheet, parameters, rng)
    soil = _SOIL * (np.mean(grass.colour) / 85)
    for top in range(0, sheet.shape[0], _STRIP):
        rows = slice(top, top + _STRIP)
        part = image[rows].astype(np.float32)
        part += (soil - part) * worn[rows, :, None]
        image[rows] = np.clip(part, 0, 255).astype(np.uint8)
    return image


def pave(image: Image, sheet: Sheet, parameters: SceneParameters, rng: np.random.Generator) -> None:
    """A running track or concrete beyond the run-off, and a meadow beyond that."""
    kind = parameters.grass.surround
    if kind == "grass":
        return
    beyond = sheet.beyond_m(parameters.field_m)
    inner, outer = _RUN_OFF_M, _RUN_OFF_M + _SURROUND_M[kind]
    share = 0.05 * rough(rng, sheet.shape, 2 / sheet.texel_m, 5)
    if kind == "track":
        line = np.abs(np.mod(beyond - inner, _LANE_M) - 0.03) < 0.03  # noqa: PLR2004 - m
        share = np.where(line, np.float32(1.2), share)
    else:
        row = (-sheet.y_m - parameters.field_m[1] / 2 - inner - 1.5) / _BENCH_APART_M
        bench = (row >= 0) & (row < _BENCHES) & (np.mod(row, 1) < _BENCH_M / _BENCH_APART_M)
        share = np.where(bench[:, None], np.float32(0.45), share)
    paved, meadow = (beyond > inner) & (beyond < outer), beyond >= outer
    for channel, tone in enumerate(_SURROUND[kind]):
        value = np.clip(tone * (1 + share), 0, 255)
        image[..., channel] = np.where(paved, value, image[..., channel])
        dull = image[..., channel] * np.float32(0.8) + 12
        image[..., channel] = np.where(meadow, dull, image[..., channel])


def paint_floor(sheet: Sheet, parameters: SceneParameters, rng: np.random.Generator) -> Image:
    """A hall's floor of wooden boards, and another colour beyond the lines."""
    high = sheet.shape[0] * sheet.texel_m
    tones = rng.standard_normal((int(high / _BOARD_M) + 2, _BOARDS), np.float32)
    rows = (np.arange(sheet.shape[0]) * sheet.texel_m / _BOARD_M).astype(int)
    columns = (np.arange(sheet.shape[1]) * _BOARDS // sheet.shape[1]).astype(int)
    share = 0.05 * tones[rows][:, columns] + 0.03 * rough(rng, sheet.shape, 3, 2)
    image = np.empty((*sheet.shape, 3), np.uint8)
    image[:] = (96, 150, 196)
    beyond = sheet.beyond_m(parameters.field_m)
    image[beyond > 0] = (128, 92, 60)
    image[beyond > 4.0] = (120, 124, 128)  # noqa: PLR2004 - m
    return tinted(image, np.asarray(share, np.float32))


def _worn(sheet: Sheet, parameters: SceneParameters, rng: np.random.Generator) -> Floats32:
    """Share of bare soil: goal mouths, spots, centre, and the paths of assistants."""
    half, side = parameters.field_m[0] / 2, parameters.field_m[1] / 2
    x, y = sheet.x_m, sheet.y_m
    worn = np.zeros(sheet.shape, np.float32)
    places: list[tuple[float, float, float, float, float]] = [(0, 0, 3, 3, 0.3)]
    for end in (-1, 1):
        places.append((end * (half - 2), 0, 2.5, 5.0, 0.6))
        places.append((end * (half - 11), 0, 1.2, 1.2, 0.4))
        places.append((0, end * (side + 0.8), half * 0.7, 0.5, 0.25))
    for at_x, at_y, wide, deep, strength in places:
        columns = np.flatnonzero(np.abs(x - at_x) < 3 * wide)
        rows = np.flatnonzero(np.abs(y - at_y) < 3 * deep)
        cut = np.ix_(rows, columns)
        bell = np.exp(-(((y[rows] - at_y) / deep) ** 2))[:, None] * np.exp(
            -(((x[columns] - at_x) / wide) ** 2)
        )
        worn[cut] = np.maximum(worn[cut], parameters.grass.wear * strength * bell)
    uneven = rough(rng, sheet.shape, 0.8 / sheet.texel_m, 3)
    return np.asarray(worn * np.clip(0.75 + 0.35 * uneven, 0, 1.4), np.float32)
