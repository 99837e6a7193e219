"""The athletes' tables: each number beside the athlete's own earlier sessions, if there are any.

A team sport has a table a side, one row an athlete. Of one to three athletes without sides, each
has a table of their own, one row a number: a phone is narrow.
"""

import math
from collections.abc import Sequence
from typing import Final

from sports_assets.reports.columns import (
    EVENT_COLUMNS,
    EXTERNAL_COLUMNS,
    INTERNAL_COLUMNS,
    MOVEMENT_COLUMNS,
    PARTIAL_COLUMNS,
    Column,
)
from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import AthleteFacts
from sports_assets.reports.lap_tables import make_lap_tables
from sports_assets.reports.numerals import BASELINE, number_id, numeral
from sports_assets.reports.spread import known
from sports_assets.reports.table import Cell, Row, Table

_OWN_TABLES: Final = 3


def make_tables(facts: SessionFacts) -> tuple[Table, ...]:
    """Tables in the order of reading: the home side first."""
    sides = [side for side in ("home", "away") if facts.side(side)]
    unsided = tuple(one for one in facts.athletes if one.team_side is None)
    tables = []
    for side in sides:
        tables += _squad(facts, facts.side(side), facts.side_name(side), side)
    if 0 < len(unsided) <= _OWN_TABLES and not sides:
        tables += [_own(one, is_partial=facts.is_partial) for one in unsided]
    elif unsided:
        tables += _squad(facts, unsided, "Athletes", None)
    return (*make_lap_tables(facts), *tables)


def _squad(
    facts: SessionFacts, athletes: Sequence[AthleteFacts], caption: str, side: str | None
) -> list[Table]:
    """One table each for load, heart and power, and events; only what there is."""
    is_partial = facts.is_partial
    moves = (PARTIAL_COLUMNS if is_partial else EXTERNAL_COLUMNS) if side else MOVEMENT_COLUMNS
    kinds: tuple[tuple[str, str, str, tuple[Column, ...]], ...] = (
        ("load", "external", "movement in view" if is_partial else "movement", moves),
        ("body", "internal", "heart rate and power", INTERNAL_COLUMNS),
        ("events", "events", "on the ball", EVENT_COLUMNS),
    )
    tables = []
    for kind, field, note, columns in kinds:
        shown = tuple(column for column in columns if _is_told(column, facts.athletes))
        chosen = [one for one in athletes if getattr(one, field) is not None]
        if chosen and shown:
            rows = tuple(
                _row(one, shown, chosen, is_partial=is_partial) for one in _ranked(chosen, shown)
            )
            tables.append(Table(kind, side, caption, note, "Athlete", shown, rows))
    return tables


def _ranked(athletes: Sequence[AthleteFacts], columns: Sequence[Column]) -> list[AthleteFacts]:
    """By the column that has bars, else by the first; who was scarcely seen comes last."""
    column = next((each for each in columns if each.is_bar), columns[0])
    return sorted(
        athletes,
        key=lambda one: (one.is_scarcely_seen, -(column.read(one) or 0.0), one.athlete_id),
    )


def _row(
    one: AthleteFacts,
    columns: Sequence[Column],
    mates: Sequence[AthleteFacts],
    *,
    is_partial: bool,
) -> Row:
    cells = []
    for column in columns:
        bar = None if one.is_scarcely_seen else _bar(one, column, mates)
        cells.append(_cell(one, column, bar, is_partial=is_partial))
    tag = "" if one.shirt_number is None else str(one.shirt_number)
    return Row(one.label, tag, tuple(cells), one.is_scarcely_seen)


def _bar(one: AthleteFacts, column: Column, mates: Sequence[AthleteFacts]) -> float | None:
    """Share of the largest value among those seen for long enough."""
    seen = known(column.read(mate) for mate in mates if not mate.is_scarcely_seen)
    largest, value = max(seen, default=0.0), column.read(one)
    if not (column.is_bar and value and math.isfinite(value) and largest > 0):
        return None
    return max(0.0, value / largest)


def _own(one: AthleteFacts, *, is_partial: bool) -> Table:
    """One athlete's numbers, one below the other."""
    columns = [*MOVEMENT_COLUMNS, *INTERNAL_COLUMNS, *EVENT_COLUMNS]
    told = [column for column in columns if _is_told(column, [one])]
    whole = sum(one.internal.zone_seconds) if one.internal else 0.0
    rows = tuple(
        Row(
            column.meaning,
            "",
            (_cell(one, column, _zone_share(one, column, whole), is_partial=is_partial),),
        )
        for column in told
    )
    heading = Column("value", "Value", "", "", lambda _: None)
    return Table("own", None, one.label, "", "What", (heading,), rows)


def _zone_share(one: AthleteFacts, column: Column, whole: float) -> float | None:
    value = column.read(one)
    is_zone = column.name.startswith("heart_rate_zone_")
    return value / whole if is_zone and value is not None and whole > 0 else None


def _cell(one: AthleteFacts, column: Column, bar: float | None, *, is_partial: bool) -> Cell:
    number = column.show(one)
    baseline = one.baseline(column.name)
    if is_partial and (column.is_total or one.is_scarcely_seen):
        baseline = None
    if baseline is None or baseline.difference_percent is None or number.absent:
        return Cell(number, bar=bar)
    difference = numeral(
        number_id(BASELINE, one.athlete_id, column.name, "difference_percent"),
        baseline.difference_percent,
        "%",
        signed=True,
    )
    return Cell(
        number, None if difference.absent else difference, baseline.earlier_session_count, bar
    )


def _is_told(column: Column, athletes: Sequence[AthleteFacts]) -> bool:
    """A column of nothing but zeros and gaps is a quantity that the source does not tell."""
    return any(known(column.read(one) for one in athletes))
