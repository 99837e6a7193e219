"""The club's athletes as CSV, by a column mapping, into the crosswalk of a landing zone.

A file speaks for its source: it replaces that source's lines of `identity/athletes.csv` and leaves
those of other sources alone.
"""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.contract import Column
from edge_ingest.durable import replace_durably
from edge_ingest.errors import SourceError
from edge_ingest.identity import ATHLETES_SCHEMA, BIRTH, read_athletes
from edge_ingest.inputs import check_file
from edge_ingest.readers.day_csv import open_table
from edge_ingest.records import ATHLETES, TEXT

CROSSWALK = "identity/athletes.csv"
#: A club has hundreds of athletes, B.
LARGEST_FILE = 16 * 1024**2

_HEART_RATES = ("max_heart_rate_bpm", "resting_heart_rate_bpm")
_COLUMNS: dict[str, Column] = {
    **{name: Column(name, TEXT, "", null_means="") for name in ("athlete_id", "display_name")},
    **{column.name: column for column in ATHLETES.columns if column.name in _HEART_RATES},
    "sex": Column("sex", TEXT, "", allowed=("female", "male"), null_means=""),
    BIRTH: Column(BIRTH, pa.date32(), "", null_means=""),
}


@dataclass(frozen=True)
class WrittenCrosswalk:
    """What a file changed.

    Attributes:
        athletes: lines of the source now, and before.
        rows_by_rule: what was wrong and left blank, or left out.
    """

    path: Path
    source: str
    athletes: int
    athletes_before: int
    rows_by_rule: dict[str, int]


def read_athletes_file(path: Path, mapping: Path) -> tuple[pa.Table, dict[str, int]]:
    """Read a club's file of athletes.

    Returns:
        A table of `ATHLETES_SCHEMA`, and what was wrong and left blank, or left out.

    Raises:
        SourceError: it cannot be read, or two athletes bear one id (`duplicate_athlete`).
    """
    check_file(path, LARGEST_FILE)
    check_file(mapping, LARGEST_FILE)
    table = open_table(path, mapping, "athletes")
    counted = table.counted_rows()
    told = pa.table({"source_athlete_id": counted.athletes(), **counted.values(_COLUMNS)})
    rows: dict[str, dict[str, Any]] = {}
    first: dict[str, int] = {}
    names: dict[str, tuple[int, str | None]] = {}
    for at, row in enumerate(told.to_pylist()):
        known_as, athlete = row["source_athlete_id"], row["athlete_id"]
        if athlete is None:
            table.counts["without_athlete"] += 1
            continue
        if row != rows.setdefault(known_as, row):
            raise SourceError(
                f"{path} lines {counted.line_of(first[known_as])} and {counted.line_of(at)} give "
                f"one id in {table.mapping.athlete_id} to two athletes: give each their own",
                rule="duplicate_athlete",
            )
        first.setdefault(known_as, at)
        named_at, name = names.setdefault(athlete, (at, row.get("display_name")))
        if name != row.get("display_name"):
            raise SourceError(
                f"{path} lines {counted.line_of(named_at)} and {counted.line_of(at)} give one "
                "athlete_id to two names: give each athlete their own, or one athlete the same "
                "name",
                rule="duplicate_athlete",
            )
    ordered = [{"source": table.mapping.source, **rows[known_as]} for known_as in sorted(rows)]
    return pa.Table.from_pylist(ordered, schema=ATHLETES_SCHEMA), dict(table.counts)


def write_crosswalk(path: Path, mapping: Path, landing: Path) -> WrittenCrosswalk:
    """Put a club's file of athletes into a landing zone's crosswalk, whole or not at all.

    Raises:
        SourceError: the file, or the crosswalk that is there, cannot be read.
    """
    rows, counts = read_athletes_file(path, mapping)
    if not rows.num_rows:
        raise SourceError(
            f"{path} names no athlete, and would empty the crosswalk of its source: check the "
            "mapping",
            rule="empty",
        )
    return replace(replace_athletes(rows, landing), rows_by_rule=dict(sorted(counts.items())))


def replace_athletes(rows: pa.Table, landing: Path) -> WrittenCrosswalk:
    """Put athletes of one source into a landing zone's crosswalk, in place of those it had.

    Args:
        rows: of `ATHLETES_SCHEMA`, one at least; all of one source.

    Raises:
        SourceError: the crosswalk that is there cannot be read, or could not be with these rows.
    """
    source = rows["source"][0].as_py()
    target = landing / CROSSWALK
    there = read_athletes(target)
    others = there.filter(pc.not_equal(there["source"], source))
    merged = pa.concat_tables([others, rows]).sort_by(
        [("source", "ascending"), ("source_athlete_id", "ascending")]
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, ATHLETES_SCHEMA.names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(merged.to_pylist())
    read_athletes(text.getvalue())  # as the lakehouse will read it
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_durably(target, text.getvalue().encode())
    return WrittenCrosswalk(
        target,
        source,
        rows.num_rows,
        there.num_rows - others.num_rows,
        {},
    )
