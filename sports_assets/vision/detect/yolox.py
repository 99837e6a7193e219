"""A YOLOX-style model in an ONNX file: picture in, boxes with their classes' scores out.

Input: 1 × 3 × height × width, blue, green, red, 0 to 255. Output: 1 × anchors × (5 + classes), with
one anchor a cell of the grids of strides 8, 16 and 32; boxes as offsets (centre in cells, logarithm
of the size in cells) or decoded to pixels (Ge et al. 2021, YOLOX: Exceeding YOLO Series in 2021).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sports_assets.vision.detect.person_boxes import Boxes
from sports_assets.vision.errors import DetectorError
from sports_assets.vision.frames import Image

Floats = NDArray[np.float64]

#: Classes of COCO, on which such models are trained unless told otherwise.
PERSON, BALL = 0, 32
_STRIDES = (8, 16, 32)
_STEP_PX = 32
#: Grey with which the training filled what a picture leaves free.
_FILL = 114
#: Side of the blank picture that asks a model of any size for its output, px.
_TRIAL_PX = 64
_THREADS = 2
#: Scores of box and classes before those of the classes.
_BEFORE_CLASSES = 5


class YoloxModel:
    """An opened model. Same picture, same boxes: threads do not change its sums."""

    def __init__(self, path: Path) -> None:
        """Open it, and ask it about a blank picture.

        Raises:
            DetectorError: there is no such file, it is no ONNX model, or its input or output is
                another than that of YOLOX.
        """
        self._path = path
        self._session = _opened(path)
        self._input, self.tile = self._taken()
        self._is_decoded = self._tried()

    def boxes(self, image: Image, at_least: float) -> Boxes:
        """Boxes with a score (of person or ball) of at least so much.

        Args:
            image: not larger than `tile`, if the model has one.
        """
        height, width = image.shape[:2]
        size = self.tile or (_up(height), _up(width))
        filled = np.full((*size, 3), _FILL, np.uint8)
        filled[:height, :width] = image
        told = self._run(filled)
        person = (told[:, 4] * told[:, _BEFORE_CLASSES + PERSON]).astype(np.float64)
        ball = (told[:, 4] * told[:, _BEFORE_CLASSES + BALL]).astype(np.float64)
        sure = np.flatnonzero(np.maximum(person, ball) >= at_least)
        centre, extent = told[sure, :2].astype(np.float64), told[sure, 2:4].astype(np.float64)
        if not self._is_decoded:
            cells, strides = _cells(size)
            centre = (centre + cells[sure]) * strides[sure]
            extent = np.exp(np.minimum(extent, 20.0)) * strides[sure]  # no box is e^20 cells wide
        found = np.hstack([centre - extent / 2, centre + extent / 2])
        found = np.clip(found, 0, [width, height, width, height])
        return Boxes(found, person[sure], ball[sure])

    def _run(self, image: Image) -> NDArray[np.float32]:
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        told = np.asarray(self._session.run(None, {self._input: planes})[0], np.float32)
        self._judge(told.shape, (image.shape[0], image.shape[1]))
        return np.asarray(told[0], np.float32)

    def _taken(self) -> tuple[str, tuple[int, int] | None]:
        """Name of the input, and the height and width that it takes; None: any."""
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape)
        is_one = len(inputs) == 1 and inputs[0].type == "tensor(float)" and len(shape) == 4  # noqa: PLR2004
        if not is_one or shape[1] != 3:  # noqa: PLR2004 - colours
            raise DetectorError(
                f"{self._path} takes {inputs[0].type} {shape}: give a YOLOX model, which takes one "
                "picture, 1 × 3 × height × width, as tensor(float)"
            )
        height, width = shape[2:]
        if not isinstance(height, int) or not isinstance(width, int):
            return inputs[0].name, None
        if height % _STEP_PX or width % _STEP_PX:
            raise DetectorError(
                f"{self._path} takes pictures of {width} × {height}: give one that takes "
                f"multiples of {_STEP_PX}"
            )
        return inputs[0].name, (height, width)

    def _tried(self) -> bool:
        """Whether boxes come decoded to pixels: offsets in cells are small, pixels are not."""
        size = self.tile or (_TRIAL_PX, _TRIAL_PX)
        told = self._run(np.full((*size, 3), _FILL, np.uint8))
        _, strides = _cells(size)
        largest = strides[:, 0] == _STRIDES[0]
        return bool(np.max(told[largest, :2]) > size[1] / 2)

    def _judge(self, shape: tuple[int, ...], size: tuple[int, int]) -> None:
        anchors = sum((size[0] // stride) * (size[1] // stride) for stride in _STRIDES)
        least = _BEFORE_CLASSES + BALL + 1
        if len(shape) != 3 or shape[:2] != (1, anchors) or shape[2] < least:  # noqa: PLR2004
            raise DetectorError(
                f"{self._path} answers {list(shape)} to a picture of {size[1]} × {size[0]}: give a "
                f"YOLOX model, which answers [1, {anchors}, {least} or more] (box, score, and the "
                "classes of COCO)"
            )


def _opened(path: Path) -> Any:  # noqa: ANN401 - onnxruntime has no types
    import onnxruntime as ort

    if not path.is_file():
        raise DetectorError(f"there is no model at {path}: set the path of an ONNX file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3  # what is wrong is told by our error
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no public base class
        raise DetectorError(
            f"{path} is no ONNX model that onnxruntime {ort.__version__} can open "
            f"({str(error).splitlines()[0][:200]}): give an intact one"
        ) from error


def _up(pixels: int) -> int:
    return max(_STEP_PX, -(-pixels // _STEP_PX) * _STEP_PX)


def _cells(size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Column and row of each anchor's cell (n × 2), and its stride (n × 1), px."""
    cells, strides = [], []
    for stride in _STRIDES:
        row, column = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.column_stack([column.ravel(), row.ravel()]))
        strides.append(np.full((row.size, 1), stride))
    return np.concatenate(cells).astype(np.float64), np.concatenate(strides).astype(np.float64)
