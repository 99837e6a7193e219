"""What may be the ball in one frame, as arrays."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Candidates:
    """What may be the ball in one frame: n things.

    Attributes:
        frame_id, t_s: of the frame.
        centre_px: middle of the blob: n × 2.
        size_px: its width and height: n × 2.
        expected_px: diameter of a ball on the ground there: n.
        contrast: brightness beyond the surroundings, of 255: n.
        fill: share of the blob's own box that it fills; a disc fills 0.79: n.
        rest: share of what is around, up to two diameters away, that is as in the background: 1
            for a thing by itself, less at somebody's foot or at the edge of the picture: n.
        own: how much of its brightness it has beyond what is around it in the frame too: 1 for a
            thing, about 0 for a hole that somebody left who stands in the background: n.
        on_pitch: whether what is seen there is the pitch, or close beside it; else it flies, or is
            beyond it: n.
    """

    frame_id: int
    t_s: float
    centre_px: Floats
    size_px: Floats
    expected_px: Floats
    contrast: Floats
    fill: Floats
    rest: Floats
    own: Floats
    on_pitch: Mask

    @classmethod
    def nothing(cls, frame_id: int, t_s: float) -> "Candidates":
        """Of a frame in which nothing may be the ball."""
        none = np.empty(0)
        return cls(
            frame_id,
            t_s,
            np.empty((0, 2)),
            np.empty((0, 2)),
            none,
            none,
            none,
            none,
            none,
            none.astype(bool),
        )

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Candidates":
        """Some of them."""
        arrays = {
            field.name: getattr(self, field.name)[chosen]
            for field in fields(self)
            if field.name not in {"frame_id", "t_s"}
        }
        return Candidates(self.frame_id, self.t_s, **arrays)

    def __len__(self) -> int:
        """How many."""
        return len(self.centre_px)
