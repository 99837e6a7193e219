"""Which videos of a session must be looked at, and their rows beside those that stand already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.records import FOOTAGE
from resources.vision_contracts import VISION_CAMERA, VISION_DETECTION, VISION_LOOK
from sports_assets.vision.look import Looked
from sports_assets.vision.tables import SessionTables


@dataclass(frozen=True)
class SessionLooks:
    """What was seen of a session so far, and what is still to be looked at.

    Attributes:
        done: rows of all videos that were looked at.
        waiting: rows of raw/footage, in order of time.
    """

    done: Looked
    waiting: tuple[Mapping[str, Any], ...]

    def with_look(self, new: Looked) -> "SessionLooks":
        """With the first of those that wait looked at."""
        done = Looked(
            pa.concat_tables([self.done.camera, new.camera]),
            pa.concat_tables([self.done.looks, new.looks]),
            pa.concat_tables([self.done.detections, new.detections]),
        )
        return SessionLooks(done, self.waiting[1:])


def session_looks(
    tables: SessionTables, look_of: Callable[[Mapping[str, Any]], str]
) -> SessionLooks:
    """What stands of a session's looks, given its footage as it is now.

    A look stands if its video is still there and would be looked at in the same way again. The same
    file that came in two streams is one video.

    Args:
        tables: with raw/footage, vision/camera, vision/look and vision/detection.
        look_of: the way in which a row of raw/footage would be looked at now, as `made_by`.
    """
    footage = sorted(
        tables.of(FOOTAGE).to_pylist(), key=lambda row: (row["started_at_utc"], row["stream_id"])
    )
    videos = {row["sha256"]: row for row in reversed(footage)}
    ways = {sha256: look_of(row) for sha256, row in videos.items()}
    cameras = tables.of(VISION_CAMERA)
    stands = [ways.get(row["footage_sha256"]) == row["made_by"] for row in cameras.to_pylist()]
    cameras = cameras.filter(pa.array(stands, pa.bool_()))
    done = cameras["footage_sha256"].combine_chunks()

    def of_done(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.is_in(rows["footage_sha256"], done))

    known = set(done.to_pylist())
    waiting = [row for row in reversed(videos.values()) if row["sha256"] not in known]
    waiting.sort(key=lambda row: (row["started_at_utc"], row["camera"], row["sha256"]))
    looked = Looked(cameras, of_done(tables.of(VISION_LOOK)), of_done(tables.of(VISION_DETECTION)))
    return SessionLooks(looked, tuple(waiting))
