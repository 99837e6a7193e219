"""Small files of one partition put together, row for row the same.

Tables of days gain a file with each day or slice that is written, and every reader opens all of
them. A session has files of its own and mostly one: those of different sessions stay apart, so that
replacing or tiering one session touches nothing else.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.sorting import SortDirection

from resources.errors import UnreadableTableError
from resources.iceberg.content_hash import rows_hash
from resources.iceberg.writing import commit_compaction, written_files
from resources.upkeep import UpkeepPolicy


def small_file_groups(
    table: Table, files: Sequence[DataFile], policy: UpkeepPolicy
) -> dict[str, list[DataFile]]:
    """By partition, the small files that are worth putting together; as many as fit in memory.

    Files of an older partitioning are left as they are: their rows belong to several partitions of
    the new one.

    Returns:
        The partition as `column=value`, empty for a table without, and its files by path.
    """
    spec, schema = table.spec(), table.schema()
    partitions: dict[str, list[DataFile]] = defaultdict(list)
    for file in sorted(files, key=lambda one: one.file_path):
        if file.file_size_in_bytes < policy.small_file_bytes and file.spec_id == spec.spec_id:
            partitions[spec.partition_to_path(file.partition, schema)].append(file)
    groups = {}
    for partition, small in sorted(partitions.items()):
        group = _that_fit(small, policy.compact_bytes)
        if len(group) >= policy.compact_from:
            groups[partition] = group
    return groups


def compact(table: Table, files: Sequence[DataFile], properties: Mapping[str, str]) -> int:
    """Write the rows of these files into one and put it in their place.

    Returns:
        Size of the new file, B.

    Raises:
        UnreadableTableError: what would be written is not what was read; nothing was committed.
        CommitFailedException, ValidationException: another writer replaced some of these rows
            first; nothing changed.
    """
    rows = _read(table, files)
    with written_files(table, _in_order(table, rows)) as added:
        for file in added:
            file.spec_id = table.spec().spec_id  # the library says so only on reading a manifest
        counted = sum(file.record_count for file in files)
        if rows.num_rows != counted or rows_hash(_read(table, added)) != rows_hash(rows):
            raise UnreadableTableError(
                f"{'/'.join(table.name())}: of {counted} rows {rows.num_rows} could be read, "
                "or others were read back: no file was put together with others; run the doctor"
            )
        commit_compaction(table, added, files, properties)
    return sum(file.file_size_in_bytes for file in added)


def _that_fit(files: Sequence[DataFile], limit: int) -> list[DataFile]:
    """Smallest first, as many as stay below the limit together."""
    chosen, size = [], 0
    for file in sorted(files, key=lambda one: (one.file_size_in_bytes, one.file_path)):
        size += file.file_size_in_bytes
        if size > limit:
            break
        chosen.append(file)
    return chosen


def _read(table: Table, files: Sequence[DataFile]) -> pa.Table:
    """All columns that the table has, those of newer contracts included."""
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    return scan.to_table([FileScanTask(file) for file in files])


def _in_order(table: Table, rows: pa.Table) -> pa.Table:
    schema = table.schema()
    order = [
        (
            schema.find_column_name(field.source_id),
            "ascending" if field.direction == SortDirection.ASC else "descending",
        )
        for field in table.sort_order().fields
    ]
    return rows.sort_by(order) if order else rows
