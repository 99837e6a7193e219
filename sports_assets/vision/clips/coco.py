"""Boxes of chosen frames in COCO's form (Lin et al. 2014, "Microsoft COCO: Common Objects in
Context"), which every detector's training code reads.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from sports_assets.vision.clips.index import bounds, by_object, has_box, micros_of

#: COCO counts from 1.
CATEGORIES = ({"id": 1, "name": "person"}, {"id": 2, "name": "ball"})
PERSON, BALL = 1, 2
#: Share of matches that are kept for validation.
_VALIDATION = 0.2
#: A box of fewer pixels in the picture teaches nothing, px².
_LEAST_AREA = 4.0


@dataclass(frozen=True)
class Example:
    """A frame for training.

    Attributes:
        labels: of the clips that it is in.
        boxes: rows of `vision/positions` that a detector saw in it.
        unseen: followed people and balls that have no box of their own in it.
    """

    session_id: str
    footage_sha256: str
    camera: str
    frame_id: int
    labels: tuple[str, ...]
    boxes: tuple[Mapping[str, Any], ...] = field(repr=False)
    unseen: int = 0

    @property
    def file_name(self) -> str:
        """Its picture, by the folder of the session."""
        return f"{self.session_id}/{self.footage_sha256[:12]}_{self.frame_id:07d}.jpg"


def examples(clips: pa.Table, positions: pa.Table, every_s: float) -> list[Example]:
    """Frames of a session's clips: of each stretch of so many seconds the best one, once.

    Of the looks of a stretch the one is taken in which fewest are followed and not seen, as these
    would teach a detector that nobody is there; of several, the first. Looks without any box are
    left out: that nobody was found does not say that nobody was there.

    Args:
        clips: rows of `vision/clip`.
        positions: rows of `vision/positions`.
        every_s: length of a stretch, counted from the begin of each clip, s.
    """
    looks = _Looks(positions)
    labels: dict[int, set[str]] = {}
    for clip in clips.to_pylist():
        for look in looks.best(clip["footage_sha256"], bounds(clip), round(every_s * 1e6)):
            labels.setdefault(look, set()).add(clip["label"])
    cameras = dict(
        zip(clips["footage_sha256"].to_pylist(), clips["camera"].to_pylist(), strict=True)
    )
    found = [
        Example(
            boxes[0]["session_id"], boxes[0]["footage_sha256"], cameras[boxes[0]["footage_sha256"]],
            boxes[0]["frame_id"], tuple(sorted(labels[look])), boxes, int(looks.unseen[look]),
        )
        for look in sorted(labels)
        for boxes in [looks.boxes(look)]
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.camera, one.footage_sha256, one.frame_id))


class _Looks:
    """Looks at video objects, in the order of objects and frames.

    Attributes:
        unseen: rows of each look without a box of their own.
    """

    def __init__(self, positions: pa.Table) -> None:
        names = ("footage_sha256", "frame_id", "track_id")
        self._rows = positions.sort_by([(name, "ascending") for name in names])
        micros, frame = micros_of(self._rows), self._rows["frame_id"].to_numpy()
        is_seen = has_box(self._rows).to_numpy()
        is_first = np.zeros(len(frame), np.bool_)
        of_rows = list(by_object(self._rows))
        for _, of in of_rows:
            mine = np.flatnonzero(of)
            is_first[mine] = np.r_[True, np.diff(frame[mine]) != 0]
        self._begin = np.flatnonzero(is_first)
        self._end = np.r_[self._begin[1:], len(frame)]
        look = np.cumsum(is_first) - 1
        self._micros = micros[self._begin]
        self._seen = np.bincount(look, is_seen, minlength=self._begin.size)
        self.unseen = np.bincount(look, ~is_seen, minlength=self._begin.size)
        self._of = {sha256: np.unique(look[of]) for sha256, of in of_rows}

    def best(self, sha256: str, span: tuple[int, int], every: int) -> list[int]:
        """The best look of each stretch of a span, µs."""
        looks = self._of.get(sha256, np.empty(0, np.int64))
        micros = self._micros[looks]
        looks = looks[(micros >= span[0]) & (micros < span[1]) & (self._seen[looks] > 0)]
        stretch = (self._micros[looks] - span[0]) // every
        order = np.lexsort((looks, self.unseen[looks], stretch))
        return [int(looks[order[at]]) for at in np.unique(stretch[order], return_index=True)[1]]

    def boxes(self, look: int) -> tuple[Mapping[str, Any], ...]:
        """Rows of a look that have a box."""
        begin, end = int(self._begin[look]), int(self._end[look])
        rows = self._rows.slice(begin, end - begin)
        return tuple(rows.filter(has_box(rows)).to_pylist())


def split(session_ids: Iterable[str]) -> dict[str, str]:
    """Which matches are for `train` and which for `val`; a match is never in both.

    A session's side is settled by a hash of its name, so that it stays as others come. Of several
    sessions that would all be on one side, the one nearest to the limit changes it.
    """
    share = {
        one: int(hashlib.sha256(one.encode()).hexdigest()[:8], 16) / 2**32 for one in session_ids
    }
    sides = {one: "val" if share[one] < _VALIDATION else "train" for one in sorted(share)}
    if len(sides) > 1 and len(set(sides.values())) == 1:
        nearest = min(sorted(share), key=lambda one: abs(share[one] - _VALIDATION))
        sides[nearest] = "train" if sides[nearest] == "val" else "val"
    elif len(sides) == 1:
        sides = dict.fromkeys(sides, "train")
    return sides


def coco(shown: Sequence[tuple[Example, int, int]], info: Mapping[str, Any]) -> dict[str, Any]:
    """The file for training code.

    Args:
        shown: frames with the width and height of their pictures, px.
        info: what is told of the whole.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (example, width, height) in enumerate(shown, 1):
        images.append(
            {
                "id": number,
                "file_name": example.file_name,
                "width": width,
                "height": height,
                "session_id": example.session_id,
                "camera": example.camera,
                "footage_sha256": example.footage_sha256,
                "frame_id": example.frame_id,
                "labels": list(example.labels),
                "unseen": example.unseen,
            }
        )
        for row in example.boxes:
            box = _box(row, width, height)
            if box[2] * box[3] < _LEAST_AREA:
                continue
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": BALL if row["object_kind"] == "ball" else PERSON,
                    "bbox": box,
                    "area": round(box[2] * box[3], 2),
                    "iscrowd": 0,
                    "attributes": {
                        "object_kind": row["object_kind"],
                        "team_side": row["team_side"],
                        "role": row["role"],
                        "track_id": row["track_id"],
                    },
                }
            )
    return {
        "info": dict(info),
        "licenses": [],
        "categories": [dict(one) for one in CATEGORIES],
        "images": images,
        "annotations": annotations,
    }


def _box(row: Mapping[str, Any], width: int, height: int) -> list[float]:
    """Left, top, width and height of what is in the picture, px."""
    left, right = np.clip([row["left_px"], row["right_px"]], 0, width)
    top, bottom = np.clip([row["top_px"], row["bottom_px"]], 0, height)
    return [round(float(one), 2) for one in (left, top, right - left, bottom - top)]
