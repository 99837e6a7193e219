"""How clubs spell days, numbers and yes or no, turned into one type each.

Belongs here: what a cell may look like. Does not belong here: which columns there are, and their
bounds (`athlete_days`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sports_assets.workload.errors import AthleteDaysError

if TYPE_CHECKING:
    import pandas as pd

_YES: Final = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_IS_DAY: Final = "is a day such as 2026-11-29"
#: A day outside is a slip of the pen.
FIRST_DAY, LAST_DAY = np.datetime64("1990-01-01"), np.datetime64("2100-01-01")
_LARGEST_WHOLE: Final = 2.0**53
_NO: Final = frozenset({"false", "f", "no", "n", "0", "0.0", ""})


@dataclass(frozen=True)
class Cells:
    """One column as the club gave it.

    Attributes:
        name: as the club named it.
        values: (n,), index 0..n−1.
        is_health: whether its values may never stand in a message.
    """

    name: str
    values: "pd.Series"
    is_health: bool

    def refuse(self, wrong: "pd.Series", rule: str) -> None:
        """Say what the column must be, with the first value that is not so.

        Args:
            wrong: (n,) bool.
            rule: what holds for a sound value; continues "every value ...".

        Raises:
            AthleteDaysError: any is wrong.
        """
        if not wrong.any():
            return
        row = int(np.flatnonzero(wrong.to_numpy())[0])
        shown = "cannot be used" if self.is_health else f'is "{self.values.iloc[row]}"'
        raise AthleteDaysError(
            f"column {self.name}: row {row} {shown}, and {int(wrong.sum())} of "
            f"{len(self.values)} rows are wrong. Every value {rule}: correct the export"
        )


def ids(cells: Cells) -> "pd.Series":
    """Ids as text: 12, 12.0 and "12" are one athlete.

    Raises:
        AthleteDaysError: an id is missing, or is a number that names nothing.
    """
    cells.refuse(cells.values.isna(), "is an id")
    text = _names(cells)
    cells.refuse(text == "", "is an id")
    return text


def texts(cells: Cells) -> "pd.Series":
    """Text; an empty cell is missing. Numbers as `ids` does.

    Raises:
        AthleteDaysError: a number that names nothing.
    """
    text = _names(cells)
    return text.where(text != "")


def numbers(cells: Cells) -> "pd.Series":
    """Float64 with NaN for an empty cell; text with a decimal point is read.

    Raises:
        AthleteDaysError: a value is no number.
    """
    import pandas as pd

    values = cells.values
    if pd.api.types.is_datetime64_any_dtype(values.dtype) or values.dtype.kind == "m":
        raise AthleteDaysError(
            f"column {cells.name} holds {values.dtype}, and numbers are wanted: convert it"
        )
    if not pd.api.types.is_numeric_dtype(values.dtype):
        values = values.astype(object)
        values = values.where(~values.map(_is_blank), np.nan)
    read = pd.to_numeric(values, errors="coerce").astype("Float64")
    cells.refuse(read.isna() & values.notna(), "is a number, with a point before the decimals")
    return pd.Series(read.to_numpy(np.float64, na_value=np.nan))


def flags(cells: Cells) -> "pd.Series":
    """Bool of 0 and 1, true and false, yes and no; an empty cell is no.

    Raises:
        AthleteDaysError: a value is none of these.
    """
    import pandas as pd

    values = cells.values
    if values.dtype == np.bool_:
        return pd.Series(values.to_numpy(np.bool_))
    distinct = {value: _truth(value) for value in values.dropna().unique()}
    unknown = {value for value, truth in distinct.items() if truth is None}
    cells.refuse(values.isin(list(unknown)), "is true or false, or 1 or 0")
    yes = {value for value, truth in distinct.items() if truth}
    return pd.Series(values.isin(list(yes)).to_numpy(np.bool_))


def days(cells: Cells, *, may_miss: bool = False) -> "pd.Series":
    """Days without zone, at midnight: of dates, timestamps, ISO text or numbers like 20261129.

    A timestamp with a zone counts by its own wall clock: the club wrote its local day.

    Args:
        cells: of the column.
        may_miss: an empty cell is NaT; otherwise it is refused.

    Raises:
        AthleteDaysError: a value is no day, is missing where it must not, or is not between
            `FIRST_DAY` and `LAST_DAY`.
    """
    import pandas as pd

    values = cells.values
    is_missing = values.isna()
    if may_miss:
        is_missing |= values.astype(object).map(_is_blank).astype(bool)
    else:
        cells.refuse(is_missing, _IS_DAY)
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        text = values.astype(object).map(str).astype("str").str.strip()
        text = text.str.replace(r"\.0$", "", regex=True)
        is_day = text.str.fullmatch(r"\d{4}-?\d{2}-?\d{2}([T ].*)?")
        read = pd.to_datetime(
            text.str.slice(0, 10).str.replace("-", "").where(is_day),
            format="%Y%m%d",
            errors="coerce",
        )
        cells.refuse(read.isna() & ~is_missing, _IS_DAY)
    else:
        read = values.dt.tz_localize(None)
    cells.refuse((read < FIRST_DAY) | (read > LAST_DAY), f"is between {FIRST_DAY} and {LAST_DAY}")
    return pd.Series(read.to_numpy().astype("datetime64[D]").astype("datetime64[us]"))


def _names(cells: Cells) -> "pd.Series":
    """Each cell as text, missing ones kept; where all floats are whole, without ".0".

    A column of numbers with a gap comes as floats.
    """
    import pandas as pd

    values = cells.values
    if pd.api.types.is_float_dtype(values.dtype):
        told = pd.Series(values.to_numpy(np.float64, na_value=np.nan))
        # Beyond, two numbers side by side are one float.
        cells.refuse(told.abs() >= _LARGEST_WHOLE, "is below 2^53, or text")
        if (told.isna() | (told == np.floor(told))).all():
            values = told.astype("Int64")
    values = values.astype(object)
    return values.where(values.isna(), values.map(str)).astype("str").str.strip()


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _truth(value: object) -> bool | None:
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None
