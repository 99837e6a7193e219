"""Which footage shows a moment, and of an athlete: which camera saw them best?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.records import INSTANT
from resources.errors import ResourceError
from sports_assets.vision.clips.crop_path import CropPath, crop_path

_BOX = ("left_px", "top_px", "right_px", "bottom_px")
#: What is read of `raw/footage` here.
FOOTAGE_COLUMNS = (
    "uri", "sha256", "camera", "started_at_utc", "duration_s", "width_px", "height_px",
    "rotation_deg",
)  # fmt: skip
#: And of an athlete's rows of `vision/positions`.
SEEN_COLUMNS = ("footage_sha256", "captured_at_utc", "is_interpolated", *_BOX)


class MomentError(ResourceError):
    """A moment cannot be shown: nothing filmed it, nobody saw the athlete, or the video is gone."""


@dataclass(frozen=True)
class Moment:
    """A stretch of one video object that shows what was asked for.

    Attributes:
        start_s, end_s: since the object's first frame.
        started_at_utc: instant of that frame.
        width_px, height_px: of its pictures, upright; None of a codec unknown to the edge.
        boxes: looks in the stretch that saw the athlete; 0 where none was asked for.
    """

    uri: str
    sha256: str
    camera: str
    start_s: float
    end_s: float
    started_at_utc: datetime
    width_px: int | None
    height_px: int | None
    boxes: int = 0

    def at(self, t_s: float) -> datetime:
        """Instant of a time of the object."""
        return self.started_at_utc + timedelta(seconds=t_s)


def moments(
    footage: pa.Table,
    start_utc: datetime,
    end_utc: datetime,
    *,
    seen: pa.Table | None = None,
    camera: str | None = None,
) -> tuple[Moment, ...]:
    """Stretches of footage that show a moment, in the order of cameras and time.

    Of an athlete only the camera that saw them in most looks, and of it the objects that saw them;
    else every camera. A moment across two objects of one camera is a stretch of each.

    Args:
        footage: a session's rows of `raw/footage`: `FOOTAGE_COLUMNS`.
        seen: the athlete's rows of `vision/positions`: `SEEN_COLUMNS`; those about the moment are
            enough. None: nobody in particular is asked for.
        camera: this one alone.

    Raises:
        MomentError: nothing filmed it, or the athlete was not seen.
    """
    if end_utc <= start_utc:
        raise MomentError(
            f"the moment ends at {_told(end_utc)} and begins at {_told(start_utc)}: give a later "
            "end"
        )
    rows = _objects(footage, camera)
    shown = [found for row in rows if (found := _within(row, start_utc, end_utc, seen)) is not None]
    if not shown:
        raise MomentError(
            f"nothing was filmed between {_told(start_utc)} and {_told(end_utc)}; footage: "
            + "; ".join(_span(row) for row in rows)
        )
    if seen is None:
        return tuple(shown)
    by_camera: dict[str, int] = {}
    for moment in shown:
        by_camera[moment.camera] = by_camera.get(moment.camera, 0) + moment.boxes
    best = max(by_camera, key=lambda name: by_camera[name])
    if not by_camera[best]:
        raise MomentError(
            f"not seen between {_told(start_utc)} and {_told(end_utc)}"
            + _nearest(seen, start_utc, end_utc)
        )
    return tuple(moment for moment in shown if moment.camera == best and moment.boxes)


def follow(moment: Moment, seen: pa.Table) -> CropPath:
    """A part of the picture that follows the athlete through a moment.

    Args:
        seen: as for `moments`.

    Raises:
        MomentError: the athlete has no box in it, or the size of the picture is not known.
    """
    if not (moment.width_px and moment.height_px):
        raise MomentError(f"{moment.uri} is of an unknown size: ask for it without following")
    boxes = _boxes(seen, moment.sha256, moment.at(moment.start_s), moment.at(moment.end_s))
    if not boxes.num_rows:
        raise MomentError(f"{moment.uri} does not show the athlete: ask for it without following")
    micros = pc.subtract(boxes["captured_at_utc"], pa.scalar(moment.started_at_utc, INSTANT)).cast(
        pa.int64()
    )
    sides = np.column_stack([boxes[name].to_numpy() for name in _BOX])
    return crop_path(micros.to_numpy() / 1e6, sides, moment.width_px, moment.height_px)


def _objects(footage: pa.Table, camera: str | None) -> list[dict[str, Any]]:
    """Each object once, in the order of cameras and time."""
    rows = footage.select(list(FOOTAGE_COLUMNS)).to_pylist()
    if not rows:
        raise MomentError("the session has no footage")
    cameras = sorted({row["camera"] for row in rows})
    if camera is not None and camera not in cameras:
        raise MomentError(f"there is no camera {camera!r}: there is {', '.join(cameras)}")
    once = {
        (row["camera"], row["started_at_utc"], row["sha256"]): row
        for row in rows
        if camera in {None, row["camera"]}
    }
    return [once[key] for key in sorted(once)]


def _within(
    row: Mapping[str, Any], start_utc: datetime, end_utc: datetime, seen: pa.Table | None
) -> Moment | None:
    began: datetime = row["started_at_utc"]
    start_s = max(0.0, (start_utc - began).total_seconds())
    end_s = min(row["duration_s"], (end_utc - began).total_seconds())
    if start_s >= end_s:
        return None
    is_turned = row["rotation_deg"] % 180 != 0
    size = (row["width_px"], row["height_px"])
    width, height = reversed(size) if is_turned else size
    boxes = 0 if seen is None else _boxes(seen, row["sha256"], start_utc, end_utc).num_rows
    return Moment(
        row["uri"], row["sha256"], row["camera"], start_s, end_s, began, width, height, boxes
    )


def _boxes(seen: pa.Table, sha256: str, start_utc: datetime, end_utc: datetime) -> pa.Table:
    """Looks at an athlete that saw them, and not between two that did."""
    when = seen["captured_at_utc"]
    is_wanted = pc.and_(
        pc.and_(
            pc.equal(seen["footage_sha256"], sha256),
            pc.and_(pc.invert(seen["is_interpolated"]), pc.is_valid(seen["left_px"])),
        ),
        pc.and_(
            pc.greater_equal(when, pa.scalar(start_utc, INSTANT)),
            pc.less(when, pa.scalar(end_utc, INSTANT)),
        ),
    )
    return seen.filter(is_wanted).sort_by("captured_at_utc")


def _nearest(seen: pa.Table, start_utc: datetime, end_utc: datetime) -> str:
    when = seen.filter(pc.and_(pc.invert(seen["is_interpolated"]), pc.is_valid(seen["left_px"])))[
        "captured_at_utc"
    ]
    before = pc.max(when.filter(pc.less(when, pa.scalar(start_utc, INSTANT)))).as_py()
    after = pc.min(when.filter(pc.greater_equal(when, pa.scalar(end_utc, INSTANT)))).as_py()
    near = [
        *([f"last before at {_told(before)}"] if before else []),
        *([f"next at {_told(after)}"] if after else []),
    ]
    return f": seen {' and '.join(near)}" if near else ", nor at any other time"


def _span(row: Mapping[str, Any]) -> str:
    end = row["started_at_utc"] + timedelta(seconds=row["duration_s"])
    return f"{row['camera']} {_told(row['started_at_utc'])} to {_told(end)}"


def _told(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-5] + "Z"
