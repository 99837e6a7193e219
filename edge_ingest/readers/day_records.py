"""Athletes' days from a CSV, by a column mapping: what wellness and injuries share."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pyarrow as pa

from edge_ingest.contract import Column, TableContract
from edge_ingest.errors import NothingRecordedError
from edge_ingest.identity import slugify
from edge_ingest.readers.day_csv import DayTable, Row, Value, open_table
from edge_ingest.readers.mapping import ColumnMapping, fingerprint
from edge_ingest.recording import DayRecords, Told
from edge_ingest.records import DAY_TABLES

Kind = Literal["wellness", "injuries"]
#: Our columns of a line beyond whose it is, of which source and day; None where nothing was told.
RowOf = Callable[[DayTable, Row, date, Mapping[str, Column]], dict[str, Value] | None]


def read_days(
    kind: Kind, version: str, parts: Mapping[str, Path], told: Told, row_of: RowOf
) -> DayRecords:
    """Read `table`, by `mapping` or by that of a known source.

    Args:
        kind: what the days are about: the reader, its table and its mapping bear that name.

    Raises:
        NothingRecordedError: there is a header, and no line.
        SourceError: as `open_table` and `DayTable`.
    """
    contract = DAY_TABLES[kind]
    columns = {column.name: column for column in contract.columns}
    table = open_table(parts["table"], parts.get("mapping"), kind)
    mapping, days = table.mapping, set()
    rows: list[dict[str, Value]] = []
    for line, cells in table.rows():
        day = table.day(line, cells)
        days.add(day)
        if not table.counts_as_row(cells):
            continue
        if (athlete := table.athlete(cells)) is None:
            continue
        if (values := row_of(table, cells, day, columns)) is not None:
            rows.append(
                {"source": mapping.source, "source_athlete_id": athlete, "day": day, **values}
            )
    if not days:
        raise NothingRecordedError(f"{parts['table']} has a header and no line: nothing to pack")
    first, last = _covered(mapping, min(days), max(days))
    return DayRecords(
        source=mapping.source,
        device_id=slugify(told.device_id or "") or mapping.source,
        kind=kind,
        reader=kind,
        reader_version=version,
        first_day=first,
        last_day=last,
        tables={kind: _last_of_each(contract, rows, table.counts)},
        rows_by_rule=dict(sorted(table.counts.items())),
        filter_settings={"mapping": fingerprint(mapping)},
    )


def _last_of_each(
    contract: TableContract, rows: list[dict[str, Value]], counts: Counter[str]
) -> pa.Table:
    """Rows as a table of the contract; of several with one key the last counts."""
    kept = {tuple(row[name] for name in contract.primary_key): row for row in rows}
    if len(kept) < len(rows):
        counts["told_again_later"] += len(rows) - len(kept)
    return contract.conform(pa.Table.from_pylist(list(kept.values()), schema=contract.schema))


def _covered(mapping: ColumnMapping, first: date, last: date) -> tuple[date, date]:
    """The days that a file speaks for, given its first and its last."""
    if mapping.covers == "month":
        last = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return first.replace(day=1), last
    if mapping.covers == "year":
        return first.replace(month=1, day=1), last.replace(month=12, day=31)
    return first, last
