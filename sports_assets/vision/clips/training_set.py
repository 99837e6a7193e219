"""A training set as a folder: pictures, boxes in COCO's form, and the clips that they are from."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from resources.errors import ResourceError
from sports_assets.vision.clips.coco import Example, coco, examples, split
from sports_assets.vision.clips.index import objects, version_of
from sports_assets.vision.frames import Image, frames, timeline

#: Opens a video object by its URI, as a file of this machine.
Opener = Callable[[str], AbstractContextManager[Path]]


class TrainingSetError(ResourceError):
    """A training set cannot be made, or would not be what its version says."""


@dataclass(frozen=True)
class SetSettings:
    """What a training set is.

    Attributes:
        every_s: one frame of so many seconds of a clip, s: people move on by then.
        jpeg_quality: of 100. The camera's own compression is coarser than this.
    """

    every_s: float = 1.0
    jpeg_quality: int = 95


@dataclass(frozen=True)
class SessionMaterial:
    """Rows of one session: `vision/clip`, `raw/footage`, `vision/positions`."""

    session_id: str
    clips: pa.Table
    footage: pa.Table
    positions: pa.Table


@dataclass(frozen=True)
class TrainingSet:
    """What was written.

    Attributes:
        version: hash of the sessions' versions and the settings: the same version is the same
            set, to the byte.
        images, boxes, ball_boxes: how many, by part (`train`, `val`).
        sessions: part of each.
    """

    version: str
    images: Mapping[str, int]
    boxes: Mapping[str, int]
    ball_boxes: Mapping[str, int]
    sessions: Mapping[str, str]


def write_training_set(
    material: Sequence[SessionMaterial],
    into: Path,
    opened: Opener,
    settings: SetSettings | None = None,
) -> TrainingSet:
    """Write `images/<part>/<session>/*.jpg`, `annotations/<part>.json` and `clips.json`.

    Annotations come last: a folder without them is not whole.

    Args:
        into: a folder that is not there yet, or empty.

    Raises:
        TrainingSetError: the folder holds something, a session has no clips or no box, or its
            clips are older than the rows behind them.
        SourceError: a video is damaged.
    """
    chosen = settings or SetSettings()
    if into.exists() and any(into.iterdir()):
        raise TrainingSetError(f"{into} is not empty: name a new folder")
    ordered = sorted(material, key=lambda one: one.session_id)
    versions = {one.session_id: _checked_version(one) for one in ordered}
    sides = split(versions)
    told = json.dumps({"sessions": versions, "settings": asdict(chosen)}, sort_keys=True)
    version = hashlib.sha256(told.encode()).hexdigest()[:32]
    shown: dict[str, list[tuple[Example, int, int]]] = {"train": [], "val": []}
    for one in ordered:
        side = sides[one.session_id]
        shown[side] += _pictures(one, into / "images" / side, opened, chosen)
    info = {
        "description": "Frames of match footage with the boxes of people and the ball in them, as "
        "a detector saw them: check a sample before you train on it",
        "version": version,
        "sessions": {name: {"part": sides[name], "clips": versions[name]} for name in versions},
        "settings": asdict(chosen),
    }
    _write(into / "clips.json", [row for one in ordered for row in _clip_rows(one.clips)])
    files = {side: coco(found, info) for side, found in shown.items()}
    for side, content in files.items():
        _write(into / "annotations" / f"{side}.json", content)
    return TrainingSet(
        version,
        {side: len(content["images"]) for side, content in files.items()},
        {side: _count(content, 1) for side, content in files.items()},
        {side: _count(content, 2) for side, content in files.items()},
        sides,
    )


def _checked_version(one: SessionMaterial) -> str:
    """The version that a session's clips bear, if it is that of the rows."""
    if not one.clips.num_rows:
        raise TrainingSetError(
            f"{one.session_id} has no clips: materialise vision/clip of it, or leave it out"
        )
    (version,) = one.clips["version"].unique().to_pylist()
    if version != version_of(one.clips, one.footage, one.positions):
        raise TrainingSetError(
            f"the clips of {one.session_id} are older than what was seen in them since: "
            "materialise vision/clip of it anew"
        )
    return str(version)


def _pictures(
    one: SessionMaterial, folder: Path, opened: Opener, settings: SetSettings
) -> list[tuple[Example, int, int]]:
    found = examples(one.clips, one.positions, settings.every_s)
    if not found:
        raise TrainingSetError(
            f"in no clip of {one.session_id} anybody was seen: leave it out, or look at "
            "vision/quality"
        )
    shown = []
    for filmed in objects(one.footage):
        mine = {ex.frame_id: ex for ex in found if ex.footage_sha256 == filmed["sha256"]}
        if not mine:
            continue
        with opened(filmed["uri"]) as path:
            for frame in frames(path, timeline(path), sorted(mine)):
                example = mine.pop(frame.frame_id)
                place = folder / example.file_name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(_jpeg(frame.image, settings.jpeg_quality))
                height, width = frame.image.shape[:2]
                shown.append((example, width, height))
        found = [example for example in found if example.footage_sha256 != filmed["sha256"]]
    return shown


def _jpeg(image: Image, quality: int) -> bytes:
    import cv2

    is_made, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_made:
        raise TrainingSetError(f"a picture of {image.shape} cannot be written as JPEG")
    return np.asarray(coded, np.uint8).tobytes()


def _clip_rows(clips: pa.Table) -> list[dict[str, Any]]:
    # Who did it stays at home: a training set leaves the club.
    rows = clips.drop_columns(["athlete_id"]).to_pylist()
    return [row | {"started_at_utc": row["started_at_utc"].isoformat()} for row in rows]


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _count(content: Mapping[str, Any], category: int) -> int:
    return sum(one["category_id"] == category for one in content["annotations"])
