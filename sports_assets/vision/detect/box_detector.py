"""What detectors have in common that look at parts of a picture and answer with boxes.

Far away people are looked at natively; people who are tall are looked at a half or a quarter of it
(`windows`). With a calibrated camera a box must stand on the field, or close beside it, and be as
large as a person is there.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.person_boxes import Boxes, feet, on_pitch, one_each
from sports_assets.vision.detect.person_colours import person_colours
from sports_assets.vision.detect.person_sizes import PersonSizes
from sports_assets.vision.detect.windows import Window, windows
from sports_assets.vision.detection import Scene, Seen
from sports_assets.vision.frames import Frame, Image

Floats = NDArray[np.float64]

#: Below this a score says nothing: what is above may continue a tracklet (as in Zhang et al. 2022,
#: ByteTrack).
LEAST = 0.1


class BoxDetector(ABC):
    """People and balls; it learns nothing from the frames."""

    def __init__(self, tile: tuple[int, int] | None) -> None:
        """`tile`: height and width of the largest part that can be looked at; None: any."""
        self._tile = tile
        self._scene: Scene | None = None
        self._sizes: PersonSizes | None = None
        self._windows: list[Window] = []

    @abstractmethod
    def _boxes_in(self, image: Image) -> Boxes:
        """What is in a part of a picture, in its pixels, with scores of at least `LEAST`."""

    def look(self, frame: Frame, scene: Scene) -> Seen:
        """See `Detector.look`."""
        if scene is not self._scene:
            self._learn(scene)
        told = self._boxes(frame)
        boxes, person, ball = told.boxes_px, told.person, told.ball
        people = np.flatnonzero((person >= LEAST) & (person >= ball))
        people = people[one_each(boxes[people], person[people])]
        ground = feet(boxes[people], self._sizes)
        is_here = self._on_pitch(boxes[people], ground, scene)
        people, ground = people[is_here], ground[is_here]
        balls = np.flatnonzero((ball >= LEAST) & (ball > person))
        balls = balls[one_each(boxes[balls], ball[balls])]
        colours = person_colours(frame.image, scene.background, boxes[people], ground)
        unknown = np.full((len(balls), colours.shape[1]), np.nan)
        return Seen(
            boxes_px=boxes[np.concatenate([people, balls])],
            ground_px=np.concatenate([ground, feet(boxes[balls], None)]),
            confidence=np.concatenate([person[people], ball[balls]]),
            is_ball=np.repeat([False, True], [len(people), len(balls)]),
            colours_lab=np.concatenate([colours, unknown]),
        )

    def _learn(self, scene: Scene) -> None:
        self._scene = scene
        self._sizes = (
            PersonSizes.of_camera(
                scene.camera, scene.field, (scene.pitch.shape[0], scene.pitch.shape[1])
            )
            if scene.camera is not None and scene.field is not None
            else None
        )
        self._windows = windows(scene.pitch, self._sizes, self._tile)

    def _boxes(self, frame: Frame) -> Boxes:
        """Of all windows, in pixels of the whole picture."""
        shape = (frame.image.shape[0], frame.image.shape[1])
        boxes, person, ball = [np.empty((0, 4))], [np.empty(0)], [np.empty(0)]
        for window in self._windows:
            told = self._boxes_in(window.cut(frame.image))
            placed = window.in_picture(told.boxes_px)
            whole = window.whole(placed, shape) & self._is_meant(placed, window)
            boxes.append(placed[whole])
            person.append(told.person[whole])
            ball.append(told.ball[whole])
        return Boxes(np.concatenate(boxes), np.concatenate(person), np.concatenate(ball))

    def _is_meant(self, boxes: Floats, window: Window) -> NDArray[np.bool_]:
        """Which boxes stand where people are as tall as the window is for; others see the rest."""
        if self._sizes is None:
            return np.ones(len(boxes), np.bool_)
        rise = self._sizes.at(feet(boxes, None))[0]
        is_other = (rise < window.least_px) | (rise > window.most_px)
        return np.asarray(~is_other, np.bool_)

    def _on_pitch(self, boxes: Floats, ground: Floats, scene: Scene) -> NDArray[np.bool_]:
        if self._sizes is not None:
            return on_pitch(boxes, ground, self._sizes)
        height, width = scene.pitch.shape
        column = np.clip(np.rint(ground[:, 0]), 0, width - 1).astype(int)
        row = np.clip(np.rint(ground[:, 1]), 0, height - 1).astype(int)
        return np.asarray(scene.pitch[row, column], np.bool_)
