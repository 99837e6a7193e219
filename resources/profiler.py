"""What a column looked like, in a few kilobytes that can be added up: the profiler, an interface.

A profile keeps counts and moments exactly and the distribution as a sketch, so that profiles of
weeks merge into the profile of a season without the rows. The libraries behind it stand in
`profiler_whylogs.py` and `profiler_datasketches.py`; one contract test runs on both.

Belongs here: the interface, what a profile answers, and how it is packed into bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self

import numpy as np
import pyarrow as pa

from resources.errors import ResourceError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "text"]
_MAGIC = b"touchline-profile-1\n"


class ProfileError(ResourceError):
    """A table cannot be profiled, or a profile cannot be read, merged or asked this."""


@dataclass(frozen=True)
class NumberSummary:
    """A numeric column. Moments are of the known values; all NaN where there is none.

    Attributes:
        n: rows.
        missing: rows without a finite value.
        mean: of the known values, in the column's unit.
        sd: sample standard deviation; NaN of a single value.
        minimum: smallest known value.
        maximum: largest known value.
    """

    n: int
    missing: int
    mean: float
    sd: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class TextSummary:
    """A text column.

    Attributes:
        n: rows.
        missing: rows without a text.
        distinct: estimated number of different texts.
        frequent: rows of each frequent text, most first, equal ones by name; exact while there are
            less than some hundred different texts.
    """

    n: int
    missing: int
    distinct: float
    frequent: tuple[tuple[str, int], ...]


class ColumnSketch(Protocol):
    """One column, as an adapter keeps it. Never changed once made."""

    @property
    def kind(self) -> Kind:
        """Whether it holds numbers or texts."""
        ...

    def summary(self) -> NumberSummary | TextSummary:
        """Counts, and what else is exact."""
        ...

    def cdf(self, points: Sequence[float]) -> list[float]:
        """Share of the known values at or below each of the ascending, different points."""
        ...

    def quantiles(self, ranks: Sequence[float]) -> list[float]:
        """Values at the ranks, each within 0..1."""
        ...

    def merge(self, other: Self) -> Self:
        """Both columns in one."""
        ...

    def to_bytes(self) -> bytes:
        """The column as bytes."""
        ...


@dataclass(frozen=True)
class Profile:
    """What a table looked like.

    Attributes:
        profiler: name of the library that made it; only profiles of one library merge.
        sketches: one a column.
    """

    profiler: str
    sketches: Mapping[str, ColumnSketch]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in the order of the table."""
        return tuple(self.sketches)

    def kind(self, column: str) -> Kind:
        """Whether a column holds numbers or texts."""
        return self._sketch(column).kind

    def numbers(self, column: str) -> NumberSummary:
        """Counts and moments of a numeric column."""
        found = self._sketch(column).summary()
        if not isinstance(found, NumberSummary):
            raise ProfileError(f"column {column} holds texts: ask for texts()")
        return found

    def texts(self, column: str) -> TextSummary:
        """Counts of a text column."""
        found = self._sketch(column).summary()
        if not isinstance(found, TextSummary):
            raise ProfileError(f"column {column} holds numbers: ask for numbers()")
        return found

    def cdf(self, column: str, points: Sequence[float]) -> list[float]:
        """Share of the known values at or below each point.

        Args:
            column: a numeric column.
            points: ascending and different.

        Returns:
            one share a point, within the sketch's rank error; NaN where no value is known.
        """
        if (np.diff(points) <= 0).any():
            raise ProfileError(f"points of column {column} must ascend, without equals")
        known = self.numbers(column)
        if known.n == known.missing:
            return [float("nan")] * len(points)
        return self._sketch(column).cdf(points)

    def quantiles(self, column: str, ranks: Sequence[float]) -> list[float]:
        """Values at the ranks (0 the smallest, 1 the largest); NaN where no value is known."""
        if any(not 0 <= rank <= 1 for rank in ranks):
            raise ProfileError(f"ranks of column {column} must lie within 0..1")
        known = self.numbers(column)
        if known.n == known.missing:
            return [float("nan")] * len(ranks)
        return self._sketch(column).quantiles(ranks)

    def merge(self, other: "Profile") -> "Profile":
        """Both tables in one; a column that only one has stays as it is there."""
        if self.profiler != other.profiler:
            raise ProfileError(
                f"profiles of {self.profiler} and {other.profiler} do not merge: profile the older "
                "rows again with one of them"
            )
        merged = dict(self.sketches)
        for name, sketch in other.sketches.items():
            mine = merged.get(name)
            if mine is not None and mine.kind != sketch.kind:
                raise ProfileError(
                    f"column {name} holds {mine.kind}s here and {sketch.kind}s there"
                )
            merged[name] = sketch if mine is None else mine.merge(sketch)
        return Profile(self.profiler, merged)

    def select(self, columns: Sequence[str]) -> "Profile":
        """The profile of these columns alone."""
        return Profile(self.profiler, {name: self._sketch(name) for name in columns})

    def to_bytes(self) -> bytes:
        """Everything, for a table's binary column; a profiler's `read` takes it back."""
        parts = [_MAGIC, _framed(self.profiler.encode())]
        for name, sketch in self.sketches.items():
            parts += [_framed(name.encode()), _framed(sketch.to_bytes())]
        return b"".join(parts)

    def _sketch(self, column: str) -> ColumnSketch:
        try:
            return self.sketches[column]
        except KeyError:
            raise ProfileError(
                f"the profile has no column {column}: it has {', '.join(self.columns)}"
            ) from None


class Profiler(Protocol):
    """Makes profiles and reads them back."""

    @property
    def name(self) -> str:
        """The library, as it stands in the rows of a table."""
        ...

    def profile(self, table: "pa.Table | pd.DataFrame") -> Profile:
        """Profile a table: numbers and booleans as numbers, strings as texts.

        A number that is not finite counts as missing.

        Raises:
            ProfileError: a column holds neither numbers nor texts.
        """
        ...

    def read(self, data: bytes) -> Profile:
        """Read what `Profile.to_bytes` wrote.

        Raises:
            ProfileError: the bytes are not whole, or another library's.
        """
        ...


def unpack(data: bytes, profiler: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each column of a packed profile.

    Raises:
        ProfileError: the bytes are not whole, or another profiler's.
    """
    if not data.startswith(_MAGIC):
        raise ProfileError("these bytes are no profile of ours, or were cut")
    frames = _frames(data[len(_MAGIC) :])
    made_by = next(frames, b"").decode()
    if made_by != profiler:
        raise ProfileError(f"this profile was made by {made_by}: read it with that profiler")
    for name in frames:
        sketch = next(frames, None)
        if sketch is None:
            raise ProfileError("these bytes are no whole profile: they end in a column's name")
        yield name.decode(), sketch


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _frames(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            raise ProfileError("these bytes are no whole profile: they were cut")
        yield data[at + 4 : end]
        at = end
