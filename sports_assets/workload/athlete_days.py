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
from sports_assets.workload.errors import AthleteDaysError

if TYPE_CHECKING:
    import pandas as pd

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

_KEY: Final = ["athlete_id", "day"]
_FIRST_DAY, _LAST_DAY = np.datetime64("1990-01-01"), np.datetime64("2100-01-01")
#: Longer than any career: a history beyond it has a mistyped year, and would fill the memory.
_LONGEST_D: Final = 20 * 366


def read_athlete_days(path: Path, required: Sequence[str] = INJURY_COLUMNS) -> "pd.DataFrame":
    """A club's own export, as the frame.

    Args:
        path: a Parquet file with the columns of `COLUMNS`; `date` may stand for `day` and
            `sleep_duration` for `sleep_duration_h`. Other columns are passed over.
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
        names = [name for name in file.schema_arrow.names if name in known]
        table = file.read(columns=names)
    except (pa.ArrowException, OSError) as error:
        raise AthleteDaysError(
            f"{path} is not a Parquet file that can be read ({type(error).__name__}): export it "
            "anew, for example with pandas.DataFrame.to_parquet"
        ) from error
    # Without the metadata of whoever wrote it an index comes back as the column that it was.
    frame = table.to_pandas(ignore_metadata=True)
    try:
        return as_athlete_days(frame, required)
    except AthleteDaysError as error:
        raise AthleteDaysError(f"{path}: {error}") from error


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

    source = _sources(frame, required)
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
    days = days.sort_values(_KEY, kind="stable", ignore_index=True)
    _check_keys(days)
    if days["team"].isna().any():
        days["team"] = days.groupby("athlete_id", sort=False)["team"].ffill().fillna("squad")
    return _complete(days)


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


def day_numbers(day: "pd.Series") -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Days since 1970-01-01, (n,)."""
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]] = (
        day.to_numpy().astype("datetime64[D]").astype(np.int64)
    )
    return numbers


def _sources(frame: "pd.DataFrame", required: Sequence[str]) -> dict[str, str]:
    """Which column of the export bears which of ours."""
    found: dict[str, str] = {}
    for column in COLUMNS:
        for name in (column.name, *column.also):
            if name in frame.columns and column.name not in found:
                found[column.name] = name
    needed = ("athlete_id", "day", *required)
    if missing := [name for name in needed if name not in found]:
        wanted = "; ".join(f"{_outside_name(name)} ({BY_NAME[name].meaning})" for name in missing)
        raise AthleteDaysError(
            f"a column is missing: {wanted}. Columns that are there: "
            f"{', '.join(str(name) for name in frame.columns) or 'none that are known'}"
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
    if column.kind == "day":
        outside = (values < _FIRST_DAY) | (values > _LAST_DAY)
        cells.refuse(outside, "is between 1990-01-01 and 2100-01-01")
    elif column.kind == "number":
        below = values < (-np.inf if column.minimum is None else column.minimum)
        above = values > (np.inf if column.maximum is None else column.maximum)
        unit = f" {column.unit}" if column.unit else ""
        rule = f"is between {column.minimum:g} and {column.maximum:g}{unit}"
        cells.refuse(below | above | np.isinf(values), rule)


def _check_keys(days: "pd.DataFrame") -> None:
    double = days.duplicated(_KEY, keep="first")
    if double.any():
        row = days.loc[int(np.flatnonzero(double)[0])]
        raise AthleteDaysError(
            f"athlete_id {row['athlete_id']} has more than one row for {row['day']:%Y-%m-%d} "
            f"({int(double.sum())} such rows): give one row an athlete and day, loads of several "
            "sessions summed; where two teams use the same ids, put the team before the id"
        )
    span = days.groupby("athlete_id", sort=False)["day"].agg(["min", "max"])
    long = (span["max"] - span["min"]).dt.days > _LONGEST_D
    if long.any():
        raise AthleteDaysError(
            f"athlete_id {span.index[long.to_numpy()][0]} has days more than 20 years apart: "
            "correct the year in the column date"
        )


def _complete(days: "pd.DataFrame") -> "pd.DataFrame":
    """Rows for the days between."""
    import pandas as pd

    day = day_numbers(days["day"])
    athlete = days["athlete_id"].to_numpy()
    first = np.append(True, athlete[1:] != athlete[:-1])
    step = np.where(first, 1, np.diff(day, prepend=day[0]))
    if (step == 1).all():
        return days
    told = np.cumsum(step) - 1
    place = np.arange(int(step.sum()))
    is_told = np.isin(place, told, assume_unique=True)
    # A row that is put in repeats the last row told before it, which is the same athlete's.
    before = np.searchsorted(told, place, side="right") - 1
    full = days.iloc[before].reset_index(drop=True)
    since = place - told[before]
    full["day"] = full["day"] + pd.to_timedelta(since, unit="D")
    kept = ("athlete_id", "team", "day", "is_injured", "age_years", "prior_injuries")
    for column in COLUMNS:
        if column.name in kept:
            continue
        empty = False if column.kind == "flag" else None if column.kind == "text" else np.nan
        full.loc[~is_told, column.name] = empty
    return full
