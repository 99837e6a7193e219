"""What is quicker than kloppy's own gives kloppy's own events and frames."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import pytest
from kloppy import datafactory, opta, pff, secondspectrum, wyscout
from kloppy.domain import Event, EventFactory, Frame, GenericEvent

from edge_ingest.readers.kloppy_quick import LOADERS, QuickFactory, load_wyscout

#: What an event is tied to is of its own data set, and never equal to another's.
TIES = {"dataset", "prev_record", "next_record"}
LOADS: dict[str, tuple[Callable[..., Any], dict[str, str]]] = {
    "wyscout version 2": (wyscout.load, {"event_data": "wyscout_events_v2.json"}),
    "wyscout version 3": (wyscout.load, {"event_data": "wyscout_events_v3.json"}),
    "opta": (opta.load, {"f7_data": "opta_f7.xml", "f24_data": "opta_f24.xml"}),
    "datafactory": (datafactory.load, {"event_data": "datafactory_events.json"}),
}


def plain(event: Event | Frame) -> dict[str, Any]:
    names = [field.name for field in fields(event) if field.name not in TIES]
    return {"class": type(event)} | {name: getattr(event, name) for name in names}


@pytest.mark.parametrize("name", LOADS)
def test_a_match_has_the_events_of_kloppys_own_factory(name: str, kloppy_files: Path) -> None:
    load, files = LOADS[name]
    given = {part: str(kloppy_files / file) for part, file in files.items()}

    theirs = load(**given, event_factory=EventFactory())
    ours = load(**given, event_factory=QuickFactory())

    assert len(ours.records) == len(theirs.records) > 20
    for one, other in zip(ours.records, theirs.records, strict=True):
        assert plain(one) == plain(other)


@pytest.mark.parametrize("version", ["V2", "V3"])
def test_wyscout_is_loaded_as_kloppy_loads_it(
    version: Literal["V2", "V3"], kloppy_files: Path
) -> None:
    path = kloppy_files / f"wyscout_events_{version.lower()}.json"

    theirs = wyscout.load(event_data=str(path), coordinates="wyscout")
    with path.open("rb") as handle:
        ours = load_wyscout(handle, version)

    assert ours.metadata == theirs.metadata
    assert [plain(one) for one in ours.records] == [plain(one) for one in theirs.records]


TRACKING: dict[str, tuple[Callable[..., Any], str, dict[str, str]]] = {
    "secondspectrum.load": (
        secondspectrum.load, "secondspectrum",
        {"meta_data": "second_spectrum_fake_metadata.xml",
         "raw_data": "second_spectrum_fake_data.jsonl",
         "additional_meta_data": "second_spectrum_fake_metadata.json"},
    ),
    "pff.load_tracking": (
        pff.load_tracking, "pff",
        {"meta_data": "pff_metadata_10517.json", "roster_meta_data": "pff_rosters_10517.json",
         "raw_data": "pff_10517.jsonl"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOADERS)
def test_tracking_is_loaded_as_kloppy_loads_it(name: str, kloppy_files: Path) -> None:
    load, axes, files = TRACKING[name]
    paths = {part: kloppy_files / file for part, file in files.items()}

    theirs = load(**{part: str(path) for part, path in paths.items()}, coordinates=axes)
    with ExitStack() as opened:
        given = {part: opened.enter_context(path.open("rb")) for part, path in paths.items()}
        ours = LOADERS[name](**given, coordinates=axes)

    assert ours.metadata == theirs.metadata
    assert len(ours.records) > 10
    assert [plain(one) for one in ours.records] == [plain(one) for one in theirs.records]


def test_events_share_no_list() -> None:
    told = dict.fromkeys(
        ("event_id", "team", "player", "coordinates", "raw_event", "period", "timestamp",
         "ball_owning_team", "ball_state", "result", "qualifiers")
    )  # fmt: skip
    one, other = (QuickFactory().build_generic(**told) for _ in range(2))

    one.state["score"] = 1
    one.statistics.append("xg")
    one.related_event_ids.append("7")

    assert isinstance(one, GenericEvent)
    assert (other.state, other.statistics, other.related_event_ids) == ({}, [], [])


def test_every_builder_of_kloppy_is_there() -> None:
    builders = {name for name in dir(EventFactory) if name.startswith("build_")}
    assert builders <= vars(QuickFactory()).keys()
    assert len(builders) > 15
