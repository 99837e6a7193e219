"""What a table is: rows of numbers, each with the id that explains it."""

from dataclasses import dataclass

from sports_assets.reports.columns import Column
from sports_assets.reports.numerals import Numeral


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
        kind: `load`, `body`, `events`, `laps` or `own`; decides how the table is set.
        side: home, away or None; colours the heading.
        name_heading: of the first column.
        faint_note: what makes a row pale.
    """

    kind: str
    side: str | None
    caption: str
    note: str
    name_heading: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    faint_note: str = "under ten minutes in view; too little to judge."

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
