"""Rows of trees, as an upright picture."""

import numpy as np

from edge_ingest.simulate.footage.textures import Image, rough

#: Heaps of leaves that a crown is built of, from the lowest to the highest: one a pixel of its
#: height, and at most so many.
_HEAPS = 80
#: Size of a leafy twig, m: below it leaves are one tone.
_TWIG_M = 0.35
#: Noise above this keeps a twig at the rim: a little less than half of it.
_RAGGED = 0.1


def paint_trees(
    rng: np.random.Generator, wide: int, high_m: float, texel_m: float, wood_m: float = 0.0
) -> Image:
    """Crowns over a hedge, light above and dark below; rows run upwards.

    Args:
        rng: chance.
        wide: columns.
        high_m: of a usual tree.
        texel_m: size of a pixel.
        wood_m: up to here it is a wood that nobody sees through.
    """
    import cv2

    image = np.zeros((round(high_m * 1.25 / texel_m), wide, 4), np.uint8)
    shape = image.shape[0], image.shape[1]
    base = np.array([rng.uniform(34, 54), rng.uniform(72, 96), rng.uniform(56, 74)])
    at = -high_m / texel_m * 0.2
    while at < wide:
        tall = high_m * rng.uniform(0.7, 1.1) / texel_m
        broad = tall * rng.uniform(0.42, 0.62)
        tint = base * rng.uniform(0.82, 1.18) * (1 + rng.normal(0, 0.03, 3))
        trunk = max(1, round(0.35 / texel_m))
        bark = (38, 46, 54, 255)
        cv2.line(image, (round(at), 0), (round(at), round(tall * 0.5)), bark, trunk)
        heaps = min(_HEAPS, max(30, round(tall)))
        for heap in range(heaps):
            up = 0.2 + 0.74 * (heap / heaps) ** 0.9
            spread = broad * np.sin(np.pi * np.clip((up - 0.1) / 0.97, 0, 1)) ** 0.8 * 0.62
            side = rng.uniform(-1, 1)
            centre = (round(at + side * spread), round(tall * up * rng.uniform(0.93, 1.06)))
            size = max(1.0, tall * rng.uniform(0.035, 0.085))
            light = 0.52 + 0.62 * up - 0.10 * abs(side) + rng.normal(0, 0.07)
            colour = (*(np.clip(tint * light, 0, 255)).tolist(), 255)
            axes = (max(1, round(size * 1.25)), max(1, round(size * 0.75)))
            cv2.ellipse(image, centre, axes, float(rng.uniform(-25, 25)), 0, 360, colour, -1)
        at += broad * rng.uniform(0.65, 1.3)
    hedge = round(max(wood_m, rng.uniform(0.8, 2.0)) / texel_m)
    image[:hedge, :, :3] = (base * 0.6).astype(np.uint8)
    image[:hedge, :, 3] = 255
    twig = max(2.0, _TWIG_M / texel_m)
    light = 1 + 0.17 * rough(rng, shape, twig, 2) + 0.07 * rough(rng, shape, 6 * twig, 2)
    shaded = image[..., :3].astype(np.float32) * np.clip(light, 0.3, 1.7)[..., None]
    image[..., :3] = np.clip(shaded, 0, 255).astype(np.uint8)
    # Crowns end in twigs, and not in round lines.
    solid = cv2.erode(image[..., 3], np.ones((5, 5), np.uint8)) > 0
    image[..., 3] = np.where(solid | (rough(rng, shape, twig, 2) > _RAGGED), image[..., 3], 0)
    return image
