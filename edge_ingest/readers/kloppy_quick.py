"""kloppy without what it does anew for every event or frame, though it is the same for all of them.

Belongs here: what goes into kloppy's own places for such parts (its `EventFactory`, the transformer
of a deserialiser) and gives the same objects. Imports kloppy: to be imported where that is used.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import IO, Any, Literal, get_type_hints

from kloppy.domain import EventDataset, EventFactory, TrackingDataset
from kloppy.infra.serializers.event import wyscout
from kloppy.infra.serializers.tracking import pff, secondspectrum


class QuickFactory(EventFactory):  # type: ignore[misc] # kloppy is not typed
    """Makes what `EventFactory` makes, but asks each class for its fields only once.

    What a class has no field for is left out in silence.
    """

    def __init__(self) -> None:
        for name, method in vars(EventFactory).items():
            if name.startswith("build_"):
                setattr(self, name, _maker(get_type_hints(method)["return"]))


@cache
def quick_factory() -> QuickFactory:
    """The one that all readers share; it holds nothing of a match."""
    return QuickFactory()


def _maker(event_class: type) -> Callable[..., Any]:
    names = {field.name for field in fields(event_class) if field.init}

    def make(**told: Any) -> Any:  # noqa: ANN401 (fields of kloppy's events)
        # What a loader need not tell.
        told.setdefault("freeze_frame", None)
        told.setdefault("statistics", [])
        told.setdefault("related_event_ids", [])
        if not told.keys() <= names:
            told = {name: value for name, value in told.items() if name in names}
        return event_class(state={}, **told)

    return make


class _Unchanged:
    """A transformer that is asked for no change: kloppy's own compares both systems each time."""

    def __init__(self, of_kloppy: Any) -> None:  # noqa: ANN401 (kloppy is not typed)
        self.get_to_coordinate_system = of_kloppy.get_to_coordinate_system

    def transform_event(self, event: Any) -> Any:  # noqa: ANN401
        return event

    def transform_frame(self, frame: Any) -> Any:  # noqa: ANN401
        return frame


class _InOwnAxes:
    """What a deserialiser that is asked for the vendor's own coordinates needs no more of."""

    def get_transformer(self, *given: Any, **named: Any) -> _Unchanged:  # noqa: ANN401
        return _Unchanged(super().get_transformer(*given, **named))  # type: ignore[misc]


class _WyscoutV2(_InOwnAxes, wyscout.WyscoutDeserializerV2):  # type: ignore[misc]
    pass


class _WyscoutV3(_InOwnAxes, wyscout.WyscoutDeserializerV3):  # type: ignore[misc]
    pass


class _SecondSpectrum(_InOwnAxes, secondspectrum.SecondSpectrumDeserializer):  # type: ignore[misc]
    pass


class _Pff(_InOwnAxes, pff.PFF_TrackingDeserializer):  # type: ignore[misc]
    pass


def load_wyscout(content: IO[bytes], version: Literal["V2", "V3"]) -> EventDataset:
    """Wyscout's events in its own coordinates, as kloppy's `wyscout.load` gives them."""
    kind = _WyscoutV2 if version == "V2" else _WyscoutV3
    deserializer = kind(coordinate_system="wyscout", event_factory=quick_factory())
    return deserializer.deserialize(wyscout.WyscoutInputs(event_data=content))


def load_second_spectrum(*, coordinates: str, **files: IO[bytes]) -> TrackingDataset:
    """Second Spectrum's tracking as kloppy's `secondspectrum.load` gives it, in its own axes."""
    inputs = secondspectrum.SecondSpectrumInputs(**files)
    return _SecondSpectrum(coordinate_system=coordinates).deserialize(inputs)


def load_pff(*, coordinates: str, **files: IO[bytes]) -> TrackingDataset:
    """PFF's tracking as kloppy's `pff.load_tracking` gives it, in its own axes."""
    return _Pff(coordinate_system=coordinates).deserialize(pff.PFF_TrackingInputs(**files))


#: What is called instead of a loader of kloppy, by that one's name.
LOADERS: dict[str, Callable[..., TrackingDataset]] = {
    "secondspectrum.load": load_second_spectrum,
    "pff.load_tracking": load_pff,
}
