"""Detector `onnx`: a YOLOX-style network that a club brings looks at the pitch."""

from pathlib import Path

from sports_assets.vision.detect.box_detector import LEAST, BoxDetector
from sports_assets.vision.detect.person_boxes import Boxes
from sports_assets.vision.detect.yolox import YoloxModel
from sports_assets.vision.frames import Image


class OnnxDetector(BoxDetector):
    """People and balls as the network of an ONNX file sees them."""

    name = "onnx"

    def __init__(self, model_path: Path) -> None:
        """Open the model.

        Raises:
            DetectorError: as `YoloxModel`.
        """
        self._model = YoloxModel(model_path)
        super().__init__(self._model.tile)

    def _boxes_in(self, image: Image) -> Boxes:
        return self._model.boxes(image, LEAST)
