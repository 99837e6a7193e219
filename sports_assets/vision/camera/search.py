"""Where could the camera stand? Candidates over the whole of what is sensible, best first.

For every lens, tilt and roll of a grid the ridges are laid on the ground, seen from a height of 1.
A right guess shows two directions at a right angle there. Turned to them, lines become places along
two axes, which are compared with the pitch's own at every height: scale and both shifts follow. No
start is needed, and bent lines count against a lens that does not bend them back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera, Lens
from sports_assets.vision.camera.lines import Ridges
from sports_assets.vision.camera.match_marks import Evidence, off_marks
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

#: Angles of view across the picture of each lens, degrees, and how far it pulls the picture's side
#: towards its middle, as a share: telephoto to action camera; beyond some 110° only fisheyes see.
_PERSPECTIVE_DEG = (24.0, 30.0, 37.0, 45.0, 54.0, 64.0, 75.0, 87.0, 100.0, 114.0)
_PULLS = (0.0, 0.05, 0.1, 0.16, 0.24)
_FISHEYE_DEG = (70.0, 82.0, 96.0, 112.0, 130.0, 150.0, 172.0)
_CYLINDER_DEG = (60.0, 75.0, 95.0, 118.0, 145.0, 175.0)
#: A picture wider than this, as a multiple of its height, may be a stitched panorama, or a strip of
#: a larger picture: then the lens's axis may be above its middle, by so many heights.
PANORAMA = 2.0
_AXES = (0.0, -0.5)
_ROLLS_DEG = (-4.0, -2.0, 0.0, 2.0, 4.0)
#: Between the camera looking level and looking steeply down from a roof, degrees.
_TILTS_DEG = tuple(np.concatenate([np.arange(-6, 20, 1.5), np.arange(20, 56, 3.0)]))
#: No part of a field is seen flatter than this: from 3 m up it is 130 m away.
_FLATTEST = 45.0
#: So many of the ridges must be on the ground; others lie on a stand, or the tilt is a little off.
_LEAST_BELOW = 0.85
#: Guesses whose two directions are clearest; each is tried at all heights.
_KEPT = 500
#: Guesses around which a finer grid is looked at.
_CLIMBED = 60
#: Heights of a camera over the ground, m: a tripod to a stadium's roof.
_HEIGHTS_M = np.geomspace(2.0, 60.0, 100)
#: Of each of so many bands of heights a few are taken, so that no height crowds out the others.
_BANDS, _IN_A_BAND = 10, 2
#: Places on an axis where the lines fit best, and how far they are from each other, m.
_PEAKS, _PEAK_APART_M = 3, 2.0
#: Directions are counted in 180 steps of half a degree, which go round; those next to each, from
#: three before to three after, and what they count, of four.
_NEXT_TO, _NEAR = (np.arange(180)[:, None] + np.arange(-3, 4)) % 180, 4 - np.abs(np.arange(-3, 4))
#: A ridge runs along an axis of the pitch if it is turned from it by at most so many degrees.
_ALONG_DEG = 12.0
#: A ridge lies on a mark within this share of the picture's width, or this far from it, m.
_ON_PX, _ON_M = 0.005, 0.3
#: Placed cameras whose marks are compared with the ridges, too: those that explain most of them.
_COMPARED = 4000
#: Two cameras are alike if no place of the field moves by more than this share of the width.
_ALIKE = 0.02
#: Places along an axis are compared in steps of so many metres.
_STEP_M = 0.5
#: Furthest a camera stands from the field's centre along an axis, m.
_FURTHEST_M = 140.0


@dataclass(frozen=True)
class _Guess:
    """A lens and how it is tilted, and how clear two directions are in it."""

    clear: float
    template: Camera
    turn_deg: float


def candidates(evidence: Evidence, field: FieldSize, count: int, points: int) -> list[Camera]:
    """Cameras that show the pitch's lines about where ridges are, best first, unlike each other.

    Args:
        count: at most so many.
        points: of the ridges, that are laid on the ground, at most.
    """
    chosen = evidence.ridges.where(_spread_evenly(len(evidence.ridges), points))
    pixels = np.concatenate([chosen.points_px, chosen.points_px + chosen.along])
    guesses = sorted(_guesses(pixels, evidence.shape), key=lambda one: -one.clear)[:_KEPT]
    better = [_climbed(one, pixels) for one in guesses[:_CLIMBED]]
    guesses = sorted(better + guesses, key=lambda one: -one.clear)[:_KEPT]
    placed = [one for guess in guesses for one in _placed(guess, chosen, field)]
    placed.sort(key=lambda one: -one[0])
    found = [
        (explained * evidence.marks_on_ridges(camera, field), camera)
        for explained, camera in placed[:_COMPARED]
    ]
    found.sort(key=lambda one: -one[0])
    return _unlike(found, count, field)


def _guesses(points: Floats, shape: tuple[int, int]) -> Iterator[_Guess]:
    """Of the whole grid; `points` are ridges, and a pixel further along each."""
    for template in _lenses(shape):
        rays = template.rays(points)
        for tilt in _TILTS_DEG:
            for roll in _ROLLS_DEG:
                guess = _clearness(template, rays, float(tilt), roll)
                if guess is not None:
                    yield guess


def _climbed(guess: _Guess, points: Floats) -> _Guess:
    """The clearest guess close by: a camera that looks flat over the grass needs a finer grid."""
    for scale in (1.0, 0.5, 0.25):
        camera = guess.template
        lenses = [
            replace(camera, focal_px=camera.focal_px * by)
            for by in (1 - 0.08 * scale, 1.0, 1 + 0.08 * scale)
        ]
        for template in lenses:
            rays = template.rays(points)
            for tilt in (-0.75 * scale, 0.0, 0.75 * scale):
                for roll in (-scale, 0.0, scale):
                    other = _clearness(
                        template, rays, camera.tilt_deg + tilt, camera.roll_deg + roll
                    )
                    if other is not None and other.clear > guess.clear:
                        guess = other
    return guess


def _spread_evenly(count: int, most: int) -> NDArray[np.bool_]:
    chosen = np.zeros(count, bool)
    chosen[np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))] = True
    return chosen


def _lenses(shape: tuple[int, int]) -> Iterator[Camera]:
    """Cameras at a height of one, looking along y, with each lens."""
    height, width = shape
    half = (width - 1) / 2

    def camera(lens: Lens, focal_px: float, k1: float = 0.0, axis_px: float = 0.0) -> Camera:
        return Camera(
            width, height, float(focal_px), 0.0, 0.0, 1.0, 90.0, 0.0, 0.0, float(k1), 0.0, lens,
            0.0, axis_px,
        )  # fmt: skip

    for angle in _PERSPECTIVE_DEG:
        for pull in _PULLS:
            reach = np.tan(np.radians(angle / 2))
            if 3 * pull < 0.9 and pull * 4 < reach:  # noqa: PLR2004 - one to one; tele lenses are straight
                yield camera("perspective", half / (reach * (1 - pull)), -pull / reach**2)
    for angle in _FISHEYE_DEG:
        yield camera("fisheye", half / np.radians(angle / 2))
    if width <= PANORAMA * height:
        return
    for axis in _AXES:
        for angle in _CYLINDER_DEG:
            yield camera("cylindrical", half / np.radians(angle / 2), axis_px=axis * height)
        for angle in _FISHEYE_DEG if axis else ():
            yield camera("fisheye", half / np.radians(angle / 2), axis_px=axis * height)


def _clearness(template: Camera, rays: Floats, tilt_deg: float, roll_deg: float) -> _Guess | None:
    turned = replace(template, tilt_deg=tilt_deg, roll_deg=roll_deg)
    down = rays @ turned.rotation
    half = len(rays) // 2
    below = (down[:half, 2] < -1 / _FLATTEST) & (down[half:, 2] < -1 / _FLATTEST)
    if below.mean() < _LEAST_BELOW:
        return None
    ground = down[:, :2] / np.minimum(down[:, 2:], -1e-3)
    along = (ground[half:] - ground[:half])[below]
    angle = np.degrees(np.arctan2(along[:, 1], along[:, 0])) % 90.0
    counts = np.bincount((angle * 2).astype(int) % 180, minlength=180).astype(float)
    smooth = counts[_NEXT_TO] @ _NEAR / 4
    peak = int(np.argmax(smooth))
    return _Guess(float(smooth[peak]) / half, turned, peak / 2 + 0.25)


def _placed(guess: _Guess, chosen: Ridges, field: FieldSize) -> Iterator[tuple[float, Camera]]:
    """The guess at the heights and places where its lines agree most with the pitch's.

    Each with the share of the ridges that then lie on a mark.
    """
    both = guess.template.ground(
        np.concatenate([chosen.points_px, chosen.points_px + chosen.along])
    )
    points, along = both[: len(chosen)], both[len(chosen) :] - both[: len(chosen)]
    seen = np.isfinite(both).all(axis=1).reshape(2, -1).all(axis=0)
    points, along = points[seen], along[seen]
    # A pixel covers the more ground the further away and the flatter it is seen.
    blur = (
        _ON_PX * guess.template.width_px / guess.template.focal_px * (1 + (points**2).sum(axis=1))
    )
    for quarter in (0, 90):
        # Turning the ground by −turn lays the clearest direction along x.
        angle = np.radians(-(guess.turn_deg + quarter))
        pan = 90.0 - (guess.turn_deg + quarter)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        flat, way = points @ turn, along @ turn
        slope = np.degrees(np.arctan2(np.abs(way[:, 1]), np.abs(way[:, 0])))
        for height, x, y in _fits(flat, slope, field):
            off = off_marks(flat * height + [x, y], field)
            on = np.maximum(1 - off / np.maximum(blur * height, _ON_M), 0)
            half_turn = y > 0  # by half a turn of the pitch the camera is near
            sign = -1.0 if half_turn else 1.0
            yield (
                float(on.sum()) / len(chosen),
                replace(
                    guess.template, x_m=sign * x, y_m=sign * y, z_m=height,
                    pan_deg=(pan + 180.0 * half_turn + 180.0) % 360.0 - 180.0,
                ),
            )  # fmt: skip


def _fits(flat: Floats, slope: Floats, field: FieldSize) -> Iterator[tuple[float, float, float]]:
    """Heights, and x and y of the camera."""
    y_lines = np.array([field.width_m / 2, 20.16, 9.16])
    x_lines = np.array([field.length_m / 2, field.length_m / 2 - 5.5, field.length_m / 2 - 16.5])
    ys = _shifts(flat[slope < _ALONG_DEG, 1], np.concatenate([-y_lines, y_lines]))
    xs = _shifts(flat[slope > 90 - _ALONG_DEG, 0], np.concatenate([-x_lines, [0.0], x_lines]))
    gain = xs[0][:, :, None] + ys[0][:, None, :]
    order = np.argsort(-gain, axis=None, kind="stable")
    at, x, y = np.unravel_index(order, gain.shape)
    band = at * _BANDS // len(_HEIGHTS_M)
    best = np.concatenate([np.flatnonzero(band == one)[:_IN_A_BAND] for one in range(_BANDS)])
    for one in np.sort(best).tolist():
        height = int(at[one])
        yield float(_HEIGHTS_M[height]), float(xs[1][height, x[one]]), float(ys[1][height, y[one]])


def _shifts(places: Floats, lines: Floats) -> tuple[Floats, Floats]:
    """How well places along an axis fit lines when shifted, for every height: gains and shifts.

    A line counts with the root of the points on it: a long one does not outdo two short ones.

    Returns:
        Two arrays, heights × the best few.
    """
    count = 2 * round(2 * _FURTHEST_M / _STEP_M)
    middle = count // 2
    bins = np.rint(places[None, :] * _HEIGHTS_M[:, None] / _STEP_M).astype(np.int64) + middle
    row = np.broadcast_to(np.arange(len(_HEIGHTS_M))[:, None], bins.shape)
    inside = (bins >= 0) & (bins < count)
    counts = np.bincount((row * count + bins)[inside], minlength=len(_HEIGHTS_M) * count).reshape(
        len(_HEIGHTS_M), count
    )
    padded = np.pad(counts, ((0, 0), (1, 1)))
    root = np.sqrt(padded[:, :-2] / 2 + padded[:, 1:-1] + padded[:, 2:] / 2)
    reach = round(_FURTHEST_M / _STEP_M)
    shifts = np.arange(-reach, reach + 1)
    gains = np.zeros((len(_HEIGHTS_M), shifts.size))
    for line in np.rint(lines / _STEP_M).astype(int):
        begin = middle + line - reach  # a place p shifted by t lies on the line at bin line − t
        gains += root[:, begin : begin + shifts.size][:, ::-1]
    best, where = [], []
    for _ in range(_PEAKS):
        at = np.argmax(gains, axis=1)
        best.append(np.take_along_axis(gains, at[:, None], 1)[:, 0])
        where.append(shifts[at] * _STEP_M)
        gains[np.abs(np.arange(shifts.size) - at[:, None]) * _STEP_M < _PEAK_APART_M] = 0
    return np.stack(best, 1), np.stack(where, 1)


def _unlike(found: list[tuple[float, Camera]], count: int, field: FieldSize) -> list[Camera]:
    """The best, leaving out those that show the field as a better one does."""
    corners = np.array([[x, y] for x in (-0.5, -0.25, 0, 0.25, 0.5) for y in (-0.5, 0, 0.5)]) * [
        field.length_m,
        field.width_m,
    ]
    kept: list[Camera] = []
    shown: list[Floats] = []
    for _, camera in found:
        seen = camera.project(corners)
        inside = camera.is_in_picture(seen)
        near = camera.width_px * _ALIKE
        if any(
            np.nanmax(np.linalg.norm((seen - other)[inside], axis=1), initial=0.0) < near
            for other in shown
        ):
            continue
        kept.append(camera)
        shown.append(seen)
        if len(kept) == count:
            break
    return kept
