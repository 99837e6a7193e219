"""Injuries as the model sees them: one checked frame, and what of it was known on a day.

Belongs here: the frame, its errors, whole days and censoring. Does not belong here: the columns of
the fit (`design`).

Columns of the frame, one row an injury that cost time:

    injury_id         str
    athlete_id        str
    team              str, "squad" where not told
    day               day of the onset
    return_day        first day back in full training; NaT = not back as far as is known
    observed_through  last day on which the athlete was followed; where not told, the last day that
                      the frame knows of
    kind              str in lower case, `UNTOLD_KIND` where not told
    body_part         str in lower case, "" where not told
    age_years         at the onset, NaN where not told
    previous_injuries before the onset, NaN where not told
    is_recurrence     the same kind and body part within two months of a return (an early
                      recurrence of Fuller et al. 2006); found here, never read

Days lost are counted as Fuller et al. 2006 and the UEFA study do: the day of return less the day of
the injury, and at least one.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sports_assets.workload import club_values
from sports_assets.workload.errors import AthleteDaysError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

UNTOLD_KIND: Final = "unknown"
REQUIRED: Final = ("injury_id", "athlete_id", "day", "return_day")
#: A return so long ago makes a new injury of the same place an early recurrence, d.
EARLY_RECURRENCE_D: Final = 61
_TEXTS: Final = {"team": "squad", "kind": UNTOLD_KIND, "body_part": ""}
_NUMBERS: Final = ("age_years", "previous_injuries")


class InjuriesError(ValueError):
    """A frame of injuries that cannot be used; the message names the row and the remedy."""


def as_injuries(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame of this module from one with at least the columns `REQUIRED`.

    Args:
        frame: injuries in any order; days in any spelling that `club_values` knows; `date` is taken
            for `day`.

    Returns:
        A new frame with all columns of the module, by day and injury_id; empty stays empty.

    Raises:
        InjuriesError: a column is missing; an id or an onset is; an id comes twice; a return or
            the end of observation lies before the onset; a return lies after the end of
            observation.
    """
    renamed = frame.rename(columns={"date": "day"}) if "day" not in frame else frame
    missing = [name for name in REQUIRED if name not in renamed]
    if missing:
        raise InjuriesError(f"injuries without the columns {missing}: add them")
    made = pd.DataFrame(index=pd.RangeIndex(len(renamed)))
    for name in ("injury_id", "athlete_id"):
        _refuse(renamed, renamed[name].isna(), f"no {name}: name it")
        made[name] = renamed[name].astype(str).to_numpy()
    for name, default in _TEXTS.items():
        made[name] = _text(renamed, name, default)
    for name in ("day", "return_day"):
        made[name] = _days(renamed[name])
    _refuse(made, made["day"].isna(), "no onset: give its day")
    made["observed_through"] = _observed_through(renamed, made)
    for name in _NUMBERS:
        made[name] = (
            pd.to_numeric(renamed[name], errors="coerce").to_numpy(np.float64)
            if name in renamed
            else np.full(len(made), np.nan)
        )
    _check(made)
    made = made.sort_values(["day", "injury_id"], kind="stable", ignore_index=True)
    made["is_recurrence"] = _is_recurrence(made)
    return made


def read_injuries(path: Path) -> pd.DataFrame:
    """The frame of a Parquet file with the columns of this module.

    Raises:
        InjuriesError: see `as_injuries`; or the file is no Parquet.
        OSError: there is no such file.
    """
    try:
        return as_injuries(pd.read_parquet(path))
    except pa.ArrowInvalid as error:
        raise InjuriesError(f"{path} is no Parquet file: {error}") from error


def known_as_of(injuries: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """What was known at the end of a day: later onsets are gone, later returns are still open.

    Args:
        injuries: a frame of `as_injuries`.
        as_of: the day, normalised.
    """
    known = injuries[injuries["day"] <= as_of].reset_index(drop=True)
    known["return_day"] = known["return_day"].where(known["return_day"] <= as_of)
    through = known["observed_through"]
    known["observed_through"] = through.where(through <= as_of, as_of)
    return known


def days_lost(injuries: pd.DataFrame) -> tuple[Floats, Bools]:
    """Whole days until the return, or the days that were followed, and which of both it is.

    Returns:
        Days, (n,); and `is_returned`, (n,). Returned: at least 1, and exact but for the whole day.
        Not returned: 0 or more; the absence is longer than this.
    """
    is_returned = injuries["return_day"].notna().to_numpy(bool)
    end = injuries["return_day"].fillna(injuries["observed_through"])
    days = (end - injuries["day"]).dt.days.to_numpy(np.float64)
    return np.where(is_returned, np.maximum(days, 1.0), days), is_returned


def _text(frame: pd.DataFrame, name: str, default: str) -> list[str]:
    if name not in frame:
        return [default] * len(frame)
    told = frame[name].astype(object)
    texts = ["" if pd.isna(value) else str(value).strip() for value in told]
    return [(text if name == "team" else text.lower()) or default for text in texts]


def _days(column: "pd.Series[Any]") -> npt.NDArray[np.datetime64]:
    cells = club_values.Cells(str(column.name), column.reset_index(drop=True), is_health=True)
    try:
        days = club_values.days(cells, may_miss=True)
    except AthleteDaysError as error:
        raise InjuriesError(str(error)) from error
    return days.to_numpy("datetime64[ns]")


def _observed_through(frame: pd.DataFrame, made: pd.DataFrame) -> npt.NDArray[np.datetime64]:
    last = made[["day", "return_day"]].max().max()
    if "observed_through" not in frame:
        told = pd.Series(pd.NaT, index=made.index, dtype="datetime64[ns]")
    else:
        told = pd.Series(_days(frame["observed_through"]), index=made.index)
        last = max(last, told.max()) if told.notna().any() else last
    return told.fillna(last).to_numpy("datetime64[ns]")


def _check(made: pd.DataFrame) -> None:
    _refuse(made, made["injury_id"].duplicated(), "an id that came before: make ids unique")
    _refuse(made, made["return_day"] < made["day"], "a return before the onset: correct the days")
    _refuse(
        made, made["observed_through"] < made["day"], "followed to before the onset: correct it"
    )
    _refuse(
        made,
        made["return_day"] > made["observed_through"],
        "a return after observed_through: the later of both is the last day followed",
    )


def _refuse(frame: pd.DataFrame, is_bad: "pd.Series[bool]", message: str) -> None:
    bad = np.flatnonzero(is_bad.to_numpy(bool))
    if len(bad):
        name = frame["injury_id"].iloc[bad[0]] if "injury_id" in frame else bad[0]
        raise InjuriesError(f"injury {name} (and {len(bad) - 1} more): {message}")


def _is_recurrence(injuries: pd.DataFrame) -> Bools:
    """By the athlete's earlier returns alone, so that nothing after the onset counts."""
    result = np.zeros(len(injuries), bool)
    last_return: dict[tuple[str, str, str], list[pd.Timestamp]] = {}
    rows = zip(
        injuries["athlete_id"], injuries["kind"], injuries["body_part"], injuries["day"],
        injuries["return_day"], strict=True,
    )  # fmt: skip
    for at, (athlete_id, kind, part, day, return_day) in enumerate(rows):
        returns = last_return.setdefault((athlete_id, kind, part), [])
        since = [(day - earlier).days for earlier in returns if earlier <= day]
        result[at] = bool(since) and min(since) <= EARLY_RECURRENCE_D
        if not pd.isna(return_day):
            returns.append(return_day)
    return result
