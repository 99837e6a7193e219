"""Wellness questionnaires and daily load as CSV, by a column mapping: the reader.

Answers become 1 (worst) to 10 (best). A line without a single answer is left out: in raw, a day
without a row is a day on which nothing was told.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from edge_ingest.contract import Column
from edge_ingest.readers.day_csv import DayTable, Row, Value
from edge_ingest.readers.day_records import read_days
from edge_ingest.recording import DayRecords, Told

VERSION = "1"


def read(parts: Mapping[str, Path], told: Told) -> DayRecords:
    """Read `table`, by `mapping` or by that of a known source."""
    return read_days("wellness", VERSION, parts, told, _answers)


def _answers(
    table: DayTable, cells: Row, _day: date, columns: Mapping[str, Column]
) -> dict[str, Value] | None:
    values = table.values(cells, columns)
    if all(values[name] is None for name in table.mapping.columns):
        table.counts["nothing_told"] += 1
        return None
    return values
