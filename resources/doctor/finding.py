"""How checks put what they find: in a few words, and never a secret."""

from collections.abc import Callable, Iterator

from edge_ingest.node.doctor import Check
from resources.addresses import without_passwords

__all__ = ["Check", "guarded", "reason", "span"]

_LONGEST = 200
_SPANS = (("days", 86_400), ("h", 3600), ("min", 60))


def reason(error: Exception) -> str:
    """What an error says in its first line, without a password in a URL."""
    lines = str(error).strip().splitlines() or [""]
    told = without_passwords(lines[0])[:_LONGEST]
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def span(seconds: float) -> str:
    """A duration in one unit."""
    for unit, length in _SPANS:
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def guarded(name: str, remedy: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Checks of one system; an error that none of them foresaw is a finding too."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - the boundary that records
        yield Check(name, "bad", reason(error), remedy)
