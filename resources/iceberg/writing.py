"""Putting data files in place of others: one snapshot, and no other writer in between.

The library's own `overwrite` makes a delete and an append of it, two snapshots of which the first
has lost the rows; and its `append` lands beside another append of the same session without looking.
Both producers here look: when another writer committed first, they land on top of it only if it
touched none of the rows in question. These base classes are the library's own and not public, so
its version is pinned to one minor release.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import BooleanExpression
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.manifest import DataFile, ManifestContent, ManifestFile
from pyiceberg.table import Table, TableProperties, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import (
    MetadataLogEntry,
    Operation,
    Snapshot,
    SnapshotLogEntry,
    Summary,
)
from pyiceberg.table.update import TableUpdate
from pyiceberg.table.update.snapshot import (
    _ManifestMergeManager,
    _MergeAppendFiles,
    _OverwriteFiles,
    _SnapshotProducer,
)
from pyiceberg.table.update.validate import _validate_data_files_exist
from pyiceberg.typedef import EMPTY_DICT
from pyiceberg.utils.properties import property_as_int

from resources.lakehouse import CommitContext
from resources.upkeep import COMPACTION, OPERATION

#: Another writer was first, for certain: nothing of ours is in the table.
LOST_RACE = (CommitFailedException, ValidationException)

_NAMED_DROPS = 100
#: Entries from which on a manifest is left as it is. An overwrite writes the one that names the old
#: file anew, all of it, and a reader opens those that may name a session: larger ones cost both.
_FULL_MANIFEST = 100


class _Transaction(Transaction):
    """A transaction that works its metadata out once a change.

    The library does so at every look, about twenty times a commit, and each time copies every
    snapshot that the table ever had: with 200 of them that was three quarters of a commit.
    """

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._worked_out: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The table's metadata with the changes of this transaction."""
        base, updates = self._table.metadata, self._updates
        if (
            self._worked_out is None
            or self._worked_out[0] is not base
            or self._worked_out[1] is not updates
        ):
            self._worked_out = (base, updates, super().table_metadata)
        return self._worked_out[2]


# The library copies every snapshot that a table ever had, deeply, at each change of its metadata:
# three times a commit, and with 300 of them two thirds of it. They are frozen: one will do.
def _itself(frozen: object, _memo: object) -> object:
    return frozen


for _frozen in (Snapshot, SnapshotLogEntry, MetadataLogEntry):
    setattr(_frozen, "__deepcopy__", _itself)  # noqa: B010 - no type checker follows this


class _CheckedAppend(_MergeAppendFiles):
    """An append that does not land beside another writer's rows of the same sessions."""

    def _validate_concurrency(self) -> None:
        _SnapshotProducer._validate_concurrency(self)  # noqa: SLF001 - the library's appends skip it

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        return _merged(self, manifests)


class _CheckedOverwrite(_OverwriteFiles):
    """An overwrite that keeps the number of manifests down, as appends do."""

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        # A manifest of nothing but deletions of an earlier snapshot says nothing any more.
        live = [
            manifest
            for manifest in manifests
            if manifest.has_added_files()
            or manifest.has_existing_files()
            or manifest.added_snapshot_id == self._snapshot_id
        ]
        return _merged(self, live)


def _merged(producer: _SnapshotProducer[Any], manifests: list[ManifestFile]) -> list[ManifestFile]:
    """Manifests with the small ones put together, once there are many of them.

    The library goes by bytes: as most of a small manifest is its header, one that is nearly full
    was written anew with every second commit, all of its hundred entries.
    """
    properties = producer._transaction.table_metadata.properties  # noqa: SLF001
    count = property_as_int(
        properties,
        TableProperties.MANIFEST_MIN_MERGE_COUNT,
        TableProperties.MANIFEST_MIN_MERGE_COUNT_DEFAULT,
    )
    assert count is not None
    # Delete files of another engine stand in manifests of their own, which stay so.
    small = [
        manifest
        for manifest in manifests
        if manifest.content == ManifestContent.DATA and _entries(manifest) < _FULL_MANIFEST
    ]
    others = [manifest for manifest in manifests if manifest not in small]
    return _ManifestMergeManager(sys.maxsize, count, True, producer).merge_manifests(small) + others


def _entries(manifest: ManifestFile) -> int:
    return (manifest.added_files_count or 0) + (manifest.existing_files_count or 0)


class _Compaction(_CheckedOverwrite):
    """The same rows in other files: what readers of changes pass over, in every engine.

    It conflicts with a writer that removed one of its files, and with no other.
    """

    def _summary(self, snapshot_properties: dict[str, str] = EMPTY_DICT) -> Summary:
        # The library sums up no replacement, which counts as an overwrite does.
        counted = super()._summary(snapshot_properties)
        return Summary(Operation.REPLACE, **counted.additional_properties)

    def _validate_concurrency(self) -> None:
        window = self._commit_window
        if window is not None and not window.is_empty() and window.head is not None:
            _validate_data_files_exist(
                self._transaction._table,  # noqa: SLF001 - as the library's own producers do
                window.head,
                self._deleted_data_files,
                window.base,
            )


@contextmanager
def written_files(table: Table, rows: pa.Table) -> Iterator[list[DataFile]]:
    """Write rows as data files of the table, and remove them again if the race is lost.

    Any other failure leaves them: a commit whose answer got lost may have landed, and a file too
    many is harmless where a file too few is not.
    """
    files = (
        list(_dataframe_to_data_files(table_metadata=table.metadata, df=rows, io=table.io))
        if rows.num_rows
        else []
    )
    try:
        yield files
    except LOST_RACE:
        for file in files:
            with suppress(OSError):
                table.io.delete(file.file_path)
        raise


def commit_files(
    table: Table,
    added: Sequence[DataFile],
    removed: Sequence[DataFile],
    touched: BooleanExpression,
    properties: Mapping[str, str],
) -> int:
    """Put `added` in place of `removed` in one snapshot.

    Args:
        touched: rows in question; a concurrent commit that touched any of them wins.
        properties: written into the snapshot's summary.

    Returns:
        The new snapshot's id.

    Raises:
        CommitFailedException, ValidationException: another writer was first; nothing changed.
    """
    transaction = _Transaction(table)
    kind = _CheckedOverwrite if removed else _CheckedAppend
    producer: _CheckedOverwrite | _CheckedAppend = kind(
        operation=Operation.OVERWRITE if removed else Operation.APPEND,
        transaction=transaction,
        io=table.io,
        branch=MAIN_BRANCH,
        snapshot_properties=dict(properties),
    )
    with producer:
        producer.delete_by_predicate(touched)
        for file in added:
            producer.append_data_file(file)
        for file in removed:
            producer.delete_data_file(file)
    transaction.commit_transaction()
    return producer.snapshot_id


def commit_compaction(
    table: Table,
    added: Sequence[DataFile],
    removed: Sequence[DataFile],
    properties: Mapping[str, str],
) -> int:
    """Put files of the same rows in place of others, in one snapshot marked as a compaction.

    Returns:
        The new snapshot's id.

    Raises:
        CommitFailedException, ValidationException: another writer removed one of the files first;
            nothing changed.
    """
    transaction = _Transaction(table)
    producer = _Compaction(
        operation=Operation.OVERWRITE,
        transaction=transaction,
        io=table.io,
        branch=MAIN_BRANCH,
        snapshot_properties={**properties, OPERATION: COMPACTION},
    )
    with producer:
        for file in added:
            producer.append_data_file(file)
        for file in removed:
            producer.delete_data_file(file)
    transaction.commit_transaction()
    return producer.snapshot_id


def snapshot_properties(context: CommitContext, content: str) -> dict[str, str]:
    """Why a snapshot was made; lists are cut, as a table's metadata holds all of its snapshots."""
    return {
        "touchline.run-id": context.run_id,
        "touchline.code-version": context.code_version,
        "touchline.drop-ids": ",".join(context.drop_ids[:_NAMED_DROPS]),
        "touchline.drop-count": str(len(context.drop_ids)),
        "touchline.content-hash": content,
    }
