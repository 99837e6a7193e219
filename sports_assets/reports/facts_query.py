"""Reads a session's facts from views over committed tables.

The caller creates the views `core.*`, `mart.*`, `raw.*`, `tracking.kinematics`, `vision.formation`
and `report.footage` over the session.
The longer statements stand in `facts_sql.py` and `trace_query.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import duckdb

from resources.errors import NotCommittedError
from sports_assets.reports.facts import SessionFacts, SessionHeader
from sports_assets.reports.facts_athlete import (
    AthleteFacts,
    Baseline,
    EventCounts,
    ExternalLoad,
    InternalLoad,
    UnmatchedAthlete,
)
from sports_assets.reports.facts_course import Lap
from sports_assets.reports.facts_footage import FootageFacts, UsualFormation
from sports_assets.reports.facts_sources import FlaggedShare, Quality, SourceStream
from sports_assets.reports.facts_sql import (
    ATHLETES,
    EVENT_MARKS,
    FORMATIONS,
    MEAN_PLACES,
    PLAYED,
    QUALITY,
    WINDOWS_OF_PASSES,
)
from sports_assets.reports.facts_team import EventMark, MeanPlace, PassWindow, ShapeWindow
from sports_assets.reports.lap_query import load_lap_traces
from sports_assets.reports.laps import is_on_circuit
from sports_assets.reports.trace_query import load_trace

_Record = TypeVar("_Record")
_Row = dict[str, Any]

_NAMES_SHOWN: Final = 4
_LAP_INSTANTS: Final = ("started_at_utc", "ended_at_utc")
_LAPS: Final = (
    "select * from mart.athlete_lap where session_id = $session "
    "order by athlete_id, ended_at_utc, lap_number"
)


def load_facts(
    connection: duckdb.DuckDBPyConnection, session_id: str, *, timezone: str
) -> SessionFacts:
    """Read all that the page of a session says.

    Args:
        connection: with the views named in the module's docstring, over this session.
        session_id: our session.
        timezone: IANA name of the club's zone.

    Raises:
        NotCommittedError: core/session has no row of this session.
    """
    header = _header(connection, session_id, timezone)
    athletes = _athletes(connection, session_id)
    has_field = header.field_length_m is not None
    box_from_m = (header.field_length_m or 0.0) / 2 - 16.5

    def read(kind: type[_Record], sql: str, **parameters: float) -> tuple[_Record, ...]:
        found = _rows(connection, sql, session=session_id, **parameters)
        return tuple(_record(kind, row) for row in found)

    laps = tuple(
        _record(Lap, row | {name: row[name].astimezone(UTC) for name in _LAP_INSTANTS})
        for row in _rows(connection, _LAPS, session=session_id)
    )
    return SessionFacts(
        header=header,
        sources=read(
            SourceStream,
            "select * from core.session_source where session_id = $session order by stream_id",
        ),
        played_s=_rows(connection, PLAYED, session=session_id)[0]["played_s"],
        athletes=athletes,
        unmatched=_unmatched(connection, session_id),
        shape=read(
            ShapeWindow,
            "select * from mart.team_shape where session_id = $session "
            "order by team_side, period_id, window_start_s",
        ),
        mean_places=read(MeanPlace, MEAN_PLACES) if has_field else (),
        event_marks=read(EventMark, EVENT_MARKS, box_from_m=box_from_m) if has_field else (),
        pass_windows=read(PassWindow, WINDOWS_OF_PASSES) if has_field else (),
        trace=None if has_field else load_trace(connection, header),
        laps=laps,
        lap_traces=load_lap_traces(connection, session_id, laps)
        if laps and is_on_circuit(header)
        else (),
        quality=read(Quality, QUALITY)[0],
        flagged=read(
            FlaggedShare,
            "select * from mart.stream_quality where session_id = $session and rule <> 'missing' "
            "order by stream_id, quantity, rule",
        ),
        footage=_footage(connection, session_id),
    )


def _footage(connection: duckdb.DuckDBPyConnection, session_id: str) -> FootageFacts | None:
    pages = _rows(
        connection,
        "select max(revision) as revision from report.footage where session_id = $session",
        session=session_id,
    )
    if pages[0]["revision"] is None:
        return None
    formations = _rows(connection, FORMATIONS, session=session_id)
    usual = tuple(_record(UsualFormation, row) for row in formations)
    return FootageFacts(pages[0]["revision"], usual)


def _header(connection: duckdb.DuckDBPyConnection, session_id: str, timezone: str) -> SessionHeader:
    found = _rows(
        connection, "select * from core.session where session_id = $session", session=session_id
    )
    if not found:
        raise NotCommittedError(
            f"core/session has no row of {session_id}: materialise core/session for it, then the "
            "report"
        )
    row = found[0]
    for name in ("started_at_utc", "ended_at_utc"):
        instant: datetime | None = row[name]
        row[name] = instant and instant.astimezone(UTC)
    return _record(SessionHeader, row | {"timezone": timezone})


def _athletes(connection: duckdb.DuckDBPyConnection, session_id: str) -> tuple[AthleteFacts, ...]:
    """Athletes of whom anything was measured; who only sat on the bench is left out."""

    def by_athlete(table: str) -> dict[str, _Row]:
        sql = f"select * from {table} where session_id = $session"  # noqa: S608 - our own names
        found = _rows(connection, sql, session=session_id)
        return {row["athlete_id"]: row for row in found}

    external = by_athlete("mart.athlete_session_external_load")
    internal = by_athlete("mart.athlete_session_internal_load")
    events = by_athlete("mart.athlete_session_events")
    baselines: dict[str, list[Baseline]] = {}
    for row in _rows(
        connection,
        "select * from mart.athlete_session_baseline where session_id = $session "
        "order by athlete_id, metric",
        session=session_id,
    ):
        baselines.setdefault(row["athlete_id"], []).append(_record(Baseline, row))

    measured = external.keys() | internal.keys() | events.keys()
    people = {row["athlete_id"]: row for row in _rows(connection, ATHLETES, session=session_id)}
    return tuple(
        AthleteFacts(
            athlete_id=one,
            display_name=person.get("display_name"),
            team_side=person.get("team_side"),
            team_name=person.get("team_name"),
            shirt_number=person.get("shirt_number"),
            external=_optional(ExternalLoad, external.get(one)),
            internal=_optional(InternalLoad, internal.get(one)),
            events=_optional(EventCounts, events.get(one)),
            baselines=tuple(baselines.get(one, ())),
        )
        for one in sorted(measured)
        for person in (people.get(one, {}),)
    )


def _unmatched(
    connection: duckdb.DuckDBPyConnection, session_id: str
) -> tuple[UnmatchedAthlete, ...]:
    found = _rows(
        connection,
        "select reason, coalesce(display_name, source_athlete_id) as name "
        "from core.unmatched_athlete where session_id = $session "
        "order by reason, source, source_athlete_id",
        session=session_id,
    )
    by_reason: dict[str, list[str]] = {}
    for row in found:
        by_reason.setdefault(row["reason"], []).append(row["name"])
    return tuple(
        UnmatchedAthlete(reason, len(names), tuple(names[:_NAMES_SHOWN]))
        for reason, names in by_reason.items()
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: str | float) -> list[_Row]:
    return list(connection.execute(sql, parameters).to_arrow_table().to_pylist())


def _record(kind: type[_Record], row: Mapping[str, Any]) -> _Record:
    """Take the columns that the record has; a mart may have more."""
    return kind(**{name: row[name] for name in _names(kind)})


def _optional(kind: type[_Record], row: Mapping[str, Any] | None) -> _Record | None:
    return None if row is None else _record(kind, row)


def _names(kind: type) -> Iterable[str]:
    return [field.name for field in fields(kind)]
