"""TRACAB's metadata in its three shapes: JSON, flat XML, XML with a `match` element."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from edge_ingest.errors import SourceError
from edge_ingest.inputs import LARGEST_DESCRIPTION, check_file, parse_xml

if TYPE_CHECKING:
    from lxml import etree

_PERIODS = range(1, 6)
_FRAME_RATES_HZ = (1, 1000)
_FIELD_SIDES_M = (5, 1000)


class _WrongError(ValueError):
    """A fault of the metadata, in our words."""


@dataclass(frozen=True)
class Metadata:
    """What is said of a match beside its frames.

    Attributes:
        kick_off: as written, and so mostly without a zone; None where it is not told.
        periods: first and last frame number of each period that was played.
        home_is_left: home side's goalkeeper stands at −x in period 1; None where it is not told.
        players: columns of `athletes`, in the order of the file; may be empty.
    """

    match_id: str | None
    kick_off: datetime | None
    frame_rate_hz: float
    field_m: tuple[float, float]
    periods: Mapping[int, tuple[int, int]]
    home_is_left: bool | None
    team_names: Mapping[str, str]
    players: tuple[Mapping[str, Any], ...]


def read_metadata(path: Path) -> Metadata:
    """Parse a metadata file of any shape.

    Raises:
        SourceError: it is none of them, or lacks field, frame rate or periods.
    """
    check_file(path, LARGEST_DESCRIPTION)
    with path.open("rb") as handle:
        is_xml = handle.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    try:
        found = _from_xml(parse_xml(path)) if is_xml else _from_flat(_json(path))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Of a key we know the name; Python's own words quote what stands in the file.
        is_ours = isinstance(error, KeyError | _WrongError)
        what = f"{error}" if is_ours else type(error).__name__
        raise SourceError(
            f"{path} lacks something that TRACAB's metadata have ({what}): give the metadata of "
            "the match (JSON or XML)"
        ) from error
    if not found.periods or not _within(found.frame_rate_hz, _FRAME_RATES_HZ):
        raise SourceError(f"{path} tells no period or no frame rate: export it again")
    if not all(_within(side, _FIELD_SIDES_M) for side in found.field_m):
        raise SourceError(
            f"{path} tells a field that is none, with sides beyond {_FIELD_SIDES_M[0]} to "
            f"{_FIELD_SIDES_M[1]} m: export it again"
        )
    return found


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _json(path: Path) -> Mapping[str, Any]:
    found = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found


def _from_xml(root: "etree._Element") -> Metadata:
    match = root.find("match")
    if match is None:
        return _from_flat(_as_mapping(root))
    periods = {
        int(one.get("iId")): (int(one.get("iStartFrame")), int(one.get("iEndFrame")))
        for one in match.findall("period")
    }
    sides = {"home": root.find("HomeTeam"), "away": root.find("AwayTeam")}
    squads = {} if None in sides.values() else {k: _as_mapping(v) for k, v in sides.items()}
    return Metadata(
        match_id=match.get("iId"),
        kick_off=_kick_off(match.get("dtDate")),
        frame_rate_hz=float(match.get("iFrameRateFps")),
        field_m=(_metres(match.get("fPitchXSizeMeters")), _metres(match.get("fPitchYSizeMeters"))),
        periods=_played(periods),
        home_is_left=None,
        team_names=_names(squads),
        players=_players(squads),
    )


def _from_flat(found: Mapping[str, Any]) -> Metadata:
    periods = {
        number: (
            int(found.get(f"Phase{number}StartFrame") or 0),
            int(found.get(f"Phase{number}EndFrame") or 0),
        )
        for number in _PERIODS
    }
    squads = {"home": found["HomeTeam"], "away": found["AwayTeam"]}
    return Metadata(
        match_id=str(found["GameID"]) if found.get("GameID") is not None else None,
        kick_off=_kick_off(found.get("Kickoff")),
        frame_rate_hz=float(found["FrameRate"]),
        field_m=(float(found["PitchLongSide"]) / 100, float(found["PitchShortSide"]) / 100),
        periods=_played(periods),
        home_is_left=_truth(found.get("Phase1HomeGKLeft")),
        team_names=_names(squads),
        players=_players(squads),
    )


def _truth(value: object) -> bool | None:
    return {"true": True, "false": False}.get(str(value).strip().lower())


def _as_mapping(element: "etree._Element") -> Any:  # noqa: ANN401 (as JSON is)
    """An element as JSON would have it: text, a list of players, or a mapping."""
    children = list(element)
    if not children:
        return (element.text or "").strip()
    if element.tag == "Players":
        return [_as_mapping(child) for child in children]
    return {child.tag: _as_mapping(child) for child in children}


def _played(periods: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    played = {number: ends for number, ends in periods.items() if any(ends)}
    last = -1
    for number, (first, end) in sorted(played.items()):
        if not 1 <= number <= max(_PERIODS) or first > end or first <= last:
            raise _WrongError(f"period {number} overlaps another, or is none")
        last = end
    return played


def _kick_off(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def _metres(text: str) -> float:
    return float(text.replace(",", "."))


def _names(squads: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {
        side: html.unescape(str(squads[side].get("ShortName") or side)) if side in squads else side
        for side in ("home", "away")
    }


def _players(squads: Mapping[str, Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    names = _names(squads)
    return tuple(
        {
            "source_athlete_id": str(player.get("PlayerId") or player["PlayerID"]),
            "display_name": _full_name(player),
            "team_side": side,
            "team_name": names[side],
            "shirt_number": int(player["JerseyNo"]),
            "role": player.get("StartingPosition") or None,
        }
        for side, squad in squads.items()
        for player in _listed(squad.get("Players"))
    )


def _listed(players: object) -> Iterable[Mapping[str, Any]]:
    return players if isinstance(players, list) else ()


def _full_name(player: Mapping[str, Any]) -> str | None:
    names = (str(player.get(name) or "") for name in ("FirstName", "LastName"))
    return html.unescape(" ".join(name for name in names if name)) or None
