"""Is a camera that was fitted the right one? What speaks for it, and whether that is enough."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from sports_assets.vision.camera.field_mask import Mask
from sports_assets.vision.camera.fit import STEPS, Fit, matched, moved
from sports_assets.vision.camera.lines import Ridges
from sports_assets.vision.camera.match_marks import Marks, off_marks
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]

REMEDY = "give a calibration file with four points or more"
#: Points of a ridge next to each other are wrong together: of so many squared one counts.
NEIGHBOURS = 4.0
#: A ridge lies on a mark, and a mark on a ridge, within this share of the picture's width, or px.
_ON, _ON_PX = 0.0015, 2.5
#: A line is this wide, m; one that covers less than a pixel is expected to be seen so much less.
_LINE_M = 0.12
#: What must hold: share of the expected marks that are seen, share of the ridges on the field that
#: are marks, share of those that are close. Of 40 drawn pitches and six videos right cameras reach
#: 0.66, 0.77 and 0.84 at least, wrong ones not all three: 0.71, 0.65 and 0.73, or
#: 0.59, 0.60 and 0.90.
_LEAST_SUPPORT, _LEAST_EXPLAINED, _LEAST_CLOSE = 0.64, 0.72, 0.77
#: Where marks are met as closely as this, lines of another game and shadows may lie among them.
_VERY_CLOSE, _EXPLAINED_THEN = 0.93, 0.5
#: All of the field is on the grass, but for its edges and a goal: the share of it within the inner
#: part that must be, with so much slack at the mask's far edge, as a share of the width.
_LEAST_ON_GRASS, _INNER, _MASK_SLACK = 0.96, 0.96, 0.003
#: A net, a shadow or a crowd before the goal may hide grass; where so many marks are met closely,
#: it was hidden.
_LEAST_ON_GRASS_THEN, _MANY_MARKS = 0.85, 8
#: How far ridges may be from their marks, as a share of the width, and how well places on the field
#: are known at the worst tenth of what is seen, m.
_MOST_OFF, _MOST_SD_M = 0.0008, 0.8
#: Another camera that shows the pitch elsewhere and is not worse than by this factor is a rival.
_RIVAL = 0.8
#: Two cameras tell the same if places on the field differ by less, m, at the median.
_SAME_M = 1.0
#: A mark is seen if so much of it is, m; and so many of them make a pitch.
_SEEN_M, _LEAST_MARKS = 4.0, 4


@dataclass(frozen=True)
class FoundCamera:
    """A camera that was found.

    Attributes:
        camera, field: where it stands and how large the field is.
        reprojection_error_px: ridges beside the marks they lie on, root mean square.
        reprojection_error_m: the same on the ground, median.
        pitch_seen_share: share of the field's area that is in the picture.
        method: as `vision/camera` has it.
        support_share: share of the marks in the picture that lie on a ridge.
        explained_share: share of the ridges on the field that lie on a mark.
    """

    camera: Camera
    field: FieldSize
    reprojection_error_px: float
    reprojection_error_m: float
    pitch_seen_share: float
    method: str = "lines"
    support_share: float = 1.0
    explained_share: float = 1.0


@dataclass(frozen=True)
class NotFound:
    """No camera can be told.

    Attributes:
        reason: what was seen, what was missing, and what to do.
    """

    reason: str


@dataclass(frozen=True)
class Judged:
    """A camera with what speaks for it.

    Attributes:
        support: share of the marks expected in the picture that lie on a ridge.
        explained: share of all ridges that lie on a mark.
        explained_on_field: the same of those on the field.
        close: share of the ridges on marks that are so near that no chance brought them there: of
            lines strewn over the gate a third would be.
        cost_px: root mean square distance of the ridges on the field from their marks, each at most
            the gate: of two descriptions of one camera the smaller one is better.
        off_m: ridges beside the marks they lie on, on the ground: median.
        on_grass: share of the field in the picture that shows grass.
        seen_marks: names of marks of which a good part is seen.
    """

    fit: Fit
    support: float
    explained: float
    explained_on_field: float
    close: float
    cost_px: float
    off_m: float
    on_grass: float
    seen_marks: tuple[str, ...]

    @property
    def score(self) -> float:
        """0 to 1; what the marks leave out and what the ridges leave out both count."""
        return self.support * self.explained


def judge(found: Fit, marks: Marks, ridges: Ridges, pitch: Mask) -> Judged:
    """What speaks for a camera, by distances of one fixed tolerance."""
    from scipy.spatial import cKDTree

    camera, field = found.camera, found.field
    gate = max(_ON_PX, _ON * pitch.shape[1])
    off, mark = matched(camera, marks, field, ridges, gate)
    on = mark >= 0
    expected = _expected(camera, marks, field, pitch)
    shown, _, _ = marks.shown_by(camera, field)
    support, seen = 0.0, np.zeros(len(marks.mark))
    if on.any() and expected.any():
        tree = cKDTree(ridges.points_px[on])
        which = np.flatnonzero(expected)
        apart, at = tree.query(shown[which])
        same = mark[on][at] == marks.mark[which]
        seen[which] = (apart < 2 * gate) & same
        support = float(np.sum(seen * expected) / np.sum(expected))
    names = []
    for number, name in enumerate(marks.names):
        own = (marks.mark == number) & (seen > 0)
        if marks.lengths_m[own].sum() > _SEEN_M:
            names.append(name)
    places = camera.ground(ridges.points_px)
    with np.errstate(invalid="ignore"):
        inside = field.holds(places, 0.5)
    return Judged(
        replace(found, off_px=off, mark=mark),
        support,
        float(on.mean()),
        float(on[inside].mean()) if inside.any() else 0.0,
        float(np.mean(np.abs(off[on]) < gate / 3)) if on.any() else 0.0,
        float(np.sqrt(np.mean(np.where(on, off, gate)[inside | on] ** 2))) if on.any() else gate,
        _median(off_marks(places[on], field)),
        _on_grass(camera, field, pitch),
        tuple(names),
    )


def _on_grass(camera: Camera, field: FieldSize, pitch: Mask) -> float:
    shown = camera.project(_grid(field, 41) * _INNER)
    shown = shown[camera.is_in_picture(shown)]
    if not len(shown):
        return 0.0
    at = np.rint(shown).astype(int)
    slack = round(_MASK_SLACK * pitch.shape[1])  # the far edge of the mask is a pixel or two off
    below = np.minimum(at[:, 1] + slack, pitch.shape[0] - 1)
    return float(np.mean(pitch[at[:, 1], at[:, 0]] | pitch[below, at[:, 0]]))


def _median(off_m: Floats) -> float:
    known = off_m[np.isfinite(off_m)]
    return float(np.median(known)) if known.size else float("inf")


def _expected(camera: Camera, marks: Marks, field: FieldSize, pitch: Mask) -> Floats:
    """How much of each point of the marks one expects to see: its length by its width in pixels."""
    shown, way, inside = marks.shown_by(camera, field)
    across = np.column_stack([-marks.along[:, 1], marks.along[:, 0]]) * _LINE_M / 2
    points = marks.on(field)
    wide = camera.project(points + across) - camera.project(points - across)
    with np.errstate(invalid="ignore"):
        width_px = np.abs(wide[:, 0] * way[:, 1] - wide[:, 1] * way[:, 0])
    expected = np.where(inside, np.clip(width_px, 0, 1) * marks.lengths_m, 0.0)
    expected = np.nan_to_num(expected)
    at = np.rint(shown[inside]).astype(int)
    expected[inside] *= pitch[
        np.clip(at[:, 1], 0, pitch.shape[0] - 1), np.clip(at[:, 0], 0, pitch.shape[1] - 1)
    ]
    return np.asarray(expected, np.float64)


def different(judged: list[Judged]) -> list[Judged]:
    """The best first, without those that tell the same as a better one."""
    kept: list[Judged] = []
    for one in judged:
        if all(_apart_m(one.fit, other.fit) > _SAME_M for other in kept):
            kept.append(one)
    return kept


def _apart_m(one: Fit, other: Fit) -> float:
    """How far apart two cameras put what is seen of the field, m: median."""
    camera = one.camera
    shown = camera.project(_grid(one.field))
    shown = shown[camera.is_in_picture(shown)]
    if not len(shown):
        return float("inf")
    apart = np.linalg.norm(camera.ground(shown) - other.camera.ground(shown), axis=1)
    return float(np.median(np.nan_to_num(apart, nan=100.0)))


def _grid(field: FieldSize, steps: int = 21) -> Floats:
    x = np.linspace(-0.5, 0.5, steps) * field.length_m
    y = np.linspace(-0.5, 0.5, steps) * field.width_m
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def ground_sd_m(found: Fit) -> Floats:
    """Standard deviation of places on the field that are in the picture, from the fit: n, m."""
    camera = found.camera
    shown = camera.project(_grid(found.field))
    shown = shown[camera.is_in_picture(shown)]
    slopes = []
    for name in found.free:
        step = np.array([STEPS[name]])
        sides = []
        for sign in (1, -1):
            other, _ = moved(camera, found.field, (name,), sign * step)
            sides.append(other.ground(shown))
        slopes.append((sides[0] - sides[1]) / (2 * step))
    slope = np.stack(slopes, axis=2)  # n × 2 × free
    variance = np.einsum("nif,fg,nig->n", slope, found.covariance, slope)
    return np.asarray(np.sqrt(np.nan_to_num(variance, nan=np.inf)) * NEIGHBOURS, np.float64)


def verdict(  # noqa: PLR0911 - a reason each
    finals: list[Judged], width: int
) -> FoundCamera | NotFound:
    """The best camera if it is good enough and has no rival; else why not."""
    if not finals:
        return NotFound(f"the lines on the grass form no pitch: {REMEDY}")
    best = finals[0]
    found = f"found {', '.join(best.seen_marks) or 'no mark'}"
    straight = [one for one in best.seen_marks if not one.endswith(("circle", "arc"))]
    if len(best.seen_marks) < _LEAST_MARKS or len(straight) < 2:  # noqa: PLR2004 - two directions
        return NotFound(
            f"{found}: needs {_LEAST_MARKS} marks, two of them straight; move the camera so that "
            f"more lines are seen, or {REMEDY}"
        )
    explained = _EXPLAINED_THEN if best.close > _VERY_CLOSE else _LEAST_EXPLAINED
    least = (_LEAST_SUPPORT, explained, _LEAST_CLOSE)
    if any(np.less((best.support, best.explained_on_field, best.close), least)):
        return NotFound(
            f"{found}, but only {best.support:.0%} of the marks that should be seen are there and "
            f"{best.explained_on_field:.0%} of the white lines on the field are marks, "
            f"{best.close:.0%} of them closely: {REMEDY}"
        )
    is_whole = len(best.seen_marks) >= _MANY_MARKS and best.close > _VERY_CLOSE
    if best.on_grass < (_LEAST_ON_GRASS_THEN if is_whole else _LEAST_ON_GRASS):
        return NotFound(
            f"{found}, but {1 - best.on_grass:.0%} of the field would be off the grass: {REMEDY}"
        )
    if best.fit.rms_px > max(_ON_PX, _MOST_OFF * width):
        return NotFound(f"{found}, but they miss their marks by {best.fit.rms_px:.1f} px: {REMEDY}")
    places_sd_m = ground_sd_m(best.fit)
    sd = float(np.quantile(places_sd_m, 0.9)) if places_sd_m.size else float("inf")
    if not sd < _MOST_SD_M:
        return NotFound(f"{found}: places would be known to {sd:.1f} m only: {REMEDY}")
    for other in finals[1:]:
        if other.score > _RIVAL * best.score and _apart_m(best.fit, other.fit) > _SAME_M:
            return NotFound(
                f"{found}, but another place of the camera, or another size of the field, fits "
                f"nearly as well: {REMEDY}"
            )
    return _told(best)


def _told(best: Judged) -> FoundCamera:
    camera = best.fit.camera
    grid = _grid(best.fit.field, 61)
    seen = camera.is_in_picture(camera.project(grid))
    return FoundCamera(
        camera,
        best.fit.field,
        best.fit.rms_px,
        best.off_m,
        float(seen.mean()),
        support_share=best.support,
        explained_share=best.explained_on_field,
    )
