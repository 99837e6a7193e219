"""Profiles by Apache DataSketches, a library that is kept up: the second profiler.

It shows that our interface is no mirror of whylogs, and is where we go when that one breaks.
"""

import json
import math
from collections.abc import Mapping, Sequence
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

NAME: Final = "datasketches"
#: The sizes that whylogs takes: rank error 0.27 %, distinct counts within 1.6 %.
_KLL_K: Final = 1024
_HLL_LG_K: Final = 12
_FREQUENT_LG_K: Final = 10


@dataclass(frozen=True)
class _Numbers:
    """Counts and moments by ourselves, the distribution as a KLL sketch."""

    n: int
    missing: int
    mean: float
    m2: float
    kll: Any
    kind: Kind = "number"

    def summary(self) -> NumberSummary:
        known = self.n - self.missing
        nan = float("nan")
        return NumberSummary(
            n=self.n,
            missing=self.missing,
            mean=self.mean if known else nan,
            sd=math.sqrt(self.m2 / (known - 1)) if known > 1 else nan,
            minimum=self.kll.get_min_value() if known else nan,
            maximum=self.kll.get_max_value() if known else nan,
        )

    def cdf(self, points: Sequence[float]) -> list[float]:
        return list(self.kll.get_cdf(list(points), inclusive=True)[:-1])

    def quantiles(self, ranks: Sequence[float]) -> list[float]:
        return [float(value) for value in self.kll.get_quantiles(list(ranks))]

    def merge(self, other: "_Numbers") -> "_Numbers":
        from datasketches import kll_doubles_sketch

        a, b = self.n - self.missing, other.n - other.missing
        both = a + b
        # Chan, Golub and LeVeque 1983: moments of two parts added without their values.
        apart = other.mean - self.mean
        mean = self.mean + apart * b / both if both else 0.0
        m2 = self.m2 + other.m2 + apart**2 * a * b / both if both else 0.0
        kll = kll_doubles_sketch(_KLL_K)
        kll.merge(self.kll)
        kll.merge(other.kll)
        return _Numbers(self.n + other.n, self.missing + other.missing, mean, m2, kll)

    def to_bytes(self) -> bytes:
        head = {"n": self.n, "missing": self.missing, "mean": self.mean, "m2": self.m2}
        return _line(head) + bytes(self.kll.serialize())


@dataclass(frozen=True)
class _Texts:
    """Counts by ourselves, distinct and frequent texts as sketches."""

    n: int
    missing: int
    hll: Any
    frequent: Any
    kind: Kind = "text"

    def summary(self) -> TextSummary:
        from datasketches import frequent_items_error_type

        found = self.frequent.get_frequent_items(frequent_items_error_type.NO_FALSE_POSITIVES)
        frequent = sorted(
            ((str(item[0]), int(item[1])) for item in found), key=lambda item: (-item[1], item[0])
        )
        return TextSummary(self.n, self.missing, float(self.hll.get_estimate()), tuple(frequent))

    def cdf(self, points: Sequence[float]) -> list[float]:
        raise ProfileError(f"texts have no order: no share below {list(points)}")

    def quantiles(self, ranks: Sequence[float]) -> list[float]:
        raise ProfileError(f"texts have no order: no value at {list(ranks)}")

    def merge(self, other: "_Texts") -> "_Texts":
        from datasketches import frequent_strings_sketch, hll_union, tgt_hll_type

        union = hll_union(_HLL_LG_K)
        union.update(self.hll)
        union.update(other.hll)
        frequent = frequent_strings_sketch(_FREQUENT_LG_K)
        frequent.merge(self.frequent)
        frequent.merge(other.frequent)
        return _Texts(
            self.n + other.n,
            self.missing + other.missing,
            union.get_result(tgt_hll_type.HLL_8),
            frequent,
        )

    def to_bytes(self) -> bytes:
        hll = bytes(self.hll.serialize_updatable())
        head = {"n": self.n, "missing": self.missing, "hll_bytes": len(hll)}
        return _line(head) + hll + bytes(self.frequent.serialize())


class DatasketchesProfiler:
    """Profiles by Apache DataSketches: KLL of 1024, HLL of 2^12, frequent strings of 2^10."""

    name: Final = NAME

    def profile(self, table: "pa.Table | pd.DataFrame") -> Profile:
        """Profile a table; see `resources.profiler.Profiler`."""
        return Profile(
            NAME,
            {
                name: _numbers(known, missing)
                if isinstance(known, np.ndarray)
                else _texts(known, missing)
                for name, known, missing in columns_of(table)
            },
        )

    def read(self, data: bytes) -> Profile:
        """Read a profile that this profiler made; see `resources.profiler.Profiler`."""
        return Profile(NAME, {name: _read(sketch) for name, sketch in unpack(data, NAME)})


def _numbers(known: "np.typing.NDArray[np.float64]", missing: int) -> _Numbers:
    from datasketches import kll_doubles_sketch

    kll = kll_doubles_sketch(_KLL_K)
    if not len(known):
        return _Numbers(missing, missing, 0.0, 0.0, kll)
    kll.update(known)
    mean = float(known.mean())
    m2 = float(np.square(known - mean).sum())
    return _Numbers(len(known) + missing, missing, mean, m2, kll)


def _texts(known: pa.Array, missing: int) -> _Texts:
    from datasketches import frequent_strings_sketch, hll_sketch, tgt_hll_type

    hll = hll_sketch(_HLL_LG_K, tgt_hll_type.HLL_8)
    frequent = frequent_strings_sketch(_FREQUENT_LG_K)
    for counted in known.value_counts().to_pylist():
        text = counted["values"][:TEXT_LENGTH]
        hll.update(text)
        frequent.update(text, counted["counts"])
    return _Texts(len(known) + missing, missing, hll, frequent)


def _read(data: bytes) -> _Numbers | _Texts:
    from datasketches import frequent_strings_sketch, hll_sketch, kll_doubles_sketch

    line, _, rest = data.partition(b"\n")
    try:
        head = json.loads(line)
        if "hll_bytes" not in head:
            kll = kll_doubles_sketch.deserialize(rest)
            return _Numbers(head["n"], head["missing"], head["mean"], head["m2"], kll)
        hll = hll_sketch.deserialize(rest[: head["hll_bytes"]])
        frequent = frequent_strings_sketch.deserialize(rest[head["hll_bytes"] :])
        return _Texts(head["n"], head["missing"], hll, frequent)
    except (ValueError, KeyError, TypeError, RuntimeError, IndexError) as error:
        raise ProfileError(f"datasketches cannot read its profile: {error}") from error


def _line(head: Mapping[str, float]) -> bytes:
    return json.dumps(head, sort_keys=True).encode() + b"\n"
