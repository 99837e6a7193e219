"""Profiles by whylogs.

Its vendor has closed and its last release is of 2024: all that we need of it stands here, behind
our interface. Columns are handed to its metrics as arrays, which spares its look at each value.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from resources.profiler import (
    Kind,
    NumberSummary,
    Profile,
    ProfileError,
    TextSummary,
    unpack,
)
from resources.profiler_columns import TEXT_LENGTH, columns_of

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "whylogs"
_COUNTS, _DISTRIBUTION = "counts", "distribution"
_FREQUENT, _DISTINCT = "frequent_items", "cardinality"


def load_whylogs() -> Any:  # noqa: ANN401 - the library has no types
    """Import whylogs, silent: the one place that does.

    It sends usage statistics at import unless this variable is set (`whylogs/api/usage_stats`
    looks for its presence, whatever its value), and asks for `np.unicode_`, which NumPy 2 has
    renamed.
    """
    os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
    if not hasattr(np, "unicode_"):
        setattr(np, "unicode_", np.str_)  # noqa: B010 - the checker knows that it is gone
    import whylogs

    return whylogs


@dataclass(frozen=True)
class _Column:
    """A column as whylogs' own view of it."""

    view: Any

    @property
    def kind(self) -> Kind:
        return "number" if self.view.get_metric(_DISTRIBUTION) is not None else "text"

    def summary(self) -> NumberSummary | TextSummary:
        counts = self.view.get_metric(_COUNTS)
        n, missing = int(counts.n.value), int(counts.null.value)
        if self.kind == "text":
            found = self.view.get_metric(_FREQUENT).strings
            frequent = sorted(((item.value, int(item.est)) for item in found), key=_most_first)
            distinct = self.view.get_metric(_DISTINCT).estimate or 0.0
            return TextSummary(n, missing, float(distinct), tuple(frequent))
        numbers = self.view.get_metric(_DISTRIBUTION)
        known = n - missing
        nan = float("nan")
        return NumberSummary(
            n=n,
            missing=missing,
            mean=float(numbers.mean.value) if known else nan,
            sd=(float(numbers.m2.value) / (known - 1)) ** 0.5 if known > 1 else nan,
            minimum=float(numbers.kll.value.get_min_value()) if known else nan,
            maximum=float(numbers.kll.value.get_max_value()) if known else nan,
        )

    def cdf(self, points: Sequence[float]) -> list[float]:
        # Its sketch counts what is below a point: the next float makes that "at or below".
        above = np.nextafter(np.asarray(points, np.float64), np.inf).tolist()
        return [float(share) for share in self._kll().get_cdf(above)[:-1]]

    def quantiles(self, ranks: Sequence[float]) -> list[float]:
        return [float(value) for value in self._kll().get_quantiles(list(ranks))]

    def merge(self, other: "_Column") -> "_Column":
        return _Column(self.view.merge(other.view))

    def to_bytes(self) -> bytes:
        # Sorted by key: protobuf's maps have no order of their own.
        message = self.view.to_protobuf()
        return bytes(message.SerializeToString(deterministic=True))

    def _kll(self) -> Any:  # noqa: ANN401 - the library has no types
        return self.view.get_metric(_DISTRIBUTION).kll.value


class WhylogsProfiler:
    """Profiles by whylogs: moments, KLL of 1024, HLL of 2^12, frequent strings of 2^10."""

    name: Final = NAME

    def profile(self, table: "pa.Table | pd.DataFrame") -> Profile:
        """Profile a table; see `resources.profiler.Profiler`."""
        load_whylogs()
        return Profile(
            NAME,
            {name: _profiled(known, missing) for name, known, missing in columns_of(table)},
        )

    def read(self, data: bytes) -> Profile:
        """Read a profile that whylogs made; see `resources.profiler.Profiler`."""
        load_whylogs()
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
        from whylogs.core import ColumnProfileView
        from whylogs.core.errors import DeserializationError

        try:
            return Profile(
                NAME,
                {
                    name: _Column(ColumnProfileView.from_bytes(sketch))
                    for name, sketch in unpack(data, NAME)
                },
            )
        except (DecodeError, DeserializationError) as error:
            raise ProfileError(f"whylogs cannot read its profile: {error}") from error


def _profiled(known: "np.typing.NDArray[np.float64] | pa.Array", missing: int) -> _Column:
    from whylogs.core import ColumnProfileView
    from whylogs.core.metrics import StandardMetric
    from whylogs.core.preprocessing import PreprocessedColumn

    column = PreprocessedColumn()
    column.len = len(known) + missing
    column.null_count = missing
    if isinstance(known, np.ndarray):
        column.numpy.floats = known
        names = [_COUNTS, _DISTRIBUTION]
    else:
        column.list.strings = [text[:TEXT_LENGTH] for text in known.to_pylist()]
        names = [_COUNTS, _DISTINCT, _FREQUENT]
    metrics = {name: StandardMetric[name].zero() for name in names}
    for metric in metrics.values():
        metric.columnar_update(column)
    return _Column(ColumnProfileView(metrics))


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
