"""Where does a still camera stand? From the lines of the pitch in its picture, without help.

Convention: the pitch looks the same from both sides, so the camera is on the side of negative y,
and x grows to the picture's right. What cannot be told for sure is not told.
"""

from dataclasses import replace

import numpy as np

from edge_ingest.camera import Camera, Lens
from sports_assets.vision.camera.field_mask import Mask
from sports_assets.vision.camera.fit import POSE, Fit, fit
from sports_assets.vision.camera.judge import (
    NEIGHBOURS,
    REMEDY,
    FoundCamera,
    Judged,
    NotFound,
    different,
    judge,
    verdict,
)
from sports_assets.vision.camera.lines import Ridges, find_ridges
from sports_assets.vision.camera.match_marks import Evidence, Marks
from sports_assets.vision.camera.search import PANORAMA, candidates
from sports_assets.vision.frames import Image
from sports_assets.vision.pitch import FieldSize

#: Marks are fitted at points so far apart, m.
_APART_M = 0.7
#: Fewer points of ridges than this are no pitch, however they lie.
_LEAST_POINTS = 150
#: Points of ridges from which it is searched, and candidates of that which are fitted; and again,
#: where no camera comes of it: that finds some that few of the first points tell.
_EFFORTS = ((400, 14), (800, 28))
#: Points of ridges that candidates are fitted to.
_TRIED_POINTS = 900
#: How far a ridge may be from its mark, round by round, as shares of the picture's width: from
#: what the search leaves to a few pixels.
_COARSE = (0.02, 0.02, 0.015, 0.015, 0.01, 0.01, 0.007, 0.007, 0.005, 0.005)
_MIDDLE = (0.01, 0.01, 0.008, 0.008, 0.006, 0.006, 0.005, 0.005)
_FINE = (0.005, 0.004, 0.003, 0.003, 0.002, 0.002)
#: The last rounds: of the residuals' own spread.
_LAST = (0.002, 0.002, 0.0015, 0.0015, 0.0015, 0.0015)
#: Cameras are put up level by eye; lenses are centred on their sensors within some percent.
_ROLL_SD_DEG, _CENTRE_SD = 6.0, 0.02
#: The same of a strip of a larger picture, as a share of the strip's height.
_STRIP_SD = 0.7
#: The second coefficient of a lens is small beside the first.
_K2_SD = 0.05
#: No gate is narrower than this: compression moves a thin line by a pixel.
_LEAST_GATE_PX = 2.5
#: Candidates, unlike each other, that are fitted to the end.
_REFINED = 3
_OF_LENS: dict[Lens, tuple[str, ...]] = {
    "perspective": ("k1", "k2"), "fisheye": ("k1", "k2"), "cylindrical": (),
}  # fmt: skip
_CENTRE = ("centre_x_px", "centre_y_px")
_SIZE = ("length_m", "width_m")
#: Fields of the Laws spread so much around the usual one, m.
_SIZE_PRIOR_SD_M = 6.0
#: The Laws of the Game let a field be so long and wide, m.
_SMALLEST_M, _LARGEST_M = np.array([90.0, 45.0]), np.array([120.0, 90.0])
#: A size is told by the lines if it is known so well and differs so much from the usual one, m.
_SIZE_SD_M, _ANOTHER_M = 0.25, 0.8
#: Lenses fit alike within this factor. Another size must be better by the second one, for more
#: numbers always fit better; in between it is a rival.
_BETTER, _CLEARLY_BETTER = 0.95, 0.8


def find_camera(
    background: Image, pitch: Mask, field: FieldSize | None = None
) -> FoundCamera | NotFound:
    """The camera that took a picture of a pitch.

    Args:
        background: what stands still: height × width × 3, blue, green, red.
        pitch: as `field_mask.field_mask` returns it.
        field: where its size is known; else 105 × 68 m, unless the lines clearly say otherwise.
    """
    ridges = find_ridges(background, pitch)
    if len(ridges) < _LEAST_POINTS:
        return NotFound(f"hardly any white lines are seen on the grass: {REMEDY}")
    size = field or FieldSize()
    width = pitch.shape[1]
    marks = Marks(size, _APART_M)
    fewer = ridges.where(np.arange(len(ridges)) % max(1, len(ridges) // _TRIED_POINTS) == 0)
    free = (*POSE, "k1", *(_SIZE if field is None else ()))
    evidence = Evidence(ridges, pitch)
    tried: list[Fit] = []
    for points, count in _EFFORTS:
        for one in candidates(evidence, size, count, points):
            near = fit(one, marks, size, fewer, free[:8], _px(_COARSE, width), _priors(pitch))
            tried.append(
                fit(near.camera, marks, size, fewer, free, _px(_COARSE[-4:], width), _priors(pitch))
            )
        told = _told(tried, marks, ridges, pitch, field)
        if isinstance(told, FoundCamera):
            break
    return told


def _told(
    tried: list[Fit], marks: Marks, ridges: Ridges, pitch: Mask, field: FieldSize | None
) -> FoundCamera | NotFound:
    """What comes of candidates, the best of which are fitted to the end."""
    judged = [judge(one, marks, ridges, pitch) for one in tried]
    judged.sort(key=lambda one: -one.score)
    finals, doubts = [], []
    for rival in different(judged)[:_REFINED]:
        best, doubt = _refined(rival, marks, ridges, pitch, field)
        finals.append(best)
        doubts += [doubt] if doubt else []
    finals.sort(key=lambda one: -one.score)
    return verdict(finals + doubts, pitch.shape[1])


def _refined(
    found: Judged, marks: Marks, ridges: Ridges, pitch: Mask, told: FieldSize | None
) -> tuple[Judged, Judged | None]:
    """With every number free that the picture can tell; the lens that fits best.

    Returns:
        It, and the one with a field of another size, if that fits too well to be ruled out.
    """
    width = pitch.shape[1]
    usual, others = [], []
    for start in _starts(found.fit.camera, pitch):
        camera, size, lens = start, found.fit.field, start.lens
        free: tuple[str, ...] = (*POSE, *_OF_LENS[lens][:1])
        more_free = (_SIZE if told is None else (), _OF_LENS[lens][1:], _CENTRE)
        for more, gates in zip(more_free, (_MIDDLE, _FINE, _FINE + _LAST), strict=True):
            free = (*free, *more)
            now = fit(camera, marks, size, ridges, free, _px(gates, width), _priors(pitch))
            camera, size = now.camera, now.field
        one = judge(now, marks, ridges, pitch)
        if told is not None:
            usual.append(one)
            continue
        if _is_another_size(now):
            others.append(one)
        free = tuple(name for name in free if name not in _SIZE)
        gates = _px(_FINE + _LAST, width)
        now = fit(camera, marks, FieldSize(), ridges, free, gates, _priors(pitch))
        usual.append(judge(now, marks, ridges, pitch))
    best = _of_lenses(usual)
    if not others:
        return best, None
    other = _of_lenses(others)
    if other.cost_px < _CLEARLY_BETTER * best.cost_px:
        return other, None
    return best, other if other.cost_px * _CLEARLY_BETTER < best.cost_px else None


def _of_lenses(made: list[Judged]) -> Judged:
    """The best. Of lenses that fit alike the one that needs the smaller coefficients.

    It goes on as it should where no line is seen.
    """
    least = min(one.cost_px for one in made)
    alike = [one for one in made if one.cost_px * _BETTER <= least]
    return min(alike, key=lambda one: abs(one.fit.camera.k1) + abs(one.fit.camera.k2))


def _is_another_size(found: Fit) -> bool:
    """Whether the lines clearly tell another size than the usual one."""
    at = [found.free.index(one) for one in _SIZE]
    sd = np.sqrt(np.diag(found.covariance))[at] * NEIGHBOURS
    told = np.array([found.field.length_m, found.field.width_m])
    usual = np.array([FieldSize.length_m, FieldSize.width_m])
    lawful = (told >= _SMALLEST_M) & (told <= _LARGEST_M)
    return bool(
        lawful.all() and (sd < _SIZE_SD_M).all()
        and (np.abs(told - usual) > np.maximum(4 * sd, _ANOTHER_M)).any()
    )  # fmt: skip


def _starts(camera: Camera, pitch: Mask) -> list[Camera]:
    """The same camera with each lens that shows about the same."""
    # tan θ = θ + θ³/3: to third order a fisheye is a perspective that pulls in by a third.
    third = 0.0 if camera.lens == "perspective" else 1 / 3
    starts = [
        replace(camera, lens="perspective", k1=camera.k1 - third),
        replace(camera, lens="fisheye", k1=camera.k1 - third + 1 / 3),
    ]
    if pitch.shape[1] > PANORAMA * pitch.shape[0]:
        around = replace(camera, lens="cylindrical", k1=0.0, k2=0.0)
        # A stitched panorama is upright: how far down it looks is where its horizon lies.
        down_px = camera.focal_px * float(np.tan(np.radians(camera.tilt_deg)))
        level = replace(around, tilt_deg=0.0, centre_y_px=camera.centre_y_px - down_px)
        starts += [around, level]
    return starts


def _px(shares: tuple[float, ...], width: int) -> tuple[float, ...]:
    return tuple(max(_LEAST_GATE_PX, one * width) for one in shares)


def _priors(pitch: Mask) -> dict[str, tuple[float, float]]:
    height, width = pitch.shape
    is_wide = width > PANORAMA * height
    return {
        "roll_deg": (0.0, _ROLL_SD_DEG), "k2": (0.0, _K2_SD),
        "length_m": (FieldSize.length_m, _SIZE_PRIOR_SD_M),
        "width_m": (FieldSize.width_m, _SIZE_PRIOR_SD_M),
        "centre_x_px": (0.0, _CENTRE_SD * width),
        "centre_y_px": (0.0, _STRIP_SD * height if is_wide else _CENTRE_SD * width),
    }  # fmt: skip
