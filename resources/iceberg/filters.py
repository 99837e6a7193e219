"""Which rows, as Iceberg filters: files are planned and conflicts between writers found by them."""

from collections.abc import Callable, Sequence

from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    In,
    LessThanOrEqual,
    NotIn,
)

from resources.iceberg.tables import SESSION_COLUMN
from resources.lakehouse import Slice

EVERYTHING: BooleanExpression = AlwaysTrue()

# The library builds these from `(column, value)`, which its type hints do not say.
_Predicate = Callable[..., BooleanExpression]
_equal_to: _Predicate = EqualTo
_at_least: _Predicate = GreaterThanOrEqual
_at_most: _Predicate = LessThanOrEqual
_one_of: _Predicate = In
_none_of: _Predicate = NotIn


def of_sessions(session_ids: Sequence[str]) -> BooleanExpression:
    """Rows of these sessions."""
    return _one_of(SESSION_COLUMN, session_ids)


def of_other_sessions(session_ids: Sequence[str]) -> BooleanExpression:
    """Rows of every session but these."""
    return _none_of(SESSION_COLUMN, session_ids)


def of_slice(part: Slice) -> BooleanExpression:
    """Rows of the slice."""
    found: BooleanExpression = And(
        _at_least(part.day_column, part.first_day.isoformat()),
        _at_most(part.day_column, part.last_day.isoformat()),
    )
    for column, value in sorted(part.equals.items()):
        found = And(found, _equal_to(column, value))
    return found
