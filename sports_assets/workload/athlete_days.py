"""The frame of athlete-days: one row an athlete and calendar day, as every model reads it.

Belongs here: the frame's definition and its checks. Does not belong here: how a club spells dates
and booleans (`club_values`), the published plan (`fixtures`), features.

A row holds what is known at the end of its day. Nothing that these checks say quotes an answer, an
injury or a heart value: messages outlive an erasure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from sports_assets.workload import club_values
from sports_assets.workload.day_calendar import check_keys, complete, day_numbers
from sports_assets.workload.errors import AthleteDaysError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Kind = Literal["id", "text", "day", "number", "flag"]

_PARSERS: Final[dict[Kind, Callable[[club_values.Cells], "pd.Series"]]] = {
    "id": club_values.ids,
    "text": club_values.texts,
    "day": club_values.days,
    "number": club_values.numbers,
    "flag": club_values.flags,
}


@dataclass(frozen=True)
class DayColumn:
    """One column of the frame.

    Attributes:
        kind: `id` and `text` are str, `day` is datetime64 without zone at midnight, `number` is
            float64 with NaN for what was not told, `flag` is bool.
        unit: None where the column has none.
        minimum, maximum: inclusive bounds; a number outside is refused.
        is_health: whether a value may never stand in a message.
        also: other names under which a club's export may bear the column.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    is_health: bool = False
    also: tuple[str, ...] = ()


def _answer(name: str, meaning: str) -> DayColumn:
    # Clubs ask on scales of 1-5, 1-7, 1-10 and 0-100: norms are personal, so any of them serves.
    return DayColumn(name, "number", meaning, "points", 0, 100, is_health=True)


#: The frame, in its order. An absent column is filled: NaN, False, or the team `squad`.
COLUMNS: Final[tuple[DayColumn, ...]] = (
    DayColumn("athlete_id", "id", "the athlete"),
    DayColumn("team", "text", "team of the day; `squad` where none is told"),
    DayColumn("day", "day", "the club's local day", also=("date",)),
    DayColumn("load_au", "number", "RPE × minutes, summed over the day; rest is 0, NaN: not told",
              "au", 0, 20_000, also=("daily_load",)),
    DayColumn("minutes", "number", "minutes of training and match; NaN: not told", "min", 0, 1440),
    DayColumn("is_match", "flag", "the athlete played a match"),
    DayColumn("injury_start", "flag", "a time-loss injury began", is_health=True),
    DayColumn("is_injured", "flag", "not available because of injury or illness, from the day of "
              "onset on", is_health=True),
    _answer("readiness", "answer: ready to train, higher is better"),
    _answer("fatigue", "answer: freshness, higher is better"),
    _answer("soreness", "answer: muscles, higher is better"),
    _answer("stress", "answer: calm, higher is better"),
    _answer("mood", "answer: mood, higher is better"),
    _answer("sleep_quality", "answer: how well the athlete slept, higher is better"),
    DayColumn("sleep_duration_h", "number", "answer: hours asleep", "h", 0, 24, is_health=True,
              also=("sleep_duration",)),
    DayColumn("resting_heart_rate_bpm", "number", "resting heart rate of the morning", "bpm", 20,
              150, is_health=True),
    DayColumn("ln_rmssd", "number", "natural logarithm of the morning's RMSSD in ms", "ln ms", 0,
              8, is_health=True),
    DayColumn("age_years", "number", "age on the day", "a", 5, 90),
    DayColumn("prior_injuries", "number", "time-loss injuries before the athlete's first day, as "
              "told on arrival", "1", 0, 100, is_health=True),
    DayColumn("injury_kind", "text", "kind of injury, on the day of onset", is_health=True),
)  # fmt: skip
BY_NAME: Final = {column.name: column for column in COLUMNS}

#: What the evaluations cannot do without, beside athlete and day.
INJURY_COLUMNS: Final = ("load_au", "minutes", "is_match", "injury_start", "is_injured")
READINESS_COLUMNS: Final = ("readiness",)
#: Answers and measurements of the morning, of which each may be missing on any day.
ANSWERS: Final = (
    "readiness", "fatigue", "soreness", "stress", "mood", "sleep_quality", "sleep_duration_h",
)  # fmt: skip

#: Somebody may be hurt again on the day after; where so many onsets follow one, the absence is
#: marked: at least so many rows, and more than this share of all.
_LEAST_REPEATED: Final = 3
_MOST_REPEATED: Final = 0.2
#: What goes on when nothing is told of a day.
_CARRIED: Final = ("athlete_id", "team", "is_injured", "age_years", "prior_injuries")


def read_athlete_days(path: Path, required: Sequence[str] = INJURY_COLUMNS) -> "pd.DataFrame":
    """A club's own export, as the frame.

    Args:
        path: a Parquet file with the columns of `COLUMNS`, the day as `date` or, where there is
            none, as `day`; `sleep_duration` may stand for `sleep_duration_h`. Other columns are
            passed over.
        required: columns that must be there, beside athlete and day.

    Raises:
        AthleteDaysError: no file, no Parquet, no rows, a column is missing, or a value cannot be.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise AthleteDaysError(f"{path}: no such file: give a Parquet file of athlete-days")
    known = {name for column in COLUMNS for name in (column.name, *column.also)}
    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        table = file.read(columns=[name for name in names if name in known])
    except (pa.ArrowException, OSError) as error:
        raise AthleteDaysError(
            f"{path} is not a Parquet file that can be read ({type(error).__name__}): export it "
            "anew, for example with pandas.DataFrame.to_parquet"
        ) from error
    try:
        _sources(names, required)
        _check_table(table)
        days = as_athlete_days(_frame_of(table), required)
        _check_onsets(days)
    except AthleteDaysError as error:
        raise AthleteDaysError(f"{path}: {error}") from error
    return days


def as_athlete_days(frame: "pd.DataFrame", required: Sequence[str] = ()) -> "pd.DataFrame":
    """The frame in its own types and order, complete from each athlete's first to last day.

    A day between that no row tells of gets a row: load, minutes and answers NaN, no match, no
    onset; team, age and absence as on the last day told, since nothing else is known by then.

    Args:
        frame: columns as in `read_athlete_days`; any order of rows, any spelling that
            `club_values` knows. It is not changed.

    Returns:
        Columns of `COLUMNS`, sorted by athlete and day, index 0..n−1. The same again when given
        its own result.

    Raises:
        AthleteDaysError: as `read_athlete_days`.
    """
    import pandas as pd

    source = _sources(list(frame.columns), required)
    if frame.empty:
        raise AthleteDaysError("there is no row: give at least one athlete-day")
    columns = {}
    for column in COLUMNS:
        name = source.get(column.name)
        if name is None:
            columns[column.name] = _absent(column, len(frame))
            continue
        cells = club_values.Cells(name, frame[name].reset_index(drop=True), column.is_health)
        columns[column.name] = _PARSERS[column.kind](cells)
        _check_bounds(column, cells, columns[column.name])
    days = pd.DataFrame(columns)
    days = days.sort_values(["athlete_id", "day"], kind="stable", ignore_index=True)
    check_keys(days)
    if days["team"].isna().any():
        days["team"] = days.groupby("athlete_id", sort=False)["team"].ffill()
        # Before the first that is told the athlete was not of another.
        days["team"] = days.groupby("athlete_id", sort=False)["team"].bfill().fillna("squad")
    # Some clubs count the absence from the morning after; here the day of onset belongs to it.
    days["is_injured"] |= days["injury_start"]
    return complete(days, carried=_CARRIED)


def check_complete(days: "pd.DataFrame") -> None:
    """Refuse a frame that did not come from `as_athlete_days`.

    Raises:
        AthleteDaysError: a column is missing, or rows are unsorted, double or with gaps.
    """
    if missing := [name for name in BY_NAME if name not in days.columns]:
        raise AthleteDaysError(
            f"the frame has no column {', '.join(missing)}: pass it through as_athlete_days first"
        )
    athlete, day = days["athlete_id"].to_numpy(), day_numbers(days["day"])
    same = athlete[1:] == athlete[:-1]
    follows = np.where(same, day[1:] - day[:-1] == 1, athlete[1:] > athlete[:-1])
    if not follows.all():
        raise AthleteDaysError(
            "athlete-days are not sorted, are double, or have gaps: pass the frame through "
            "as_athlete_days first"
        )


def _check_onsets(days: "pd.DataFrame") -> None:
    """Refuse a file in which absent days are marked as onsets, each one an injury of its own."""
    onset, athlete = days["injury_start"].to_numpy(bool), days["athlete_id"].to_numpy()
    again = np.flatnonzero(onset[1:] & onset[:-1] & (athlete[1:] == athlete[:-1])) + 1
    if again.size < _LEAST_REPEATED or again.size <= _MOST_REPEATED * onset.sum():
        return
    raise AthleteDaysError(
        f"column injury_start: {again.size} of {int(onset.sum())} marked rows, of "
        f"{len(np.unique(athlete[again]))} athletes, follow a marked row of the day before: mark "
        "the first day of an injury alone; is_injured tells of the days after it"
    )


def _check_table(table: "pa.Table") -> None:
    import pyarrow as pa

    for name in table.column_names:
        if table.column_names.count(name) > 1:
            raise AthleteDaysError(f"column {name} is there more than once: keep one of them")
        held = table.schema.field(name).type
        binary = pa.types.is_binary(held) or pa.types.is_fixed_size_binary(held)
        if pa.types.is_nested(held) or pa.types.is_large_binary(held) or binary:
            raise AthleteDaysError(
                f"column {name} holds {held}: give one number, day or text a row"
            )


def _frame_of(table: "pa.Table") -> "pd.DataFrame":
    import pyarrow as pa

    try:
        # Without the metadata of whoever wrote it an index comes back as the column that it was.
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    except (ValueError, OverflowError, pa.ArrowException):
        # Its own words may quote the value.
        raise AthleteDaysError(
            "a day, or another value, is beyond what its type can hold: look for a mistyped year"
        ) from None
    return frame


def _sources(names: Sequence[str], required: Sequence[str]) -> dict[str, str]:
    """Which column of the export bears which of ours."""
    found = {}
    for column in COLUMNS:
        # Beside a `date` a club's `day` is the weekday, or counts the days of a plan.
        bearing = (_outside_name(column.name), column.name, *column.also)
        if there := [name for name in bearing if name in names]:
            found[column.name] = there[0]
    needed = ("athlete_id", "day", *required)
    if missing := [name for name in needed if name not in found]:
        wanted = "; ".join(f"{_outside_name(name)} ({BY_NAME[name].meaning})" for name in missing)
        raise AthleteDaysError(
            f"a column is missing: {wanted}. Columns that are there: "
            f"{', '.join(str(name) for name in names) or 'none'}"
        )
    return found


def _outside_name(name: str) -> str:
    return "date" if name == "day" else name


def _absent(column: DayColumn, rows: int) -> "pd.Series":
    import pandas as pd

    if column.kind == "flag":
        return pd.Series(np.zeros(rows, bool))
    if column.kind == "number":
        return pd.Series(np.full(rows, np.nan))
    return pd.Series([None] * rows, dtype="str")


def _check_bounds(column: DayColumn, cells: club_values.Cells, values: "pd.Series") -> None:
    if column.kind == "number":
        below = values < (-np.inf if column.minimum is None else column.minimum)
        above = values > (np.inf if column.maximum is None else column.maximum)
        unit = f" {column.unit}" if column.unit else ""
        rule = f"is between {column.minimum:g} and {column.maximum:g}{unit}"
        cells.refuse(below | above | np.isinf(values), rule)
