"""Detections of people as arrays, look after look, in the plane in which they are followed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from resources.vision_contracts import BODY_PARTS
from sports_assets.vision.detect.person_sizes import PERSON_HEIGHT_M
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A box of which others cover more than this does not show its own colours alone.
_COVERED_SHARE = 0.15


@dataclass(frozen=True)
class CameraView:
    """One video object, as far as following people needs it.

    Attributes:
        footage_sha256, camera: which, and of which camera; successive video objects of one camera
            bear one name.
        frame_ids: frames that were looked at, ascending.
        times_us: their instants, microseconds since 1970 (UTC).
        width_px, height_px: of its picture.
        model, field: where it stands; None: not calibrated.
        reprojection_error_m: of the model, on the ground.
        clock_uncertainty_s: how far its instants may be off; None: nobody can say.
        duration_s: length of the footage; None: from first look to last.
    """

    footage_sha256: str
    camera: str
    frame_ids: Whole
    times_us: Whole
    width_px: int
    height_px: int
    model: Camera | None = None
    field: FieldSize | None = None
    reprojection_error_m: float | None = None
    clock_uncertainty_s: float | None = 0.0
    duration_s: float | None = None

    @property
    def is_calibrated(self) -> bool:
        """Whether its pixels can be told in metres of a known field."""
        return self.model is not None and self.field is not None

    @property
    def step_s(self) -> float:
        """Time between two looks, median; 0 of one look alone."""
        gaps = np.diff(self.times_us)
        return float(np.median(gaps)) / 1e6 if gaps.size else 0.0


@dataclass(frozen=True)
class Sightings:
    """People as they were seen, in order of time: n sightings in m ticks.

    A tick is one look, or the looks of several cameras that fall together.

    Attributes:
        tick: which: n.
        t_s: instant, seconds since the session's first look: n.
        place_m: in the plane: n × 2.
        sd_m: standard deviation of that, where it is largest: n.
        cov_m: its covariance: n × 2 × 2.
        confidence: of the detector: n.
        colours: CIE L*a*b* of shirt and shorts; NaN where not seen: n × 6.
        marks: L*a*b* of head and boots, and how tall he looks, of what is usual there: n × 7.
        is_clear: nobody else covers it, so that the colours are its own: n.
        boxes_px: n × 4.
        view: which of the camera views: n.
        look: which look of that view: n.
        row: of the table of detections: n.
        tick_s: instant of each tick, with or without sightings: m.
    """

    tick: Whole
    t_s: Floats
    place_m: Floats
    sd_m: Floats
    cov_m: Floats
    confidence: Floats
    colours: Floats
    marks: Floats
    is_clear: Flags
    boxes_px: Floats
    view: Whole
    look: Whole
    row: Whole
    tick_s: Floats

    def __len__(self) -> int:
        """How many sightings."""
        return int(self.tick.size)

    def only(self, which: Flags | Whole) -> "Sightings":
        """Some of them, in the same ticks."""
        kept = {
            name: getattr(self, name)[which]
            for name in self.__dataclass_fields__
            if name != "tick_s"
        }
        return replace(self, **kept)

    @property
    def step_s(self) -> float:
        """Time between two ticks, median."""
        gaps = np.diff(self.tick_s)
        return float(np.median(gaps)) if gaps.size else 0.2


def read_sightings(detections: pa.Table, views: Sequence[CameraView], origin_us: int) -> Sightings:
    """People in some camera views, with their places in metres where the rows tell them.

    A row without a place keeps NaN. Ticks are as `tick_looks` makes them.

    Args:
        detections: contract vision/detection; rows of other footage are left out.
        views: which footage; instants are theirs.
        origin_us: what t_s counts from.
    """
    order = {view.footage_sha256: number for number, view in enumerate(views)}
    names = detections["footage_sha256"].combine_chunks()
    is_meant = pc.and_(
        pc.is_in(names, pa.array(list(order), pa.string())),
        pc.equal(detections["object_kind"], "person"),
    )
    rows = np.flatnonzero(is_meant.to_numpy(zero_copy_only=False))
    told = detections.take(pa.array(rows))
    view = np.array([order[one] for one in told["footage_sha256"].to_pylist()], np.int64)
    frame = told["frame_id"].to_numpy().astype(np.int64)
    tick_s, ticks = tick_looks(views, origin_us)
    look, tick = np.empty(len(view), np.int64), np.empty(len(view), np.int64)
    t_s = np.empty(len(view))
    for number, one in enumerate(views):
        mine = view == number
        look[mine] = np.searchsorted(one.frame_ids, frame[mine])
        tick[mine] = ticks[number][look[mine]]
        t_s[mine] = (one.times_us[look[mine]] - origin_us) / 1e6
    boxes = _columns(told, ("left_px", "top_px", "right_px", "bottom_px"))
    order_of_time = np.lexsort([rows, view, tick])
    place_m = _columns(told, ("x_m", "y_m"))
    sd_m = _columns(told, ("position_sd_m",))[:, 0]
    kit, own = (
        _columns(told, tuple(f"{part}_{axis}" for part in parts for axis in "lab"))
        for parts in (BODY_PARTS[:2], BODY_PARTS[2:])
    )
    found = Sightings(
        tick, t_s, place_m, sd_m, covariance(place_m, sd_m, view, views),
        _columns(told, ("confidence",))[:, 0], kit,
        np.column_stack([own, _tallness(place_m, boxes, view, views)]),
        np.ones(len(view), np.bool_), boxes, view, look, rows.astype(np.int64), tick_s,
    )  # fmt: skip
    found = found.only(order_of_time)
    return replace(found, is_clear=covered_share(found) <= _COVERED_SHARE)


def covariance(place_m: Floats, sd_m: Floats, view: Whole, views: Sequence[CameraView]) -> Floats:
    """Covariance of places of which the largest standard deviation is known: n × 2 × 2.

    A pixel of a camera that looks along the grass covers far more of it away from the camera than
    aside. Without a camera it is the same both ways.
    """
    cov = np.eye(2) * (sd_m**2)[:, None, None]
    for number, one in enumerate(views):
        mine = np.flatnonzero((view == number) & np.isfinite(place_m).all(axis=1))
        if one.model is None or not mine.size:
            continue
        shape = one.model.ground_cov_m(one.model.project(place_m[mine]), 1.0)
        good = np.isfinite(shape).all(axis=(1, 2))
        largest = np.linalg.eigvalsh(shape[good])[:, -1]
        cov[mine[good]] = shape[good] * (sd_m[mine[good]] ** 2 / largest)[:, None, None]
    return cov


def _tallness(place_m: Floats, boxes: Floats, view: Whole, views: Sequence[CameraView]) -> Floats:
    """How far above his feet a box ends, of the height of somebody of 1.8 m there: n."""
    out = np.full(len(boxes), np.nan)
    for number, one in enumerate(views):
        mine = np.flatnonzero((view == number) & np.isfinite(place_m).all(axis=1))
        if one.model is None or not mine.size:
            continue
        feet = one.model.project(place_m[mine])[:, 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            out[mine] = (feet - boxes[mine, 1]) / one.model.upright_px(
                place_m[mine], PERSON_HEIGHT_M
            )
    return out


def tick_looks(views: Sequence[CameraView], origin_us: int) -> tuple[Floats, list[Whole]]:
    """Put looks of several cameras that fall together into one tick.

    A look joins a tick that began at most half a step ago and has none of its own footage.

    Returns:
        Instant of each tick (mean of its looks), s; and the tick of each look, by view.
    """
    looks = np.concatenate([view.times_us for view in views] or [np.empty(0, np.int64)])
    whose = np.concatenate(
        [np.full(view.times_us.size, number) for number, view in enumerate(views)]
        or [np.empty(0, np.int64)]
    ).astype(np.int64)
    steps = [view.step_s for view in views if view.step_s > 0]
    reach_us = 0.5e6 * (min(steps) if steps else 0.0)
    order = np.lexsort([whose, looks])
    tick = np.empty(looks.size, np.int64)
    number, began_us, inside = -1, 0, set[int]()
    for one in order:
        at, view = int(looks[one]), int(whose[one])
        if number < 0 or at - began_us > reach_us or view in inside:
            number, began_us, inside = number + 1, at, set()
        inside.add(view)
        tick[one] = number
    mean_s = np.bincount(tick, (looks - origin_us) / 1e6) / np.maximum(np.bincount(tick), 1)
    return mean_s, [tick[whose == number] for number in range(len(views))]


def covered_share(found: Sightings) -> Floats:
    """Largest share of each box that one other of the same look hides: n.

    Whoever stands nearer to the camera, with his feet lower in the picture, hides the other.
    """
    share = np.zeros(len(found))
    look = found.tick * (1 + int(found.view.max(initial=0))) + found.view
    order = np.argsort(look, kind="stable")
    for mine in np.split(order, np.flatnonzero(np.diff(look[order])) + 1):
        if mine.size > 1:
            share[mine] = _covered(found.boxes_px[mine])
    return share


def _covered(boxes: Floats) -> Floats:
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    common[boxes[:, None, 3] >= boxes[None, :, 3]] = 0
    area = np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1e-9)
    return np.asarray((common / area[:, None]).max(axis=1), np.float64)


def _columns(table: pa.Table, names: Sequence[str]) -> Floats:
    """Columns of numbers side by side; null is NaN."""
    return np.column_stack(
        [table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in names]
    )
