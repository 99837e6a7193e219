"""CSV of days by a column mapping: cells to values, rows to keys, and what was wrong.

Shared by the readers of wellness, injuries and fixtures, and of the athletes file. A cell that
cannot be true becomes null and is counted; a line whose day or shape cannot be read stops the
reading, by number. No message holds a cell's content.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edge_ingest.contract import Column
from edge_ingest.errors import SourceError
from edge_ingest.identity import BIRTH, FIRST_BIRTH, LAST_BIRTH
from edge_ingest.readers.csv_text import QUOTED, Cells, CsvText
from edge_ingest.readers.mapping import (
    SCALES,
    ColumnMapping,
    DayColumn,
    Kind,
    ValueColumn,
    packaged_mapping,
    packaged_mappings,
    read_mapping,
)

#: Days outside of this are slips of the pen.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)

#: How many columns a message names.
_NAMED = 8
_TRUE = ("true", "yes", "y", "1")
_FALSE = ("false", "no", "n", "0")
_BEST, _WORST = 10.0, 1.0
_COUNT = re.compile(r"[+-]?0*\d{1,6}")
_FIRST, _LAST, _NO_DAY = np.array([FIRST_DAY, LAST_DAY, None], "datetime64[D]")

Value = str | float | bool | date | None


@dataclass(frozen=True)
class DayTable:
    """A CSV with its mapping.

    Attributes:
        cells: columns that the mapping names; a missing value is an empty text.
        rows: of each row here, which of the CSV it is, from 0.
        counts: what was wrong, by rule; filled as rows and values are asked for.
    """

    csv: CsvText
    mapping: ColumnMapping
    cells: Mapping[str, Cells]
    rows: NDArray[np.intp]
    counts: Counter[str]

    @classmethod
    def of(cls, text: CsvText, mapping: ColumnMapping) -> "DayTable":
        """Every row that says something.

        Raises:
            SourceError: as `CsvText.columns`.
        """
        columns = text.columns(mapping.needs())
        cells = {name: _spelt_once(told, mapping) for name, told in columns.items()}
        rows = np.arange(len(next(iter(cells.values())).codes))
        return cls(text, mapping, cells, rows, Counter())

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def days(self) -> NDArray[np.datetime64]:
        """The day of each row.

        Raises:
            SourceError: one is none; names its line.
        """
        told_by = self.mapping.day
        assert told_by is not None
        cells, first = self.cells[told_by.column], told_by.first_day
        if first is None:
            days = _read_days(cells.texts, told_by.format)[cells.codes]
        else:
            if isinstance(first, dict):
                by = self.cells[told_by.by or ""]
                starts = np.array([first.get(text) for text in by.texts], "datetime64[D]")[by.codes]
            else:
                starts = np.array(first, "datetime64[D]")
            days = np.asarray(starts + _nth_days(cells.texts)[cells.codes], "datetime64[D]")
        days = np.where((days >= _FIRST) & (days <= _LAST), days, _NO_DAY)
        if np.isnat(days).any():
            line = self.line_of(int(np.argmax(np.isnat(days))))
            raise SourceError(
                f"{self.csv.path} line {line}: {told_by.column} is no day of {FIRST_DAY.year} to "
                f"{LAST_DAY.year} as the mapping says ({_expected(told_by)}): mend the line, or "
                "the mapping"
            )
        return days

    def counted_rows(self) -> "DayTable":
        """Rows whose columns that must be filled are, and that say whose they are, if anyone's."""
        told = np.ones(len(self), bool)
        for name in self.mapping.only_where:
            told &= ~self.cells[name].which({""})
        if (athlete := self.mapping.athlete_id) is not None:
            nobody = told & self.cells[athlete].which({""})
            if nobody.any():
                self.counts["without_athlete"] += int(nobody.sum())
            told &= ~nobody
        if told.all():
            return self
        kept = np.flatnonzero(told)
        cells = {name: column.among(kept) for name, column in self.cells.items()}
        return replace(self, cells=cells, rows=self.rows[kept])

    def athletes(self) -> pa.Array:
        """Whose each row is, by the source's own id."""
        assert self.mapping.athlete_id is not None
        return self.cells[self.mapping.athlete_id].column()

    def names(self) -> pa.Array:
        """Which injury, or fixture, each row is of, by the source's own ids."""
        columns = [self.cells[name].column() for name in self.mapping.named_by]
        return pc.binary_join_element_wise(*columns, "/")

    def line_of(self, row: int) -> int:
        """In which line of the file a row of this table ends."""
        return self.csv.line_of(int(self.rows[row]))

    def values(self, columns: Mapping[str, Column]) -> dict[str, pa.Array]:
        """Our columns, of these contracts."""
        told: dict[str, pa.Array] = {
            name: pa.repeat(pa.scalar(value, columns[name].type), len(self))
            for name, value in self.mapping.constants.items()
        }
        perhaps_filled = {}
        is_answered = np.zeros(len(self), bool)
        for name, told_by in self.mapping.columns.items():
            values, is_filler = self._column(columns[name], told_by)
            told[name] = values
            is_answered |= _is_told(values) & ~is_filler
            if is_filler.any():
                perhaps_filled[name] = is_filler
        # One such value does not vouch for another.
        for name, is_filler in perhaps_filled.items():
            unbelieved = is_filler & ~(is_answered & _is_told(told[name]))
            if left_out := int(unbelieved.sum()):
                self.counts["filled_in_by_source"] += left_out
            told[name] = pc.if_else(pa.array(unbelieved), None, told[name])
        return told

    def _column(self, column: Column, told_by: ValueColumn) -> tuple[pa.Array, NDArray[np.bool_]]:
        """A column of ours, and where the source may have filled it in; those are not judged."""
        cells, decimal = self.cells[told_by.column], self.mapping.decimal
        found = [_told(column, told_by, text, decimal) for text in cells.texts]
        is_filler = np.zeros(len(self), bool)
        if told_by.filled_with is not None:
            fillers = {t for t in cells.texts if _number(t, decimal) == told_by.filled_with}
            is_filler = cells.which(fillers)
        for rule in sorted({fault for _, fault in found if fault}):
            of_rule = {text for text, (_, fault) in zip(cells.texts, found, strict=True)
                       if fault == rule}  # fmt: skip
            if broken := int((cells.which(of_rule) & ~is_filler).sum()):
                self.counts[rule] += broken
        values = pa.array([value for value, _ in found], column.type).take(pa.array(cells.codes))
        return values, is_filler


def _spelt_once(cells: Cells, mapping: ColumnMapping) -> Cells:
    """Without blanks around, and what the source writes for "no value" as an empty text."""
    texts = [text.strip() for text in cells.texts]
    return Cells(["" if text in mapping.missing else text for text in texts], cells.codes)


def _is_told(values: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = pc.is_valid(values).to_numpy(zero_copy_only=False)
    return found


def _told(
    column: Column, told_by: ValueColumn, text: str, decimal: str
) -> tuple[Value, str | None]:
    """What a cell says as a value of ours, and the rule that it breaks."""
    if not text:
        return None, None
    if pa.types.is_string(column.type):
        return _word(column, told_by, text)
    if pa.types.is_boolean(column.type):
        return _truth(told_by, text)
    if pa.types.is_date(column.type):
        return _later_day(column, told_by, text)
    number = _number(text, decimal)
    if number is None:
        return None, "not_a_number"
    value = _in_our_unit(column, told_by, number)
    return value, "out_of_range" if value is None else None


def _word(column: Column, told_by: ValueColumn, text: str) -> tuple[str | None, str | None]:
    word = str(told_by.values.get(text, text))
    if column.allowed is None or word in column.allowed:
        return word, None
    return "other" if "other" in column.allowed else None, "unknown_word"


def _truth(told_by: ValueColumn, text: str) -> tuple[bool | None, str | None]:
    found = told_by.values.get(text)
    if isinstance(found, bool):
        return found, None
    if text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE, None
    return None, "unknown_word"


def _later_day(column: Column, told_by: ValueColumn, text: str) -> tuple[date | None, str | None]:
    day = _read_day(text, told_by.format)
    if day is None:
        return None, "not_a_day"
    first, last = (FIRST_BIRTH, LAST_BIRTH) if column.name == BIRTH else (FIRST_DAY, LAST_DAY)
    if not first <= day <= last:
        return None, "out_of_range"
    return day, None


def open_table(path: Path, mapping: Path | None, kind: Kind) -> DayTable:
    """Open a CSV by its mapping, or by the mapping of a known source that its header fits.

    Raises:
        SourceError: it is no CSV in UTF-8, its header lacks a column, or no mapping fits.
    """
    told = read_mapping(mapping, kind) if mapping is not None else None
    text = CsvText.read(path, told.delimiter if told else ",")
    if told is None and (told := packaged_mapping(text.header, kind)) is None:
        known = ", ".join(name for name, one in packaged_mappings() if one.kind == kind)
        raise SourceError(
            f"{path} has the header of no source that we know ({known or 'there is none'}): give a "
            "column mapping (docs/column-mappings.md)",
            rule="incomplete",
        )
    if missing := [name for name in told.needs() if name not in text.header]:
        names = ", ".join(name[:QUOTED] for name in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise SourceError(
            f"{path} has no column {names}{more}, which the mapping of {told.source} names, "
            f"among its {len(text.header)}: correct the mapping, or export the file with its "
            "headings"
        )
    return DayTable.of(text, told)


def _read_days(texts: list[str], how: str) -> NDArray[np.datetime64]:
    """Days written as `strptime` reads them; NaT where one is not."""
    if how == "%Y-%m-%d":
        try:
            return np.asarray(pa.array(texts, pa.string()).cast(pa.date32()))
        except pa.ArrowInvalid:
            pass  # one of them is none, or lacks a leading zero
    return np.array([_read_day(text, how) for text in texts], "datetime64[D]")


def _read_day(text: str, how: str) -> date | None:
    try:
        return datetime.strptime(text, how).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _nth_days(texts: list[str]) -> NDArray[np.timedelta64]:
    """Days since day 1 where a text counts them from 1; NaT where it is no whole number."""
    counts = [int(text) - 1 if _COUNT.fullmatch(text) else None for text in texts]
    return np.array(counts, "timedelta64[D]")


def _expected(told_by: DayColumn) -> str:
    if told_by.first_day is None:
        return f"format {told_by.format}"
    return f"day 1 by {told_by.by}" if told_by.by else f"day 1 is {told_by.first_day}"


def _in_our_unit(column: Column, told_by: ValueColumn, number: float) -> float | None:
    """A number of the source as ours; None where it cannot be true."""
    value, lowest, highest = number * told_by.multiply, column.minimum, column.maximum
    if told_by.scale_from is not None:
        value, (lowest, highest) = number, told_by.scale_from
    elif column.name in SCALES:
        lowest = _WORST
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        return None
    if told_by.scale_from is None:
        return value
    low, high = told_by.scale_from
    share = (value - low) / (high - low)
    return _WORST + (_BEST - _WORST) * (1 - share if told_by.reversed else share)


def _number(text: str, decimal: str) -> float | None:
    if "_" in text or (decimal == "," and "." in text):
        return None
    try:
        number = float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
