"""Several cameras of one field: who is seen by two at once is one person.

Belongs here: pairing what calibrated cameras see in one tick. Does not belong here: how their
clocks differ (`clocks`), and following people over time (`tracking`, `joining`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from sports_assets.vision.detect.person_sizes import PERSON_HEIGHT_M
from sports_assets.vision.follow.colours import weighted
from sports_assets.vision.follow.sightings import CameraView, Flags, Floats, Sightings, Whole

#: So many standard deviations apart, two sightings are two people.
_SDS = 3.0
#: What two looks of one tick may be apart in time, and how fast people are meanwhile, m.
_SLACK_M = 0.3
#: Nobody's shirt looks as different as this to two cameras (weighted ΔE).
_OTHER_COLOUR = 35.0


def merged(seen: Sightings, views: Sequence[CameraView]) -> tuple[Sightings, Whole]:
    """People, where one may be seen by several cameras in a tick.

    Pairs are the nearest by joint uncertainty, all of a tick at once (Hungarian method); the place
    is the mean by certainty, colours are those of the taller box.

    Returns:
        At most one sighting of a person in a tick; and for each sighting given, which it is in.
    """
    owner = np.arange(len(seen))
    if len(views) < 2 or not len(seen):  # noqa: PLR2004 - a pair
        return seen, owner
    slack = np.array([view.reprojection_error_m or 0.0 for view in views])
    spread = np.sqrt(seen.sd_m**2 + slack[seen.view] ** 2 + _SLACK_M**2)
    colours = weighted(seen)
    order = np.lexsort([seen.view, seen.tick])
    for mine in np.split(order, np.flatnonzero(np.diff(seen.tick[order])) + 1):
        told = np.unique(seen.view[mine])
        if told.size < 2:  # noqa: PLR2004
            continue
        whole = mine[seen.view[mine] == told[0]]
        for view in told[1:]:
            new = mine[seen.view[mine] == view]
            for first, second in _pairs(seen, spread, colours, whole, new):
                owner[second] = owner[first]
            whole = np.concatenate([whole, new[owner[new] == new]])
    return _mean(seen, owner)


def at_edge(seen: Sightings, views: Sequence[CameraView]) -> Flags:
    """Who is so near to the edge of the picture that he may be about to leave it: n.

    Not one whom another calibrated camera sees well within its picture.
    """
    tall = np.maximum(seen.boxes_px[:, 3] - seen.boxes_px[:, 1], 1.0)
    size = np.array([[view.width_px, view.height_px] for view in views], np.float64)[seen.view]
    inside = _well_inside(seen.boxes_px[:, :2], size, tall) & _well_inside(
        seen.boxes_px[:, 2:], size, tall
    )
    models = dict.fromkeys(view.model for view in views if view.model is not None)
    if len({view.camera for view in views}) > 1:
        for model in models:
            if model is None or inside.all():
                continue
            pixels = np.nan_to_num(model.project(seen.place_m), nan=-1e6)
            rise = np.nan_to_num(model.upright_px(seen.place_m, PERSON_HEIGHT_M), nan=1e6)
            frame = np.array([model.width_px, model.height_px], np.float64)
            inside |= _well_inside(pixels, frame, rise)
    return ~inside


#: Within a second a person gets about so far, in heights of himself.
_EDGE_HEIGHTS = 1.5


def _well_inside(pixels: Floats, size: Floats, tall: Floats) -> Flags:
    aside = _EDGE_HEIGHTS * tall
    x, y = pixels[:, 0], pixels[:, 1]
    below = size[..., 1] - 1 - y
    # up and down a step is foreshortened
    return np.asarray(
        (x >= aside) & (size[..., 0] - 1 - x >= aside) & (y >= 0) & (below >= aside / 4), np.bool_
    )


def _pairs(
    seen: Sightings, spread: Floats, colours: Floats, first: Whole, second: Whole
) -> list[tuple[int, int]]:
    far = np.linalg.norm(seen.place_m[first][:, None] - seen.place_m[second][None], axis=2)
    ratio = far / np.hypot(spread[first][:, None], spread[second][None])
    shirt = np.linalg.norm(colours[first][:, None, :3] - colours[second][None, :, :3], axis=2)
    cannot = (ratio > _SDS) | (np.nan_to_num(shirt) > _OTHER_COLOUR)
    rows, columns = linear_sum_assignment(np.where(cannot, 1e6, ratio**2))
    return [
        (int(first[row]), int(second[column]))
        for row, column in zip(rows, columns, strict=True)
        if not cannot[row, column]
    ]


def _mean(seen: Sightings, owner: Whole) -> tuple[Sightings, Whole]:
    heads, inside = np.unique(owner, return_inverse=True)
    weight = 1 / np.maximum(seen.sd_m, 1e-3) ** 2
    total = np.bincount(inside, weight)
    t_s = np.bincount(inside, weight * seen.t_s) / total
    known = np.linalg.inv(seen.cov_m)
    sure, pull = np.zeros((heads.size, 2, 2)), np.zeros((heads.size, 2))
    np.add.at(sure, inside, known)
    np.add.at(pull, inside, (known @ seen.place_m[..., None])[..., 0])
    cov = np.asarray(np.linalg.inv(sure), np.float64)
    place = (cov @ pull[..., None])[..., 0]
    confidence = np.zeros(heads.size)
    np.maximum.at(confidence, inside, seen.confidence)
    tall = seen.boxes_px[:, 3] - seen.boxes_px[:, 1]
    order = np.lexsort([-tall, ~seen.is_clear, inside])
    best = order[np.searchsorted(inside[order], np.arange(heads.size))]
    out = replace(
        seen.only(best), place_m=place, cov_m=cov, sd_m=np.sqrt(np.linalg.eigvalsh(cov)[:, -1]),
        t_s=t_s, confidence=confidence,
    )  # fmt: skip
    return out, inside.astype(np.int64)
