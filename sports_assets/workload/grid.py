"""Athlete-days as matrices: athletes × days of their own history, some athletes at a time.

Column t is an athlete's day t since his first, so a state starts in column 0 whoever came when.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import numpy.typing as npt

from sports_assets.workload.athlete_days import BY_NAME
from sports_assets.workload.day_calendar import day_numbers

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_Cell = TypeVar("_Cell", bound=np.generic)

#: Values of one matrix of a block: a few of them fit into a processor's cache.
_BLOCK_VALUES: Final = 32_768


@dataclass(frozen=True)
class Block:
    """Some athletes, as matrices (athletes, days).

    Attributes:
        rows: where they stand in the frame.
        numbers: by column, NaN where not told, and beyond the end of a shorter history.
        flags: by column, False beyond the end.
        team: code of the day's team, in the order of `Grid.teams`.
        day: days since 1970.
        inside: whether the day belongs to the athlete's history.
    """

    rows: slice
    numbers: dict[str, FloatArray]
    flags: dict[str, BoolArray]
    team: IntArray
    day: IntArray
    inside: BoolArray


@dataclass(frozen=True)
class Grid:
    """A complete frame of athlete-days, read for matrices.

    Attributes:
        days: the frame, as of `as_athlete_days`.
    """

    days: "pd.DataFrame"

    @cached_property
    def day(self) -> IntArray:
        """(rows,) days since 1970."""
        return day_numbers(self.days["day"])

    @cached_property
    def teams(self) -> list[str]:
        """Every team, sorted."""
        return sorted(str(team) for team in self.days["team"].unique())

    @cached_property
    def team(self) -> IntArray:
        """(rows,) code of the team."""
        import pandas as pd

        return pd.Categorical(self.days["team"], self.teams).codes.astype(np.int64)

    def number(self, name: str) -> FloatArray:
        """(rows,) of one column."""
        values: FloatArray = self.days[name].to_numpy(np.float64)
        return values

    def flag(self, name: str) -> BoolArray:
        """(rows,) of one column."""
        values: BoolArray = self.days[name].to_numpy(np.bool_)
        return values

    def blocks(self) -> Iterator[Block]:
        """All athletes, in the frame's order."""
        athlete = self.days["athlete_id"].to_numpy()
        starts = np.flatnonzero(np.append(True, athlete[1:] != athlete[:-1]))
        lengths = np.diff(np.append(starts, athlete.size))
        flags = {name: self.flag(name) for name, c in BY_NAME.items() if c.kind == "flag"}
        numbers = {name: self.number(name) for name, c in BY_NAME.items() if c.kind == "number"}
        first = 0
        while first < starts.size:
            last = first + 1
            width = int(lengths[first])
            while last < starts.size:
                width = max(width, int(lengths[last]))
                if width * (last + 1 - first) > _BLOCK_VALUES:
                    break
                last += 1
            size = lengths[first:last]
            inside = np.arange(size.max()) < size[:, None]
            rows = slice(int(starts[first]), int(starts[first] + size.sum()))
            yield Block(
                rows,
                {name: _matrix(values[rows], inside, np.nan) for name, values in numbers.items()},
                {name: _matrix(values[rows], inside, 0) for name, values in flags.items()},
                _matrix(self.team[rows], inside, -1),
                _matrix(self.day[rows], inside, -1),
                inside,
            )
            first = last


def _matrix(values: npt.NDArray[_Cell], inside: BoolArray, fill: float) -> npt.NDArray[_Cell]:
    matrix = np.full(inside.shape, fill, values.dtype)
    matrix[inside] = values
    return matrix
