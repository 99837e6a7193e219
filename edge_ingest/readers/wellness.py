"""Wellness questionnaires and daily load as CSV, by a column mapping: the reader.

Answers become 1 (worst) to 10 (best). A line without a single answer is left out: in raw, a day
without a row is a day on which nothing was told.
"""

from collections.abc import Mapping
from pathlib import Path

from edge_ingest.errors import NothingRecordedError
from edge_ingest.identity import slugify
from edge_ingest.readers.day_csv import Value, covered, last_of_each, open_table
from edge_ingest.readers.mapping import fingerprint
from edge_ingest.recording import DayRecords, Told
from edge_ingest.records import WELLNESS

VERSION = "1"

_COLUMNS = {column.name: column for column in WELLNESS.columns}


def read(parts: Mapping[str, Path], told: Told) -> DayRecords:
    """Read `table`, by `mapping` or by that of a known source."""
    table = open_table(parts["table"], parts.get("mapping"), "wellness")
    mapping, rows, days = table.mapping, [], set()
    for line, cells in table.rows():
        day = table.day(line, cells)
        days.add(day)
        if not table.counts_as_row(cells):
            continue
        athlete = table.athlete(cells)
        values = table.values(cells, _COLUMNS)
        if all(values[name] is None for name in mapping.columns):
            table.counts["nothing_told"] += 1
        elif athlete is not None:
            row: dict[str, Value] = {
                "source": mapping.source, "source_athlete_id": athlete, "day": day, **values,
            }  # fmt: skip
            rows.append(row)
    if not days:
        raise NothingRecordedError(f"{parts['table']} has a header and no line: nothing to pack")
    first, last = covered(mapping, min(days), max(days))
    return DayRecords(
        source=mapping.source,
        device_id=slugify(told.device_id or "") or mapping.source,
        kind="wellness",
        reader="wellness",
        reader_version=VERSION,
        first_day=first,
        last_day=last,
        tables={"wellness": last_of_each(WELLNESS, rows, table.counts)},
        rows_by_rule=dict(sorted(table.counts.items())),
        filter_settings={"mapping": fingerprint(mapping)},
    )
