"""JSON of figures that may be undefined: NaN is written as null, and read back."""

import math
from typing import Any


def without_nan(told: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The same with None for NaN and infinities, which JSON does not know."""
    if isinstance(told, dict):
        return {name: without_nan(one) for name, one in told.items()}
    if isinstance(told, list | tuple):
        return [without_nan(one) for one in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told


def with_nan(told: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The same with NaN for None, for types of which no field is ever None."""
    if isinstance(told, dict):
        return {name: with_nan(one) for name, one in told.items()}
    if isinstance(told, list):
        return [with_nan(one) for one in told]
    return math.nan if told is None else told
