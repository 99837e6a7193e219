"""The command that brings the club's athletes into the crosswalk."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import LANDING, Landing, app, errors_in_a_line, say


@app.command("athletes")
def athletes_command(
    file: Annotated[Path, typer.Argument(help="The club's athletes, CSV.")],
    mapping: Annotated[
        Path, typer.Option("--mapping", help="Column mapping, TOML: docs/column-mappings.md.")
    ],
    into: Landing = LANDING,
) -> None:
    """Put athletes into the landing zone's crosswalk, in place of those of the same source."""
    from edge_ingest.athletes import write_crosswalk

    with errors_in_a_line():
        written = write_crosswalk(file, mapping, into)
        found = ", ".join(f"{rule} {count:,}" for rule, count in written.rows_by_rule.items())
        say(
            f"[green]{written.athletes} athletes[/] of {escape(written.source)} in "
            f"{escape(str(written.path))} (before: {written.athletes_before})"
            + (f"; found: {found}" if found else "")
        )
