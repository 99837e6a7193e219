"""A reader of two-line JSON, so that a test of the node's machinery takes milliseconds."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge_ingest.errors import NothingRecordedError, SourceError
from edge_ingest.readers import READERS, Source
from edge_ingest.recording import Recording, Told
from tests.edge_ingest.recordings import recording

VERSION = "1"
SOURCES = {
    "tiny": Source(
        __name__, "tracking", "one file", {"rows": "JSON"}, accepts=("athlete_id",),
        head={"rows": r'^\{"tiny"'},
    ),
    "pair": Source(
        __name__, "wearable", "two files", {"rows": "JSON", "names": "JSON"},
        head={"rows": r'^\{"pair_rows"', "names": r'^\{"pair_names"'},
    ),
    "vest": Source(
        __name__, "tracking", "one file each, and one for all", {"rows": "JSON", "pitch": "JSON"},
        accepts=("athlete_id", "clock_timezone"),
        head={"rows": r'^\{"vest"', "pitch": r'^\{"corners"'}, optional=("pitch",),
    ),
    "west": Source(
        __name__, "tracking", "whose pitch looks alike", {"rows": "JSON", "pitch": "JSON"},
        head={"rows": r'^\{"west"', "pitch": r'^\{"corners"'}, optional=("pitch",),
    ),
    "laps": Source(
        __name__, "tracking", "one file, and what stands beside it", {"rows": "JSON"},
        accepts=("started_at_utc",), head={"rows": r'^\{"laps"'}, beside=r"\d+_lap\.json",
    ),
}  # fmt: skip


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """`{"tiny": x}` at x metres; `nothing`, `bad` and `when` are what they say. A pitch adds
    100 m, and laps beside it theirs.
    """
    said = json.loads(parts["rows"].read_text())
    x = next(iter(said.values()))
    if x == "nothing":
        raise NothingRecordedError(f"{parts['rows'].name} holds settings: nothing to pack")
    if x == "bad":
        raise SourceError(f"{parts['rows'].name} ends early: export it again")
    if x == "when":
        raise SourceError("it does not say when: give started_at_utc", rule="incomplete")
    x = float(x) + (100.0 if "pitch" in parts else 0.0)
    x += sum(float(path.read_text()) for path in parts["rows"].parent.glob("*_lap.json"))
    device = told.device_id or told.athlete_id or said.get("device", "tracker-1")
    kind = "wearable" if "names" in parts else "tracking"
    return recording(x, device_id=device, kind=kind)


def register(patch: pytest.MonkeyPatch) -> None:
    """Make the two sources known for the length of a test."""
    for name, source in SOURCES.items():
        patch.setitem(READERS, name, source)
