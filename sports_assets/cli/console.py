"""What every command shares: the app, facts with their names, and errors in one line."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.markup import escape
from rich.text import Text

from edge_ingest.cli.console import err, out, say
from edge_ingest.errors import EdgeError
from resources.errors import ResourceError
from resources.faults import FaultKind, fault_of

#: Room for the name of a fact.
_NAMES = 12

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


def fact(
    name: str, text: str, *, indent: int = 0, style: str = "", lead: str = "", width: int = _NAMES
) -> None:
    """Print a name and what is known of it, wrapped under itself on a screen, one line in a log.

    Paths and ids stay in one piece, so that they can be copied.

    Args:
        indent: spaces before the name.
        style: of the text.
        lead: what stands before the name, with rich's marks.
        width: of the name.
    """
    before = f"{' ' * indent}{lead}[bold]{escape(name):<{width}}[/]"
    start = len(Text.from_markup(before))
    lines = [text]
    if out.is_terminal and text:
        room = max(20, out.width - start)
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        told = Text(line, style=style)
        first = Text.from_markup(before) if number == 0 else Text(" " * start)
        out.print(first + told, soft_wrap=True)


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """An error of ours, or of an outside system, becomes one line and exit code 2."""
    try:
        yield
    except (EdgeError, ResourceError) as error:
        told = str(error)
    except Exception as error:
        fault = fault_of(error)
        if fault.kind is not FaultKind.CODE:
            told = f"{fault.reason}; see {fault.runbook}"
        elif isinstance(error, OSError):
            told = str(error)
        else:
            raise
    else:
        return
    say(f"[red]error[/] {escape(told)}", to=err)
    raise typer.Exit(2)
