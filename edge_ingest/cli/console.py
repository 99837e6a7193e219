"""What every command shares: the app, the two consoles, options, and errors in one line."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from edge_ingest.errors import EdgeError

app = typer.Typer(
    name="edge-ingest",
    help="Turn vendors' recordings into drops, check them, and send them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold athletes' data
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def _local_folder(path: Path) -> Path:
    if path.parts and path.parts[0].endswith(":"):
        raise typer.BadParameter(
            f"{path.parts[0]}//… is an object store, and this command writes folders: pack into a "
            "folder, and `edge-ingest send` it"
        )
    return path


Landing = Annotated[
    Path,
    typer.Option(
        "--into",
        envvar="SPORTS_LANDING_URI",
        help="Landing zone: a folder.",
        file_okay=False,
        callback=_local_folder,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="Settings. Default: SPORTS_EDGE_CONFIG, or .edge/edge.toml."),
]
Once = Annotated[bool, typer.Option("--once", help="Go over it once, and end.")]
LANDING = Path(".sports/landing")
#: How the command line calls what a reader may be told.
OPTIONS = {
    "started_at_utc": "--started-at", "home_team_id": "--home-team", "athlete_id": "--athlete",
    "clock_timezone": "--clock-timezone",
    "sport": "--sport",
}  # fmt: skip


def say(text: str, *, to: Console = out, indent: int = 0) -> None:
    """Print text with rich's marks, wrapped between words on a screen, and in one line in a log.

    Paths and names stay in one piece, so that they can be copied.
    """
    told = Text.from_markup(text, emoji=False)
    breaks = _breaks(told.plain, to.width - indent) if to.is_terminal else []
    for line in told.divide(breaks):
        line.rstrip()
        to.print(Text(" " * indent) + line, soft_wrap=True)


def _breaks(text: str, width: int) -> list[int]:
    """Where to begin a new line, so that none is wider, unless it is one word."""
    breaks, start = [], 0
    for word in re.finditer(r"\S+", text):
        if word.end() - start > width and word.start() > start:
            start = word.start()
            breaks.append(start)
    return breaks


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print what is known of one thing: a name and a text with rich's marks each."""
    known = [(name, text) for name, text in rows]
    width = max(len(name) for name, _ in known) + 2
    for name, text in known:
        say(f"[bold]{name}[/]{' ' * (width - len(name))}{text}")


def size(count: int) -> str:
    """A number of bytes, in one unit."""
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count / 1e3:,.1f} kB"


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """An error of ours becomes one line and exit code 2."""
    try:
        yield
    except (EdgeError, OSError) as error:
        message = str(error)
        for field, option in OPTIONS.items():
            if "_" not in field:
                continue  # a plain word, which may stand in a message as such
            message = re.sub(rf"\b{field}\b", option, message)
        say(f"[red]error[/] {escape(message)}", to=err)
        raise typer.Exit(2) from None
