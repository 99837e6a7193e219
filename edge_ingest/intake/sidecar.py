"""What a person writes beside a recording that does not say it: `ride.fit.toml`, `recording.toml`.

The first speaks for one file; the second for all of its folder, be it one recording or several.

source = "skillcorner"            # where the files themselves do not show it
started_at_utc = 2019-11-09T17:30:00Z
athlete_id = "anna"

[parts]                           # of a folder: which file is which
match = "match_data.json"
tracking = "structured_data.json"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge_ingest.errors import SourceError
from edge_ingest.readers import READERS
from edge_ingest.recording import Told
from edge_ingest.records import SPORTS

#: Speaks for the whole folder that it stands in.
FOLDER_SIDECAR = "recording.toml"
SUFFIX = ".toml"

_TOLD = tuple(one.name for one in fields(Told))


@dataclass(frozen=True)
class Sidecar:
    """What a sidecar says.

    Attributes:
        source: None: the files show it.
        parts: names of files by part; empty: the files show it.
    """

    source: str | None = None
    parts: Mapping[str, str] | None = None
    told: Told = field(default_factory=Told)


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar.

    Raises:
        SourceError: it is no TOML, or says something that nobody asks for; names it.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is no TOML: {error}: mend it, and try again") from None
    if unknown := sorted(set(told) - {"source", "parts", *_TOLD}):
        raise SourceError(
            f"{path} says {', '.join(unknown)}, which means nothing: use source, parts, "
            + ", ".join(_TOLD)
        )
    source = told.get("source")
    if source is not None and source not in READERS:
        raise SourceError(
            f"{path}: no reader is called {source!r}: use one of {', '.join(READERS)}",
            rule="unknown_format",
        )
    facts = {name: _fact(path, name, told[name]) for name in _TOLD if name in told}
    return Sidecar(source, _parts(path, told.get("parts")), Told(**facts))


def _fact(path: Path, name: str, value: object) -> Any:  # noqa: ANN401 - the field's own type
    if name.endswith("_at_utc"):
        return _instant(path, name, value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # an id of digits
    if not isinstance(value, str) or not value.strip():
        raise SourceError(f"{path}: {name} is {value!r}: give one text, in quotes")
    if name == "sport" and value not in SPORTS:
        raise SourceError(f"{path}: sport is {value!r}: use one of {', '.join(SPORTS)}")
    if name == "clock_timezone":
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SourceError(
                f"{path}: clock_timezone is {value!r}, which is no IANA time zone: write one such "
                "as Europe/Lisbon"
            ) from None
    return value


def _instant(path: Path, name: str, value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise SourceError(f"{path}: {name} is no instant such as 2019-11-09T17:30:00Z")
    if value.tzinfo is None:
        raise SourceError(f"{path}: {name} lacks its zone: add Z for UTC, or the offset")
    return value.astimezone(UTC)


def _parts(path: Path, told: object) -> Mapping[str, str] | None:
    if told is None:
        return None
    if not isinstance(told, dict) or not all(isinstance(name, str) for name in told.values()):
        raise SourceError(f'{path}: write parts as [parts], and a line each: match = "match.json"')
    for name in told.values():
        if not name or Path(name).name != name or name in {".", ".."}:
            raise SourceError(
                f"{path}: {name!r} leads out of the folder: name a file beside it", rule="path"
            )
    return told
