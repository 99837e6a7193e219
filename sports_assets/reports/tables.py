"""The athletes' tables: each number beside the athlete's own earlier sessions, if there are any.

A team sport has a table a side, one row an athlete. Of one to three athletes without sides, each
has a table of their own, one row a number: a phone is narrow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sports_assets.reports.columns import (
    EVENT_COLUMNS,
    EXTERNAL_COLUMNS,
    INTERNAL_COLUMNS,
    MOVEMENT_COLUMNS,
    Column,
)
from sports_assets.reports.facts import AthleteFacts, SessionFacts
from sports_assets.reports.numerals import BASELINE, Numeral, number_id, numeral
from sports_assets.reports.sentences_load import LEAST_TRACKED_S, is_partial
from sports_assets.reports.spread import known

_OWN_TABLES: Final = 3


@dataclass(frozen=True)
class Cell:
    """A number, its difference from the own mean of so many, and its length as a bar (0 to 1)."""

    number: Numeral
    difference: Numeral | None = None
    earlier: int = 0
    bar: float | None = None


@dataclass(frozen=True)
class Row:
    """One athlete, or one quantity of one athlete."""

    name: str
    tag: str
    cells: tuple[Cell, ...]
    is_faint: bool = False


@dataclass(frozen=True)
class Table:
    """What the template prints.

    Attributes:
        kind: `load`, `body`, `events` or `own`; a part of the table's HTML id.
        side: home, away or None; colours the heading.
        name_heading: of the first column.
    """

    kind: str
    side: str | None
    caption: str
    note: str
    name_heading: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def history(self) -> str | None:
        """How many earlier sessions the numbers stand beside: `3`, `2 to 4`; None for none."""
        counts = [cell.earlier for row in self.rows for cell in row.cells if cell.difference]
        if not counts:
            return None
        fewest, most = min(counts), max(counts)
        return f"{most}" if fewest == most else f"{fewest} to {most}"

    @property
    def is_tagged(self) -> bool:
        """Whether any row has a tag, and the names stand clear of it."""
        return any(row.tag for row in self.rows)


def make_tables(facts: SessionFacts) -> tuple[Table, ...]:
    """Tables in the order of reading: the home side first."""
    sides = [side for side in ("home", "away") if facts.side(side)]
    unsided = tuple(one for one in facts.athletes if one.team_side is None)
    tables = []
    for side in sides:
        tables += _squad(facts, facts.side(side), facts.side_name(side), side)
    if 0 < len(unsided) <= _OWN_TABLES and not sides:
        tables += [_own(one) for one in unsided]
    elif unsided:
        tables += _squad(facts, unsided, "Athletes", None)
    return tuple(tables)


def _squad(
    facts: SessionFacts, athletes: Sequence[AthleteFacts], caption: str, side: str | None
) -> list[Table]:
    """One table each for load, heart and power, and events; only what there is."""
    moves = EXTERNAL_COLUMNS if side else MOVEMENT_COLUMNS
    kinds: tuple[tuple[str, str, str, tuple[Column, ...], _Order], ...] = (
        ("load", "external", "movement in view", moves, _by_high_speed),
        ("body", "internal", "heart rate and power", INTERNAL_COLUMNS, _by_trimp),
        ("events", "events", "on the ball", EVENT_COLUMNS, _by_passes),
    )
    tables = []
    for kind, field, note, columns, order in kinds:
        chosen = sorted(
            (one for one in athletes if getattr(one, field) is not None),
            key=lambda one: (-order(one), one.athlete_id),
        )
        shown = tuple(column for column in columns if _is_told(column, facts.athletes))
        if chosen and shown:
            rows = tuple(_row(one, shown, chosen, is_partial=is_partial(facts)) for one in chosen)
            tables.append(Table(kind, side, caption, note, "Athlete", shown, rows))
    return tables


def _row(
    one: AthleteFacts,
    columns: Sequence[Column],
    mates: Sequence[AthleteFacts],
    *,
    is_partial: bool,
) -> Row:
    cells = []
    for column in columns:
        largest = max(known(column.read(mate) for mate in mates), default=0.0)
        value = column.read(one)
        bar = max(0.0, value / largest) if column.is_bar and value and largest > 0 else None
        cells.append(_cell(one, column, bar, is_partial=is_partial))
    tag = "" if one.shirt_number is None else str(one.shirt_number)
    return Row(one.label, tag, tuple(cells), _is_scarcely_seen(one))


def _own(one: AthleteFacts) -> Table:
    """One athlete's numbers, one below the other."""
    columns = [*MOVEMENT_COLUMNS, *INTERNAL_COLUMNS, *EVENT_COLUMNS]
    told = [column for column in columns if _is_told(column, [one])]
    whole = sum(one.internal.zone_seconds) if one.internal else 0.0
    rows = tuple(
        Row(
            column.meaning,
            "",
            (_cell(one, column, _zone_share(one, column, whole)),),
        )
        for column in told
    )
    heading = Column("value", "Value", "", "", lambda _: None)
    return Table("own", None, one.label, "", "What", (heading,), rows)


def _zone_share(one: AthleteFacts, column: Column, whole: float) -> float | None:
    value = column.read(one)
    is_zone = column.name.startswith("heart_rate_zone_")
    return value / whole if is_zone and value is not None and whole > 0 else None


def _cell(
    one: AthleteFacts, column: Column, bar: float | None, *, is_partial: bool = False
) -> Cell:
    number = column.show(one)
    baseline = one.baseline(column.name)
    if is_partial and (column.is_total or _is_scarcely_seen(one)):
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


def _is_scarcely_seen(one: AthleteFacts) -> bool:
    seen = one.external.tracked_s if one.external else None
    return seen is not None and seen < LEAST_TRACKED_S


def _is_told(column: Column, athletes: Sequence[AthleteFacts]) -> bool:
    """A column of nothing but zeros and gaps is a quantity that the source does not tell."""
    return any(known(column.read(one) for one in athletes))


_Order = Callable[[AthleteFacts], float]


def _by_high_speed(one: AthleteFacts) -> float:
    load = one.external
    return (load.high_speed_distance_m or load.total_distance_m or 0.0) if load else 0.0


def _by_trimp(one: AthleteFacts) -> float:
    load = one.internal
    return (load.edwards_trimp_au or load.work_kj or 0.0) if load else 0.0


def _by_passes(one: AthleteFacts) -> float:
    return float((one.events.pass_count or 0) if one.events else 0)
