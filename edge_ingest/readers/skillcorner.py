"""SkillCorner broadcast tracking: the reader.

Conventions. SkillCorner's metres from the centre stay; the whole match is turned by half a turn
where the home side attacks towards −x in period 1. Which way it attacks is decided as kloppy does:
by the vote of all frames on which side stands further left. A file that begins in an even period is
turned where the home side attacks towards +x in that.

Clock. The file counts frames of one unbroken broadcast and knows the scheduled kick-off, not the
true one. An instant is kick-off + frames since the first frame of play / 10 Hz, so intervals are
good to a frame even across half-time, while all instants share the error of the kick-off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from edge_ingest.errors import SourceError
from edge_ingest.identity import slugify
from edge_ingest.manifest import Clock
from edge_ingest.readers.skillcorner_frames import Columns, read_columns
from edge_ingest.recording import Recording, SessionFacts, Told
from edge_ingest.records import INSTANT, Quality

VERSION = "1"

FRAME_RATE_HZ = 10
#: Match clock at the start of each period, s.
PERIOD_STARTS_S = {1: 0, 2: 2700, 3: 5400, 4: 6300, 5: 7200}
#: A ball this far below the ground is the vendor's way of saying "not seen", m.
NOT_SEEN_BELOW_M = -5.0
#: Room around the field in which players are still plausible, m.
RUN_OFF_M = 5.0
#: Kick-off is rarely further than this from its schedule, s.
SCHEDULE_UNCERTAINTY_S = 300.0


@dataclass(frozen=True)
class _Objects:
    """Every tracked object once: kind, id, side (None for ball and officials), known or not."""

    kind: NDArray[np.object_]
    source_id: NDArray[np.object_]
    side: NDArray[np.object_]
    is_identified: NDArray[np.bool_]


def read(parts: Mapping[str, Path], told: Told) -> Recording:
    """Read a match: `match` (match data) and `tracking` (structured data or JSON lines)."""
    match = _match(parts["match"])
    kick_off = told.started_at_utc or _scheduled(match, parts["match"])
    columns = read_columns(parts["tracking"], match["ball"]["trackable_object"])
    if strange := sorted(set(np.unique(columns.period_id).tolist()) - set(PERIOD_STARTS_S)):
        raise SourceError(f"{parts['tracking']} holds period {strange[0]}, which football has not")
    object_index, objects = _identify(columns, match)
    keep = _last_of_each(columns.frame_index, object_index)
    begins_in_even_period = columns.period_id.min() % 2 == 0
    attacks_left = _home_attacks_left(columns, objects.side[object_index])
    is_turned = bool(attacks_left != begins_in_even_period)
    captured = _captured(columns, kick_off)
    positions, counts = _positions(
        columns,
        match,
        object_index=object_index,
        objects=objects,
        captured=captured,
        is_turned=is_turned,
    )
    duplicates = int(keep.size - keep.sum())
    return Recording(
        source="skillcorner",
        device_id=slugify(told.device_id or "") or "skillcorner",
        kind="tracking",
        reader="skillcorner",
        reader_version=VERSION,
        session=SessionFacts(
            sport="football",
            started_at_utc=kick_off,
            ended_at_utc=captured[-1].astype("datetime64[us]").item().replace(tzinfo=UTC),
            source_session_id=str(match["id"]) if match.get("id") is not None else None,
            name=f"{match['home_team']['name']} – {match['away_team']['name']}",
            site=told.site or (match.get("stadium") or {}).get("name"),
            sampling_rate_hz=FRAME_RATE_HZ,
            field_length_m=float(match["pitch_length"]),
            field_width_m=float(match["pitch_width"]),
            home_team_name=match["home_team"]["name"],
            away_team_name=match["away_team"]["name"],
            home_score=match.get("home_team_score"),
            away_score=match.get("away_team_score"),
        ),
        clock=Clock(source="operator", uncertainty_s=1.0)
        if told.started_at_utc
        else Clock(source="scheduled_start", uncertainty_s=SCHEDULE_UNCERTAINTY_S),
        tables={
            "positions": positions.filter(pa.array(keep)),
            "athletes": _athletes(match, objects),
        },
        filter_settings={
            "run_off_m": RUN_OFF_M,
            "not_seen_below_m": NOT_SEEN_BELOW_M,
            "is_turned": is_turned,
        },
        rows_by_rule={**counts, "duplicate_object": duplicates},
    )


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
    text = match.get("date_time")
    if not text:
        raise SourceError(f"{path} has no date_time: give the start of play")
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(f"{path}: date_time is {text!r}: give the start of play") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def _identify(columns: Columns, match: Mapping[str, Any]) -> tuple[NDArray[np.int64], _Objects]:
    """Tell each row's object; ids of unidentified tracks are `<side>_anon_<track>`, as kloppy's."""
    sides = {match["home_team"]["id"]: "home", match["away_team"]["id"]: "away"}
    key = "id" if columns.is_player_id else "trackable_object"
    players = {player[key]: player for player in match["players"]}
    referees = {referee[key]: referee["id"] for referee in match.get("referees") or ()}
    known: list[tuple[str, str | None, str | None, bool]] = []
    numbers: dict[tuple[str, str | None], int] = {}

    def number(kind: str, source_id: str | None, side: str | None, is_identified: bool) -> int:
        found = numbers.setdefault((kind, source_id), len(known))
        if found == len(known):
            known.append((kind, source_id, side, is_identified))
        return found

    object_index = np.full(columns.object_id.size, -1, np.int64)
    object_index[columns.is_ball] = number("ball", None, None, True)
    named = ~columns.is_ball & (columns.object_id >= 0)
    for object_id in np.unique(columns.object_id[named]).tolist():
        if object_id in referees:
            found = number("official", str(referees[object_id]), None, True)
        elif object_id in players:
            player = players[object_id]
            found = number("athlete", str(player["id"]), sides.get(player["team_id"]), True)
        else:
            found = number("athlete", f"object_{object_id}", None, False)
        object_index[named & (columns.object_id == object_id)] = found
    for row in np.flatnonzero(object_index < 0):
        group, track = columns.group_name[row] or "", columns.track_id[row]
        side = {"home": "home", "away": "away"}.get(group[:4])
        if group == "referee":
            object_index[row] = number("official", f"referee_anon_{track}", None, False)
        else:
            anonymous = f"{side}_anon_{track}" if side else f"anon_{track}"
            object_index[row] = number("athlete", anonymous, side, False)
    kind, source_id, side_of, is_identified = zip(*known, strict=True)
    return object_index, _Objects(
        np.array(kind, object), np.array(source_id, object), np.array(side_of, object),
        np.array(is_identified),
    )  # fmt: skip


def _last_of_each(
    frame_index: NDArray[np.int64], object_index: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which rows to keep: where a frame names an object twice, the last (as kloppy does)."""
    key = frame_index * (object_index.max() + 1) + object_index
    _, last = np.unique(key[::-1], return_index=True)
    keep = np.zeros(key.size, bool)
    keep[key.size - 1 - last] = True
    return keep


def _home_attacks_left(columns: Columns, side: NDArray[np.object_]) -> bool:
    """Whether most frames of the file's first period show the home side further right."""
    first = columns.period_id[columns.frame_index] == columns.period_id.min()
    means = []
    for name in ("home", "away"):
        rows = first & (side == name) & np.isfinite(columns.x_m)
        seen = np.bincount(columns.frame_index[rows], minlength=columns.frame_id.size)
        total = np.bincount(
            columns.frame_index[rows], columns.x_m[rows], minlength=columns.frame_id.size
        )
        means.append(np.divide(total, seen, out=np.full(total.shape, np.nan), where=seen > 0))
    left, right = int((means[0] < means[1]).sum()), int((means[0] > means[1]).sum())
    if left == right:
        raise SourceError("nothing shows which way the home side attacks: give the whole match")
    return right > left


def _captured(columns: Columns, kick_off: datetime) -> NDArray[np.datetime64]:
    """Instant of each frame: kick-off + what the frame counter has run since."""
    # A file that begins in a later period begins at least that far from kick-off.
    since_s = columns.match_time_s[0] + (columns.frame_id - columns.frame_id[0]) / FRAME_RATE_HZ
    start = np.datetime64(kick_off.astimezone(UTC).replace(tzinfo=None), "us")
    return np.asarray(start + np.rint(since_s * 1e6).astype("timedelta64[us]"))


def _positions(
    columns: Columns,
    match: Mapping[str, Any],
    *,
    object_index: NDArray[np.int64],
    objects: _Objects,
    captured: NDArray[np.datetime64],
    is_turned: bool,
) -> tuple[pa.Table, dict[str, int]]:
    unseen = np.isnan(columns.x_m) | np.isnan(columns.y_m)
    unseen |= columns.is_ball & (columns.z_m <= NOT_SEEN_BELOW_M)
    sign = -1.0 if is_turned else 1.0
    out_of_field = ~unseen & (
        (np.abs(columns.x_m) > match["pitch_length"] / 2 + RUN_OFF_M)
        | (np.abs(columns.y_m) > match["pitch_width"] / 2 + RUN_OFF_M)
    )
    unidentified = ~objects.is_identified[object_index]
    quality = (
        columns.is_estimated * Quality.ESTIMATED.value
        + unidentified * Quality.UNIDENTIFIED.value
        + out_of_field * Quality.OUT_OF_FIELD.value
    )
    starts = np.array([PERIOD_STARTS_S.get(p, 0) for p in range(columns.period_id.max() + 1)])
    period_time = np.round(columns.match_time_s - starts[columns.period_id], 3)
    frame = columns.frame_index
    table = pa.table(
        {
            "period_id": pa.array(columns.period_id.astype(np.int8)[frame]),
            "frame_id": pa.array(columns.frame_id.astype(np.int32)[frame]),
            "captured_at_utc": pa.array(captured[frame]).cast(INSTANT),
            "period_time_s": pa.array(period_time[frame]),
            "object_kind": _words(objects.kind, object_index),
            "source_athlete_id": _words(objects.source_id, object_index),
            "team_side": _words(objects.side, object_index),
            "x_m": pa.array(sign * columns.x_m, mask=unseen),
            "y_m": pa.array(sign * columns.y_m, mask=unseen),
            "z_m": pa.array(columns.z_m, mask=unseen | np.isnan(columns.z_m)),
            "missing_reason": _words(np.array([None, "not_seen"]), unseen.astype(np.int64)),
            "quality": pa.array(quality.astype(np.int32)),
        }
    )
    return table, {
        "not_seen": int(unseen.sum()),
        "estimated": int(columns.is_estimated.sum()),
        "unidentified": int(unidentified.sum()),
        "out_of_field": int(out_of_field.sum()),
    }


def _words(words: NDArray[np.object_], index: NDArray[np.int64]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(index))


def _athletes(match: Mapping[str, Any], objects: _Objects) -> pa.Table:
    """The squads, and the tracks that SkillCorner could not name."""
    teams = {"home": match["home_team"], "away": match["away_team"]}
    sides = {team["id"]: side for side, team in teams.items()}
    rows: list[dict[str, Any]] = []
    for player in match["players"]:
        side = sides.get(player["team_id"])
        names = (player.get("first_name"), player.get("last_name"))
        rows.append(
            {
                "source_athlete_id": str(player["id"]),
                "display_name": " ".join(name for name in names if name) or None,
                "team_side": side,
                "team_name": teams[side]["name"] if side else None,
                "shirt_number": player.get("number"),
                "role": (player.get("player_role") or {}).get("name"),
                "is_identified": True,
            }
        )
    for index in np.flatnonzero((objects.kind == "athlete") & ~objects.is_identified):
        side = objects.side[index]
        rows.append(
            {
                "source_athlete_id": objects.source_id[index],
                "team_side": side,
                "team_name": teams[side]["name"] if side else None,
                "is_identified": False,
            }
        )
    return _athletes_table(rows)


def _athletes_table(rows: list[dict[str, Any]]) -> pa.Table:
    columns = {
        "source_athlete_id": pa.string(), "display_name": pa.string(), "team_side": pa.string(),
        "team_name": pa.string(), "shirt_number": pa.int16(), "role": pa.string(),
        "is_identified": pa.bool_(),
    }  # fmt: skip
    table = pa.Table.from_pylist(rows, pa.schema(list(columns.items())))
    source = pa.repeat(pa.scalar("skillcorner"), table.num_rows)
    return table.append_column("source", source)
