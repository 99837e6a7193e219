"""A report in a few lines of Markdown, for the Dagster UI.

Events outlive an erasure, so nothing here is about one athlete: only what the session was, and sums
over a side of at least five. Whoever may read about athletes opens the page.
"""

from collections.abc import Sequence
from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.facts_athlete import AthleteFacts

#: A sum over fewer athletes says too much about each of them.
SMALLEST_GROUP: Final = 5

#: What is summed: name, the table and column it stands in, and how it is written.
_MEASURES: Final = (
    ("distance in view, m", "external", "total_distance_m", ",.0f"),
    ("high-speed running, m", "external", "high_speed_distance_m", ",.0f"),
    ("sprints", "external", "sprint_effort_count", ",.0f"),
    ("passes", "events", "pass_count", ",.0f"),
    ("passes completed", "events", "completed_pass_count", ",.0f"),
    ("shots", "events", "shot_count", ",.0f"),
)


def overview(facts: SessionFacts) -> str:
    """What the session was, and sums of each side, as Markdown."""
    header = facts.header
    score = (
        f" {header.home_score}–{header.away_score}"
        if header.home_score is not None and header.away_score is not None
        else ""
    )
    where = f", {header.site}" if header.site else ""
    lines = [
        f"**{_plain(header.title)}{score}**",
        "",
        f"{header.local_day:%d %B %Y}{_plain(where)} · {header.sport} · "
        f"{len(facts.athletes)} athletes · "
        + ", ".join(sorted({_plain(f"{one.source} {one.kind}") for one in facts.sources})),
    ]
    rows = [row for measure in _MEASURES if (row := _row(facts, *measure))]
    if rows:
        sides = [_plain(facts.side_name(side)) for side in ("home", "away")]
        lines += ["", f"| | {sides[0]} | {sides[1]} |", "|---|---:|---:|", *rows]
    return "\n".join(lines)


def _row(facts: SessionFacts, name: str, table: str, column: str, style: str) -> str | None:
    sums = [_sum(facts.side(side), table, column) for side in ("home", "away")]
    if all(total is None for total in sums):
        return None
    cells = ["–" if total is None else format(total, style) for total in sums]
    return f"| {name} | {cells[0]} | {cells[1]} |"


def _sum(athletes: Sequence[AthleteFacts], table: str, column: str) -> float | None:
    numbers = [getattr(getattr(athlete, table), column, None) for athlete in athletes]
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) >= SMALLEST_GROUP else None


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>|#" else sign for sign in text)
