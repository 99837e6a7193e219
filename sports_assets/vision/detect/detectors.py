"""Every detector by its name in the settings."""

from collections.abc import Callable
from pathlib import Path

from resources.footage_analyser import FootageAnalyser, RekognitionAnalyser
from sports_assets.vision.detect.motion import MotionDetector
from sports_assets.vision.detect.onnx import OnnxDetector
from sports_assets.vision.detect.rekognition import RekognitionDetector
from sports_assets.vision.detection import Detector
from sports_assets.vision.errors import DetectorError

#: The first is the default: it needs neither weights nor a service.
NAMES = ("motion", "onnx", "rekognition")


def open_detector(
    name: str,
    model_path: Path | None = None,
    region_name: str | None = None,
    analyser: FootageAnalyser | None = None,
) -> Detector:
    """A detector for one video; open one for each, as it may learn from the frames.

    Args:
        name: one of `NAMES`.
        model_path: the ONNX file, for `onnx`.
        region_name: of AWS, for `rekognition`; None: of the SDK's own chain.
        analyser: another service than Rekognition, for `rekognition`.

    Raises:
        DetectorError: no detector has that name, or its model is missing or of another kind.
    """
    makers: dict[str, Callable[[], Detector]] = {
        "motion": MotionDetector,
        "onnx": lambda: OnnxDetector(_given(model_path)),
        "rekognition": lambda: RekognitionDetector(analyser or RekognitionAnalyser(region_name)),
    }
    if name not in makers:
        raise DetectorError(f"there is no detector {name!r}: use {', '.join(NAMES)}")
    return makers[name]()


def _given(model_path: Path | None) -> Path:
    if model_path is None:
        raise DetectorError("detector 'onnx' has no model: set the path of an ONNX file")
    return model_path
