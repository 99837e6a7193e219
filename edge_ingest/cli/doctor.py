"""`edge-ingest doctor`: is the node fit for a match day?"""

import typer
from rich.markup import escape

from edge_ingest.cli.console import Config, app, errors_in_a_line, say
from edge_ingest.cli.words import COLOURS, now


@app.command("doctor")
def doctor_command(config: Config = None) -> None:
    """Check disk, clock, key, landing zone, broker and norms; exit code 1 if anything is wrong."""
    from edge_ingest.node.doctor import examine
    from edge_ingest.node.load import load_node

    with errors_in_a_line():
        node = load_node(config)
        bad = 0
        for check in examine(node, now):
            bad += check.state == "bad"
            say(
                f"[{COLOURS[check.state]}]{check.state:<4}[/] {check.name:<14} "
                f"{escape(check.found)}"
            )
            if check.remedy:
                say(f"{'':<19} [bold]→ {escape(check.remedy)}[/]")
        if bad:
            raise typer.Exit(1)
