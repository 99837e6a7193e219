"""What a number is computed from, as the page itself says it beside the number.

Whoever computes a number from several rows says there which rows and how. It goes onto the page, so
that a page explains itself as it was made, whatever the code has become since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from resources.errors import ResourceError

_BETWEEN = " | "


@dataclass(frozen=True)
class Rows:
    """Rows of one table, all of the page's session.

    Attributes:
        table: `layer/name`.
        columns: of the table; what is computed with.
        where: column and value that the rows have. `athlete_id` and `team_side` may be said of any
            table that tells of athletes, also by a source's own ids.
    """

    table: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()

    @property
    def conditions(self) -> Mapping[str, str]:
        """Values by column."""
        return dict(self.where)


@dataclass(frozen=True)
class Basis:
    """How a number came of which rows.

    Attributes:
        how: in words, without a full stop.
        rows: none for what no table holds, such as a limit or a stopwatch.
    """

    how: str
    rows: tuple[Rows, ...] = ()

    def to_text(self) -> str:
        """As it stands on a page: `how | table:column,column?column=value | …`."""
        return _BETWEEN.join([self.how, *map(_to_text, self.rows)])

    @classmethod
    def from_text(cls, text: str) -> "Basis":
        """Read what `to_text` wrote.

        Raises:
            ResourceError: it is something else.
        """
        how, *rows = text.split(_BETWEEN)
        return cls(how, tuple(map(_from_text, rows)))


def rows_of(table: str, *columns: str, **where: str) -> Rows:
    """Rows of a table by what their columns hold."""
    return Rows(table, columns, tuple(sorted(where.items())))


def basis(how: str, *rows: Rows) -> Basis:
    """How a number came of these rows."""
    if not how or _BETWEEN in how:
        raise ValueError(f"{how!r} does not say how: use words without {_BETWEEN!r}")
    return Basis(how, rows)


def _to_text(rows: Rows) -> str:
    condition = f"?{urlencode(rows.where, quote_via=quote)}" if rows.where else ""
    return f"{rows.table}:{','.join(rows.columns)}{condition}"


def _from_text(text: str) -> Rows:
    what, _, condition = text.partition("?")
    table, colon, columns = what.partition(":")
    if not colon or table.count("/") != 1:
        raise ResourceError(f"{text!r} names no rows of a table: the page was changed by hand")
    return Rows(table, tuple(_named(columns)), tuple(parse_qsl(condition)))


def _named(columns: str) -> Iterator[str]:
    return (name for name in columns.split(",") if name)
