"""The labelling service by its real service model: what we ask, and what we make of its answers."""

from typing import Any

import numpy as np
import pytest

from resources.errors import AnalyserRefusedError, AnalyserUnavailableError
from resources.footage_analyser import MOST_BYTES, RekognitionAnalyser
from sports_assets.vision.detect.rekognition import RekognitionDetector
from sports_assets.vision.detection import Seen
from sports_assets.vision.frames import Frame
from tests.vision import drawn_people as drawn

#: As the API's reference shows an answer of DetectLabels.
ANSWER = {
    "Labels": [
        {
            "Name": "Person",
            "Confidence": 99.1,
            "Instances": [
                {
                    "BoundingBox": {"Width": 0.02, "Height": 0.06, "Left": 0.5, "Top": 0.4},
                    "Confidence": 98.2,
                    "DominantColors": [],
                },
                {
                    "BoundingBox": {"Width": 0.02, "Height": 0.06, "Left": 0.1, "Top": 0.3},
                    "Confidence": 8.0,
                },
            ],
            "Parents": [],
            "Aliases": [{"Name": "Human"}],
            "Categories": [{"Name": "Person Description"}],
        },
        {
            "Name": "Soccer Ball",
            "Confidence": 80.0,
            "Instances": [
                {
                    "BoundingBox": {"Width": 0.004, "Height": 0.007, "Left": 0.52, "Top": 0.45},
                    "Confidence": 71.5,
                }
            ],
            "Parents": [{"Name": "Ball"}, {"Name": "Sport"}],
            "Aliases": [],
            "Categories": [{"Name": "Sports"}],
        },
        {"Name": "Field", "Confidence": 99.0, "Instances": [], "Parents": []},
    ],
    "LabelModelVersion": "3.0",
}


@pytest.fixture
def client() -> Any:
    """A real client that contacts nobody."""
    import boto3

    return boto3.client(
        "rekognition",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def asked(jpeg: bytes) -> dict[str, Any]:
    """What DetectLabels is asked."""
    return {
        "Image": {"Bytes": jpeg},
        "MaxLabels": 20,
        "MinConfidence": 10.0,
        "Features": ["GENERAL_LABELS"],
        "Settings": {"GeneralLabels": {"LabelInclusionFilters": ["Person", "Ball", "Soccer Ball"]}},
    }


def test_things_with_a_place_are_told(client: Any) -> None:
    from botocore.stub import Stubber

    with Stubber(client) as stub:
        stub.add_response("detect_labels", ANSWER, asked(b"a picture"))
        told = RekognitionAnalyser(open_client=lambda: client).label(b"a picture", 0.1)
        stub.assert_no_pending_responses()
    assert [one.label for one in told] == ["Person", "Soccer Ball"]  # one person is not sure enough
    assert told[0].confidence == pytest.approx(0.982)
    assert told[0].box == pytest.approx((0.5, 0.4, 0.02, 0.06))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", AnalyserUnavailableError),
        ("ProvisionedThroughputExceededException", AnalyserUnavailableError),
        ("AccessDeniedException", AnalyserRefusedError),
        ("ImageTooLargeException", AnalyserRefusedError),
    ],
)
def test_what_passes_is_told_from_what_stays(
    client: Any, code: str, error: type[Exception]
) -> None:
    from botocore.stub import Stubber

    with Stubber(client) as stub:
        stub.add_client_error("detect_labels", code)
        with pytest.raises(error, match=code):
            RekognitionAnalyser(open_client=lambda: client).label(b"a picture", 0.1)


def test_without_a_region_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(AnalyserUnavailableError, match="look at the region"):
        RekognitionAnalyser().label(b"a picture", 0.1)


def test_shares_of_a_tile_become_pixels_of_the_frame(client: Any) -> None:
    from botocore.stub import ANY, Stubber

    place = np.array([[0.0, 0.0]])
    pitch = drawn.empty_pitch()
    x, y = drawn.CAMERA.project(place)[0]
    tall = float(drawn.CAMERA.upright_px(place, 1.8)[0])
    # Uncalibrated, a frame that is smaller than a tile is sent from the pitch's first row on.
    scene = drawn.scene(pitch, is_calibrated=False)
    rows, columns = np.flatnonzero(scene.pitch.any(1)), np.flatnonzero(scene.pitch.any(0))
    top, left = max(0, int(rows[0]) - 96), int(columns[0])
    height, width = int(rows[-1]) + 2 - top, int(columns[-1]) + 2 - left
    height, width = min(height, 540 - top), min(width, 960 - left)
    person = {
        "Left": (x - 4 - left) / width, "Top": (y - tall - top) / height, "Width": 8 / width,
        "Height": tall / height,
    }  # fmt: skip
    answer = {
        "Labels": [{"Name": "Person", "Instances": [{"BoundingBox": person, "Confidence": 90.0}]}]
    }
    with Stubber(client) as stub:
        stub.add_response("detect_labels", answer, asked(b"") | {"Image": ANY})
        detector = RekognitionDetector(RekognitionAnalyser(open_client=lambda: client))
        seen: Seen = detector.look(Frame(0, 0.0, drawn.with_people(pitch, place)), scene)
    # Shares begin at the corner of the first pixel; boxes reach a little below the feet.
    np.testing.assert_allclose(seen.ground_px, [[x - 0.5, y - 0.5 - 0.03 * tall]], atol=0.1)
    np.testing.assert_allclose(seen.confidence, [0.9])


def test_tiles_are_small_enough_to_be_sent() -> None:
    analyser = drawn.BlueAnalyser()
    chance = np.random.default_rng(3)
    noise = chance.integers(0, 256, (1728, 3072, 3)).astype(np.uint8)
    from sports_assets.vision.detection import Scene

    scene = Scene(noise, np.ones(noise.shape[:2], np.bool_))
    RekognitionDetector(analyser).look(Frame(0, 0.0, noise), scene)
    assert len(analyser.asked) >= 9
    assert max(analyser.asked) <= MOST_BYTES
