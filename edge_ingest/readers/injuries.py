"""Injuries as CSV, by a column mapping: the reader.

Either a list of injuries, or a table of days in which the day of onset bears the injury.
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
    return read_days("injuries", VERSION, parts, told, _injury)


def _injury(
    table: DayTable, cells: Row, day: date, columns: Mapping[str, Column]
) -> dict[str, Value]:
    values = table.values(cells, columns)
    values["kind"] = values["kind"] or "other"
    values["source_injury_id"] = "/".join(cells[name] for name in table.mapping.injury_id)
    returned = values.get("return_day")
    if isinstance(returned, date) and returned < day:
        table.counts["returned_before_onset"] += 1
        values["return_day"] = None
    return values
