"""`python -m sports_assets doctor`: what is wrong with an installation, and what to do."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import out
from edge_ingest.cli.words import COLOURS, now
from sports_assets.cli.console import app, fact


@app.command("doctor")
def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check settings, packages, disk, catalogue, tables, places, upkeep, backups and Dagster.

    Exit code 1 if anything is bad. Nothing secret is printed.
    """
    from resources.doctor.examine import examine

    found = []
    for check in examine(os.environ, now):
        found.append(check)
        if not as_json:
            state = f"{check.state:<5}"
            fact(check.name, check.found, lead=f"[{COLOURS[check.state]}]{state}[/]", width=22)
            if check.remedy:
                fact("", f"→ {check.remedy}", indent=len(state), width=22, style="bold")
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in found], indent=2, ensure_ascii=False))
    else:
        bad, warn = (sum(one.state == state for one in found) for state in ("bad", "warn"))
        told = f"{len(found)} checks: {bad} bad, {warn} to look at" if bad + warn else "all is well"
        out.print(f"\n[bold]{escape(told)}[/]")
    if any(check.state == "bad" for check in found):
        raise typer.Exit(1)
