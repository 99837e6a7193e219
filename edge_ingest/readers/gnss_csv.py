"""CSV exports of GNSS vests: columns by what they are called, times by how they are written.

Belongs here: what any vendor's CSV needs. Which names a vendor uses stands in its reader.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from edge_ingest.errors import SourceError

#: Day 0 of spreadsheets of the 1900 system: they count a 29 February 1900 that never was, so this
#: is right from 1 March 1900 on.
_DAY_ZERO = np.datetime64("1899-12-30", "us")
_FIRST_DAY, _LAST_DAY = 36_526.0, 73_051.0  # 2000-01-01 and 2100-01-01
_MICROSECONDS_PER_DAY = 86_400_000_000
_HALF_A_DAY_S = 43_200.0
#: Spreadsheet days have some twelve digits, which is finer than this; exports are no finer, µs.
_DAYS_RESOLUTION_US = 1_000

#: Vendors put a few lines about the export before the heading.
_LINES_BEFORE = 40
_NOTHING = ["", "NaN", "nan", "NA", "N/A", "null", "NULL", "-"]
#: Columns that may hold more than numbers.
_TEXTS = ("athlete", "name")
_NUMBER = r"[+-]?[\d.]+([eE][+-]?\d+)?"
_CLOCK_TIME = r"^(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$"


@dataclass(frozen=True)
class CsvColumns:
    """Columns of a file by our names, not yet turned into anything.

    Attributes:
        columns: numbers where every cell holds one, else text; null where a cell is empty.
        headings: what the file calls each of them, with its unit.
        rows: of data; `without_time` more have no time and are left out.
    """

    path: Path
    columns: Mapping[str, pa.ChunkedArray]
    headings: Mapping[str, str]
    rows: int
    without_time: int = 0

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as numbers, NaN where a cell is empty.

        Raises:
            SourceError: a cell holds something else; names the line, not the value.
        """
        column = self.columns[name]
        try:
            numbers = column.cast(pa.float64())
            return np.asarray(numbers.fill_null(np.nan) if numbers.null_count else numbers)
        except pa.ArrowInvalid:
            pattern = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
            sound = pc.fill_null(pc.match_substring_regex(column, pattern), True)
            bad = int(np.argmin(np.asarray(sound))) + 1
            raise SourceError(
                f"{self.path}: row {bad} of {self.headings[name]!r} holds no number: export it "
                "again with a point before decimals"
            ) from None


def read_columns(path: Path, aliases: Mapping[str, tuple[str, ...]]) -> CsvColumns:
    """Read the columns that are asked for, and no others.

    Lines before the heading that begin with `#` are passed over. Names are compared without case,
    blanks, punctuation and what stands in brackets.

    Args:
        aliases: names that a file may use, by ours; the first that is there counts. Rows without
            `time` are left out.

    Raises:
        SourceError: it is no UTF-8, no CSV, cut off within a row, or has no heading.
    """
    skip, heading, first = _heading(path, aliases)
    delimiter = max(",;\t", key=heading.count)
    given = [name.strip().strip('"') for name in heading.split(delimiter)]
    plain = [plain_name(name) for name in given]
    chosen = {
        ours: plain.index(next(name for name in names if name in plain))
        for ours, names in aliases.items()
        if any(name in plain for name in names)
    }
    # Times are numbers where the first one is: spreadsheet days.
    cell = first.split(delimiter)[chosen["time"] : chosen["time"] + 1] if "time" in chosen else []
    is_number = bool(cell and re.fullmatch(_NUMBER, cell[0].strip()))
    texts = _TEXTS if is_number else (*_TEXTS, "time")
    labels = [f"c{index}" for index in range(len(given))]
    kinds = dict.fromkeys(labels, False) | {
        labels[index]: ours not in texts for ours, index in chosen.items()
    }
    try:
        table = _read(
            path, skip + 1, delimiter, kinds, [labels[index] for index in chosen.values()]
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise SourceError(f"{path} has a heading and no row: nothing was recorded",
                              rule="empty") from error  # fmt: skip
        raise SourceError(
            f"{path} is damaged or cut short ({_reason(error)}): export it again"
        ) from error
    columns = {
        ours: table[labels[index]]
        if pa.types.is_floating(table[labels[index]].type)
        else pc.utf8_trim_whitespace(table[labels[index]])
        for ours, index in chosen.items()
    }
    headings = {ours: given[index] for ours, index in chosen.items()}
    without_time = columns["time"].null_count if "time" in columns else 0
    if without_time:
        timed = pc.is_valid(columns["time"])
        columns = {name: column.filter(timed) for name, column in columns.items()}
    return CsvColumns(path, columns, headings, table.num_rows - without_time, without_time)


def _read(
    path: Path, skip: int, delimiter: str, columns: Mapping[str, bool], used: list[str]
) -> pa.Table:
    """The columns that are used, of all `columns`: numbers where all that may be are, else text."""

    def read(types: Mapping[str, pa.DataType]) -> pa.Table:
        return csv.read_csv(
            path,
            csv.ReadOptions(skip_rows=skip, column_names=list(columns), use_threads=False),
            csv.ParseOptions(delimiter=delimiter),
            csv.ConvertOptions(
                include_columns=used, column_types=types, null_values=_NOTHING,
                strings_can_be_null=True,
            ),
        )  # fmt: skip

    texts = dict.fromkeys(columns, pa.string())
    try:
        return read(
            texts | {name: pa.float64() for name, is_number in columns.items() if is_number}
        )
    except pa.ArrowInvalid:
        # A row that is damaged fails again; a cell that is no number may be in no column that
        # counts, and else is named by `CsvColumns.numbers`.
        return read(texts)


def require(found: CsvColumns, names: tuple[str, ...], vendor: str) -> None:
    """Refuse a file without a column that nothing can be made of without.

    Raises:
        SourceError: a column is missing, or there is no row.
    """
    missing = [name for name in names if name not in found.columns]
    if missing:
        raise SourceError(
            f"{found.path} has no column for {', '.join(missing)}: export {vendor}'s raw samples "
            "with it",
            rule="malformed",
        )
    if not found.rows:
        raise SourceError(
            f"{found.path} has a heading and no row with a time: nothing was recorded", rule="empty"
        )


def plain_name(heading: str) -> str:
    """A heading without case, blanks, punctuation and brackets: `Speed (km/h)` is `speed`."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*?\)|\[.*?\]", "", heading.lower()))


def clock_times(
    found: CsvColumns, name: str, day: date | None
) -> tuple[NDArray[np.datetime64], bool]:
    """Instants as written, and whether they name their zone (then they are UTC).

    Spreadsheet days (1900 system), ISO 8601 dates with times, and times of day, for which `day` is
    needed; midnight passes where the next time of day is earlier by over half a day, and is undone
    where it is later by as much.

    Raises:
        SourceError: they are written in no such way, or lie in no year of this century.
    """
    column = found.columns[name]
    first = column[0].as_py()
    if isinstance(first, float) or re.fullmatch(_NUMBER, first):
        return _spreadsheet_days(found.numbers(name), found.path), False
    if re.match(_CLOCK_TIME, first):
        return _times_of_day(found, name, day), False
    zoned = re.search(r"(Z|[+-]\d\d:?\d\d)$", first) is not None
    try:
        parsed = column.cast(pa.timestamp("ns", "UTC") if zoned else pa.timestamp("ns"))
    except pa.ArrowInvalid:
        raise SourceError(
            f"{found.path}: the times of {found.headings[name]!r} are neither spreadsheet days nor "
            "such as 2021-11-19T17:10:32.6: export them so; day and month in another order could "
            "mean two days"
        ) from None
    return np.asarray(parsed.cast(pa.timestamp("us"), safe=False), "datetime64[us]"), zoned


def _spreadsheet_days(days: NDArray[np.float64], path: Path) -> NDArray[np.datetime64]:
    if not ((days >= _FIRST_DAY) & (days < _LAST_DAY)).all():
        raise SourceError(
            f"{path}: times are numbers, but no spreadsheet days of this century (1900 system: "
            "1 January 2021 is 44197): export them as such",
            rule="absurd_values",
        )
    steps = np.rint(days * (_MICROSECONDS_PER_DAY / _DAYS_RESOLUTION_US)).astype(np.int64)
    return _DAY_ZERO + (steps * _DAYS_RESOLUTION_US).astype("timedelta64[us]")


def _times_of_day(found: CsvColumns, name: str, day: date | None) -> NDArray[np.datetime64]:
    if day is None:
        raise SourceError(
            f"{found.path} tells times of day and not which day: begin its name with the day, such "
            "as 2021-11-19, or give the start (started_at_utc)",
            rule="incomplete",
        )
    parts = pc.extract_regex(
        found.columns[name], r"^(?P<h>\d{1,2}):(?P<m>\d{2}):(?P<s>\d{2}(?:\.\d+)?)$"
    ).combine_chunks()
    if parts.null_count:
        raise SourceError(f"{found.path}: {parts.null_count} rows hold no time of day such as "
                          "17:10:32.6: export it again")  # fmt: skip
    seconds = sum(
        np.asarray(parts.field(place).cast(pa.float64())) * weight
        for place, weight in ((0, 3600.0), (1, 60.0), (2, 1.0))
    )
    seconds = np.asarray(seconds, np.float64)
    steps = np.diff(seconds)
    # Where a file lists one athlete after the other, the next one begins before midnight again.
    passed = (steps < -_HALF_A_DAY_S).astype(np.int64) - (steps > _HALF_A_DAY_S)
    nights = np.cumsum(np.concatenate([[0], passed]))
    micros = np.rint(1e6 * (seconds + 86_400 * nights)).astype("timedelta64[us]")
    return np.asarray(np.datetime64(day, "us") + micros, "datetime64[us]")


def day_of_name(path: Path) -> date | None:
    """The day that a file's name begins with, None where it begins with none."""
    match = re.match(r"(\d{4}-\d{2}-\d{2})", path.name)
    try:
        return date.fromisoformat(match.group(1)) if match else None
    except ValueError:
        return None


def day_of(moment: datetime | None) -> date | None:
    """The UTC day of an instant that the operator told."""
    return None if moment is None else moment.date()


def _heading(path: Path, aliases: Mapping[str, tuple[str, ...]]) -> tuple[int, str, str]:
    """How many lines stand before the heading, the heading, and the line after it."""
    with path.open("rb") as handle:
        start = handle.read(1 << 16)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start:
        raise SourceError(f"{path} is no UTF-8 text: export it as CSV in UTF-8")
    known = {name for names in aliases.values() for name in names}
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:
            raise SourceError(f"{path} is no UTF-8 text: export it as CSV in UTF-8") from error
        text = start.decode("utf-8-sig", "ignore")
    lines = text.split("\n", _LINES_BEFORE + 1)
    for number, line in enumerate(lines[:_LINES_BEFORE]):
        names = {plain_name(name) for name in re.split(r"[,;\t]", line)}
        if not line.startswith("# ") and len(names & known) >= 2:  # noqa: PLR2004 - a place has two
            after = lines[number + 1] if number + 1 < len(lines) else ""
            return number, line.rstrip("\r"), after.partition("\n")[0]
    raise SourceError(
        f"{path} has no heading with the columns of this source: export it with its headings",
        rule="unknown_format",
    )


def _reason(error: pa.ArrowInvalid) -> str:
    """Arrow's words without the cell or row that it quotes: that may be an athlete's."""
    return re.split(r"[:.] ?|, got", str(error).removeprefix("CSV parse error: "))[0][:80]
