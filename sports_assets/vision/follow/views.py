"""Rows of a session's footage as camera views, for whoever follows what they show."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.camera import Camera
from sports_assets.vision.follow.sightings import CameraView
from sports_assets.vision.pitch import FieldSize


def camera_views(footage: pa.Table, cameras: pa.Table, looks: pa.Table) -> list[CameraView]:
    """Every video object that was looked at, in the order of camera and time.

    Args:
        footage: contract raw/footage.
        cameras: contract vision/camera; those that were refused are left out.
        looks: contract vision/look.
    """
    told = {row["sha256"]: row for row in footage.to_pylist()}
    views = [
        _view(told[row["footage_sha256"]], row, _of(looks, row["footage_sha256"]))
        for row in cameras.to_pylist()
        if row["state"] != "refused" and row["footage_sha256"] in told
    ]
    views = [view for view in views if view.frame_ids.size]
    return sorted(views, key=lambda one: (one.camera, int(one.times_us[0]), one.footage_sha256))


def _of(looks: pa.Table, sha256: str) -> pa.Table:
    mine = looks.filter(pc.equal(looks["footage_sha256"], sha256))
    return mine.sort_by([("frame_id", "ascending")])


def _view(footage: Mapping[str, Any], camera: Mapping[str, Any], looks: pa.Table) -> CameraView:
    is_calibrated = camera["state"] == "calibrated"
    return CameraView(
        footage_sha256=camera["footage_sha256"],
        camera=camera["camera"],
        frame_ids=looks["frame_id"].to_numpy().astype(np.int64),
        times_us=looks["captured_at_utc"].cast(pa.int64()).to_numpy(),
        width_px=camera["width_px"],
        height_px=camera["height_px"],
        model=Camera.from_dict(json.loads(camera["model"])) if is_calibrated else None,
        field=FieldSize(camera["field_length_m"], camera["field_width_m"])
        if is_calibrated
        else None,
        reprojection_error_m=camera["reprojection_error_m"],
        clock_uncertainty_s=footage["clock_uncertainty_s"],
        duration_s=footage["duration_s"],
    )
