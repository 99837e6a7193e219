"""DFL / Sportec Solutions tracking: the reader. Match information XML and positional XML.

Conventions. Metres from the centre, y to the left of +x: the vendor's axes are ours, and the whole
match is turned by half a turn where the home side attacks towards −x in period 1. Frames of each
half are counted at 25 Hz from a number that the vendor fixed.

Clock. Every frame carries its instant with its zone, set by the tracking system.

Possession and ball status have no place in our tables, and are left where they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.inputs import parse_xml
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import (
    Rows,
    TrackedObject,
    athletes,
)
from edge_ingest.readers.sportec_frames import FrameSet, read_frame_sets
from edge_ingest.readers.tracking_recording import MatchFacts, tracking_recording
from edge_ingest.recording import Recording, Told

VERSION = "1"

FRAME_RATE_HZ = 25
#: The tracking system's clock is set by the network, s.
UNCERTAINTY_S = 1.0

_PERIODS = {"firstHalf": 1, "secondHalf": 2, "firstHalfExtra": 3, "secondHalfExtra": 4}
#: Number of the first frame of each period.
_FIRST_FRAMES = np.array([0, 10_000, 100_000, 200_000, 250_000])
_SIDES = {"home": "home", "guest": "away", "away": "away"}


@dataclass(frozen=True)
class _Match:
    general: Mapping[str, str]
    environment: Mapping[str, str]
    team_names: Mapping[str, str]
    team_sides: Mapping[str, str]
    players: Sequence[dict[str, Any]]
    officials: frozenset[str]
    field_m: tuple[float, float]


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read a match: `match` (match information) and `tracking` (positions)."""
    path = parts["tracking"]
    match = _match(parts["match"])
    sets = read_frame_sets(path)
    _refuse_other_match(sets, match, path)
    known = [one for one in sets if one.attributes.get("GameSection") in _PERIODS]
    objects, numbers = _objects(known, match)
    rows = _rows(known, numbers)
    _refuse_clock_backwards(rows, path)
    facts = MatchFacts(
        started_at_utc=_kick_off(match.general),
        clock=Clock(source="device", uncertainty_s=UNCERTAINTY_S),
        field_m=match.field_m,
        frame_rate_hz=FRAME_RATE_HZ,
        team_names=match.team_names,
        squads=_athletes(match, objects),
        source_session_id=match.general.get("MatchId"),
        name=(match.general.get("MatchTitle") or "").replace(":", " – "),
        site=match.environment.get("StadiumName"),
        score=_score(match.general.get("Result")),
    )
    left_out = sum(one.frame_id.size for one in sets) - sum(one.frame_id.size for one in known)
    return tracking_recording(
        ("sportec", VERSION), facts, objects, rows, told=told, path=path,
        counts={"outside_of_play": left_out},
    )  # fmt: skip


def _match(path: Path) -> _Match:
    root = parse_xml(path)
    general, environment = root.find(".//General"), root.find(".//Environment")
    teams = root.findall(".//Teams/Team")
    sides = [_SIDES.get(team.get("Role", "")) for team in teams]
    if general is None or environment is None or sorted(map(str, sides)) != ["away", "home"]:
        raise SourceError(
            f"{path} lacks the match, its field or one home and one guest team: give the match "
            "information (feed DFL-02.01)",
            rule="malformed",
        )
    names, team_sides, players = {}, {}, []
    for team, side in zip(teams, map(str, sides), strict=True):
        names[side] = team.get("TeamName") or side
        team_sides[team.get("TeamId")] = side
        for player in team.findall("./Players/Player"):
            full = " ".join(filter(None, (player.get("FirstName"), player.get("LastName"))))
            number = player.get("ShirtNumber") or ""
            players.append(
                {
                    "source_athlete_id": player.get("PersonId"),
                    "display_name": player.get("Shortname") or full or None,
                    "team_side": side,
                    "team_name": names[side],
                    "shirt_number": int(number) if number.isdecimal() else None,
                    "role": player.get("PlayingPosition"),
                }
            )
    if not all(player["source_athlete_id"] for player in players):
        raise SourceError(f"{path} has a player without PersonId: export it again")
    try:
        field_m = (float(environment.get("PitchX")), float(environment.get("PitchY")))
    except (TypeError, ValueError):
        raise SourceError(
            f"{path} does not tell the size of the field (PitchX, PitchY): add it there",
            rule="incomplete",
        ) from None
    return _Match(
        general=dict(general.attrib),
        environment=dict(environment.attrib),
        team_names=names,
        team_sides=team_sides,
        players=players,
        officials=frozenset(one.get("PersonId") for one in root.findall(".//Referees/Referee")),
        field_m=field_m,
    )


def _refuse_other_match(sets: Sequence[FrameSet], match: _Match, path: Path) -> None:
    expected = match.general.get("MatchId")
    for one in sets:
        found = one.attributes.get("MatchId", expected)
        if found != expected:
            raise SourceError(
                f"{path} is of match {found}, the match information of {expected}: give both files "
                "of one match"
            )


def _objects(
    sets: Sequence[FrameSet], match: _Match
) -> tuple[list[TrackedObject], dict[str | None, int]]:
    """Who stands in the file, and the place of each PersonId in that list; None is the ball."""
    squads = {player["source_athlete_id"]: player["team_side"] for player in match.players}
    objects: list[TrackedObject] = []
    numbers: dict[str | None, int] = {}
    for one in sets:
        team, person = one.attributes.get("TeamId", ""), _person(one)
        if person in numbers:
            continue
        numbers[person] = len(objects)
        if person is None:
            objects.append(TrackedObject("ball"))
        elif person in match.officials or team.lower() == "referee":
            objects.append(TrackedObject("official", person))
        else:
            side = squads.get(person) or match.team_sides.get(team)
            objects.append(TrackedObject("athlete", person, side, person in squads))
    return objects, numbers


def _person(one: FrameSet) -> str | None:
    if one.attributes.get("TeamId", "").lower() == "ball":
        return None
    return one.attributes.get("PersonId") or "unknown"


def _rows(sets: Sequence[FrameSet], numbers: Mapping[str | None, int]) -> Rows:
    sizes = [one.frame_id.size for one in sets]

    def spread(values: Sequence[int]) -> NDArray[np.int32]:
        return np.repeat(np.array(values, np.int32), sizes)

    def joined(name: str, kind: str) -> NDArray[Any]:
        return np.concatenate([np.empty(0, kind), *(getattr(one, name) for one in sets)])

    period = spread([_PERIODS[one.attributes["GameSection"]] for one in sets])
    frame = joined("frame_id", "int64")
    return Rows(
        period_id=period,
        frame_id=frame,
        captured=joined("captured", "datetime64[us]"),
        period_time_s=(frame - _FIRST_FRAMES[period]) / FRAME_RATE_HZ,
        object_index=spread([numbers[_person(one)] for one in sets]),
        x_m=joined("x_m", "float64"),
        y_m=joined("y_m", "float64"),
        z_m=joined("z_m", "float64"),
    )


def _refuse_clock_backwards(rows: Rows, path: Path) -> None:
    same = (np.diff(rows.object_index) == 0) & (np.diff(rows.period_id) == 0)
    frames, ticks = np.diff(rows.frame_id), np.diff(rows.captured).astype(np.int64)
    # A frame that stands twice is no matter of the clock.
    back = int((same & (frames != 0) & (np.sign(frames) != np.sign(ticks))).sum())
    if back:
        raise SourceError(
            f"{path}: {back} times a later frame bears an instant that is no later: export the "
            "match again from the vendor's archive",
            rule="clock_backwards",
        )


def _kick_off(general: Mapping[str, str]) -> datetime | None:
    text = general.get("KickoffTime") or general.get("PlannedKickoffTime")
    if not text:
        return None
    start = datetime.fromisoformat(text)
    return start.astimezone(UTC) if start.tzinfo else None


def _score(text: str | None) -> tuple[int | None, int | None]:
    home, _, away = (text or "").partition(":")
    return (int(home), int(away)) if home.isdecimal() and away.isdecimal() else (None, None)


def _athletes(match: _Match, objects: Sequence[TrackedObject]) -> pa.Table:
    unknown = [
        {
            "source_athlete_id": one.source_id,
            "team_side": one.side,
            "team_name": match.team_names[one.side] if one.side else None,
            "is_identified": False,
        }
        for one in objects
        if one.kind == "athlete" and not one.is_identified
    ]
    return athletes("sportec", [*match.players, *unknown])
