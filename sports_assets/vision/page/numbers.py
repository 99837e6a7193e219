"""Numbers of the footage page: each leads back to its row, or says what it is computed from."""

from collections.abc import Sequence
from typing import Final

from resources.explain.basis import Basis
from sports_assets.reports.numerals import Numeral, number_id, numeral
from sports_assets.reports.wording import Sentence
from sports_assets.vision.page.facts import CameraFacts, QualityFacts

PAGE: Final = "report/footage"
QUALITY: Final = "vision/quality"
CAMERA: Final = "vision/camera"
POSITIONS: Final = "vision/positions"
FORMATION: Final = "vision/formation"
TRACK: Final = "vision/track"
_NO_QUALITY: Final = "not judged"


def of_camera(
    one: CameraFacts, column: str, unit: str = "", *, digits: int = 0, factor: float = 1.0
) -> Numeral:
    """A number of one video object's camera."""
    identity = number_id(CAMERA, one.footage_sha256, column)
    value = getattr(one, column)
    return numeral(identity, value, unit, digits=digits, factor=factor, absent="not calibrated")


def of_quality(quality: QualityFacts, column: str, unit: str = "", *, digits: int = 0) -> Numeral:
    """A number of the session's footage as a whole."""
    value = getattr(quality, column)
    return numeral(number_id(QUALITY, column), value, unit, digits=digits, absent=_NO_QUALITY)


def percent_of(quality: QualityFacts, column: str) -> Numeral:
    """A share of it, in per cent."""
    value = getattr(quality, column)
    return numeral(number_id(QUALITY, column), value, "%", factor=100.0, absent=_NO_QUALITY)


def computed(
    who: str, name: str, value: float | None, unit: str = "", *, made_of: Basis, digits: int = 0
) -> Numeral:
    """A number that the page computes from several rows."""
    return numeral(number_id(PAGE, who, name), value, unit, digits=digits, made_of=made_of)


def placed(sentences: Sequence[Sentence], place: str) -> tuple[Sentence, ...]:
    """Each number's id made its own by where on the page it stands."""
    return tuple(
        Sentence(
            one.topic,
            tuple(
                part if isinstance(part, str) else part.at(f"{place}-{number}")
                for part in one.parts
            ),
        )
        for number, one in enumerate(sentences, start=1)
    )
