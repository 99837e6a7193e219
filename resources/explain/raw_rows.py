"""Which rows of the drops' files a row of a table rests on: one rule for each table.

A rule says which of the rows the table is made from; which samples then count by their quality, and
how, is said by the table's own SQL.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from edge_ingest.records import CHANNELS, Quality
from resources.duckdb_engine import literal, literals
from resources.errors import UnknownNumberError
from resources.explain.basis import Rows
from resources.explain.findings import Row
from resources.explain.past import Past

_EXTERNAL = "mart/athlete_session_external_load"
_INTERNAL = "mart/athlete_session_internal_load"
_WITH_A_PLACE = ("with a place", "x_m is not null")
#: What an event column counts, by its beginning.
_EVENT_TYPES: Mapping[str, str] = {
    "pass": "pass", "completed_pass": "pass", "shot": "shot", "shot_on_target": "shot",
    "goal": "shot", "duel": "duel", "won_duel": "duel",
    "recovery": "recovery", "interception": "interception", "foul": "foul",
}  # fmt: skip


@dataclass(frozen=True)
class RawRows:
    """Rows of a raw table, to be looked for in the drops' files.

    Attributes:
        table: name of the raw table, as a manifest's file names it.
        what: which rows, in words.
        where: the same as an SQL condition.
        streams: only of these; none: of every stream.
        of_which, narrower: a further condition in words and in SQL; "" for none.
    """

    table: str
    what: str
    where: str = "true"
    streams: tuple[str, ...] = ()
    of_which: str = ""
    narrower: str = ""


class People:
    """Whose ids are whose in a session, as it was when the page was written."""

    def __init__(self, past: Past) -> None:
        self._source = {row["stream_id"]: row for row in past.all_rows("core/session_source")}
        self._known = past.all_rows("core/athlete")
        self._took_part = {row["athlete_id"]: row for row in past.all_rows("core/athlete_session")}

    def streams(self, *kinds: str) -> tuple[str, ...]:
        """Streams of these kinds; of all without."""
        return tuple(s for s, row in self._source.items() if not kinds or row["kind"] in kinds)

    def ids_in(self, stream_id: str, athletes: Iterable[str]) -> list[str]:
        """The ids that a stream's source has for athletes of ours."""
        source, mine = self._source[stream_id]["source"], set(athletes)
        return sorted(
            row["source_athlete_id"]
            for row in self._known
            if row["source"] == source and row["athlete_id"] in mine
        )

    def position_stream(self, athlete_id: str) -> str | None:
        """The one stream whose positions count for an athlete."""
        found = self._took_part.get(athlete_id)
        return found["position_stream_id"] if found else None


def raw_rows(people: People, asked: Rows, found: Sequence[Row]) -> tuple[RawRows, ...]:
    """Rows of the drops' files behind rows of a table.

    Args:
        people: of the session.
        asked: the rows, and the columns that are asked for.
        found: the same rows, of a table without samples all of them.

    Raises:
        UnknownNumberError: no rule says what the table rests on.
    """
    if asked.table not in _RULES:
        raise UnknownNumberError(
            f"no rule says which rows of a drop {asked.table} rests on: add one to "
            "resources/explain/raw_rows.py"
        )
    return tuple(_RULES[asked.table](people, asked, found))


def _positions(people: People, _: Rows, found: Sequence[Row], when: str = "") -> Iterable[RawRows]:
    """Of each athlete in the one stream that counts."""
    by_stream: dict[str, list[str]] = {}
    for one in _athletes(found):
        if stream := people.position_stream(one):
            by_stream.setdefault(stream, []).append(one)
    for stream, athletes in by_stream.items():
        ids = people.ids_in(stream, athletes)
        yield RawRows(
            "positions", f"places of {_ids(ids)}{' within the lap' if when else ''}",
            f"object_kind = 'athlete' and source_athlete_id in ({literals(ids)}){when}",
            (stream,), *_WITH_A_PLACE,
        )  # fmt: skip


def _signals(
    people: People, found: Sequence[Row], channels: Sequence[str], when: str = ""
) -> Iterable[RawRows]:
    """Of each stream that may tell; of several the one that stands for most time counts."""
    for stream in people.streams("wearable", "tracking"):
        if ids := people.ids_in(stream, _athletes(found)):
            named = ", ".join(channel.replace("_", " ") for channel in channels)
            yield RawRows(
                "signals", f"{named} of {_ids(ids)}{' within the lap' if when else ''}",
                f"channel in ({literals(channels)}) and source_athlete_id in ({literals(ids)})"
                + when,
                (stream,), "with a value", "value is not null",
            )  # fmt: skip


def _internal(people: People, asked: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    by_power = {any(word in name for word in ("power", "work")) for name in asked.columns}
    channels = [name for name, is_told in (("power", True), ("heart_rate", False))
                if is_told in by_power]  # fmt: skip
    return _signals(people, found, channels)


def _events(people: People, asked: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    types = sorted({_EVENT_TYPES[name.removesuffix("_count")] for name in asked.columns
                    if name.endswith("_count")})  # fmt: skip
    for stream in people.streams("events"):
        if ids := people.ids_in(stream, _athletes(found)):
            yield RawRows(
                "events", f"events of {_ids(ids)}", f"source_athlete_id in ({literals(ids)})",
                (stream,), f"of type {', '.join(types)}" if types else "",
                f"event_type in ({literals(types)})" if types else "",
            )  # fmt: skip


def _laps(people: People, asked: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    events = [row["source_event_id"] for row in found]
    for stream in people.streams():
        if ids := people.ids_in(stream, _athletes(found)):
            yield RawRows(
                "events", "the ends of the lap" + ("s" if len(found) > 1 else ""),
                f"event_type = 'lap' and source_event_id in ({literals(events)}) "
                f"and source_athlete_id in ({literals(ids)})",
                (stream,),
            )  # fmt: skip
    whens = " or ".join(
        f"(captured_at_utc > {_instant(row['started_at_utc'])} "
        f"and captured_at_utc <= {_instant(row['ended_at_utc'])})"
        for row in found
    )
    when = f" and ({whens})" if whens else ""
    if {"distance_m", "tracked_s"} & set(asked.columns):
        yield from _positions(people, asked, found, when)
    for column, channel in (("top_speed_mps", "speed"), ("mean_heart_rate_bpm", "heart_rate"),
                            ("mean_power_w", "power")):  # fmt: skip
        if column in asked.columns:
            yield from _signals(people, found, [channel], when)


def _baseline(people: People, asked: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    """Of this session's own value; the earlier ones stand in their own sessions' drops."""
    for metric in dict.fromkeys(row["metric"] for row in found):
        mine = [row for row in found if row["metric"] == metric]
        rule = _internal if is_internal(metric) else _positions
        yield from rule(people, Rows(asked.table, (metric,)), mine)


def _quality(_: People, __: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    for row in found:
        quantity, rule = row["quantity"], row["rule"]
        table, where, value = (
            ("signals", f"channel = {literal(quantity)}", "value")
            if quantity in CHANNELS
            else ("events", "true", "x_m")
            if quantity == "event"
            else ("positions", f"object_kind = {literal(quantity)}", "x_m")
        )
        bit = Quality[rule.upper()] if rule != "missing" else None
        # What smoothing refuses stands in no file: the lakehouse finds it.
        is_in_file = bit is None or "IMPLAUSIBLE" not in rule.upper() or table != "positions"
        flagged = f"{value} is null" if bit is None else f"quality & {int(bit)} > 0"
        yield RawRows(
            table, f"rows of {quantity.replace('_', ' ')}", where, (row["stream_id"],),
            f"flagged {rule}" if is_in_file else "", flagged if is_in_file else "",
        )  # fmt: skip


def _session(_: People, __: Rows, ___: Sequence[Row]) -> Iterable[RawRows]:
    yield RawRows("sessions", "what each source tells of the session")


def _sources(_: People, __: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    yield RawRows(
        "sessions", "what the source tells of the session", "true",
        tuple(row["stream_id"] for row in found),
    )  # fmt: skip


def _took_part(people: People, asked: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    yield from _positions(people, asked, found)
    yield from _signals(people, found, list(CHANNELS))
    yield from _events(people, asked, found)


def _unmatched(_: People, __: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    ids = sorted({row["source_athlete_id"] for row in found})
    yield RawRows(
        "athletes", f"the source’s list: {_ids(ids)}", f"source_athlete_id in ({literals(ids)})"
    )


def _shape(people: People, _: Rows, found: Sequence[Row]) -> Iterable[RawRows]:
    sides = sorted({row["team_side"] for row in found})
    yield RawRows(
        "positions", f"places of the {' and '.join(sides)} side",
        f"object_kind = 'athlete' and team_side in ({literals(sides)})",
        people.streams("tracking", "wearable"), *_WITH_A_PLACE,
    )  # fmt: skip


def _itself(people: People, asked: Rows, _: Sequence[Row]) -> Iterable[RawRows]:
    """The rows of a table of samples stand in a file one by one."""
    layer, _slash, name = asked.table.partition("/")
    table = "positions" if layer == "tracking" else name
    conditions = dict(asked.conditions)
    athlete = conditions.pop("athlete_id", None)
    where = " and ".join(
        ["true", *(f"cast({column} as varchar) = {literal(value)}"
                   for column, value in conditions.items())]
    )  # fmt: skip
    if athlete is None:
        yield RawRows(table, f"rows of {table}", where)
        return
    for stream in people.streams():
        if ids := people.ids_in(stream, [athlete]):
            yield RawRows(
                table, f"rows of {_ids(ids)}",
                f"{where} and source_athlete_id in ({literals(ids)})", (stream,),
            )  # fmt: skip


def is_internal(metric: str) -> bool:
    """Whether a metric is a column of internal load, rather than of external load."""
    return any(word in metric for word in ("heart_rate", "trimp", "mean_power_w",
                                           "normalized_power_w", "work_kj"))  # fmt: skip


def _athletes(found: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["athlete_id"] for row in found))


def _ids(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{len(ids)} athletes"


def _instant(instant: datetime) -> str:
    return f"timestamptz {literal(instant.astimezone(UTC).isoformat())}"


_RULES: Mapping[str, Callable[[People, Rows, Sequence[Row]], Iterable[RawRows]]] = {
    _EXTERNAL: _positions,
    _INTERNAL: _internal,
    "mart/athlete_session_events": _events,
    "mart/athlete_lap": _laps,
    "mart/athlete_session_baseline": _baseline,
    "mart/stream_quality": _quality,
    "mart/team_shape": _shape,
    "core/session": _session,
    "core/session_source": _sources,
    "core/athlete_session": _took_part,
    "core/unmatched_athlete": _unmatched,
    "tracking/kinematics": _itself,
    "raw/positions": _itself,
    "raw/signals": _itself,
    "raw/events": _itself,
}
