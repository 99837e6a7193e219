"""Days from a CSV, by a column mapping: what wellness, injuries and fixtures share."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.errors import NothingRecordedError
from edge_ingest.identity import slugify
from edge_ingest.readers.day_csv import DayTable, open_table
from edge_ingest.readers.mapping import ColumnMapping, fingerprint
from edge_ingest.recording import DayRecords, Told
from edge_ingest.records import DAY_TABLES

Kind = Literal["wellness", "injuries", "fixtures"]
#: The rows that are told, of a table and of what it says in our columns, row for row.
Finish = Callable[[DayTable, pa.Table], pa.Table]


def read_days(
    kind: Kind, version: str, parts: Mapping[str, Path], told: Told, finish: Finish
) -> DayRecords:
    """Read `table`, by `mapping` or by that of a known source.

    Args:
        kind: what the days are about: the reader, its table and its mapping bear that name.

    Raises:
        NothingRecordedError: there is a header, and no line.
        SourceError: as `open_table` and `DayTable`.
    """
    contract = DAY_TABLES[kind]
    table = open_table(parts["table"], parts.get("mapping"), kind)
    if not len(table):
        raise NothingRecordedError(f"{parts['table']} has a header and no line: nothing to pack")
    mapping, days = table.mapping, table.days()
    counted = table.counted_rows()
    columns = {
        "source": pa.repeat(mapping.source, len(counted)),
        "day": pa.array(days[counted.rows]),
        **counted.values({column.name: column for column in contract.columns}),
    }
    if mapping.athlete_id is not None:
        columns["source_athlete_id"] = counted.athletes()
    first, last = _covered(mapping, days.min().item(), days.max().item())
    return DayRecords(
        source=mapping.source,
        device_id=slugify(told.device_id or "") or mapping.source,
        kind=kind,
        reader=kind,
        reader_version=version,
        first_day=first,
        last_day=last,
        tables={kind: _last_of_each(contract, finish(counted, pa.table(columns)), table.counts)},
        rows_by_rule=dict(sorted(table.counts.items())),
        filter_settings={"mapping": fingerprint(mapping)},
    )


def _last_of_each(contract: TableContract, rows: pa.Table, counts: Counter[str]) -> pa.Table:
    """Rows as a table of the contract; of several with one key the last counts."""
    key = np.zeros(rows.num_rows, np.int64)
    for name in contract.primary_key:
        encoded = rows[name].combine_chunks().dictionary_encode()
        key = key * max(1, len(encoded.dictionary)) + np.asarray(encoded.indices)
    _, from_the_end = np.unique(key[::-1], return_index=True)
    if again := rows.num_rows - len(from_the_end):
        counts["told_again_later"] += again
        rows = rows.take(np.sort(rows.num_rows - 1 - from_the_end))
    return contract.conform(rows)


def _covered(mapping: ColumnMapping, first: date, last: date) -> tuple[date, date]:
    """The days that a file speaks for, given its first and its last."""
    if mapping.covers == "month":
        last = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return first.replace(day=1), last
    if mapping.covers == "year":
        return first.replace(month=1, day=1), last.replace(month=12, day=31)
    return first, last
