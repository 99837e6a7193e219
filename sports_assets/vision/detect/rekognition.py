"""Detector `rekognition`: a labelling service looks at the pitch, a tile of the frame at a time."""

import numpy as np

from resources.footage_analyser import MOST_BYTES, FootageAnalyser
from sports_assets.vision.detect.box_detector import LEAST, BoxDetector
from sports_assets.vision.detect.person_boxes import Boxes
from sports_assets.vision.errors import DetectorError
from sports_assets.vision.frames import Image

#: Each tile is an image that is paid for; in a larger one people are too small to be labelled, px.
_TILE = (720, 1280)
#: Tried in turn until a tile is small enough to be sent; people are told well at the first.
_QUALITIES = (92, 80, 60, 30)
_PERSON, _BALLS = "Person", frozenset({"Ball", "Soccer Ball"})


class RekognitionDetector(BoxDetector):
    """People and balls as the analyser labels them."""

    name = "rekognition"

    def __init__(self, analyser: FootageAnalyser) -> None:
        super().__init__(_TILE)
        self._analyser = analyser

    def _boxes_in(self, image: Image) -> Boxes:
        height, width = image.shape[:2]
        told = [
            one
            for one in self._analyser.label(_jpeg(image), LEAST)
            if one.label == _PERSON or one.label in _BALLS
        ]
        shares = np.array([one.box for one in told], np.float64).reshape(-1, 4)
        corners = np.hstack([shares[:, :2], shares[:, :2] + shares[:, 2:]])
        sure = np.array([one.confidence for one in told], np.float64)
        is_person = np.array([one.label == _PERSON for one in told], np.bool_)
        boxes = np.clip(corners, 0, 1) * [width, height, width, height]
        return Boxes(boxes, np.where(is_person, sure, 0.0), np.where(is_person, 0.0, sure))


def _jpeg(image: Image) -> bytes:
    import cv2

    for quality in _QUALITIES:
        is_made, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if is_made and coded.size <= MOST_BYTES:
            return bytes(coded)
    raise DetectorError(
        f"a tile of {image.shape[1]} × {image.shape[0]} is no JPEG of at most {MOST_BYTES} B: "
        "use another detector"
    )
