"""SkillCorner broadcast tracking: the reader.

Conventions. SkillCorner's metres from the centre stay; the whole match is turned by half a turn
where the home side attacks towards −x in period 1. Which way it attacks is decided as kloppy does:
by the vote of all frames on which side stands further left. A file that begins in an even period is
turned where the home side attacks towards +x in that.

Clock. The file counts frames of one unbroken broadcast and knows the scheduled kick-off, not the
true one. An instant is kick-off + frames since the first frame of play / 10 Hz, so intervals are
good to a frame even across half-time, while all instants share the error of the kick-off.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.manifest import Clock
from edge_ingest.readers.football_tracking import Rows, TrackedObject, after, athletes
from edge_ingest.readers.skillcorner_frames import Columns, read_columns
from edge_ingest.readers.tracking_recording import MatchFacts, tracking_recording
from edge_ingest.recording import Recording, Told

VERSION = "1"

FRAME_RATE_HZ = 10
#: Match clock at the start of each period, s.
PERIOD_STARTS_S = {1: 0, 2: 2700, 3: 5400, 4: 6300, 5: 7200}
#: A ball this far below the ground is the vendor's way of saying "not seen", m.
NOT_SEEN_BELOW_M = -5.0
#: Kick-off is rarely further than this from its schedule, s.
SCHEDULE_UNCERTAINTY_S = 300.0


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read a match: `match` (match data) and `tracking` (structured data or JSON lines)."""
    match = _match(parts["match"])
    kick_off = told.started_at_utc or _scheduled(match, parts["match"])
    columns = read_columns(parts["tracking"], match["ball"]["trackable_object"])
    if strange := sorted(set(np.unique(columns.period_id).tolist()) - set(PERIOD_STARTS_S)):
        raise SourceError(
            f"{parts['tracking']} holds period {strange[0]}, and football has 1 to 5: export it "
            "again"
        )
    object_index, objects = _identify(columns, match)
    keep = _last_of_each(columns.frame_index, object_index)
    rows = _rows(columns, object_index, kick_off, keep)
    facts = MatchFacts(
        started_at_utc=kick_off,
        clock=Clock(source="operator", uncertainty_s=1.0)
        if told.started_at_utc
        else Clock(source="scheduled_start", uncertainty_s=SCHEDULE_UNCERTAINTY_S),
        field_m=(float(match["pitch_length"]), float(match["pitch_width"])),
        frame_rate_hz=FRAME_RATE_HZ,
        team_names={side: match[f"{side}_team"]["name"] for side in ("home", "away")},
        squads=_athletes(match, objects),
        source_session_id=str(match["id"]) if match.get("id") is not None else None,
        site=(match.get("stadium") or {}).get("name"),
        score=(match.get("home_team_score"), match.get("away_team_score")),
    )
    return tracking_recording(
        ("skillcorner", VERSION), facts, objects, rows, told=told,
        path=parts["tracking"],
        is_estimated=columns.is_estimated[keep],
        settings={"not_seen_below_m": NOT_SEEN_BELOW_M},
        counts={"duplicate_object": int(keep.size - keep.sum())},
    )  # fmt: skip


def _match(path: Path) -> dict[str, Any]:
    try:
        match = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{path} is no JSON ({error}): give SkillCorner's match data") from error
    needed = ("home_team", "away_team", "players", "ball", "pitch_length", "pitch_width")
    if not isinstance(match, dict) or (missing := [n for n in needed if n not in match]):
        raise SourceError(
            f"{path} lacks {', '.join(missing) if isinstance(match, dict) else 'a match'}: "
            "give SkillCorner's match data"
        )
    return match


def _scheduled(match: Mapping[str, Any], path: Path) -> datetime:
    try:
        start = datetime.fromisoformat(match.get("date_time") or "")
    except (TypeError, ValueError):
        raise SourceError(
            f"{path} has no date_time such as 2019-11-09T17:30:00Z: give the start of play "
            "(started_at_utc)",
            rule="incomplete",
        ) from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def _identify(
    columns: Columns, match: Mapping[str, Any]
) -> tuple[NDArray[np.int64], list[TrackedObject]]:
    """Tell each row's object; ids of unidentified tracks are `<side>_anon_<track>`, as kloppy's."""
    sides = {match["home_team"]["id"]: "home", match["away_team"]["id"]: "away"}
    key = "id" if columns.is_player_id else "trackable_object"
    players = {player[key]: player for player in match["players"]}
    referees = {referee[key]: referee["id"] for referee in match.get("referees") or ()}
    known: list[TrackedObject] = []
    numbers: dict[tuple[str, str | None], int] = {}

    def number(one: TrackedObject) -> int:
        found = numbers.setdefault((one.kind, one.source_id), len(known))
        if found == len(known):
            known.append(one)
        return found

    object_index = np.full(columns.object_id.size, -1, np.int64)
    object_index[columns.is_ball] = number(TrackedObject("ball"))
    named = ~columns.is_ball & (columns.object_id >= 0)
    for object_id in np.unique(columns.object_id[named]).tolist():
        if object_id in referees:
            one = TrackedObject("official", str(referees[object_id]))
        elif object_id in players:
            player = players[object_id]
            one = TrackedObject("athlete", str(player["id"]), sides.get(player["team_id"]))
        else:
            one = TrackedObject("athlete", f"object_{object_id}", is_identified=False)
        object_index[named & (columns.object_id == object_id)] = number(one)
    for row in np.flatnonzero(object_index < 0):
        group, track = columns.group_name[row] or "", columns.track_id[row]
        side = {"home": "home", "away": "away"}.get(group[:4])
        if group == "referee":
            one = TrackedObject("official", f"referee_anon_{track}", is_identified=False)
        else:
            name = f"{side}_anon_{track}" if side else f"anon_{track}"
            one = TrackedObject("athlete", name, side, is_identified=False)
        object_index[row] = number(one)
    return object_index, known


def _last_of_each(
    frame_index: NDArray[np.int64], object_index: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which rows to keep: where a frame names an object twice, the last (as kloppy does)."""
    key = frame_index * (object_index.max() + 1) + object_index
    _, last = np.unique(key[::-1], return_index=True)
    keep = np.zeros(key.size, bool)
    keep[key.size - 1 - last] = True
    return keep


def _rows(
    columns: Columns,
    object_index: NDArray[np.int64],
    kick_off: datetime,
    keep: NDArray[np.bool_],
) -> Rows:
    """Rows to keep; an instant is kick-off + what the frame counter has run since."""
    # A file that begins in a later period begins at least that far from kick-off.
    since_s = columns.match_time_s[0] + (columns.frame_id - columns.frame_id[0]) / FRAME_RATE_HZ
    starts = np.array([PERIOD_STARTS_S.get(p, 0) for p in range(columns.period_id.max() + 1)])
    period_time = np.round(columns.match_time_s - starts[columns.period_id], 3)
    frame = columns.frame_index[keep]
    z_m = columns.z_m[keep]
    unseen = columns.is_ball[keep] & (z_m <= NOT_SEEN_BELOW_M)
    return Rows(
        period_id=columns.period_id[frame],
        frame_id=columns.frame_id[frame],
        captured=after(kick_off, since_s)[frame],
        period_time_s=period_time[frame],
        object_index=object_index[keep],
        x_m=np.where(unseen, np.nan, columns.x_m[keep]),
        y_m=np.where(unseen, np.nan, columns.y_m[keep]),
        z_m=z_m,
    )


def _athletes(match: Mapping[str, Any], objects: Sequence[TrackedObject]) -> pa.Table:
    """The squads, and the tracks that SkillCorner could not name."""
    teams = {"home": match["home_team"], "away": match["away_team"]}
    sides = {team["id"]: side for side, team in teams.items()}
    listed: list[dict[str, Any]] = []
    for player in match["players"]:
        side = sides.get(player["team_id"])
        names = (player.get("first_name"), player.get("last_name"))
        listed.append(
            {
                "source_athlete_id": str(player["id"]),
                "display_name": " ".join(name for name in names if name) or None,
                "team_side": side,
                "team_name": teams[side]["name"] if side else None,
                "shirt_number": player.get("number"),
                "role": (player.get("player_role") or {}).get("name"),
            }
        )
    unknown = [
        {
            "source_athlete_id": one.source_id,
            "team_side": one.side,
            "team_name": teams[one.side]["name"] if one.side else None,
            "is_identified": False,
        }
        for one in objects
        if one.kind == "athlete" and not one.is_identified
    ]
    return athletes("skillcorner", [*listed, *unknown])
