"""Injuries as CSV, by a column mapping: the reader.

Either a list of injuries, or a table of days in which the day of onset bears the injury.
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
    """Read `table`, by `mapping` or by that of a known source."""
    return read_days("injuries", VERSION, parts, told, _injuries)


def _injuries(table: DayTable, rows: pa.Table) -> pa.Table:
    rows = rows.append_column("source_injury_id", table.names())
    columns = {name: rows[name] for name in rows.column_names}
    columns["kind"] = pc.fill_null(columns["kind"], "other")
    if "return_day" in columns:
        early = pc.fill_null(pc.less(columns["return_day"], columns["day"]), fill_value=False)
        if count := pc.sum(early).as_py():
            table.counts["returned_before_onset"] += count
            columns["return_day"] = pc.if_else(early, None, columns["return_day"])
    return pa.table(columns)
