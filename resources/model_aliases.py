"""Where an alias of a model stands, by the moves that were asked for.

A registry has no compare-and-set, but numbers what is added to it, each number once. So a move is
added to a list with the version that its author saw, and counts only if the alias stood there when
its turn came. Whoever reads the list comes to the same result: of two that moved the same alias at
once the first wins, and a process that dies leaves no lock behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AliasMove:
    """A move that somebody asked for.

    Attributes:
        number: its place in the list, from 1.
        version: where the alias was to go.
        expected: where its author saw it; None: nowhere.
        is_rollback: whether it goes back to a version that it stood at before.
    """

    number: int
    alias: str
    version: int
    expected: int | None
    is_rollback: bool
    moved_by: str
    reason: str
    at_utc: datetime


@dataclass(frozen=True)
class AliasHistory:
    """Where an alias stands, and how it came there.

    Attributes:
        current: the version that it stands at; None: it was never set.
        former: versions to go back to, the nearest first. A version that was rolled back from is
            not among them.
        moves: those that counted, in order.
        void: those that did not, as the alias had been moved before their turn.
    """

    current: int | None
    former: tuple[int, ...]
    moves: tuple[AliasMove, ...]
    void: tuple[AliasMove, ...]


def alias_history(moves: Iterable[AliasMove], alias: str) -> AliasHistory:
    """Where an alias stands after all moves (of any alias, in any order) of one model."""
    stack: list[int] = []
    counted: list[AliasMove] = []
    void: list[AliasMove] = []
    for move in sorted(moves, key=lambda one: one.number):
        if move.alias != alias:
            continue
        if move.expected != (stack[-1] if stack else None):
            void.append(move)
            continue
        counted.append(move)
        _apply(stack, move)
    return AliasHistory(
        current=stack[-1] if stack else None,
        former=tuple(reversed(stack[:-1])),
        moves=tuple(counted),
        void=tuple(void),
    )


def _apply(stack: list[int], move: AliasMove) -> None:
    if move.is_rollback:
        stack.pop()
        if move.version in stack:
            # Back past all that came after it.
            while stack[-1] != move.version:
                stack.pop()
            return
    if move.version in stack:
        stack.remove(move.version)
    stack.append(move.version)
