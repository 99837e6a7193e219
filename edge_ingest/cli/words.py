"""How the commands of a node put things: troubles and ages."""

from datetime import UTC, datetime

from rich.markup import escape

from edge_ingest.cli.console import out, say

#: Of the states that a recording or a check can be in.
COLOURS = {
    "packed": "green", "known": "dim", "skipped": "dim", "refused": "red",
    "waiting": "yellow", "no space": "red", "failed": "yellow",
    "ok": "green", "warn": "yellow", "bad": "red",
}  # fmt: skip


def heading(text: str) -> None:
    """Print what comes next."""
    out.print(f"\n[bold]{text}[/]")


def trouble(name: str, rule: str, *lines: str) -> None:
    """One thing that waits for a person; paths in one piece, to be copied."""
    say(f"{escape(name)}{f' [red]{rule}[/]' if rule else ''}", indent=2)
    for line in lines:
        say(escape(line), indent=4)


def ago(instant: datetime) -> str:
    """How long ago an instant was, in one unit."""
    seconds = (now() - instant).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit} ago"
    return f"{max(0, seconds):.0f} s ago"


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)
