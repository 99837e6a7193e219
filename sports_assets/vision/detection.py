"""What every detector of people and ball offers; which one looks is a setting."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_ingest.camera import Camera
from resources.vision_contracts import BODY_PARTS
from sports_assets.vision.frames import Frame, Image
from sports_assets.vision.pitch import FieldSize

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """What is known of a still camera's picture before anyone is looked for.

    Attributes:
        background: what stands still, from many frames: height × width × 3, blue, green, red.
        pitch: pixels of the ground on which people play: height × width.
        camera, field: where the camera stands and how large the field is; None: not calibrated.
    """

    background: Image
    pitch: NDArray[np.bool_]
    camera: Camera | None = None
    field: FieldSize | None = None


@dataclass(frozen=True)
class Seen:
    """What was seen in one frame: n things.

    Attributes:
        boxes_px: left, top, right, bottom: n × 4.
        ground_px: where each stands, or what it is above: n × 2.
        confidence: 0 to 1: n.
        is_ball: n.
        colours_lab: CIE L*a*b* of `BODY_PARTS`, one after the other; NaN where too little is seen:
            n × 12.
    """

    boxes_px: Floats
    ground_px: Floats
    confidence: Floats
    is_ball: NDArray[np.bool_]
    colours_lab: Floats

    @classmethod
    def nothing(cls) -> "Seen":
        """Of a frame in which nothing was seen."""
        none = np.empty(0)
        colours = np.empty((0, 3 * len(BODY_PARTS)))
        return cls(np.empty((0, 4)), np.empty((0, 2)), none, none.astype(bool), colours)


class Detector(Protocol):
    """Looks for people and ball, frame after frame of one video, in order.

    It may learn from the frames that it saw; two of them on the same frames see the same.
    """

    #: Name as settings and tables have it.
    name: str

    def look(self, frame: Frame, scene: Scene) -> Seen:
        """What is on the pitch, and close around it, in this frame."""
        ...
