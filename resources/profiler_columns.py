"""A table's columns as profilers take them: known numbers or texts, and how many are missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from resources.profiler import ProfileError

if TYPE_CHECKING:
    import pandas as pd

#: Texts are told apart by so many characters.
TEXT_LENGTH = 128
_NUMBERS = (
    pa.types.is_floating,
    pa.types.is_integer,
    pa.types.is_boolean,
    pa.types.is_null,
    pa.types.is_decimal,
)


def columns_of(
    table: "pa.Table | pd.DataFrame",
) -> Iterator[tuple[str, NDArray[np.float64] | pa.Array, int]]:
    """The columns as adapters want them: name, known values, and how many are missing.

    Numbers come as finite float64, texts as an Arrow array of strings without nulls. A column of
    nothing but nulls is taken for one of numbers.

    Raises:
        ProfileError: a column holds neither numbers nor texts.
    """
    arrow = table if isinstance(table, pa.Table) else _from_pandas(table)
    for name, column in zip(arrow.column_names, arrow.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            texts = column.cast(column.type.value_type)
        else:
            texts = column
        if pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type):
            present = texts.drop_null().combine_chunks()
            yield name, present, len(texts) - len(present)
        elif any(is_number(column.type) for is_number in _NUMBERS):
            known = _finite(column)
            yield name, known, len(column) - len(known)
        else:
            raise ProfileError(
                f"column {name} is of type {column.type}, which has no profile: leave it out, or "
                "make a number or text of it"
            )


def _finite(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """The finite values, in an array that may be written to, as one of the libraries wants it."""
    numbers = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    # Nulls become NaN on the way to numpy; what is not finite goes with them.
    values: NDArray[np.float64] = numbers.cast(pa.float64()).to_numpy()
    return values[np.isfinite(values)]


def _from_pandas(frame: "pd.DataFrame") -> pa.Table:
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ProfileError(f"a column mixes kinds of values: {error}") from error
