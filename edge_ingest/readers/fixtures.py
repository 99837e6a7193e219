"""A club's plan of matches as CSV, by a column mapping: the reader.

A line is a fixture and the day that the plan gives it. Where the plan tells since when it says so,
a reader of raw knows what was known on each day: a fixture that was moved then stands on the day
where it was, once more there as withdrawn, and on its new day.
"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.readers.day_csv import DayTable
from edge_ingest.readers.day_records import read_days
from edge_ingest.recording import DayRecords, Told

VERSION = "1"


def read(parts: Mapping[str, Path], told: Told) -> DayRecords:
    """Read `table`, by `mapping`."""
    return read_days("fixtures", VERSION, parts, told, _fixtures)


def _fixtures(table: DayTable, rows: pa.Table) -> pa.Table:
    columns = {name: rows[name] for name in rows.column_names}
    columns["source_fixture_id"] = table.names()
    if "is_withdrawn" in columns:  # a cell that says nothing withdraws nothing
        columns["is_withdrawn"] = pc.fill_null(columns["is_withdrawn"], fill_value=False)
    else:
        columns["is_withdrawn"] = pa.repeat(pa.scalar(value=False), rows.num_rows)
    return pa.table(columns)
