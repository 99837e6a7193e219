"""CSV of athletes' days by a column mapping: cells to values, rows to keys, and what was wrong.

Shared by the readers of wellness, of injuries and of the athletes file. A cell that cannot be true
becomes null and is counted; a line whose day or shape cannot be read stops the reading, by number.
No message holds a cell's content.
"""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from edge_ingest.contract import Column
from edge_ingest.errors import SourceError
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

#: How many columns a message names, and how many letters of each.
_NAMED, _QUOTED = 8, 60
_TRUE = ("true", "yes", "y", "1")
_FALSE = ("false", "no", "n", "0")
_BEST, _WORST = 10.0, 1.0

Value = str | float | bool | date | None
Row = Mapping[str, str]


@dataclass
class DayTable:
    """A CSV with its mapping, read line by line.

    Attributes:
        counts: what was wrong, by rule.
    """

    path: Path
    mapping: ColumnMapping
    text: str = field(repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    # Answers repeat: what a cell says is worked out once for each text of its column.
    _days: dict[tuple[str, ...], date | None] = field(default_factory=dict, init=False, repr=False)
    _told: dict[tuple[str, str], tuple[Value, str | None]] = field(
        default_factory=dict, init=False, repr=False
    )

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Number and cells of each line; a missing value is an empty text.

        Raises:
            SourceError: a line is not CSV, or has another number of cells than the header.
        """
        reader = csv.reader(io.StringIO(self.text), strict=True, delimiter=self.mapping.delimiter)
        missing = self.mapping.missing
        try:
            header = [name.strip() for name in next(reader)]
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise SourceError(
                        f"{self.path} line {reader.line_num} has {len(cells)} cells, and the "
                        f"header has {len(header)}: put quotes around a cell that holds the "
                        "delimiter"
                    )
                texts = ["" if (text := cell.strip()) in missing else text for cell in cells]
                yield reader.line_num, dict(zip(header, texts, strict=True))
        except csv.Error as error:
            raise SourceError(
                f"{self.path} line {reader.line_num} is not CSV ({error}): export it again"
            ) from None

    def counts_as_row(self, row: Row) -> bool:
        """Whether the columns that must be filled are."""
        return all(row[name] for name in self.mapping.only_where)

    def athlete(self, row: Row) -> str | None:
        """Whose line it is; None, and counted, where it does not say."""
        if not row[self.mapping.athlete_id]:
            self.counts["without_athlete"] += 1
            return None
        return row[self.mapping.athlete_id]

    def day(self, line: int, row: Row) -> date:
        """The day of a line.

        Raises:
            SourceError: it is none; names the line.
        """
        assert self.mapping.day is not None
        by = self.mapping.day.by
        texts = (row[self.mapping.day.column], row[by] if by else "")
        if texts not in self._days:
            try:
                self._days[texts] = _day_of(self.mapping.day, row)
            except (ValueError, OverflowError):
                self._days[texts] = None
        day = self._days[texts]
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            raise SourceError(
                f"{self.path} line {line}: {self.mapping.day.column} is no day of {FIRST_DAY.year} "
                f"to {LAST_DAY.year} as the mapping says ({_expected(self.mapping.day)}): mend the "
                "line, or the mapping"
            )
        return day

    def values(self, row: Row, columns: Mapping[str, Column]) -> dict[str, Value]:
        """Our columns of a line, of these contracts."""
        told: dict[str, Value] = dict(self.mapping.constants)
        perhaps_filled = []
        for name, told_by in self.mapping.columns.items():
            text = row[told_by.column]
            number = (
                _number(text, self.mapping.decimal) if told_by.filled_with is not None else None
            )
            if number is not None and number == told_by.filled_with:
                perhaps_filled.append(name)
                told[name] = _in_our_unit(columns[name], told_by, number)
            else:
                told[name] = self._value(columns[name], told_by, text)
        # One such value does not vouch for another.
        is_answered = any(
            told[name] is not None for name in self.mapping.columns if name not in perhaps_filled
        )
        for name in perhaps_filled:
            if not is_answered or told[name] is None:
                told[name] = None
                self.counts["filled_in_by_source"] += 1
        return told

    def _value(self, column: Column, told_by: ValueColumn, text: str) -> Value:
        if not text:
            return None
        key = (column.name, text)
        if key not in self._told:
            self._told[key] = _told(column, told_by, text, self.mapping.decimal)
        value, fault = self._told[key]
        if fault is not None:
            self.counts[fault] += 1
        return value


def _told(
    column: Column, told_by: ValueColumn, text: str, decimal: str
) -> tuple[Value, str | None]:
    """What a cell says as a value of ours, and the rule that it breaks."""
    if pa.types.is_string(column.type):
        return _word(column, told_by, text)
    if pa.types.is_boolean(column.type):
        return _truth(told_by, text)
    if pa.types.is_date(column.type):
        return _later_day(told_by, text)
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


def _later_day(told_by: ValueColumn, text: str) -> tuple[date | None, str | None]:
    try:
        day = datetime.strptime(text, told_by.format).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None, "not_a_day"
    if not FIRST_DAY <= day <= LAST_DAY:
        return None, "out_of_range"
    return day, None


def open_table(path: Path, mapping: Path | None, kind: Kind) -> DayTable:
    """Open a CSV by its mapping, or by the mapping of a known source that its header fits.

    Raises:
        SourceError: it is no UTF-8, its header lacks a column, or no mapping fits.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start}): save it as CSV UTF-8"
        ) from None
    told = read_mapping(mapping, kind) if mapping is not None else None
    header = _header(path, text, told.delimiter if told else ",")
    if told is None and (told := packaged_mapping(header, kind)) is None:
        known = ", ".join(name for name, one in packaged_mappings() if one.kind == kind)
        raise SourceError(
            f"{path} has the header of no source that we know ({known or 'there is none'}): give a "
            "column mapping (docs/column-mappings.md)",
            rule="incomplete",
        )
    if missing := [name for name in told.needs() if name not in header]:
        names = ", ".join(name[:_QUOTED] for name in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise SourceError(
            f"{path} has no column {names}{more}, which the mapping of {told.source} names, "
            f"among its {len(header)}: correct the mapping, or export the file with its headings"
        )
    return DayTable(path, told, text)


def _header(path: Path, text: str, delimiter: str) -> list[str]:
    try:
        header = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=delimiter))]
    except (csv.Error, StopIteration):
        header = []
    if not any(header):
        raise SourceError(f"{path} has no header: export it with the names of its columns")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise SourceError(f"{path} names the column {twice[0][:_QUOTED]} twice: export it again")
    return header


def _day_of(told_by: DayColumn, row: Row) -> date | None:
    text = row[told_by.column]
    if told_by.first_day is None:
        return datetime.strptime(text, told_by.format).date()  # noqa: DTZ007 - a day has no zone
    first = told_by.first_day
    if isinstance(first, dict):
        assert told_by.by is not None
        if row[told_by.by] not in first:
            return None
        first = first[row[told_by.by]]
    return first + timedelta(days=int(text) - 1)


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
