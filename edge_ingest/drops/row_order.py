"""The order of rows in a file: the same rows stand in the same order, however they came."""

import numpy as np
import pyarrow as pa


def in_order(rows: pa.Table, by: list[str]) -> pa.Table:
    """Rows sorted by these columns, nulls last, text by code point; ties stay as they came."""
    if not by:
        return rows
    return rows.take(np.lexsort([_ranks(rows.column(name)) for name in reversed(by)]))


def _ranks(column: pa.ChunkedArray) -> np.ndarray:
    if not pa.types.is_string(column.type):
        if not column.null_count:
            return np.asarray(column.to_numpy())
        values = column.fill_null(0).to_numpy().astype(np.float64)
        return np.where(np.asarray(column.is_null()), np.inf, values)
    encoded = column.combine_chunks().dictionary_encode()
    words = np.array(encoded.dictionary.to_pylist(), dtype=object)
    rank = np.empty(len(words) + 1, np.int64)
    rank[np.argsort(words, kind="stable")] = np.arange(len(words))
    rank[-1] = len(words)
    indices = encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    return np.asarray(rank[indices])
