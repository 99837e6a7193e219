"""Wyscout events, versions 2 and 3: the reader, by way of kloppy.

Conventions. Wyscout gives places in percent of the pitch as the acting side sees it, and no true
direction. Ours follow from the sides alone: home attacks +x in odd periods, −x in even ones, on a
field of 105 × 68 m (kloppy stretches the percentages so that boxes and goals keep their size).

Clock. Events carry the time within their period. A period begins where the one before it ended plus
the interval that the Laws of the Game allow; version 2 does not even know the day.

kloppy leaves out offsides, and the event before an intercepted duel: they are put back here. Its
`recovery` is Wyscout's touch or acceleration, which is none: those become `other` and `carry`.
"""

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_events import SHOOT_OUT, events_table
from edge_ingest.readers.football_tracking import INTERVALS_S, athletes
from edge_ingest.readers.wyscout_words import words_of
from edge_ingest.recording import Recording, SessionFacts, Told

if TYPE_CHECKING:
    from kloppy.domain import Event, EventDataset

VERSION = "1"

FIELD_LENGTH_M, FIELD_WIDTH_M = 105.0, 68.0
#: Kick-off as told is often the scheduled one, and the length of half-time is assumed, s.
UNCERTAINTY_S = 300.0

#: Events of the goalkeeper stand at this corner where Wyscout has no place for them.
_NO_PLACE = ({"x": 0.0, "y": 0.0}, {"x": 100.0, "y": 100.0})
_KEEPER_EVENTS = (4, 9)
#: The end of a shot is where Wyscout has no place for it, too.
_ENDS = ("receiver_coordinates", "end_coordinates")


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read the events of one match: `events`."""
    path = parts["events"]
    content = path.read_bytes()
    raw = _parse(content, path)
    start = told.started_at_utc or _start(raw, path)
    home = _home(raw, told.home_team_id, path)
    dataset, added_back = _load(raw, content, home, path)
    table, counts = events_table(
        dataset,
        _began(dataset, start),
        words_of=words_of,
        has_place=lambda event: not _is_placeholder(event.raw_event or {}),
        ends=_ENDS,
    )
    teams = dataset.metadata.teams
    scores = _scores(table)
    return Recording(
        source="wyscout",
        device_id=slugify(told.device_id or "") or "wyscout",
        kind="events",
        reader="wyscout",
        reader_version=VERSION,
        session=SessionFacts(
            sport="football",
            started_at_utc=start,
            ended_at_utc=pc.max(table["captured_at_utc"]).as_py(),
            source_session_id=dataset.metadata.game_id,
            name=" – ".join(team.name for team in teams),
            site=told.site,
            field_length_m=FIELD_LENGTH_M,
            field_width_m=FIELD_WIDTH_M,
            home_team_name=teams[0].name,
            away_team_name=teams[1].name,
            home_score=scores["home"],
            away_score=scores["away"],
        ),
        clock=Clock(
            source="operator" if told.started_at_utc else "scheduled_start",
            uncertainty_s=UNCERTAINTY_S,
        ),
        tables={"events": table, "athletes": _athletes(raw, teams)},
        filter_settings={"assumed_field": f"{FIELD_LENGTH_M:g}x{FIELD_WIDTH_M:g} m"},
        rows_by_rule={
            "added_back": added_back,
            "derived": pc.sum(pc.invert(pc.utf8_is_digit(table["source_event_id"]))).as_py(),
            "placeholder_position": counts["without_place"],
        },
    )


def _parse(content: bytes, path: Path) -> dict[str, Any]:
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{path} is no JSON ({error}): fetch the events again") from error
    if not isinstance(raw, dict) or not {"events", "teams", "players"} <= raw.keys():
        raise SourceError(f"{path} needs events, teams and players: give one match of Wyscout")
    if not raw["events"]:
        raise SourceError(f"{path} holds no event: give a match that was played", rule="empty")
    return raw


def _start(raw: Mapping[str, Any], path: Path) -> datetime:
    """Version 3 knows its kick-off; version 2 does not."""
    told = (raw.get("match") or {}).get("dateutc")
    if not told:
        raise SourceError(
            f"{path} does not say when it was played: give the start (started_at_utc)",
            rule="incomplete",
        )
    start = datetime.fromisoformat(told)
    return start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)


def _home(raw: Mapping[str, Any], told: str | None, path: Path) -> str:
    teams = {key: value["team"].get("officialName", key) for key, value in raw["teams"].items()}
    # What is no id of a team came into its place by damage, and may be anybody's value.
    listed = ", ".join(f"{key} ({name})" for key, name in teams.items() if key.isdigit())
    if told is not None:
        if told not in teams:
            raise SourceError(f"{path} has no team {told}: home_team_id is one of {listed}")
        return told
    sides = (raw.get("match") or {}).get("teamsData") or {}
    for key, data in sides.items():
        if data.get("side") == "home" and key in teams:
            return str(key)
    raise SourceError(
        f"{path} does not say who was at home: give home_team_id, one of {listed}",
        rule="incomplete",
    )


def _load(raw: dict[str, Any], content: bytes, home: str, path: Path) -> tuple["EventDataset", int]:
    """Events in Wyscout's axes, and after them those that kloppy leaves out; how many these are.

    Args:
        content: the file, as parsed in `raw`.
        home: the home side's id.
    """
    from kloppy.domain import Ground
    from kloppy.exceptions import KloppyError

    from edge_ingest.readers.kloppy_quick import load_wyscout

    try:
        dataset = load_wyscout(io.BytesIO(content), _version(raw, path))
    except (KloppyError, KeyError, IndexError, TypeError, ValueError) as error:
        raise SourceError(
            f"{path} does not read as Wyscout's events ({type(error).__name__}): export it again"
        ) from error
    teams = dataset.metadata.teams
    for team in teams:
        # kloppy takes the first team for the home side.
        team.ground = Ground.HOME if team.team_id == home else Ground.AWAY
    teams.sort(key=lambda team: team.ground != Ground.HOME)
    missing = list(_left_out(raw["events"], dataset))
    # Not a data set anew, which would link every event to the next for nobody.
    dataset.records.extend(missing)
    return dataset, len(missing)


def _version(raw: Mapping[str, Any], path: Path) -> Literal["V2", "V3"]:
    """As kloppy tells them apart, who would parse the file once more for it."""
    first = raw["events"][0]
    if "eventName" in first:
        return "V2"
    if "primary" in first.get("type", {}):
        return "V3"
    raise SourceError(f"{path} is of no version of Wyscout's that we know: export version 2 or 3")


def _left_out(events: Iterable[dict[str, Any]], dataset: "EventDataset") -> Iterable["Event"]:
    from kloppy.domain import EventFactory, Point

    known = {str(record.event_id).rpartition("-")[2] for record in dataset.records}
    teams = {team.team_id: team for team in dataset.metadata.teams}
    periods = {period.id: period for period in dataset.metadata.periods}
    numbers = {"1H": 1, "2H": 2, "E1": 3, "E2": 4, "1E": 3, "2E": 4, "P": 5}
    for event in events:
        if str(event["id"]) in known or "positions" not in event:
            continue
        team = teams[str(event["teamId"])]
        place = event["positions"][0]
        yield EventFactory().build_generic(
            result=None,
            qualifiers=None,
            event_id=str(event["id"]),
            raw_event=event,
            coordinates=Point(float(place["x"]), float(place["y"])),
            team=team,
            player=team.get_player_by_id(str(event["playerId"])),
            ball_owning_team=None,
            ball_state=None,
            period=periods[numbers[event["matchPeriod"]]],
            timestamp=timedelta(seconds=event["eventSec"]),
        )


def _began(dataset: "EventDataset", start: datetime) -> dict[int, datetime]:
    """Instant at which each period began: its own times start at nought."""
    began, clock = {}, start
    for period in dataset.metadata.periods:
        clock += timedelta(seconds=INTERVALS_S[period.id])
        began[period.id] = clock
        clock += period.end_timestamp - period.start_timestamp
    return began


def _is_placeholder(raw: Mapping[str, Any]) -> bool:
    if raw.get("eventId", raw.get("eventName")) not in _KEEPER_EVENTS:
        return False
    place = raw["positions"][0]
    return {"x": float(place["x"]), "y": float(place["y"])} in _NO_PLACE


def _scores(table: pa.Table) -> dict[str, int]:
    """Goals of both sides without a shoot-out; an own goal counts for the others."""
    other = {"home": "away", "away": "home"}
    scores = {"home": 0, "away": 0}
    is_goal = pc.and_(pc.equal(table["event_type"], "shot"), pc.equal(table["outcome"], "goal"))
    ends = pc.or_(pc.fill_null(is_goal, False), pc.equal(table["outcome"], "own_goal"))
    columns = ("period_id", "team_side", "outcome")
    for row in table.select(columns).filter(ends).to_pylist():
        side = row["team_side"]
        if row["period_id"] != SHOOT_OUT and side is not None:
            scores[other[side] if row["outcome"] == "own_goal" else side] += 1
    return scores


def _athletes(raw: Mapping[str, Any], teams: Iterable[Any]) -> pa.Table:
    roles = {
        str(entry["player"]["wyId"]): (entry["player"].get("role") or {}).get("name")
        for squad in raw["players"].values()
        for entry in squad
        if entry and entry.get("player")
    }
    return athletes(
        "wyscout",
        (
            {
                "source_athlete_id": player.player_id,
                "display_name": player.full_name or None,
                "team_side": str(team.ground),
                "team_name": team.name,
                "shirt_number": player.jersey_no,
                "role": roles.get(player.player_id),
            }
            for team in teams
            for player in team.players
        ),
    )
