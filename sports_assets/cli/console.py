"""What every command shares: the app, and errors in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.markup import escape

from edge_ingest.cli.console import err, say
from edge_ingest.errors import EdgeError
from resources.errors import ResourceError

app = typer.Typer(
    name="sports_assets",
    help="Look after a lakehouse: what is wrong with it, and where a number comes from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)


@app.callback()
def _commands() -> None:
    """Also one command alone is called by its name."""


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """An error of ours becomes one line and exit code 2."""
    try:
        yield
    except (EdgeError, ResourceError, OSError) as error:
        say(f"[red]error[/] {escape(str(error))}", to=err)
        raise typer.Exit(2) from None
