"""Detector `motion`: who differs from the empty pitch, by size and shape. Needs no weights."""

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.foreground import Background, Change
from sports_assets.vision.detect.outlines import outline
from sports_assets.vision.detect.person_colours import person_colours
from sports_assets.vision.detect.person_sizes import BESIDE_M, PersonSizes
from sports_assets.vision.detect.row_sizes import RowSizes
from sports_assets.vision.detect.silhouettes import SilhouetteSearch
from sports_assets.vision.detection import Scene, Seen
from sports_assets.vision.frames import Frame, Image

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

#: Who is less sure than this is not told; what is above may continue a tracklet.
_LEAST = 0.15
#: Who is surer than this keeps the background from following; around the box, of its size.
_BELIEVED, _AROUND = 0.25, 0.15
#: What is looked at above and below where people stand, in their heights.
_ABOVE, _UNDER = 1.25, 0.2
#: People are looked for so much further beside the field than they are told, m.
_FURTHER_M = 5.0
#: Without calibration: rows above the pitch that may show heads, of the picture's height.
_HEADROOM = 0.06
#: Sizes by row are fitted anew whenever so many times more people were seen.
_RELEARN = 1.5


class MotionDetector:
    """People only: the ball is looked for elsewhere. It learns the background as it looks."""

    name = "motion"

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._background: Background | None = None
        self._search: SilhouetteSearch | None = None
        self._sizes: PersonSizes | None = None
        self._learnt: RowSizes | None = None
        self._known = 0
        self._rows = slice(0, 0)
        self._last_s: float | None = None

    def look(self, frame: Frame, scene: Scene) -> Seen:
        """See `Detector.look`."""
        if scene is not self._scene:
            self._begin(scene)
        if self._background is None:
            return Seen.nothing()
        image = np.ascontiguousarray(frame.image[self._rows])
        change = self._background.change(image)
        self._learn_sizes(change.differs)
        seen = self._people(change, frame.image, scene)
        seconds = max(0.0, frame.t_s - self._last_s) if self._last_s is not None else 0.0
        believed = self._believed(seen, change.differs.shape)
        self._background.learn(image, believed, change.uncovered, seconds)
        self._last_s = frame.t_s
        return seen

    def _begin(self, scene: Scene) -> None:
        self._scene, self._last_s = scene, None
        self._background = self._search = self._sizes = self._learnt = None
        shape = (scene.pitch.shape[0], scene.pitch.shape[1])
        if scene.camera is not None and scene.field is not None:
            self._sizes = PersonSizes.of_camera(scene.camera, scene.field, shape)
            # Who stands further beside is explained there, not by somebody nearer; then left out.
            sizes = PersonSizes.of_camera(scene.camera, scene.field, shape, BESIDE_M + _FURTHER_M)
            pixels, rise = self._sizes.ground_cells()
            if not len(pixels):
                return
            top = float(np.min(pixels[:, 1] - _ABOVE * rise))
            bottom = float(np.max(pixels[:, 1] + _UNDER * rise))
            self._rows = slice(max(0, int(top)), min(shape[0], int(bottom) + 1))
            self._search = self._searching(sizes)
        else:
            rows = np.flatnonzero(scene.pitch.any(axis=1))
            if not rows.size:
                return
            self._rows = slice(max(0, int(rows[0] - _HEADROOM * shape[0])), int(rows[-1]) + 1)
            self._learnt, self._known = RowSizes(scene.pitch), 0
        self._background = Background(np.ascontiguousarray(scene.background[self._rows]))

    def _searching(self, sizes: PersonSizes) -> SilhouetteSearch:
        rows = self._rows.stop - self._rows.start
        width = self._scene.pitch.shape[1] if self._scene is not None else 0
        return SilhouetteSearch(sizes, (rows, width), self._rows.start)

    def _learn_sizes(self, differs: Mask) -> None:
        if self._learnt is None:
            return
        self._learnt.learn(differs, 0, self._rows.start)
        if self._learnt.known >= _RELEARN * self._known:
            sizes = self._learnt.sizes()
            if sizes is not None:
                self._known, self._sizes = self._learnt.known, sizes
                self._search = self._searching(sizes)

    def _people(self, change: Change, image: Image, scene: Scene) -> Seen:
        if self._search is None or self._sizes is None:
            return Seen.nothing()
        people = self._search.people(change.differs, change.surely, _LEAST)
        boxes, ground = outline(people, change.strength, self._rows.start)
        height, width = image.shape[:2]
        boxes = np.clip(boxes, -0.5, np.array([width, height, width, height]) - 0.5)
        is_here = self._sizes.at(ground)[2]
        boxes, ground = boxes[is_here], ground[is_here]
        colours = person_colours(image, scene.background, boxes, ground)
        no_ball = np.zeros(len(boxes), np.bool_)
        return Seen(boxes, ground, people.confidence[is_here], no_ball, colours)

    def _believed(self, seen: Seen, shape: tuple[int, ...]) -> Mask:
        """Where somebody is believed: height × width of the rows looked at, 0 or 1."""
        believed = np.zeros(shape, np.uint8)
        around = _AROUND * (seen.boxes_px[:, 2:] - seen.boxes_px[:, :2])
        low = seen.boxes_px[:, :2] - around - [0, self._rows.start]
        high = seen.boxes_px[:, 2:] + around - [0, self._rows.start]
        low, high = np.maximum(low, 0).astype(int), np.maximum(np.ceil(high), 0).astype(int)
        for one in np.flatnonzero(seen.confidence >= _BELIEVED).tolist():
            believed[low[one, 1] : high[one, 1], low[one, 0] : high[one, 0]] = 1
        return believed
