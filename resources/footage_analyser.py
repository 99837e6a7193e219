"""A service that labels pictures: which things are in one, and where.

`RekognitionAnalyser` asks Amazon Rekognition (DetectLabels). It is billed for each picture.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from resources.errors import AnalyserRefusedError, AnalyserUnavailableError

#: Largest picture that is taken as bytes, B.
MOST_BYTES = 5 * 1024 * 1024
#: Labels that are asked for: others are neither sent nor looked at.
_LABELS = ("Person", "Ball", "Soccer Ball")
_MOST_LABELS = 20
#: The SDK tries so often, waiting longer each time, before it gives up.
_ATTEMPTS = 6
_CONNECT_S, _READ_S = 5, 30
#: What passes by itself; the SDK has tried these often by the time we see them.
_TRANSIENT = frozenset(
    {
        "InternalServerError", "ProvisionedThroughputExceededException", "ServiceUnavailable",
        "ThrottlingException",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Labelled:
    """One thing in a picture.

    Attributes:
        label: such as `Person`.
        confidence: 0 to 1.
        box: left, top, width, height, as shares of the picture; may reach a little beyond it.
    """

    label: str
    confidence: float
    box: tuple[float, float, float, float]


class FootageAnalyser(Protocol):
    """What labels pictures."""

    def label(self, jpeg: bytes, at_least: float) -> tuple[Labelled, ...]:
        """People and balls in a picture.

        Args:
            jpeg: at most `MOST_BYTES`.
            at_least: confidence, 0 to 1.

        Raises:
            AnalyserUnavailableError: it does not answer; try again later.
            AnalyserRefusedError: it will not, however often it is asked.
        """
        ...


class RekognitionAnalyser:
    """Amazon Rekognition; keys come from the SDK's own chain."""

    def __init__(
        self,
        region_name: str | None = None,
        open_client: Callable[[], Any] | None = None,
    ) -> None:
        """Contact nobody yet: a client is opened for each picture.

        Args:
            region_name: None: of the SDK's own chain.
            open_client: opens a boto3 client of `rekognition`; None: one that tries again when it
                is throttled.
        """
        self._open = open_client or (lambda: _client(region_name))

    def label(self, jpeg: bytes, at_least: float) -> tuple[Labelled, ...]:
        """See `FootageAnalyser.label`."""
        try:
            with closing(self._open()) as client:
                told = client.detect_labels(
                    Image={"Bytes": jpeg},
                    MaxLabels=_MOST_LABELS,
                    MinConfidence=100 * at_least,
                    Features=["GENERAL_LABELS"],
                    Settings={"GeneralLabels": {"LabelInclusionFilters": list(_LABELS)}},
                )
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _TRANSIENT:
                raise AnalyserUnavailableError(
                    f"Rekognition does not label a picture ({code}): try again later"
                ) from error
            raise AnalyserRefusedError(
                f"Rekognition refuses to label a picture of {len(jpeg)} B ({error}): look at the "
                "permission rekognition:DetectLabels and the region"
            ) from error
        except BotoCoreError as error:
            raise AnalyserUnavailableError(
                f"Rekognition cannot be asked ({error}): look at the region, keys and network"
            ) from error
        return _labelled(told, at_least)


def _client(region_name: str | None) -> Any:  # noqa: ANN401 - boto3 makes its types at run time
    import boto3
    from botocore.config import Config

    settings = Config(
        retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
    )
    return boto3.client("rekognition", region_name=region_name, config=settings)


def _labelled(told: Mapping[str, Any], at_least: float) -> tuple[Labelled, ...]:
    """Things with a place, in the order told; labels of the whole picture have none."""
    found = []
    for label in told.get("Labels", []):
        for instance in label.get("Instances", []):
            box, sure = instance.get("BoundingBox"), float(instance.get("Confidence", 0)) / 100
            if box is None or sure < at_least:
                continue
            left, top, width, height = (
                float(box.get(side, 0)) for side in ("Left", "Top", "Width", "Height")
            )
            found.append(Labelled(str(label["Name"]), sure, (left, top, width, height)))
    return tuple(found)
