"""The command that makes a node's key."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from edge_ingest.cli.console import app, err, errors_in_a_line, say

KEYS = Path(".sports/keys")


@app.command("keygen")
def keygen_command(
    node_id: Annotated[str, typer.Argument(help="Name of this node, such as stadium-1.")],
    into: Annotated[
        Path, typer.Option("--into", help="Folder for the private key.", file_okay=False)
    ] = KEYS,
) -> None:
    """Make the key that signs this node's drops; prints the public line for the lakehouse."""
    from edge_ingest.drops.signing import make_key, public_line

    with errors_in_a_line():
        line = public_line(make_key(node_id, into))
        say(
            f"private key: {escape(str(into / f'{node_id}.pem'))}: it stays on this machine\n"
            "Add this line to the lakehouse's list of nodes (SPORTS_EDGE_KEYS):",
            to=err,
        )
        typer.echo(line)
