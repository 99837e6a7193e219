"""Paint on the ground: the markings, as worn as they are, and words beside the pitch."""

import numpy as np
from numpy.typing import NDArray

from edge_ingest.simulate.footage.markings import outlines, spots
from edge_ingest.simulate.footage.parameters import SceneParameters
from edge_ingest.simulate.footage.sheet import Sheet
from edge_ingest.simulate.footage.textures import Image, rough

Floats = NDArray[np.float64]

_WHITE = np.array([232, 236, 234], np.float32)
_SPOT_M = 0.11
_BITS = 4
#: Letters: how tall, of what stroke, and how far from the near touchline, m.
_LETTER_M, _STROKE_M, _LETTER_OFF_M = 3.2, 0.45, 1.2
#: Height of a capital of OpenCV's font at scale 1, px.
_CAPITAL_PX = 22
_STRIP = 512


def paint_lines(
    image: Image, sheet: Sheet, parameters: SceneParameters, rng: np.random.Generator, *,
    is_court: bool,
) -> None:  # fmt: skip
    """Blend the markings in; worn ones in patches."""
    import cv2

    lines = parameters.lines
    mask = np.zeros(sheet.shape, np.uint8)

    def at(places: Floats) -> NDArray[np.int32]:
        return np.asarray(np.rint((places - sheet.corner_m) / sheet.texel_m * 2**_BITS), np.int32)

    thick = max(1, round(lines.width_m / sheet.texel_m))
    for outline in outlines(parameters.field_m, is_court, lines.width_m):
        cv2.polylines(mask, [at(outline)], False, 255, thick, cv2.LINE_AA, _BITS)
    for spot in spots(parameters.field_m, is_court):
        radius = round(_SPOT_M / sheet.texel_m * 2**_BITS)
        cv2.circle(mask, at(spot).tolist(), radius, 255, -1, cv2.LINE_AA, _BITS)
    if lines.lettering and not is_court:
        _letter(mask, sheet, parameters)
    wear = rough(rng, sheet.shape, 1.5 / sheet.texel_m, 4)
    for top in range(0, sheet.shape[0], _STRIP):
        rows = slice(top, top + _STRIP)
        if not mask[rows].any():
            continue
        kept = np.clip(1 - lines.wear * np.clip(0.4 + 0.5 * wear[rows], 0, 1), 0, 1)
        alpha = (mask[rows].astype(np.float32) / 255 * lines.strength * kept)[..., None]
        part = image[rows].astype(np.float32)
        part += (_WHITE - part) * alpha
        image[rows] = np.clip(part, 0, 255).astype(np.uint8)


def _letter(mask: Image, sheet: Sheet, parameters: SceneParameters) -> None:
    """Paint a word beside the near touchline, upright for the camera."""
    import cv2

    word = parameters.lines.lettering
    scale = _LETTER_M / sheet.texel_m / _CAPITAL_PX
    thick = max(1, round(_STROKE_M / sheet.texel_m))
    font = cv2.FONT_HERSHEY_TRIPLEX
    (wide, high), base = cv2.getTextSize(word, font, scale, thick)
    letters = np.zeros((high + base + 2 * thick, wide + 2 * thick), np.uint8)
    cv2.putText(letters, word, (thick, high + thick), font, scale, 255, thick, cv2.LINE_AA)
    letters = letters[::-1]  # rows run along +y, away from the camera
    x, y = sheet.corner_m
    end_m = -parameters.field_m[1] / 2 - _LETTER_OFF_M
    top = max(0, round((end_m - y) / sheet.texel_m) - letters.shape[0])
    left = max(0, round(-x / sheet.texel_m) - letters.shape[1] // 2)
    part = mask[top : top + letters.shape[0], left : left + letters.shape[1]]
    np.maximum(part, letters[: part.shape[0], : part.shape[1]], out=part)
