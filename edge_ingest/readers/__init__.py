"""The sources that we read, one module each. Listing them imports none of them.

A reader is a module with `VERSION` and `read`; its line in `READERS` says what it needs.
`docs/add-a-source.md` shows how to add one.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Protocol, cast

from edge_ingest.errors import EdgeError, SourceError
from edge_ingest.inputs import LARGEST_RECORDING, check_file
from edge_ingest.manifest import Kind
from edge_ingest.recording import DayRecords, Recording, Told


class Reader(Protocol):
    """What a reader module offers."""

    #: Raised whenever the same file would give other rows.
    VERSION: str

    def read(self, parts: Mapping[str, Path], told: Told) -> "Recording | DayRecords":
        """Turn a vendor's files into rows in our units and axes.

        Args:
            parts: the files, by the names that the source lists; each of them is there.
            told: what the operator said; only fields that the source accepts are set.

        Raises:
            SourceError: the files cannot be read, or lack something only the operator can tell.
        """
        ...


@dataclass(frozen=True)
class Source:
    """One line of the register.

    Attributes:
        module: imported when the source is read, not before.
        parts: what each of its files is, by name.
        accepts: fields of `Told` that the reader heeds, beyond `site` and `device_id`.
        head: how a file of each part begins, as a regular expression searched in its first 4 KiB
            (as latin-1); a part without one is known only by its name in a sidecar.
        optional: parts that may be left out.
        largest: no file of it is larger, B.
    """

    module: str
    kind: Kind
    description: str
    parts: Mapping[str, str]
    accepts: tuple[str, ...] = ()
    head: Mapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    largest: int = LARGEST_RECORDING


READERS: dict[str, Source] = {
    "skillcorner": Source(
        "edge_ingest.readers.skillcorner",
        "tracking",
        "broadcast tracking at 10 Hz",
        {"match": "match data, JSON", "tracking": "structured data, JSON or JSON lines"},
        accepts=("started_at_utc",),
        head={
            "match": r'"(home_team|pitch_length|date_time|trackable_object)"\s*:',
            "tracking": r'^\s*\[?\s*\{[^}]{0,400}"(possession|frame|player_data|data)"\s*:',
        },
    ),
    "wyscout": Source(
        "edge_ingest.readers.wyscout",
        "events",
        "football events, version 2 or 3",
        {"events": "events with teams and players, JSON"},
        accepts=("started_at_utc", "home_team_id"),
    ),
    "fit": Source(
        "edge_ingest.readers.fit",
        "wearable",
        "watches and bike computers (Garmin, Wahoo, Zwift, …)",
        {"activity": "activity, FIT"},
        accepts=("athlete_id", "started_at_utc"),
        head={"activity": r"^[\x0c\x0e].{7}\.FIT"},
    ),
}

_ALWAYS_ACCEPTED = ("site", "device_id")


def read_recording(source: str, parts: Mapping[str, Path], told: Told | None = None) -> Recording:
    """Read one recording of a session by the reader of that name.

    Raises:
        SourceError: as `read_source`, or the source is about days.
    """
    found = read_source(source, parts, told)
    if not isinstance(found, Recording):
        raise SourceError(f"{source} is about days, not about a session: use read_source")
    return found


def read_source(
    source: str, parts: Mapping[str, Path], told: Told | None = None
) -> Recording | DayRecords:
    """Read whatever a source holds, by the reader of that name.

    Raises:
        NothingRecordedError: the file is sound and holds nothing to pack.
        SourceError: no such source, a part is missing or unknown, the operator told something
            that this reader would ignore, or the reader refuses the files.
    """
    told = told or Told()
    if source not in READERS:
        raise SourceError(
            f"no reader is called {source!r}: use one of {', '.join(READERS)}",
            rule="unknown_format",
        )
    entry = READERS[source]
    listed = ", ".join(f"{name}=<{what}>" for name, what in entry.parts.items())
    if unknown := sorted(set(parts) - set(entry.parts)):
        raise SourceError(f"{source} has no part {', '.join(unknown)}: give {listed}")
    needed = [name for name in entry.parts if name not in entry.optional]
    if missing := [name for name in needed if name not in parts]:
        raise SourceError(
            f"{source} needs the part {', '.join(missing)}: give {listed}", rule="incomplete"
        )
    for path in parts.values():
        check_file(path, entry.largest)
    for one in fields(told):
        is_told = getattr(told, one.name) is not None
        if is_told and one.name not in (*_ALWAYS_ACCEPTED, *entry.accepts):
            raise SourceError(f"{source} has no use for {one.name}: leave it out")
    reader = cast("Reader", importlib.import_module(entry.module))
    try:
        return reader.read(parts, told)
    except EdgeError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A vendor's file may be wrong in more ways than any reader looks for.
        given = " ".join(f"{name}={path}" for name, path in parts.items())
        raise SourceError(
            f"{given} does not read as {source} ({type(error).__name__}: {error}): "
            "export it again, or report the format"
        ) from error
