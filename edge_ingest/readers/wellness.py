"""Wellness questionnaires and daily load as CSV, by a column mapping: the reader.

Answers become 1 (worst) to 10 (best). A line without a single answer is left out: in raw, a day
without a row is a day on which nothing was told.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.readers.day_csv import DayTable
from edge_ingest.readers.day_records import read_days
from edge_ingest.recording import DayRecords, Told

VERSION = "1"


def read(parts: Mapping[str, Path], told: Told) -> DayRecords:
    """Read `table`, by `mapping` or by that of a known source."""
    return read_days("wellness", VERSION, parts, told, _answers)


def _answers(table: DayTable, rows: pa.Table) -> pa.Table:
    told = np.zeros(rows.num_rows, bool)
    for name in table.mapping.columns:
        told |= np.asarray(pc.is_valid(rows[name]))
    if nothing := int((~told).sum()):
        table.counts["nothing_told"] += nothing
    return rows.filter(pa.array(told))
