"""Weekly profiles of feature sets and prediction batches: rows of `ops/profiles`.

A row holds one column of one week: the profiler's sketch, which merges over weeks into a
reference, and how the week lies against the athletes' own norms (`own_norms.py`). Drift is judged
from these rows alone. They name no athlete, but a sketch of few rows holds their very values: it is
health data as the features are.
"""

import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from resources.profiler import Profile, Profiler
from sports_assets.mlops.own_norms import OwnShift, monday, own_shifts

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class WeekProfile:
    """One column of one set in one week.

    Attributes:
        set_name: what was profiled: `feature/...` or `prediction/...`.
        week: its Monday, by the club's days.
        column: name within the set.
        profiler: library of the sketch.
        n: rows.
        missing: rows without a finite value, or without a text.
        mean, sd, minimum, maximum: of the known numbers; None of texts, and where none is known.
        sketch: `Profile.to_bytes` of this column alone.
        own: the week against the athletes' own norms; None of texts.
    """

    set_name: str
    week: date
    column: str
    profiler: str
    n: int
    missing: int
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None
    sketch: bytes
    own: OwnShift | None

    def as_row(self) -> dict[str, object]:
        """The row of `ops/profiles`: the fields above, `own` spread into columns `own_*`.

        `set_name` is called `source` there and `week` is called `day`, as in every table that is
        replaced by source and days; `own_day_shifts` is a JSON list of seven numbers or nulls.
        """
        row = {
            _NAMES.get(field.name, field.name): getattr(self, field.name) for field in fields(self)
        }
        own = row.pop("own")
        told = asdict(own) if own is not None else dict.fromkeys(_OWN)
        days = told.pop("day_shifts")
        row |= {f"own_{name}": _none(value) for name, value in told.items()}
        row["own_day_shifts"] = None if days is None else json.dumps([_none(day) for day in days])
        return row

    @classmethod
    def from_row(cls, row: dict[str, object]) -> Self:
        """Back from a row; other columns are passed over."""
        told = {name: row[f"own_{name}"] for name in _OWN}
        own = None
        if told["athletes"] is not None:
            days = json.loads(str(told.pop("day_shifts")))
            numbers = {name: _nan(value) for name, value in told.items() if name != "athletes"}
            own = OwnShift(
                athletes=int(str(told["athletes"])),
                day_shifts=tuple(_nan(value) for value in days),
                **numbers,
            )
        names = [field.name for field in fields(cls) if field.name != "own"]
        plain = {name: row[_NAMES.get(name, name)] for name in names}
        return cls(**plain, own=own)  # type: ignore[arg-type]


_NAMES = {"set_name": "source", "week": "day"}
_OWN = tuple(field.name for field in fields(OwnShift))

#: Columns of `ops/profiles`, as Arrow has them.
ROW_SCHEMA = pa.schema(
    [
        ("source", pa.string()), ("day", pa.date32()), ("column", pa.string()),
        ("profiler", pa.string()), ("n", pa.int64()), ("missing", pa.int64()),
        ("mean", pa.float64()), ("sd", pa.float64()), ("minimum", pa.float64()),
        ("maximum", pa.float64()), ("sketch", pa.binary()), ("own_athletes", pa.int64()),
        ("own_shift", pa.float64()), ("own_shift_sd", pa.float64()),
        ("own_share_up", pa.float64()), ("own_missing_shift", pa.float64()),
        ("own_day_shifts", pa.string()),
    ]
)  # fmt: skip


def week_profiles(
    frame: "pd.DataFrame",
    profiler: Profiler,
    *,
    set_name: str,
    columns: Sequence[str],
    weeks: Collection[date] | None = None,
    unusual: Collection[date] = (),
) -> list[WeekProfile]:
    """Profile each week of a set.

    Args:
        frame: one row an athlete and day, with `athlete_id` and `day`; numbers, booleans or texts
            in `columns`. Rows before `weeks` are needed for the norms: 40 weeks are enough.
        profiler: whose sketches are kept.
        set_name: what stands in the rows.
        columns: to be profiled.
        weeks: Mondays to be profiled; left out, all weeks with rows.
        unusual: Mondays of weeks that norms leave out; see `planned_weeks.WeekPlan`.

    Returns:
        One entry a week and column, by week, then as `columns` are ordered.
    """
    import pandas as pd

    if frame.empty:
        return []
    day = pd.to_datetime(frame["day"]).to_numpy().astype("datetime64[D]")
    athlete = frame["athlete_id"].astype(str).to_numpy(dtype=object)
    norms: dict[str, dict[date, OwnShift]] = {}
    prepared = {}
    for column in columns:
        values = frame[column]
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
            numbers = np.where(np.isfinite(numbers), numbers, np.nan)
            prepared[column] = pd.Series(numbers)
            norms[column] = own_shifts(athlete, day, numbers, unusual, weeks)
        else:
            prepared[column] = (
                values.astype("str").where(values.notna(), None).reset_index(drop=True)
            )
    table = pd.DataFrame(prepared)
    mondays = np.array([monday(one) for one in day.astype(object)])
    wanted = sorted(set(mondays) if weeks is None else set(mondays) & set(weeks))
    found = []
    for week in wanted:
        profile = profiler.profile(table[mondays == week])
        found += [
            _entry(profile, set_name, week, column, norms.get(column, {}).get(week))
            for column in columns
        ]
    return found


def rows_table(profiles: Iterable[WeekProfile]) -> pa.Table:
    """Rows of `ops/profiles`."""
    return pa.Table.from_pylist([one.as_row() for one in profiles], schema=ROW_SCHEMA)


def read_rows(table: pa.Table) -> list[WeekProfile]:
    """Rows of `ops/profiles`, as they were."""
    return [WeekProfile.from_row(row) for row in table.to_pylist()]


def merged(profiles: Sequence[WeekProfile], profiler: Profiler) -> Profile | None:
    """One profile of several weeks and columns: a reference; None of no rows."""
    whole: Profile | None = None
    for one in profiles:
        part = profiler.read(one.sketch)
        whole = part if whole is None else whole.merge(part)
    return whole


def _entry(
    profile: Profile, set_name: str, week: date, column: str, own: OwnShift | None
) -> WeekProfile:
    sketch = profile.select([column]).to_bytes()
    if profile.kind(column) == "text":
        texts = profile.texts(column)
        return WeekProfile(
            set_name, week, column, profile.profiler, texts.n, texts.missing,
            None, None, None, None, sketch, None,
        )  # fmt: skip
    numbers = profile.numbers(column)
    return WeekProfile(
        set_name, week, column, profile.profiler, numbers.n, numbers.missing,
        _none(numbers.mean), _none(numbers.sd), _none(numbers.minimum), _none(numbers.maximum),
        sketch, own,
    )  # fmt: skip


def _none(value: float | None) -> float | None:
    return None if isinstance(value, float) and math.isnan(value) else value


def _nan(value: object) -> float:
    return float("nan") if value is None else float(str(value))
