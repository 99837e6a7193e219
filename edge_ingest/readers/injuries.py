"""Injuries as CSV, by a column mapping: the reader.

Either a list of injuries, or a table of days in which the day of onset bears the injury.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from edge_ingest.errors import NothingRecordedError
from edge_ingest.identity import slugify
from edge_ingest.readers.day_csv import Value, covered, last_of_each, open_table
from edge_ingest.readers.mapping import fingerprint
from edge_ingest.recording import DayRecords, Told
from edge_ingest.records import INJURIES

VERSION = "1"

_COLUMNS = {column.name: column for column in INJURIES.columns}


def read(parts: Mapping[str, Path], told: Told) -> DayRecords:
    """Read `table`, by `mapping` or by that of a known source."""
    table = open_table(parts["table"], parts.get("mapping"), "injuries")
    mapping, rows, days = table.mapping, [], set()
    for line, cells in table.rows():
        day = table.day(line, cells)
        days.add(day)
        if not table.counts_as_row(cells):
            continue
        athlete = table.athlete(cells)
        if athlete is None:
            continue
        values = table.values(cells, _COLUMNS)
        values["kind"] = values["kind"] or "other"
        returned = values.get("return_day")
        if isinstance(returned, date) and returned < day:
            table.counts["returned_before_onset"] += 1
            values["return_day"] = None
        row: dict[str, Value] = {
            "source": mapping.source,
            "source_injury_id": "/".join(cells[name] for name in mapping.injury_id),
            "source_athlete_id": athlete,
            "day": day,
            **values,
        }
        rows.append(row)
    if not days:
        raise NothingRecordedError(f"{parts['table']} has a header and no line: nothing to pack")
    first, last = covered(mapping, min(days), max(days))
    return DayRecords(
        source=mapping.source,
        device_id=slugify(told.device_id or "") or mapping.source,
        kind="injuries",
        reader="injuries",
        reader_version=VERSION,
        first_day=first,
        last_day=last,
        tables={"injuries": last_of_each(INJURIES, rows, table.counts)},
        rows_by_rule=dict(sorted(table.counts.items())),
        filter_settings={"mapping": fingerprint(mapping)},
    )
