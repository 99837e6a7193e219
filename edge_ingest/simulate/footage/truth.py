"""What is really in each frame of a scene, as one table."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from edge_ingest.camera import Camera

#: Rows that are kept as Python has them, before they are packed.
_PACKED_AT = 20_000

SCHEMA = pa.schema(
    [
        pa.field("frame_id", pa.int32(), nullable=False),
        pa.field("t_s", pa.float64(), nullable=False),
        pa.field("object_id", pa.string(), nullable=False),
        pa.field("object_kind", pa.string(), nullable=False),
        pa.field("team_side", pa.string()),
        pa.field("role", pa.string()),
        pa.field("x_m", pa.float64(), nullable=False),
        pa.field("y_m", pa.float64(), nullable=False),
        pa.field("z_m", pa.float64(), nullable=False),
        pa.field("left_px", pa.float64()),
        pa.field("top_px", pa.float64()),
        pa.field("right_px", pa.float64()),
        pa.field("bottom_px", pa.float64()),
        pa.field("visible_share", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Truth:
    """What a scene shows.

    Attributes:
        table: one row a frame and object, by `SCHEMA`. Boxes are those of the drawn figure, cut at
            the picture's edges; null out of the picture. `visible_share` is of all the pixels that
            the whole figure would have.
        cameras: one, or one a frame where the camera moves.
        video: where the video is.
    """

    table: pa.Table
    cameras: tuple[Camera, ...]
    video: Path


class TruthRows:
    """Rows as they come; those of a whole half are packed as they grow many."""

    def __init__(self, packed_at: int = _PACKED_AT) -> None:
        self._packed_at = packed_at
        self._tables: list[pa.Table] = []
        self._columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}

    def add(self, **row: object) -> None:
        """One more, by the names of `SCHEMA`."""
        for name, values in self._columns.items():
            values.append(row[name])
        if len(self._columns["frame_id"]) >= self._packed_at:
            self._pack()

    def table(self) -> pa.Table:
        """All of them."""
        self._pack()
        return pa.concat_tables(self._tables).combine_chunks()

    def _pack(self) -> None:
        self._tables.append(pa.table(self._columns, schema=SCHEMA))
        self._columns = {name: [] for name in SCHEMA.names}
