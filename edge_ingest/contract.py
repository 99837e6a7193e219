"""What a table contract is: columns with units, bounds, and reasons for null.

Belongs here: the types that describe a table, and the two operations every table shares (conform,
violations). Does not belong here: any particular table; those stand in `records.py` (raw) and
`resources/contracts.py` (what the lakehouse makes).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from edge_ingest.errors import ContractError


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        unit: SI or the field's customary unit; None where the column has none.
        minimum, maximum: inclusive bounds; a value outside is a violation.
        allowed: closed list of values, for text.
        null_means: why a value may be missing; None forbids null.
    """

    name: str
    type: pa.DataType
    description: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] | None = None
    null_means: str | None = None

    @property
    def field(self) -> pa.Field:
        """The Arrow field, with everything above as metadata."""
        described = {
            "description": self.description,
            "unit": self.unit,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "allowed": "|".join(self.allowed) if self.allowed else None,
            "null_means": self.null_means,
        }
        metadata = {key: str(value) for key, value in described.items() if value is not None}
        return pa.field(self.name, self.type, self.null_means is not None, metadata)


@dataclass(frozen=True)
class Violation:
    """One rule of a contract that some rows break. Carries counts, never an athlete's values."""

    column: str
    rule: Literal[
        "null", "not_finite", "below_minimum", "above_maximum", "not_allowed", "duplicate_key"
    ]
    rows: int
    limit: str


@dataclass(frozen=True)
class TableContract:
    """One table: its key, what a row is, its columns, and how it is replaced.

    Attributes:
        key: `layer/name`, the asset key and the Iceberg identifier at once.
        replaced_by: `session` (rows of whole sessions are replaced) or `slice` (a range of days
            of one source is replaced).
        primary_key: columns that together name a row once.
        sort_by: order of rows on disk, so that a reader skips what it does not need.
    """

    key: str
    grain: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    replaced_by: Literal["session", "slice"] = "session"
    sort_by: tuple[str, ...] = field(default=())

    @property
    def layer(self) -> str:
        """First part of the key: the Iceberg namespace and the asset group."""
        return self.key.split("/")[0]

    @property
    def name(self) -> str:
        """Second part of the key: the table's name."""
        return self.key.split("/")[1]

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with the contract in its metadata."""
        return pa.schema(
            [column.field for column in self.columns],
            metadata={"key": self.key, "grain": self.grain},
        )

    def empty(self) -> pa.Table:
        """A table of no rows that fits the contract."""
        return self.schema.empty_table()

    def conform(self, table: pa.Table) -> pa.Table:
        """Put columns in order and cast them losslessly; a nullable column may be left out.

        Raises:
            ContractError: a column is unknown, missing, or does not cast.
        """
        names = {column.name for column in self.columns}
        if unknown := sorted(set(table.column_names) - names):
            raise ContractError(
                f"{self.key} has no column {', '.join(unknown)}: drop it, or add it to the "
                f"contract. Known columns: {', '.join(column.name for column in self.columns)}"
            )
        arrays = []
        for column in self.columns:
            if column.name not in table.column_names:
                if column.null_means is None:
                    raise ContractError(
                        f"{self.key} needs the column {column.name} ({column.description})"
                    )
                arrays.append(pa.nulls(table.num_rows, column.type))
                continue
            values = table.column(column.name)
            try:
                arrays.append(values if values.type == column.type else values.cast(column.type))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                # Arrow's own words quote the value, which is an athlete's.
                raise ContractError(
                    f"{self.key}.{column.name} is {column.type}, and some {values.type} does not "
                    "cast to it without loss: change the column that was made"
                ) from None
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def violations(self, table: pa.Table) -> list[Violation]:
        """Every rule that rows break: nulls, bounds, closed lists, keys. Empty means fit."""
        found = [violation for column in self.columns for violation in _broken(column, table)]
        key = table.select(list(self.primary_key))
        distinct = key.group_by(list(self.primary_key)).aggregate([]).num_rows
        if distinct < table.num_rows:
            found.append(
                Violation(
                    "+".join(self.primary_key), "duplicate_key", table.num_rows - distinct, "unique"
                )
            )
        return found


def _broken(column: Column, table: pa.Table) -> Iterable[Violation]:
    values = table.column(column.name)
    if column.null_means is None and values.null_count:
        yield Violation(column.name, "null", values.null_count, "not null")
    if pa.types.is_floating(column.type) and (endless := _count(pc.invert(pc.is_finite(values)))):
        yield Violation(column.name, "not_finite", endless, "finite")
    if column.minimum is not None and (below := _count(pc.less(values, column.minimum))):
        yield Violation(column.name, "below_minimum", below, str(column.minimum))
    if column.maximum is not None and (above := _count(pc.greater(values, column.maximum))):
        yield Violation(column.name, "above_maximum", above, str(column.maximum))
    if column.allowed is not None:
        known = pc.is_in(values, pa.array(column.allowed, column.type))
        if strange := _count(pc.and_(pc.invert(known), pc.is_valid(values))):
            yield Violation(column.name, "not_allowed", strange, ", ".join(column.allowed))


def _count(mask: pa.ChunkedArray) -> int:
    return pc.sum(mask).as_py() or 0
