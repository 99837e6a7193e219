"""What an Iceberg table of ours is: schema, partitions, order and settings, from its contract."""

from dataclasses import replace

from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField

from edge_ingest.contract import Column, TableContract
from edge_ingest.errors import ContractError
from resources.errors import TableEvolutionError
from resources.iceberg.column_types import arrow_type, iceberg_type
from resources.upkeep import POLICY

SESSION_COLUMN = "session_id"

#: Settings of every table, each with its reason. A golden test holds them.
PROPERTIES: dict[str, str] = {
    "format-version": "2",
    # Without merging, planning slows down with every commit ever made.
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
    # For other engines, about 130 sessions; ours goes by entries, see `writing.py`.
    "commit.manifest.target-size-bytes": "65536",
    # The library's default of 4 loses commits with 8 writers, and its waits grow to a minute.
    "commit.retry.num-retries": "20",
    "commit.retry.min-wait-ms": "25",
    "commit.retry.max-wait-ms": "1000",
    # Every commit writes a new metadata file; the last 50 outlive any reader that is under way.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
    # What another engine's expiry goes by. Ours (`resources.upkeep`) expires earlier what no page,
    # alert or prediction names, which no other engine can know: it must keep them all.
    "history.expire.max-snapshot-age-ms": str(POLICY.keep_named_d * 24 * 3600 * 1000),
    "history.expire.min-snapshots-to-keep": str(POLICY.keep_last),
    "write.parquet.compression-codec": "zstd",
    # Small enough that one athlete's rows are a fraction of the file.
    "write.parquet.row-group-limit": "131072",
}

#: Session ids of one day share their first 16 characters, which is where bounds are cut by default:
#: two sessions of a day would look like a conflict between writers.
SESSION_PROPERTIES: dict[str, str] = {f"write.metadata.metrics.column.{SESSION_COLUMN}": "full"}


def identifier(key: str) -> tuple[str, str]:
    """`layer/name` as Iceberg's namespace and table."""
    layer, _, name = key.partition("/")
    if not layer or not name or "/" in name:
        raise ContractError(f"table key {key!r} is not of the form layer/name")
    return layer, name


def is_partitioned_by_session(contract: TableContract) -> bool:
    """Whether rows are replaced by session, so that each session has files of its own."""
    return contract.replaced_by == "session"


def table_properties(contract: TableContract) -> dict[str, str]:
    """Settings that a table of this contract is created with."""
    return PROPERTIES | (SESSION_PROPERTIES if is_partitioned_by_session(contract) else {})


def iceberg_schema(contract: TableContract) -> Schema:
    """The contract as an Iceberg schema; field ids count from 1 in the contract's order."""
    return Schema(
        *(
            NestedField(
                number, column.name, iceberg_type(column), column.null_means is None, _doc(column)
            )
            for number, column in enumerate(contract.columns, start=1)
        )
    )


def partition_spec(contract: TableContract, schema: Schema) -> PartitionSpec:
    """One partition a session; tables of slices are small and have none."""
    if not is_partitioned_by_session(contract):
        return UNPARTITIONED_PARTITION_SPEC
    source = schema.find_field(SESSION_COLUMN).field_id
    return PartitionSpec(PartitionField(source, 1000, IdentityTransform(), SESSION_COLUMN))


def sort_order(contract: TableContract, schema: Schema) -> SortOrder:
    """The order in which rows stand on disk."""
    return SortOrder(
        *(
            SortField(
                schema.find_field(name).field_id,
                IdentityTransform(),
                SortDirection.ASC,
                NullOrder.NULLS_LAST,
            )
            for name in contract.sort_by
        )
    )


def evolve(table: Table, contract: TableContract) -> bool:
    """Add what a newer contract has and the table has not; old files read as null there.

    A column that the contract dropped stays in the table, nullable. A wider type (int to
    long, float to double) widens.

    Returns:
        Whether the table changed.

    Raises:
        TableEvolutionError: a column changed to a type that old files cannot be read as.
        CommitFailedException: another writer changed the table at the same moment.
    """
    existing = {field.name: field for field in table.schema().fields}
    wanted = {column.name: column for column in contract.columns}
    added = [column for column in contract.columns if column.name not in existing]
    retyped = [
        column
        for column in contract.columns
        if column.name in existing and existing[column.name].field_type != iceberg_type(column)
    ]
    loosened = [
        field.name
        for field in existing.values()
        if field.required
        and (field.name not in wanted or wanted[field.name].null_means is not None)
    ]
    if not (added or retyped or loosened):
        return False
    with table.update_schema() as update:
        for column in added:
            update.add_column(column.name, iceberg_type(column), _doc(column), required=False)
        for name in loosened:
            update.make_column_optional(name)
        for column in retyped:
            _widen(update, contract, column, str(existing[column.name].field_type))
    return True


def with_all_columns(table: Table, contract: TableContract) -> TableContract:
    """The contract, with the columns that a newer one than it has given the table."""
    known = {column.name for column in contract.columns}
    newer = tuple(
        Column(field.name, arrow_type(field.field_type), field.doc or "", null_means="not told")
        for field in table.schema().fields
        if field.name not in known
    )
    return replace(contract, columns=contract.columns + newer) if newer else contract


def _widen(update: UpdateSchema, contract: TableContract, column: Column, stored: str) -> None:
    try:
        update.update_column(column.name, iceberg_type(column))
    except Exception as error:
        raise TableEvolutionError(
            f"{contract.key}.{column.name} is stored as {stored} and the contract says "
            f"{column.type}: give the new meaning a new column name"
        ) from error


def _doc(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    null = f"; null: {column.null_means}" if column.null_means else ""
    return f"{column.description}{unit}{null}"
