"""What was told of days? Drops about days become rows of one source, over a range of days.

A drop speaks for every day from its first to its last: of two drops of one device the later packed
counts on each day that both speak for, also where it has no row. Drops of other devices add to it;
where two tell of the same athlete and day, or of the same injury, the later packed counts. So the
rows depend on which drops are active, and not on the order in which they came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.contract import TableContract
from edge_ingest.drops.arrival import as_days, day_table, read_table
from edge_ingest.errors import ContractError, DropError, EdgeError, IncompleteDropError
from edge_ingest.manifest import Manifest
from sports_assets.raw.build import ArrivedDrop, Refusal

#: Every day that anyone will tell of.
ALWAYS = (date(1970, 1, 1), date(9999, 12, 31))

Days = tuple[date, date]


@dataclass(frozen=True)
class RawDays:
    """Rows of one table, the drops they came in, and what had to be left out."""

    rows: pa.Table
    drop_ids: tuple[str, ...]
    refused: tuple[Refusal, ...]


def touched(contract: TableContract, manifests: Iterable[Manifest]) -> dict[str, list[Days]]:
    """The days of each source that must be made again when these drops arrive, without overlap.

    Where a row's key does not hold its day, as an injury's, a correction may move it to any other
    day: all days of the source are made again. Such tables are small.
    """
    ranges: dict[str, list[Days]] = {}
    for manifest in manifests:
        days = _days(manifest) if "day" in contract.primary_key else ALWAYS
        ranges.setdefault(manifest.source, []).append(days)
    return {source: _merged(found) for source, found in sorted(ranges.items())}


def build_days(contract: TableContract, drops: Sequence[ArrivedDrop], days: Days) -> RawDays:
    """Rows of the days, of all sources that the drops are of.

    Args:
        drops: the active drop of each stream that touches the days; their order does not matter.
        days: first and last day of the rows wanted.

    Raises:
        IncompleteDropError: a file cannot be read now, which is no fault of the drop.
    """
    parts: list[pa.Table] = []
    refused = []
    spoken_for: dict[tuple[str, str], list[Days]] = {}
    for drop in sorted(drops, key=_packed, reverse=True):
        manifest = drop.manifest
        try:
            rows = _read(contract, drop)
        except IncompleteDropError:
            raise
        except EdgeError as error:
            rule = error.rule if isinstance(error, DropError) else "contract"
            refused.append(Refusal(drop.place, rule, str(error)))
            continue
        by_device = spoken_for.setdefault((manifest.source, manifest.device_id), [])
        keep = _within(rows["day"], days)
        for later in by_device:
            keep = pc.and_(keep, pc.invert(_within(rows["day"], later)))
        by_device.append(_days(manifest))
        parts.append(rows.filter(keep))
    rows = _first_of_each(contract, parts)
    return RawDays(rows, tuple(drop.manifest.drop_id for drop in drops), tuple(refused))


def _packed(drop: ArrivedDrop) -> tuple[datetime, str]:
    return drop.manifest.packed_at_utc, drop.manifest.stream_id


def _read(contract: TableContract, drop: ArrivedDrop) -> pa.Table:
    file = day_table(drop.manifest)
    rows = as_days(drop.manifest, file, read_table(drop.manifest, file, drop.fetch))
    if broken := contract.violations(rows):
        listed = "; ".join(f"{v.rows} rows break {v.column}: {v.rule} ({v.limit})" for v in broken)
        raise ContractError(
            f"{drop.manifest.stream_id} r{drop.manifest.revision:04d}: {listed}; pack the file "
            "again with this version"
        )
    return rows


def _first_of_each(contract: TableContract, parts: Sequence[pa.Table]) -> pa.Table:
    """Of rows with one key, the one that stands first."""
    if not parts:
        return contract.empty()
    rows = pa.concat_tables(parts)
    numbered = rows.select(list(contract.primary_key)).append_column(
        "row", pa.array(range(rows.num_rows), pa.int64())
    )
    first = numbered.group_by(list(contract.primary_key)).aggregate([("row", "min")])["row_min"]
    return rows.take(pc.take(first, pc.sort_indices(first)))


def _within(column: pa.ChunkedArray, days: Days) -> pa.ChunkedArray:
    return pc.and_(
        pc.greater_equal(column, pa.scalar(days[0])), pc.less_equal(column, pa.scalar(days[1]))
    )


def _days(manifest: Manifest) -> Days:
    assert manifest.days is not None
    return date.fromisoformat(manifest.days.first_day), date.fromisoformat(manifest.days.last_day)


def _merged(ranges: Iterable[Days]) -> list[Days]:
    merged: list[Days] = []
    for first, last in sorted(ranges):
        # By number: no day comes after the last one that a calendar has.
        if merged and first.toordinal() <= merged[-1][1].toordinal() + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return merged
